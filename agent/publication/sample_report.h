#pragma once

#include <memory>
#include <string>

#include "agent/publication/publication.h"

namespace proctor {

/// For tests: a Go process of two leaked goroutines and one of the runtime, with a memory part that could not be
/// read. The name, the comm and the function are `name`.
inline std::shared_ptr<TargetReport> sample_report(const std::string& name, std::int32_t pid) {
  Site leak{.state = "waiting", .reason = "chan receive", .user = {name, "main.go", 14}};
  leak.created_by = {"main.main", "main.go", 30};
  leak.frames = {{"runtime.gopark", "proc.go", 364}, leak.user};
  identify(leak);
  Site collector{.state = "waiting", .reason = "GC worker (idle)"};
  identify(collector);

  auto goroutines = std::make_shared<GoroutineSnapshot>();
  goroutines->sites = {std::make_shared<const Site>(leak), std::make_shared<const Site>(collector)};
  goroutines->stacks = {std::make_shared<const GoroutineStack>()};
  goroutines->labels = {std::make_shared<const ProfileLabels>()};
  for (const std::uint64_t goid : {19U, 18U}) {
    GoroutineSample sample;
    sample.goid = goid;
    sample.state = GoroutineState::waiting;
    sample.stack = Bytes{2048};
    goroutines->goroutines.push_back(sample);
  }
  goroutines->goroutines.push_back({.goid = 2, .site = 1, .state = GoroutineState::waiting, .system = true});
  goroutines->user_count = 2;

  auto look = std::make_shared<Observation>();
  look->target.identity.pid = Pid{pid};
  look->target.name = name;
  look->target.comm = name;
  look->target.runtime = Runtime::go;
  look->target.runtime_version = "go1.19.8";
  look->taken_at = WallTime{std::chrono::seconds{1767225600}};
  look->duration = std::chrono::milliseconds{31};
  look->goroutines = std::shared_ptr<const GoroutineSnapshot>{goroutines};
  look->memory = Result<std::shared_ptr<const MemorySnapshot>>{fail(ErrorCode::permission_denied, "status: refused")};

  auto report = std::make_shared<TargetReport>();
  const auto site = std::make_shared<const Site>(leak);
  PopulationView population{.kind = PopulationKind::goroutine, .members = 3, .arrivals = 2};
  population.sites.push_back({.site = site, .members = 2, .arrivals = 2, .oldest = std::chrono::seconds{12}});
  report->populations.push_back(population);
  Finding finding;
  finding.kind = FindingKind::goroutine_leak;
  finding.site = site;
  finding.since = look->taken_at;
  finding.says = "2 goroutines arrived and none left.";
  report->findings.push_back(finding);
  auto past = std::make_shared<Track>();
  past->add(look->taken_at - std::chrono::seconds{10}, 1);
  past->add(look->taken_at, 3);
  report->history = std::make_shared<const History>(History{{"goroutines", past}});
  auto sites = std::make_shared<SitePast>();
  sites->add(look->taken_at - std::chrono::seconds{60}, {});
  sites->add(look->taken_at, report->populations);
  report->site_past = sites;
  report->observation = look;
  return report;
}

}  // namespace proctor

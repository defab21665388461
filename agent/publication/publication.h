#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/findings/finding.h"
#include "agent/history/site_past.h"
#include "agent/history/track.h"
#include "agent/ledger/population.h"
#include "base/units.h"
#include "collectors/observation/observation.h"

namespace proctor {

/// A resource with an end, and how long it lasts at the pace of the window.
struct Exhaustion {
  std::string resource;  // memory, fds, threads
  double seconds = 0;
};

/// All that is published of one target: the last look, and what the ledger makes of the looks before it.
struct TargetReport {
  std::shared_ptr<const Observation> observation;
  std::vector<PopulationView> populations;
  std::vector<Finding> findings;
  std::vector<Exhaustion> exhaustion;
  std::shared_ptr<const History> history;     // null where nothing was tracked
  std::shared_ptr<const SitePast> site_past;  // null before the first look
  bool merge = false;
};

/// A histogram as Prometheus counts it: cumulative buckets, then sum and count.
struct DurationHistogram {
  static constexpr std::array<double, 12> kBounds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                                  0.01,   0.025,   0.1,    0.25,  1.0,    5.0};
  std::array<std::uint64_t, kBounds.size()> cumulative{};
  std::uint64_t count = 0;
  double sum = 0;
  void observe(double value);
};

/// The agent on itself.
struct AgentReport {
  std::map<std::string, std::uint64_t> processes_by_name;     // every configured name, 0 where none runs
  std::map<std::string, std::uint64_t> starts_by_name;        // processes that became targets since the first look
  std::map<std::string, DurationHistogram> sample_durations;  // by collector
  DurationHistogram stops;
  std::map<std::string, std::uint64_t> skipped;  // by reason
  std::map<std::string, double> budget_used;     // cpu, memory, series: 1 is the whole budget
};

/// What the outside sees: immutable, replaced as a whole. The HTTP side serves its bytes and never waits on a target.
struct Publication {
  WallTime published_at{};
  std::vector<std::shared_ptr<const TargetReport>> targets;  // by name, then pid
  std::vector<std::shared_ptr<const TargetReport>> ended;    // of merged targets, by name: what ended processes counted
  AgentReport agent;
  std::string metrics;  // text format 0.0.4
  std::string metrics_gzip;
};

}  // namespace proctor

#include "agent/http/profile_routes.h"

#include <fmt/format.h>

#include <charconv>

#include "agent/profiles/goroutine_text.h"
#include "agent/profiles/pprof_profiles.h"
#include "agent/profiles/sampled_text.h"
#include "agent/profiles/unreachable_goroutines.h"
#include "agent/publication/json_report.h"
#include "agent/publication/site_totals.h"
#include "base/text.h"

namespace proctor {
namespace {

/// What net/http/pprof answers where a profile is not known to it.
HttpResponse not_there(std::string_view message) {
  return {.status = 404, .body = to_valid_utf8(message, 1024) + "\n"};
}

HttpResponse binary_response(Result<std::string> profile) {
  if (!profile) return not_there(profile.error().message);
  return {.content_type = "application/octet-stream", .body = *std::move(profile)};
}

HttpResponse text_response(const GoroutineSnapshot& snapshot, const Observation& look, std::string_view profile,
                           std::string_view debug) {
  return {.body =
              debug == "1" ? goroutine_profile_text(snapshot, profile) : goroutine_traces(snapshot, look.sampled_at)};
}

HttpResponse goroutine_response(const Observation& look, std::string_view debug) {
  if (debug.empty() || debug == "0") return binary_response(goroutine_pprof(look));
  const auto* snapshot = snapshot_of(look.goroutines);
  if (snapshot == nullptr) {
    return not_there(look.goroutines ? look.goroutines->error().message : "goroutines are not collected here");
  }
  return text_response(*snapshot, look, "goroutine", debug);
}

HttpResponse goroutineleak_response(const Observation& look, std::string_view debug) {
  if (debug.empty() || debug == "0") return binary_response(goroutineleak_pprof(look));
  const auto snapshot = unreachable_goroutines(look);
  if (!snapshot) return not_there(snapshot.error().message);
  return text_response(**snapshot, look, "goroutineleak", debug);
}

HttpResponse sampled_response(const Observation& look, std::string_view profile, std::string_view debug) {
  const bool as_text = !debug.empty() && debug != "0";
  const bool of_memory = profile == "heap" || profile == "allocs";
  if (!as_text) {
    if (!of_memory) return binary_response(contention_pprof(look, profile));
    return binary_response(heap_pprof(look, profile == "allocs" ? "alloc_space" : ""));
  }
  auto text = of_memory ? heap_text(look) : contention_text(look, profile);
  if (!text) return not_there(text.error().message);
  return {.body = *std::move(text)};
}

}  // namespace

std::string_view parameter_of(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
    const std::size_t equals = pair.find('=');
    if (pair.substr(0, equals) == name) {
      return equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
    }
  }
  return {};
}

Result<std::shared_ptr<const TargetReport>> report_of(const Publication& publication, std::string_view text) {
  std::int32_t pid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (error != std::errc{} || end != text.data() + text.size() || pid <= 0) {
    return fail(ErrorCode::invalid_argument, "a process is named by its number: /api/v1/targets/4711");
  }
  for (const auto& report : publication.targets) {
    if (report->observation->target.identity.pid == Pid{pid}) return report;
  }
  return fail(ErrorCode::not_found, "process {} is not a target", pid);
}

HttpResponse variables_response(const HttpRequest& request, const Publication& publication) {
  const auto report = report_of(publication, request.path.substr(kVariables.size()));
  if (!report) return not_there(report.error().message);
  const Observation& look = *(*report)->observation;
  const auto* go = snapshot_of(look.go_runtime);
  if (go == nullptr) {
    return not_there(look.go_runtime ? look.go_runtime->error().message : "the process is no Go program that is read");
  }
  Json memory{{"Alloc", count(go->heap_live)},        {"HeapAlloc", count(go->heap_live)},
              {"StackInuse", count(go->stack)},       {"NumGC", go->gc_cycles},
              {"PauseTotalNs", go->gc_pause.count()}, {"EnableGC", go->gc_percent.has_value()}};
  if (go->last_gc) memory["LastGC"] = go->last_gc->time_since_epoch().count();
  Json object{{"cmdline", Json::array({to_valid_utf8(look.target.exe)})}, {"memstats", std::move(memory)}};
  if (const auto* goroutines = snapshot_of(look.goroutines)) object["goroutines"] = goroutines->user_count;
  return {.content_type = "application/json; charset=utf-8", .body = object.dump(1) + "\n"};
}

HttpResponse profile_response(const HttpRequest& request, const Publication& publication) {
  const std::string_view rest = request.path.substr(kProfiles.size());
  const std::size_t slash = rest.find('/');
  const auto report = report_of(publication, rest.substr(0, slash));
  if (!report) return not_there(report.error().message);
  const Observation& look = *(*report)->observation;
  const std::string_view profile = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
  if (profile.empty()) return {.body = "allocs\nblock\ngoroutine\ngoroutineleak\nheap\nmutex\nthread\n"};
  if (profile == "goroutine") return goroutine_response(look, parameter_of(request.query, "debug"));
  if (profile == "goroutineleak") return goroutineleak_response(look, parameter_of(request.query, "debug"));
  if (profile == "thread") return binary_response(thread_pprof(look));
  if (profile == "heap" || profile == "allocs" || profile == "block" || profile == "mutex") {
    return sampled_response(look, profile, parameter_of(request.query, "debug"));
  }
  return not_there(fmt::format(
      "Unknown profile: {}; there are allocs, block, goroutine, goroutineleak, heap, mutex and thread", profile));
}

}  // namespace proctor

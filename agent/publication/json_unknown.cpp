#include "agent/publication/json_unknown.h"

#include <fmt/format.h>

#include "agent/publication/site_totals.h"
#include "base/text.h"

namespace proctor {
namespace {

void put_unknown(Json& unknown, const char* part, const Error& error) {
  unknown.push_back({{"part", part}, {"reason", reason_of(error.code)}, {"message", to_valid_utf8(error.message)}});
}

template <typename Snapshot>
void put_unknown(Json& unknown, const char* part, const Part<Snapshot>& read) {
  if (!read || read->has_value()) return;
  put_unknown(unknown, part, read->error());
}

}  // namespace

Json unknown_of(const Observation& look) {
  Json unknown = Json::array();
  put_unknown(unknown, "goroutines", look.goroutines);
  put_unknown(unknown, "unreachable", look.unreachable);
  put_unknown(unknown, "heap", look.go_runtime);
  put_unknown(unknown, "heap_profile", look.heap);
  if (const auto* memory = snapshot_of(look.memory); memory != nullptr && !memory->other_allocator.empty()) {
    const auto message = fmt::format("what {} has and what of it is free is not read", memory->other_allocator);
    put_unknown(unknown, "malloc", Error{ErrorCode::not_supported, message});
  }
  put_unknown(unknown, "timers", look.timers);
  put_unknown(unknown, "threads", look.threads);
  const auto* threads = snapshot_of(look.threads);
  if (threads != nullptr && threads->blocked_unknown) {
    put_unknown(unknown, "blocked_threads", *threads->blocked_unknown);
  }
  if (threads != nullptr && threads->running_unknown) {
    put_unknown(unknown, "running_threads", *threads->running_unknown);
  }
  put_unknown(unknown, "locks", look.locks);
  put_unknown(unknown, "jvm", look.jvm);
  put_unknown(unknown, "fds", look.fds);
  put_unknown(unknown, "memory", look.memory);
  put_unknown(unknown, "mappings", look.mappings);
  put_unknown(unknown, "growth", look.growth);
  put_unknown(unknown, "cpu", look.cpu);
  return unknown;
}

}  // namespace proctor

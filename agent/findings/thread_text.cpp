#include "agent/findings/thread_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "agent/findings/leak_text.h"

namespace proctor {
namespace {

std::shared_ptr<const Site> known_site(Tid tid, const ThreadSnapshot* threads) {
  if (threads == nullptr) return nullptr;
  const auto thread = std::ranges::lower_bound(threads->threads, tid, {}, &ThreadSample::tid);
  if (thread == threads->threads.end() || thread->tid != tid) return nullptr;
  return threads->sites[thread->site];
}

}  // namespace

std::string shown_thread(Tid tid, const ThreadSnapshot* threads) {
  const auto site = known_site(tid, threads);
  if (!site || site->name.empty()) return fmt::to_string(number(tid));
  if (site->user.line == 0) return fmt::format("{} ({})", number(tid), site->name);
  return fmt::format("{} ({}, in {} {}:{})", number(tid), site->name, site->user.function, base_name(site->user.file),
                     site->user.line);
}

std::shared_ptr<const Site> site_of_thread(Tid tid, const ThreadSnapshot* threads) {
  if (auto known = known_site(tid, threads)) return known;
  Site site{.state = "sleeping", .reason = "futex"};
  identify(site);
  return std::make_shared<const Site>(std::move(site));
}

std::string_view shown_kind(LockKind kind) {
  if (kind == LockKind::once) return "flag of std::call_once";
  if (kind == LockKind::guard) return "guard of a static variable";
  return to_string(kind);
}

std::string shown_wait(Tid tid, const ThreadSnapshot* threads, const FdSnapshot* fds) {
  const auto site = known_site(tid, threads);
  if (!site) return "is known no further";
  if (site->state != "sleeping" && site->state != "disk_sleep") return "is " + site->state;
  std::string text = "is blocked in " + site->reason;
  const auto thread = std::ranges::lower_bound(threads->threads, tid, {}, &ThreadSample::tid);
  if (!thread->waits_for) return text;
  const WaitedObject& object = *thread->waits_for;
  switch (object.kind) {
    case WaitedObject::Kind::futex: return text + fmt::format(" at {:#x}", object.id);
    case WaitedObject::Kind::process: return text + fmt::format(" for process {}", object.id);
    case WaitedObject::Kind::descriptor: break;
  }
  text += fmt::format(" on descriptor {}", object.id);
  if (fds == nullptr) return text;
  const auto fd = std::ranges::find(fds->fds, static_cast<std::int32_t>(object.id), &FdSample::fd);
  return fd == fds->fds.end() ? text : text + fmt::format(" ({})", place_of(*fds->sites[fd->site]));
}

}  // namespace proctor

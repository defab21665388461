#include "collectors/threads/thread_history.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "base/text.h"
#include "collectors/os/cgroup.h"
#include "collectors/os/proc_stat.h"
#include "collectors/os/proc_status.h"
#include "collectors/os/process_memory.h"

namespace proctor {
namespace {

constexpr const char* kCgroupMount = "/sys/fs/cgroup";

std::string_view word_for_state(char state) {
  switch (state) {
    case 'R': return "running";
    case 'S': return "sleeping";
    case 'D': return "disk_sleep";
    case 'T': return "stopped";
    case 't': return "traced";
    case 'Z': return "zombie";
    case 'X': return "dead";
    case 'I': return "idle";
    case 'P': return "parked";
    default: return "unknown";
  }
}

}  // namespace

Site ThreadHistory::site_of(const Seen& thread, const NamedStack* stack) {
  Site site{.state = thread.state, .name = thread.name, .reason = thread.reason, .user = {.function = thread.name}};
  if (stack == nullptr) return site;
  site.frames = stack->frames;
  site.truncated = to_string(stack->end);
  if (!stack->user.function.empty()) site.user = stack->user;
  return site;
}

bool ThreadHistory::rests(const ProcDir& process, const Seen& thread) {
  // Since Linux 6.1 a frozen thread that sleeps goes on sleeping once it is thawed, without having run.
  if (!thread.sched || (thread.state != "sleeping" && thread.state != "disk_sleep")) return false;
  const auto now = read_schedstat(process, thread.tid);
  return now && *now == *thread.sched;
}

bool ThreadHistory::nothing_changed(const ProcDir& process) const {
  if (!last_ || last_->vanished != 0) return false;
  // As many as before, and each of those before still there: the same ones.
  const auto count = process.count_directories("task");
  return count && *count == threads_.size() &&
         std::ranges::all_of(threads_, [&](const Seen& thread) { return rests(process, thread); });
}

Result<ThreadHistory::Seen> ThreadHistory::read(const ProcDir& process, Tid tid,
                                                std::optional<ThreadSystemCall>& call) {
  // The switch counter first: what is read after it is at least as new.
  Seen thread{.tid = tid};
  if (const auto sched = read_schedstat(process, tid)) thread.sched = *sched;
  const ProcStat stat = PROCTOR_TRY(read_thread_stat(process, tid));
  thread.start_time = stat.start_time;
  thread.state = word_for_state(stat.state);
  thread.name = fold_numbers(to_valid_utf8(stat.comm));
  if (stat.state == 'S' || stat.state == 'D') {
    auto wait = read_blocked_wait(process, tid);
    thread.reason = wait ? std::move(wait->reason) : "unknown";
    const auto hidden = wait ? std::move(wait->hidden) : std::optional{wait.error()};
    thread.hidden = hidden && hidden->code == ErrorCode::permission_denied;
    if (thread.hidden) blocked_unknown_ = hidden;
    if (wait) call = wait->call;
    if (call) thread.waits_for = waited_object(*call);
    if (stat.state == 'D') thread.kernel_function = read_kernel_function(process, tid);
  }
  if (const auto status = read_proc_status(process, fmt::format("task/{}/status", number(tid)).c_str())) {
    thread.voluntary = status->voluntary_switches;
    thread.involuntary = status->involuntary_switches;
  }
  return thread;
}

Result<std::shared_ptr<const ThreadSnapshot>> ThreadHistory::look(const ProcDir& process,
                                                                  std::optional<std::uint64_t> limit) {
  if (nothing_changed(process) && last_->limit == limit) return last_;
  const std::vector<std::int32_t> tids = PROCTOR_TRY(process.list_numbers("task"));
  std::vector<Seen> threads;
  std::vector<InCall> calls;
  threads.reserve(tids.size());
  std::uint64_t vanished = 0;
  auto before = threads_.begin();
  const auto end_those_before = [&](std::int32_t tid) {
    for (; before != threads_.end() && number(before->tid) < tid; ++before) {
      ended_voluntary_ += before->voluntary.value_or(0);
      ended_involuntary_ += before->involuntary.value_or(0);
    }
  };
  for (const std::int32_t tid : tids) {
    end_those_before(tid);
    const bool known = before != threads_.end() && number(before->tid) == tid;
    if (known && rests(process, *before)) {
      threads.push_back(std::move(*before++));
      continue;
    }
    std::optional<ThreadSystemCall> call;
    auto thread = read(process, Tid{tid}, call);
    if (known && (!thread || thread->start_time != before->start_time)) {
      ended_voluntary_ += before->voluntary.value_or(0);
      ended_involuntary_ += before->involuntary.value_or(0);
    }
    if (known) ++before;
    if (thread) {
      if (call && thread->sched) calls.push_back({.thread = threads.size(), .call = *call});
      threads.push_back(*std::move(thread));
    } else {
      ++vanished;
    }
  }
  end_those_before(INT32_MAX);
  tell_frozen(process, threads);
  read_polled(process, calls, threads);
  if (stacks_ != nullptr) read_stacks(process, calls, threads);
  if (stacks_ != nullptr && running_) read_running_stacks(process, threads);
  threads_ = std::move(threads);
  if (threads_.empty()) return fail(ErrorCode::target_gone, "process {} has no thread left", number(process.pid()));
  auto snapshot = assemble(vanished);
  snapshot->limit = limit;
  last_ = std::move(snapshot);
  return last_;
}

void ThreadHistory::read_stacks(const ProcDir& process, const std::vector<InCall>& calls, std::vector<Seen>& threads) {
  if (calls.empty()) return;
  std::vector<BlockedThread> blocked;
  blocked.reserve(calls.size());
  for (const InCall& entry : calls) {
    const Seen& thread = threads[entry.thread];
    blocked.push_back({.tid = thread.tid, .sched = *thread.sched, .call = entry.call});
  }
  const auto stacks = stacks_->read(process, blocked);
  if (!stacks) blocked_unknown_ = stacks.error();
  for (std::size_t i = 0; i < calls.size(); ++i) {
    Seen& thread = threads[calls[i].thread];
    thread.hidden = !stacks && stacks.error().code == ErrorCode::permission_denied;
    if (stacks) thread.stack = (*stacks)[i];
  }
}

void ThreadHistory::tell_frozen(const ProcDir& process, std::vector<Seen>& threads) {
  const auto may_be = [](const Seen& thread) { return thread.state == "disk_sleep"; };
  if (threads.empty() || !std::ranges::all_of(threads, may_be)) return;
  const auto cgroup = process.read_file("cgroup");
  if (!cgroup || !cgroup_is_frozen(parse_cgroup(*cgroup), kCgroupMount)) return;
  for (Seen& thread : threads) thread.state = "frozen";
}

void ThreadHistory::read_polled(const ProcDir& process, const std::vector<InCall>& calls, std::vector<Seen>& threads) {
  std::optional<Result<ProcessMemory>> memory;
  for (const InCall& entry : calls) {
    const auto address = polled_descriptor(entry.call);
    if (!address) continue;
    if (!memory) memory = ProcessMemory::open(process);
    if (!*memory) return;
    const auto fd = (*memory)->read_value<std::int32_t>(*address);
    if (!fd || *fd < 0) continue;
    threads[entry.thread].waits_for =
        WaitedObject{.kind = WaitedObject::Kind::descriptor, .id = static_cast<std::uint64_t>(*fd)};
  }
}

void ThreadHistory::read_running_stacks(const ProcDir& process, std::vector<Seen>& threads) {
  std::vector<Tid> running;
  for (const Seen& thread : threads) {
    if (thread.state == "running") running.push_back(thread.tid);
  }
  running_unknown_.reset();
  const auto copies = copy_running_threads(process, running);
  const auto stacks = copies ? stacks_->name(process, *copies) : tl::unexpected(copies.error());
  if (!stacks) {
    running_unknown_ = stacks.error();
    return;
  }
  for (std::size_t i = 0; i < copies->size(); ++i) {
    const auto thread = std::ranges::lower_bound(threads, (*copies)[i].tid, {}, &Seen::tid);
    if (thread != threads.end() && thread->tid == (*copies)[i].tid) thread->stack = (*stacks)[i];
  }
}

std::shared_ptr<ThreadSnapshot> ThreadHistory::assemble(std::uint64_t vanished) const {
  auto snapshot = std::make_shared<ThreadSnapshot>();
  snapshot->vanished = vanished;
  snapshot->running_unknown = running_unknown_;
  if (stacks_ != nullptr && std::ranges::any_of(threads_, &Seen::hidden)) snapshot->blocked_unknown = blocked_unknown_;
  std::map<std::tuple<std::string_view, std::string_view, std::string_view, const NamedStack*>, std::uint32_t> known;
  std::set<const NamedStack*> told;
  std::uint64_t voluntary = ended_voluntary_;
  std::uint64_t involuntary = ended_involuntary_;
  bool switches_known = true;
  for (const Seen& thread : threads_) {
    const auto next = static_cast<std::uint32_t>(snapshot->sites.size());
    const NamedStack* stack = thread.stack.get();
    if (stack != nullptr && told.size() >= kMostStacks && !told.contains(stack)) stack = nullptr;
    if (stack != nullptr) told.insert(stack);
    const auto [place, is_new] = known.try_emplace({thread.state, thread.reason, thread.name, stack}, next);
    if (is_new) snapshot->sites.push_back(sites_->intern(site_of(thread, stack)));
    snapshot->threads.push_back({.tid = thread.tid,
                                 .start_time = thread.start_time,
                                 .site = place->second,
                                 .switches = thread.sched ? thread.sched->times_scheduled : 0,
                                 .waits_for = thread.waits_for});
    if (!thread.kernel_function.empty()) snapshot->kernel_functions[place->second].insert(thread.kernel_function);
    switches_known = switches_known && thread.voluntary && thread.involuntary;
    voluntary += thread.voluntary.value_or(0);
    involuntary += thread.involuntary.value_or(0);
  }
  if (switches_known) {
    snapshot->voluntary_switches = voluntary;
    snapshot->involuntary_switches = involuntary;
  }
  return snapshot;
}

}  // namespace proctor

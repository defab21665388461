#include "collectors/select/selector.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "collectors/select/match.h"

namespace proctor {
namespace {

constexpr std::uint64_t kRoundsUntilJudgedAnew = 6;  // for what no other sign tells: a port, a pid file

/// Conditions that may begin or cease to hold without a new name or program.
bool is_volatile(const Config& config) {
  return std::ranges::any_of(config.targets, [](const auto& rule) {
    return rule->match.listen_port || rule->match.pid_file || rule->match.cmdline || rule->match.cgroup;
  });
}

/// By its own number, whichever thread the process is read through.
Result<ProcStat> first_thread_of(const Result<ProcDir>& process) {
  if (!process) return tl::unexpected(process.error());
  if (process->reached_as() == process->pid()) return read_proc_stat(*process);
  return read_thread_stat(*process, Tid{number(process->pid())});
}

TargetIdentity identity_of(const ProcessEntry& entry) { return {entry.pid, entry.stat.start_time}; }

}  // namespace

void Selector::reconfigure(std::shared_ptr<const Config> config) {
  config_ = std::move(config);
  processes_.clear();
}

WallTime Selector::boot_time() {
  if (!boot_time_) {
    const std::string stat = root_.read_file("stat").value_or(std::string{});
    const std::size_t at = stat.find("btime ");
    std::int64_t begin = 0;
    if (at != std::string::npos) std::from_chars(stat.data() + at + 6, stat.data() + stat.size(), begin);
    boot_time_ = WallTime{std::chrono::seconds{begin}};
  }
  return *boot_time_;
}

bool Selector::is_stale(const ProcessEntry& entry, const Judged& judged) const {
  if (judged.start_time != entry.stat.start_time || judged.comm != entry.stat.comm) return true;
  if (judged.target) {
    const bool zombie = entry.stat.is_zombie();
    if (zombie != judged.target->description().zombie) return true;
    // Of a target an exec is noticed at once: its memory is another one.
    if (!zombie && judged.target->process().read_link("exe").value_or(std::string{}) != judged.exe_link) return true;
  }
  return round_ - judged.round >= kRoundsUntilJudgedAnew && is_volatile(*config_);
}

std::shared_ptr<Target> Selector::make_target(ProcDir process, const ProcessEntry& entry, std::string name,
                                              std::shared_ptr<const TargetRule> rule) {
  ProcessFacts facts{process, entry.stat.comm};
  const Executable& executable = executables_.of(process, facts.exe());
  static const auto ticks_per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  const Nanoseconds since_boot{
      static_cast<std::int64_t>(number(entry.stat.start_time) * (1'000'000'000 / ticks_per_second))};
  TargetDescription description{.identity = identity_of(entry),
                                .name = std::move(name),
                                .comm = to_valid_utf8(entry.stat.comm),
                                .exe = to_valid_utf8(facts.exe()),
                                .exe_deleted = facts.exe_deleted(),
                                .runtime = executable.runtime,
                                .runtime_version = executable.runtime_version,
                                .module = executable.module,
                                .module_version = executable.module_version,
                                .revision = executable.revision,
                                .build_id = executable.build_id,
                                .container_id = container_id_of(facts.cgroups()),
                                .pod_uid = pod_uid_of(facts.cgroups()),
                                .started_at = boot_time() + std::chrono::duration_cast<WallTime::duration>(since_boot),
                                .zombie = entry.stat.is_zombie()};
  return std::make_shared<Target>(std::move(description), std::move(process), std::move(rule));
}

void Selector::judge(const ProcessEntry& entry, Judged& judged) {
  judged = Judged{.start_time = entry.stat.start_time, .comm = entry.stat.comm, .round = round_};
  auto process = root_.open_process(entry.pid);
  const auto stat = first_thread_of(process);
  // Between the list and the open the number may have gone to another process; or it could not be opened this time.
  if (!stat || stat->start_time != entry.stat.start_time) {
    judged = Judged{};  // not judged: asked again in the next round
    return;
  }
  judged.exe_link = process->read_link("exe").value_or(std::string{});
  ProcessFacts facts{*process, entry.stat.comm};
  for (const auto& rule : config_->targets) {
    if (auto name = match(*rule, facts)) {
      judged.target = make_target(*std::move(process), entry, *std::move(name), rule);
      return;
    }
  }
}

void Selector::adopt_descendants(const std::vector<ProcessEntry>& table, Processes& processes) {
  const bool wanted = std::ranges::any_of(config_->targets, [](const auto& rule) { return rule->children; });
  if (!wanted) return;
  std::unordered_map<Pid, const ProcessEntry*> entries;
  for (const ProcessEntry& entry : table) entries.emplace(entry.pid, &entry);
  for (const ProcessEntry& entry : table) {
    Judged& judged = processes.at(entry.pid);
    if (judged.target && !judged.by_descent) continue;
    // The nearest ancestor that a rule with children matches. Parents may form no loop, but were read one by one.
    const Target* ancestor = nullptr;
    Pid parent = entry.stat.parent;
    for (int depth = 0; depth < 1000 && ancestor == nullptr; ++depth) {
      const auto above = entries.find(parent);
      if (above == entries.end()) break;
      const Judged& candidate = processes.at(parent);
      if (candidate.target && !candidate.by_descent && candidate.target->rule().children) {
        ancestor = candidate.target.get();
      }
      parent = above->second->stat.parent;
    }
    if (ancestor == nullptr) {
      if (judged.by_descent) judged.target.reset();
      judged.by_descent = false;
    } else if (!judged.target) {
      auto process = root_.open_process(entry.pid);
      const auto stat = first_thread_of(process);
      if (!stat || stat->start_time != entry.stat.start_time) continue;
      judged.exe_link = process->read_link("exe").value_or(std::string{});
      judged.target = make_target(*std::move(process), entry, ancestor->description().name, ancestor->shared_rule());
      judged.by_descent = true;
    }
  }
}

Selection Selector::select() {
  ++round_;
  const auto listed = list_process_table(root_);
  if (!listed) {
    // That we cannot see them does not mean that they have gone.
    Selection unchanged = last_;
    unchanged.gone.clear();
    unchanged.unreadable = true;
    return unchanged;
  }
  const std::vector<ProcessEntry>& table = *listed;
  Processes processes;
  processes.reserve(table.size());
  for (const ProcessEntry& entry : table) {
    const auto before = processes_.find(entry.pid);
    Judged judged = before != processes_.end() ? std::move(before->second) : Judged{};
    if (before == processes_.end() || is_stale(entry, judged)) judge(entry, judged);
    processes.emplace(entry.pid, std::move(judged));
  }
  adopt_descendants(table, processes);

  Selection selection;
  for (const auto& rule : config_->targets) {
    if (rule->name.find("{{") == std::string::npos) selection.processes_by_name.emplace(rule->name, 0);
  }
  std::unordered_map<Pid, std::vector<ChildProcess>> children;
  for (const ProcessEntry& entry : table) {
    children[entry.stat.parent].push_back({entry.pid, entry.stat.start_time, entry.stat.comm, entry.stat.is_zombie()});
  }
  std::vector<TargetIdentity> identities;
  for (const ProcessEntry& entry : table) {
    const auto& target = processes.at(entry.pid).target;
    if (!target) continue;
    if (selection.targets.size() >= config_->limits.targets) {
      ++selection.dropped;
      continue;
    }
    const auto own = children.find(entry.pid);
    target->set_children(own != children.end() ? std::move(own->second) : std::vector<ChildProcess>{});
    ++selection.processes_by_name[target->description().name];
    identities.push_back(target->identity());
    selection.targets.push_back(target);
  }
  std::ranges::sort(selection.targets, {}, [](const auto& target) {
    return std::pair{target->description().name, target->identity().pid};
  });
  std::ranges::sort(identities);
  std::ranges::set_difference(last_targets_, identities, std::back_inserter(selection.gone));
  last_targets_ = std::move(identities);
  processes_ = std::move(processes);
  last_ = selection;
  return selection;
}

}  // namespace proctor

#include "agent/app/watcher.h"

#include <ctime>
#include <utility>

#include "agent/metrics/exposition.h"
#include "agent/platform/own_memory.h"
#include "collectors/observation/activity.h"

namespace proctor {
namespace {

/// CPU time of the agent: a look at a large process takes more than one thread.
Nanoseconds agent_cpu() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return std::chrono::seconds{now.tv_sec} + Nanoseconds{now.tv_nsec};
}

}  // namespace

Watcher::Watcher(ProcRoot root, Config config, const Clock& clock, Collectors collectors)
    : procfs_(root.path()),
      boot_(root.read_file("sys/kernel/random/boot_id").value_or("")),
      config_(std::make_shared<const Config>(std::move(config))),
      clock_(clock),
      collectors_(std::move(collectors)),
      selector_(std::move(root), config_),
      pace_(config_->sampling.interval, config_->sampling.cpu_budget) {}

std::shared_ptr<const Publication> Watcher::round() {
  const Nanoseconds begin = agent_cpu();
  auto publication = std::make_shared<Publication>();
  const Selection selection = selector_.select();
  for (const TargetIdentity& gone : selection.gone) forget(gone);
  forget_others(selection);
  for (const auto& target : selection.targets) publication->targets.push_back(report_on(*target));
  if (selection.unreadable) ++skipped_["process_list"];
  if (selection.dropped != 0) skipped_["target_limit"] += selection.dropped;
  publication->ended = ended_.reports();
  publication->agent.processes_by_name = selection.processes_by_name;
  count_starts(selection);
  publication->agent.starts_by_name = starts_;
  publication->agent.sample_durations = durations_;
  publication->agent.skipped = skipped_;
  publication->agent.budget_used["cpu"] = pace_.used_ratio();
  keep_memory_budget(*publication);
  publication->agent.budget_used["memory"] =
      static_cast<double>(count(own_resident_memory())) / static_cast<double>(count(config_->sampling.memory_budget));
  publication->agent.budget_used["series"] =
      static_cast<double>(selection.targets.size() + selection.dropped) / static_cast<double>(config_->limits.targets);
  publication->published_at = clock_.wall();
  expose(*publication, expected_bytes_);
  expected_bytes_ = publication->metrics.size() + publication->metrics.size() / 64;
  pace_.record(clock_.monotonic(), agent_cpu() - begin);
  return publication;
}

Result<std::size_t> Watcher::restore(const std::filesystem::path& file) {
  if (boot_.empty())
    return fail(ErrorCode::not_supported, "{} does not tell the boot of the machine", procfs_.string());
  records_ = PROCTOR_TRY(load_records(file, boot_, *config_));
  return records_.size();
}

Result<void> Watcher::save(const std::filesystem::path& file) {
  const Nanoseconds begin = agent_cpu();
  auto saved = save_records(file, boot_, records_);
  if (!saved) ++skipped_["state_file"];
  pace_.record(clock_.monotonic(), agent_cpu() - begin);
  return saved;
}

/// What was restored of processes that have ended since, or are no targets any more.
void Watcher::forget_others(const Selection& selection) {
  if (known_) return;
  std::set<TargetIdentity> targets;
  for (const auto& target : selection.targets) targets.insert(target->identity());
  std::erase_if(records_, [&](const auto& entry) { return !targets.contains(entry.first); });
}

void Watcher::count_starts(const Selection& selection) {
  std::set<TargetIdentity> targets;
  for (const auto& target : selection.targets) {
    const std::string& name = target->description().name;
    std::uint64_t& starts = starts_[name];
    if (known_ && !known_->contains(target->identity())) ++starts;
    targets.insert(target->identity());
  }
  known_ = std::move(targets);
  // Names may be made of numbers of processes.
  if (starts_.size() > 2 * static_cast<std::size_t>(config_->limits.targets)) {
    std::erase_if(starts_, [&](const auto& entry) { return !selection.processes_by_name.contains(entry.first); });
  }
}

void Watcher::keep_memory_budget(const Publication& publication) {
  const Bytes budget = config_->sampling.memory_budget;
  if (own_resident_memory() <= budget || trim_own_memory() <= budget) return;
  // Nothing takes more than the goroutines of a large process.
  constexpr std::size_t kWorthIt = 10'000;
  const TargetReport* largest = nullptr;
  std::size_t most = kWorthIt;
  for (const auto& report : publication.targets) {
    const auto goroutines = shared_snapshot(report->observation->goroutines);
    if (!goroutines || goroutines->goroutines.size() < most) continue;
    most = goroutines->goroutines.size();
    largest = report.get();
  }
  if (largest == nullptr) return;
  const TargetIdentity& target = largest->observation->target.identity;
  without_goroutines_.insert(target);
  for (const auto& collector : collectors_) {
    if (collector->name() == "goroutines") collector->forget(target);
  }
  ++skipped_["memory_budget"];
}

std::shared_ptr<const TargetReport> Watcher::report_on(const Target& target) {
  auto observation = std::make_shared<const Observation>(
      look_at(target, collectors_, clock_, without_goroutines_.contains(target.identity()), durations_));
  count_skipped(*observation, skipped_);
  TargetRecord& record = records_.try_emplace(target.identity(), config_->findings, config_->limits).first->second;
  const std::string& name = target.description().name;
  auto report = std::make_shared<TargetReport>(record.update(observation, endings_.of(name)));
  names_[target.identity()] = name;
  report->merge = target.rule().merge;
  if (report->merge) merged_[target.identity()] = report;
  return report;
}

void Watcher::forget(const TargetIdentity& target) {
  const auto record = records_.find(target);
  if (const auto name = names_.extract(target); name && record != records_.end()) {
    endings_.add(name.mapped(), record->second.ending());
  }
  records_.erase(target);
  without_goroutines_.erase(target);
  if (const auto last = merged_.extract(target)) ended_.add(*last.mapped());
  for (const auto& collector : collectors_) collector->forget(target);
}

void Watcher::reconfigure(Config config) {
  config_ = std::make_shared<const Config>(std::move(config));
  without_goroutines_.clear();
  pace_ = Pace{config_->sampling.interval, config_->sampling.cpu_budget};
  selector_.reconfigure(config_);
  for (auto& [target, record] : records_) record.reconfigure(config_->findings, config_->limits);
}

}  // namespace proctor

#include "agent/publication/text_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "agent/publication/human.h"
#include "agent/publication/printable.h"
#include "agent/publication/site_totals.h"
#include "base/text.h"

namespace proctor {
namespace {

constexpr std::size_t kColumns = 80;

/// Adds `text` to `out` with breaks between words, so that no line exceeds the columns. A longer word stays whole.
void add_wrapped(std::string& out, std::string_view text, std::size_t indent) {
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t end = text.find(' ');
    const std::string_view word = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (word.empty()) continue;
    if (column != 0 && column + 1 + word.size() > kColumns) {
      out += '\n';
      column = 0;
    }
    if (column == 0) {
      out.append(indent, ' ');
      column = indent;
    } else {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  out += '\n';
}

void add_site(std::string& out, const SiteTotals& totals, bool members) {
  const Site& site = *totals.site;
  std::string line = fmt::format("{:>8}  {}", totals.members, printable(site.state));
  if (!site.reason.empty()) line += fmt::format(" [{}]", printable(site.reason));
  if (totals.oldest) line += fmt::format(", oldest {}", human_duration(*totals.oldest));
  if (count(totals.held) != 0) line += fmt::format(", {}", human_bytes(totals.held));
  out += fmt::format("{}  site {}\n", line, to_string(site.id));
  if (!site.name.empty() && site.name != site.user.function) add_wrapped(out, printable(site.name), 10);
  if (const std::string user = printable(human_frame(site.user)); !user.empty()) add_wrapped(out, user, 10);
  if (!totals.unreachable.empty()) {
    add_wrapped(
        out,
        fmt::format("{} can never go on: nothing that runs refers to what they wait for; they keep {} of heap",
                    totals.unreachable.size() == totals.members ? "all" : std::to_string(totals.unreachable.size()),
                    human_bytes(totals.unreachable_heap)),
        10);
  }
  if (!site.module.empty()) add_wrapped(out, "of " + printable(site.module), 10);
  for (const Frame& frame : site.frames) add_wrapped(out, printable(human_frame(frame)), 12);
  if (!site.truncated.empty()) add_wrapped(out, fmt::format("(no further: {})", site.truncated), 12);
  if (site.created_by != Frame{}) {
    add_wrapped(out, "created by " + printable(human_frame(site.created_by)), 12);
  }
  if (members && !totals.ids.empty()) add_wrapped(out, fmt::format("members {}", fmt::join(totals.ids, " ")), 10);
}

void add_sites(std::string& out, const TargetReport& report, PopulationKind kind, bool members) {
  for (const SiteTotals& totals : totals_of(report, kind)) add_site(out, totals, members);
}

void add_head(std::string& out, const Observation& look) {
  const TargetDescription& target = look.target;
  std::string head = fmt::format("{} (process {}), {}", printable(target.name), number(target.identity.pid),
                                 to_string(target.runtime));
  if (!target.runtime_version.empty()) head += fmt::format(" {}", printable(target.runtime_version));
  if (!target.module.empty()) {
    head += fmt::format(", {} {}", printable(target.module), printable(target.module_version));
  }
  add_wrapped(out, head, 0);
  out += fmt::format("looked at {}, took {}, stopped the target for {}\n", timestamp_of(look.taken_at),
                     human_duration(look.duration), human_duration(look.stopped));
}

void add_findings(std::string& out, const TargetReport& report) {
  for (const Finding& finding : report.findings) {
    out += fmt::format("\nFINDING {}, {}, since {}\n", to_string(finding.kind), to_string(finding.certainty),
                       timestamp_of(finding.since));
    add_wrapped(out, printable(finding.says, 1024), 2);
    if (!finding.advice.empty()) add_wrapped(out, printable(finding.advice, 1024), 2);
  }
  for (const Exhaustion& end : report.exhaustion) {
    const std::chrono::duration<double> left{std::min(end.seconds, 1e9)};  // 30 years, and fits nanoseconds
    out += fmt::format("\n{} ends in {} at this pace\n", end.resource,
                       human_duration(std::chrono::duration_cast<Nanoseconds>(left)));
  }
}

void add_memory(std::string& out, const MemorySnapshot& memory) {
  std::string line = fmt::format("memory: {} resident", human_bytes(memory.resident));
  if (memory.anonymous) line += fmt::format(", {} anonymous", human_bytes(*memory.anonymous));
  if (memory.swap) line += fmt::format(", {} swapped", human_bytes(*memory.swap));
  if (!memory.other_allocator.empty()) line += fmt::format(", allocated by {}", memory.other_allocator);
  if (memory.malloc) {
    line += fmt::format(", {} free of the {} that malloc has", human_bytes(memory.malloc->free),
                        human_bytes(memory.malloc->held));
  }
  if (memory.limit) line += fmt::format(", limit {}", human_bytes(*memory.limit));
  if (memory.mapping_count) line += fmt::format(", {} mappings", *memory.mapping_count);
  out += '\n';
  add_wrapped(out, line, 0);
}

void add_locks(std::string& out, const LockSnapshot& locks) {
  if (locks.waits.empty()) return;
  out += fmt::format("\nlocks: {} threads wait for an owner\n", locks.waits.size());
  constexpr std::size_t kShown = 20;
  for (std::size_t i = 0; i < std::min(kShown, locks.waits.size()); ++i) {
    const LockWait& wait = locks.waits[i];
    std::string owner = wait.known == LockOwner::gone ? "its owner is gone" : "its owner is not known";
    if (wait.owner) owner = fmt::format("held by {}", number(*wait.owner));
    out += fmt::format("{:>8}  {} {:#x}, {}\n", number(wait.waiter), to_string(wait.kind), number(wait.address), owner);
  }
  if (locks.waits.size() > kShown) out += fmt::format("          and {} more\n", locks.waits.size() - kShown);
}

void add_heap(std::string& out, const GoRuntimeFigures& go) {
  std::string line =
      fmt::format("Go heap: {} live, {} marked by the last of {} collections, {} of stacks", human_bytes(go.heap_live),
                  human_bytes(go.heap_marked), go.gc_cycles, human_bytes(go.stack));
  if (go.memory_limit) line += fmt::format(", limit {}", human_bytes(*go.memory_limit));
  line += fmt::format("; {} timers, GOMAXPROCS {}", go.timers, go.max_procs);
  add_wrapped(out, line, 0);
}

void add_jvm(std::string& out, const JvmSnapshot& jvm) {
  std::string line = "JVM:";
  for (const auto& space : jvm.spaces) {
    const bool only = space.name == "space";
    line += fmt::format(" {}{}{} {}", printable(space.generation), only ? "" : " ", only ? "" : printable(space.name),
                        human_bytes(space.used));
    if (space.max && count(*space.max) > 1024) line += fmt::format(" of {}", human_bytes(*space.max));
    line += ',';
  }
  for (const auto& collector : jvm.collectors) {
    if (collector.collections == 0) continue;
    line +=
        fmt::format(" {} {} in {:.1f} s,", collector.collections, printable(collector.name), seconds(collector.time));
  }
  if (jvm.threads) line += fmt::format(" {} Java threads,", *jvm.threads);
  line.back() = '\n';
  add_wrapped(out, line.substr(0, line.size() - 1), 0);
}

/// The stacks that hold most.
void add_allocations(std::string& out, const PopulationView& population) {
  constexpr std::size_t kShown = 10;
  const bool faults = !population.sites.empty() && population.sites.front().site->reason == "page_fault";
  out += faults ? "\nmemory taken since it is followed, by what wrote to it first:\n"
                : "\nheap by what allocated it, as far as it is sampled:\n";
  for (std::size_t i = 0; i < std::min(kShown, population.sites.size()); ++i) {
    const SiteView& view = population.sites[i];
    if (count(view.held) == 0) break;
    out += fmt::format("{:>10}  {}\n", human_bytes(view.held), printable(human_site(*view.site)));
  }
}

void add_unknown(std::string& out, std::string_view part, const Error& error) {
  add_wrapped(out, fmt::format("unknown: {}, {}: {}", part, reason_of(error.code), printable(error.message, 1024)), 0);
}

template <typename Snapshot>
void add_unknown(std::string& out, std::string_view part, const Part<Snapshot>& read) {
  if (read && !read->has_value()) add_unknown(out, part, read->error());
}

}  // namespace

std::string text_of(const TargetReport& report, bool members) {
  const Observation& look = *report.observation;
  std::string out;
  add_head(out, look);
  add_findings(out, report);
  if (const auto* part = snapshot_of(look.goroutines)) {
    out += fmt::format("\ngoroutines: {}, of which the user's {}\n", part->goroutines.size(), part->user_count);
    add_sites(out, report, PopulationKind::goroutine, members);
  }
  if (const auto* part = snapshot_of(look.threads)) {
    out += fmt::format("\nthreads: {}\n", part->threads.size());
    add_sites(out, report, PopulationKind::thread, members);
  }
  if (const auto* part = snapshot_of(look.locks)) add_locks(out, *part);
  if (const auto* part = snapshot_of(look.fds)) {
    out += fmt::format("\nfds: {} open", part->open);
    if (part->limit) out += fmt::format(", limit {}", *part->limit);
    out += part->sampled ? "; the sites below are of a sample\n" : "\n";
    add_sites(out, report, PopulationKind::fd, members);
  }
  if (const auto* part = snapshot_of(look.memory)) add_memory(out, *part);
  if (const auto* part = snapshot_of(look.go_runtime)) add_heap(out, *part);
  if (const auto* part = snapshot_of(look.jvm)) add_jvm(out, *part);
  if (const auto* part = snapshot_of(look.timers); part != nullptr && !part->timers.empty()) {
    out += fmt::format("\ntimers: {}\n", part->timers.size());
    add_sites(out, report, PopulationKind::timer, false);
  }
  if (const auto* part = snapshot_of(look.contexts); part != nullptr && !part->contexts.empty()) {
    out += fmt::format("\ncontexts that can be cancelled: {}\n", part->contexts.size());
    add_sites(out, report, PopulationKind::context, false);
  }
  for (const PopulationView& population : report.populations) {
    if (population.kind == PopulationKind::allocation) add_allocations(out, population);
  }
  out += '\n';
  add_unknown(out, "goroutines", look.goroutines);
  add_unknown(out, "unreachable goroutines", look.unreachable);
  add_unknown(out, "heap", look.go_runtime);
  add_unknown(out, "threads", look.threads);
  const auto* threads = snapshot_of(look.threads);
  if (threads != nullptr && threads->blocked_unknown) add_unknown(out, "blocked threads", *threads->blocked_unknown);
  if (threads != nullptr && threads->running_unknown) {
    add_unknown(out, "running threads", *threads->running_unknown);
  }
  add_unknown(out, "locks", look.locks);
  add_unknown(out, "jvm", look.jvm);
  add_unknown(out, "fds", look.fds);
  add_unknown(out, "memory", look.memory);
  add_unknown(out, "mappings", look.mappings);
  add_unknown(out, "memory growth", look.growth);
  add_unknown(out, "cpu", look.cpu);
  if (out.find(fmt::format(", {}: ", reason_of(ErrorCode::permission_denied))) != std::string::npos) {
    add_wrapped(out,
                fmt::format("\"proctor doctor {}\" tells which right is missing, and how to give it",
                            number(look.target.identity.pid)),
                0);
  }
  return out;
}

}  // namespace proctor

#pragma once

#include <re2/re2.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"

namespace proctor {

/// A regular expression with the text it was written as. RE2: linear in its input, which a target chooses.
struct Pattern {
  std::string text;
  std::shared_ptr<const re2::RE2> expression;  // as in Prometheus, but searched for anywhere unless anchored
};

/// Every given condition must hold; none given matches every process.
struct MatchRule {
  std::optional<std::int32_t> pid;       // from --target.pid
  std::optional<std::string> comm;       // exact
  std::optional<std::string> comm_glob;  // from --target.name
  std::optional<std::string> exe;        // glob on the path
  std::optional<Pattern> cmdline;        // on the arguments joined by spaces
  std::optional<std::string> user;
  std::optional<Pattern> cgroup;
  std::optional<std::uint16_t> listen_port;
  std::optional<std::string> pid_file;
};

enum class ThreadStacks : std::uint8_t { none, blocked, all };

/// One entry of `targets`.
struct TargetRule {
  std::string name;  // a template: {{comm}} {{exe_base}} {{container}} {{pid}} {{1}}
  MatchRule match;
  bool children = false;
  bool merge = false;
  std::vector<std::string> collectors;  // empty: all that apply
  ThreadStacks thread_stacks = ThreadStacks::blocked;
  bool memory_growth = false;  // page faults are sampled
  std::vector<std::string>
      wrappers;  // paths of Go packages that run what others give them, beside those that are known
};

struct SamplingConfig {
  Nanoseconds interval = std::chrono::seconds{10};
  double cpu_budget = 0.02;  // of one core, over a minute
  Bytes memory_budget{256ULL << 20};
};

struct LimitsConfig {
  std::uint32_t targets = 1000;
  std::uint32_t sites_per_population = 50;
};

struct FindingsConfig {
  Nanoseconds window = std::chrono::minutes{15};
  Nanoseconds warm_up = std::chrono::minutes{5};
  std::uint32_t min_arrivals = 10;
};

/// Validated and immutable. Defaults are those of a run without a file.
struct Config {
  SamplingConfig sampling;
  std::vector<std::shared_ptr<const TargetRule>> targets;
  LimitsConfig limits;
  FindingsConfig findings;
};

}  // namespace proctor

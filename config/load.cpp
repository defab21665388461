#include "config/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "config/config_file.h"
#include "config/duration.h"
#include "config/name_template.h"
#include "config/quantity.h"
#include "config/spelling.h"
#include "config/yaml_reader.h"

namespace proctor {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr std::size_t kLongestExpression = 4096;
constexpr std::int64_t kExpressionMemory = 1 << 20;  // RE2 keeps this much per expression at most
constexpr std::size_t kMostWrappers = 100;
constexpr Bytes kLeastMemoryBudget{16ULL << 20};

constexpr std::array<std::string_view, 7> kCollectors{"threads", "memory", "fds", "cpu", "goroutines", "locks", "jvm"};
constexpr std::array<std::string_view, 3> kThreadStacks{"none", "blocked", "all"};

Result<std::string> any_text(const std::string& text) {
  if (text.empty()) return fail(ErrorCode::invalid_argument, "is empty");
  return text;
}

Result<Pattern> parse_pattern(const std::string& text) {
  if (text.size() > kLongestExpression) {
    return fail(ErrorCode::invalid_argument, "longer than {} bytes", kLongestExpression);
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kExpressionMemory);
  auto expression = std::make_shared<const re2::RE2>(text, options);
  if (!expression->ok()) {
    return fail(ErrorCode::invalid_argument, "bad regular expression: {}", expression->error());
  }
  return Pattern{.text = text, .expression = std::move(expression)};
}

/// The index of `word` in `words`.
Result<std::size_t> parse_word(std::string_view word, std::span<const std::string_view> words, std::string_view what) {
  const auto found = std::find(words.begin(), words.end(), word);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  const std::string guess = did_you_mean(word, words);
  return fail(ErrorCode::invalid_argument, "unknown {} \"{}\"{}", what, word,
              guess.empty() ? fmt::format("; there are {}", fmt::join(words, ", ")) : guess);
}

Result<ThreadStacks> parse_thread_stacks(std::string_view word) {
  constexpr std::array kValues{ThreadStacks::none, ThreadStacks::blocked, ThreadStacks::all};
  const std::size_t index = PROCTOR_TRY(parse_word(word, kThreadStacks, "choice"));
  return kValues[index];
}

/// A parser for durations from `least` to `most`.
auto duration_within(Nanoseconds least, Nanoseconds most, std::string_view range) {
  return [=](std::string_view text) -> Result<Nanoseconds> {
    const Nanoseconds duration = PROCTOR_TRY(parse_duration(text));
    if (duration >= least && duration <= most) return duration;
    return fail(ErrorCode::invalid_argument, "{} is out of range: {}", text, range);
  };
}

/// A parser for whole numbers from `least` to `most`.
template <typename Number>
auto count_within(Number least, Number most) {
  return [=](std::string_view text) -> Result<Number> {
    const std::uint64_t number = PROCTOR_TRY(parse_count(text));
    if (number >= least && number <= most) return static_cast<Number>(number);
    return fail(ErrorCode::invalid_argument, "{} is out of range: {} to {}", text, least, most);
  };
}

Result<double> parse_cpu_budget(std::string_view text) {
  const double share = PROCTOR_TRY(parse_percentage(text));
  if (share > 0 && share <= 1) return share;
  return fail(ErrorCode::invalid_argument, "{} is out of range: above 0% to 100%", text);
}

Result<Bytes> parse_memory_budget(std::string_view text) {
  const Bytes size = PROCTOR_TRY(parse_size(text));
  if (size >= kLeastMemoryBudget) return size;
  return fail(ErrorCode::invalid_argument, "{} is out of range: at least 16MiB", text);
}

/// Reads one document into a Config; its mistakes are what decides whether that may be used.
class ConfigReader {
 public:
  explicit ConfigReader(Mistakes& mistakes) : mistakes_(mistakes) {}

  Config read(const YAML::Node& document) {
    if (document.IsNull()) return {};
    YamlMapping root{{.node = document, .path = ""}, mistakes_};
    Config config;
    if (const auto value = root.find("sampling")) config.sampling = read_sampling(*value);
    if (const auto value = root.find("targets")) config.targets = read_targets(*value);
    if (const auto value = root.find("limits")) config.limits = read_limits(*value);
    if (const auto value = root.find("findings")) config.findings = read_findings(*value, config.sampling.interval);
    root.finish();
    return config;
  }

 private:
  SamplingConfig read_sampling(const YamlValue& value) {
    YamlMapping mapping{value, mistakes_};
    SamplingConfig sampling;
    mapping.read("interval", sampling.interval, duration_within(milliseconds{100}, hours{1}, "100ms to 1h"));
    mapping.read("cpu_budget", sampling.cpu_budget, parse_cpu_budget);
    mapping.read("memory_budget", sampling.memory_budget, parse_memory_budget);
    mapping.finish();
    return sampling;
  }

  LimitsConfig read_limits(const YamlValue& value) {
    YamlMapping mapping{value, mistakes_};
    LimitsConfig limits;
    mapping.read("targets", limits.targets, count_within<std::uint32_t>(1, 100'000));
    mapping.read("sites_per_population", limits.sites_per_population, count_within<std::uint32_t>(1, 10'000));
    mapping.finish();
    return limits;
  }

  FindingsConfig read_findings(const YamlValue& value, Nanoseconds interval) {
    YamlMapping mapping{value, mistakes_};
    FindingsConfig findings;
    mapping.read("window", findings.window, duration_within(std::chrono::seconds{1}, hours{24 * 7}, "1s to 7d"));
    mapping.read("warm_up", findings.warm_up, duration_within(Nanoseconds{0}, hours{24 * 7}, "0s to 7d"));
    mapping.read("min_arrivals", findings.min_arrivals, count_within<std::uint32_t>(1, 1'000'000));
    if (findings.window < interval) mapping.note(value, "window is shorter than sampling.interval");
    mapping.finish();
    return findings;
  }

  std::vector<std::shared_ptr<const TargetRule>> read_targets(const YamlValue& value) {
    std::vector<std::shared_ptr<const TargetRule>> rules;
    const auto items = read_list(value, mistakes_);
    if (!items) return rules;
    if (items->empty()) {
      mistakes_.add(value.node.Mark(), "targets lists none; leave the key out to watch every process");
    }
    for (const YamlValue& item : *items) rules.push_back(std::make_shared<const TargetRule>(read_target(item)));
    return rules;
  }

  TargetRule read_target(const YamlValue& value) {
    YamlMapping mapping{value, mistakes_};
    TargetRule rule;
    rule.name = "{{comm}}";
    if (const auto match = mapping.find("match")) {
      rule.match = read_match(*match);
    } else if (value.node.IsMap()) {
      mapping.note(value, "match is missing; write \"match: {}\" to watch every process");
    }
    mapping.read("name", rule.name, [groups = capture_groups(rule.match)](const std::string& text) {
      const auto mistake = mistake_in_name(text, groups);
      return mistake ? Result<std::string>{fail(ErrorCode::invalid_argument, "{}", *mistake)}
                     : Result<std::string>{text};
    });
    mapping.read("children", rule.children);
    mapping.read("merge", rule.merge);
    if (const auto collectors = mapping.find("collectors")) rule.collectors = read_collectors(*collectors);
    mapping.read("thread_stacks", rule.thread_stacks, parse_thread_stacks);
    mapping.read("memory_growth", rule.memory_growth);
    if (const auto wrappers = mapping.find("wrappers")) rule.wrappers = read_wrappers(*wrappers);
    mapping.finish();
    return rule;
  }

  MatchRule read_match(const YamlValue& value) {
    YamlMapping mapping{value, mistakes_};
    MatchRule match;
    mapping.read("comm", match.comm, any_text);
    mapping.read("exe", match.exe, any_text);
    mapping.read("cmdline", match.cmdline, parse_pattern);
    mapping.read("user", match.user, any_text);
    mapping.read("cgroup", match.cgroup, parse_pattern);
    mapping.read("listen_port", match.listen_port, count_within<std::uint16_t>(1, 65535));
    mapping.read("pid_file", match.pid_file, any_text);
    mapping.finish();
    return match;
  }

  std::vector<std::string> read_collectors(const YamlValue& value) {
    std::vector<std::string> names;
    const auto items = read_list(value, mistakes_);
    if (!items) return names;
    if (items->empty()) {
      mistakes_.add(value.node.Mark(), value.path + " lists none; leave the key out for all that apply");
    }
    for (const YamlValue& item : *items) {
      const auto name = read_text(item, mistakes_);
      if (!name) continue;
      const auto known = parse_word(*name, kCollectors, "collector");
      if (!known) {
        mistakes_.add(item.node.Mark(), fmt::format("{}: {}", item.path, known.error().message));
      } else if (std::find(names.begin(), names.end(), *name) != names.end()) {
        mistakes_.add(item.node.Mark(), fmt::format("{}: \"{}\" a second time", item.path, *name));
      } else {
        names.push_back(*name);
      }
    }
    return names;
  }

  std::vector<std::string> read_wrappers(const YamlValue& value) {
    std::vector<std::string> paths;
    const auto items = read_list(value, mistakes_);
    if (!items) return paths;
    if (items->size() > kMostWrappers) mistakes_.add(value.node.Mark(), value.path + ": more than 100 packages");
    for (const YamlValue& item : *items) {
      auto path = read_text(item, mistakes_);
      if (!path || paths.size() >= kMostWrappers) continue;
      if (path->empty() || path->find_first_of(" ()*[]") != std::string::npos) {
        mistakes_.add(item.node.Mark(), item.path + ": the path of a package, as it is imported: \"example.com/pool\"");
      } else {
        paths.push_back(*std::move(path));
      }
    }
    return paths;
  }

  static int capture_groups(const MatchRule& match) {
    int groups = 0;
    for (const auto* pattern : {&match.cmdline, &match.cgroup}) {
      if (*pattern) groups = std::max(groups, (*pattern)->expression->NumberOfCapturingGroups());
    }
    return groups;
  }

  Mistakes& mistakes_;
};

}  // namespace

std::string to_string(const ConfigMistake& mistake) {
  if (mistake.line == 0) return fmt::format("{}: {}", mistake.file, mistake.message);
  return fmt::format("{}:{}:{}: {}", mistake.file, mistake.line, mistake.column, mistake.message);
}

LoadedConfig parse_config(std::string_view text, const std::string& file_name) {
  Mistakes mistakes{file_name};
  Config config;
  if (text.size() > kLargestConfigFile) {
    mistakes.add(YAML::Mark::null_mark(), "larger than 1 MiB");
  } else if (const auto document = parse_yaml(text, mistakes)) {
    try {
      config = ConfigReader{mistakes}.read(*document);
    } catch (const YAML::Exception& exception) {
      mistakes.add(exception.mark, exception.msg);
    }
  }
  if (mistakes.any()) return tl::unexpected(mistakes.take());
  return config;
}

LoadedConfig load_config(const std::filesystem::path& file) {
  const auto text = read_config_file(file);
  if (!text) return tl::unexpected(std::vector{text.error()});
  return parse_config(*text, file.string());
}

}  // namespace proctor

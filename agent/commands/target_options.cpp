#include "agent/commands/target_options.h"

#include <fmt/core.h>

namespace proctor {
namespace {

std::shared_ptr<const TargetRule> rule_for(MatchRule match) {
  auto rule = std::make_shared<TargetRule>();
  rule->name = "{{comm}}";
  rule->match = std::move(match);
  return rule;
}

}  // namespace

tl::expected<Config, std::vector<ConfigMistake>> config_from(const RunOptions& options) {
  Config config;
  if (!options.config_file.empty()) {
    auto loaded = load_config(options.config_file);
    if (!loaded) return loaded;
    config = *std::move(loaded);
  }
  for (const std::int32_t pid : options.target_pids) config.targets.push_back(rule_for({.pid = pid}));
  for (const std::string& name : options.target_names) config.targets.push_back(rule_for({.comm_glob = name}));
  if (options.interval) config.sampling.interval = *options.interval;
  // Neither a file nor a flag: every process.
  if (config.targets.empty()) config.targets.push_back(rule_for({}));
  return config;
}

ExitStatus print_mistakes(const std::vector<ConfigMistake>& mistakes) {
  for (const ConfigMistake& mistake : mistakes) fmt::print(stderr, "proctor: {}\n", to_string(mistake));
  return ExitStatus::wrong_usage;
}

}  // namespace proctor

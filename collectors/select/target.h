#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "collectors/os/proc_root.h"
#include "config/config.h"

namespace proctor {

/// A process for its whole life: a reused number has another start time.
struct TargetIdentity {
  Pid pid{};
  StartTime start_time{};
  friend auto operator<=>(const TargetIdentity&, const TargetIdentity&) = default;
};

enum class Runtime : std::uint8_t { native, go, jvm, python, node };
std::string_view to_string(Runtime runtime);

/// What is said of a target. Text is valid UTF-8 and bounded.
struct TargetDescription {
  TargetIdentity identity;
  std::string name;  // the label "target"
  std::string comm;
  std::string exe;  // path without the kernel's " (deleted)"; empty where it may not be read
  bool exe_deleted = false;
  Runtime runtime = Runtime::native;
  std::string runtime_version;  // "go1.26.8"; empty where not known
  std::string module;           // of a Go binary's build info
  std::string module_version;
  std::string revision;
  std::string build_id;
  std::string container_id;
  std::string pod_uid;
  WallTime started_at{};
  bool zombie = false;
};

/// A child of a target.
struct ChildProcess {
  Pid pid{};
  StartTime start_time{};
  std::string comm;
  bool zombie = false;
};

/// A process that a rule of the configuration matched.
class Target {
 public:
  Target(TargetDescription description, ProcDir process, std::shared_ptr<const TargetRule> rule)
      : description_(std::move(description)), process_(std::move(process)), rule_(std::move(rule)) {}

  const TargetDescription& description() const { return description_; }
  const TargetIdentity& identity() const { return description_.identity; }
  const ProcDir& process() const { return process_; }
  const TargetRule& rule() const { return *rule_; }
  const std::shared_ptr<const TargetRule>& shared_rule() const { return rule_; }
  /// Its direct children at the last selection.
  const std::vector<ChildProcess>& children() const { return children_; }
  void set_children(std::vector<ChildProcess> children) { children_ = std::move(children); }

 private:
  TargetDescription description_;
  ProcDir process_;
  std::shared_ptr<const TargetRule> rule_;
  std::vector<ChildProcess> children_;
};

}  // namespace proctor

template <>
struct std::hash<proctor::TargetIdentity> {
  std::size_t operator()(const proctor::TargetIdentity& identity) const noexcept {
    return static_cast<std::size_t>(proctor::number(identity.start_time)) * 4194304U +
           static_cast<std::size_t>(proctor::number(identity.pid));
  }
};

#pragma once

#include <functional>

#include "base/unique_fd.h"
#include "base/units.h"

namespace proctor {

/// A copy of the test that does one thing: `body` runs in it, and says that it stands where the test wants it by
/// calling its argument. Killed and reaped with this object.
class ForkedChild {
 public:
  using Ready = std::function<void()>;

  /// Returns once the child is ready.
  explicit ForkedChild(const std::function<void(const Ready&)>& body);
  ~ForkedChild() { kill_and_reap(); }
  ForkedChild(const ForkedChild&) = delete;
  ForkedChild& operator=(const ForkedChild&) = delete;

  Pid pid() const { return pid_; }
  /// Waits until the child calls Ready once more.
  void await_ready() const;
  void kill() const;
  void kill_and_reap();

 private:
  Pid pid_{};
  UniqueFd ready_;
};

}  // namespace proctor

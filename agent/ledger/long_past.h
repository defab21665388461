#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace proctor {

/// What one site did over many windows of the ledger, for leaks that take hours to show: the least that it held in
/// each, and how many left.
class LongPast {
 public:
  static constexpr std::size_t kMostWindows = 24;

  struct Window {
    std::uint64_t fewest = 0;
    std::uint64_t departed = 0;
  };

  /// At a look in the window of that number there were `members`, and `departed` had left since the look before.
  void note(std::uint64_t window, std::uint64_t members, std::uint64_t departed);
  /// Those that have ended, oldest first; at most kMostWindows.
  std::vector<Window> ended() const;

 private:
  std::uint64_t current_ = 0;  // number of the last of `windows_`
  std::vector<Window> windows_;
};

}  // namespace proctor

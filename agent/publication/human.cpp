#include "agent/publication/human.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>

#include "base/text.h"

namespace proctor {

std::string timestamp_of(WallTime time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

std::string human_duration(Nanoseconds duration) {
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  if (whole < 1) return fmt::format("{}ms", std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
  if (whole < 60) return fmt::format("{:.1f}s", seconds(duration));
  if (whole < 3600) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  if (whole < 86400) return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
  return fmt::format("{}d{:02}h", whole / 86400, whole / 3600 % 24);
}

std::string human_bytes(Bytes bytes) {
  constexpr std::array<std::string_view, 5> kUnits{"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (count(bytes) < 1024) return fmt::format("{} B", count(bytes));
  double amount = static_cast<double>(count(bytes)) / 1024;
  std::size_t unit = 0;
  while (amount >= 1024 && unit + 1 < kUnits.size()) {
    amount /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", amount, kUnits[unit]);
}

std::string_view shown_file(const Frame& frame) {
  const std::string_view file = frame.file;
  return frame.line == 0 ? file : file.substr(file.rfind('/') + 1);
}

std::string human_frame(const Frame& frame) {
  std::string text = to_valid_utf8(frame.function);
  if (!frame.file.empty()) {
    if (!text.empty()) text += ' ';
    text += to_valid_utf8(shown_file(frame));
    if (frame.line != 0) text += fmt::format(":{}", frame.line);
  }
  return text;
}

std::string human_site(const Site& site) {
  if (site.id == kOtherSite) return "all other sites";
  std::string frame = human_frame(site.user);
  if (!site.name.empty() && site.name != site.user.function)
    frame = fmt::format("{} in {}", to_valid_utf8(site.name), frame);
  if (!frame.empty()) return frame;
  return to_valid_utf8(site.reason.empty() ? site.state : site.reason);
}

}  // namespace proctor

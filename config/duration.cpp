#include "config/duration.h"

#include <array>
#include <charconv>
#include <cstdint>

namespace proctor {
namespace {

struct DurationUnit {
  std::string_view name;
  std::int64_t nanoseconds;
};

// From the longest to the shortest: a later part may only use a later unit.
constexpr std::array<DurationUnit, 7> kUnits{{{"d", 86'400'000'000'000},
                                              {"h", 3'600'000'000'000},
                                              {"m", 60'000'000'000},
                                              {"s", 1'000'000'000},
                                              {"ms", 1'000'000},
                                              {"us", 1'000},
                                              {"ns", 1}}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Result<Nanoseconds> parse_duration(std::string_view text) {
  const auto refuse = [text](std::string_view why) {
    return fail(ErrorCode::invalid_argument, "\"{}\" {}", text, why);
  };
  constexpr std::string_view kNotOne = R"(is not a duration such as "10s", "500ms" or "1m30s")";
  if (text.empty()) return refuse(kNotOne);

  std::int64_t total = 0;
  std::size_t first_unit = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    if (!is_digit(rest.front())) return refuse(kNotOne);
    std::int64_t amount = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), amount);
    if (error != std::errc{}) return refuse("is too long");
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));

    std::size_t length = 0;
    while (length < rest.size() && !is_digit(rest[length])) ++length;
    const std::string_view name = rest.substr(0, length);
    rest.remove_prefix(length);
    if (name.empty()) return refuse(R"(has no unit; write a duration such as "10s" or "1m30s")");
    std::size_t unit = first_unit;
    while (unit < kUnits.size() && kUnits[unit].name != name) ++unit;
    if (unit == kUnits.size()) return refuse(kNotOne);
    first_unit = unit + 1;

    std::int64_t part = 0;
    if (__builtin_mul_overflow(amount, kUnits[unit].nanoseconds, &part) ||
        __builtin_add_overflow(total, part, &total)) {
      return refuse("is too long");
    }
  }
  return Nanoseconds{total};
}

}  // namespace proctor

#include "config/quantity.h"

#include <array>
#include <charconv>

namespace proctor {
namespace {

struct SizeUnit {
  std::string_view name;
  std::uint64_t bytes;
};

constexpr std::array<SizeUnit, 9> kUnits{{{"B", 1},
                                          {"kB", 1'000},
                                          {"MB", 1'000'000},
                                          {"GB", 1'000'000'000},
                                          {"TB", 1'000'000'000'000},
                                          {"KiB", 1ULL << 10},
                                          {"MiB", 1ULL << 20},
                                          {"GiB", 1ULL << 30},
                                          {"TiB", 1ULL << 40}}};

bool begins_with_digit(std::string_view text) { return !text.empty() && text.front() >= '0' && text.front() <= '9'; }

}  // namespace

Result<Bytes> parse_size(std::string_view text) {
  std::uint64_t amount = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, amount);
  if (error == std::errc{}) {
    const std::string_view name = text.substr(static_cast<std::size_t>(end - text.data()));
    if (name.empty()) {
      return fail(ErrorCode::invalid_argument, R"("{}" has no unit; write a size such as "256MiB")", text);
    }
    for (const SizeUnit& unit : kUnits) {
      if (unit.name != name) continue;
      std::uint64_t bytes = 0;
      if (__builtin_mul_overflow(amount, unit.bytes, &bytes)) {
        return fail(ErrorCode::invalid_argument, "\"{}\" is too large", text);
      }
      return Bytes{bytes};
    }
  }
  return fail(ErrorCode::invalid_argument, R"("{}" is not a size such as "256MiB" or "1GiB")", text);
}

Result<double> parse_percentage(std::string_view text) {
  double percent = 0;
  // from_chars knows "inf" and "nan", which are no shares.
  if (begins_with_digit(text)) {
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, percent, std::chars_format::fixed);
    const std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
    if (error == std::errc{} && rest == "%") return percent / 100;
    if (error == std::errc{} && rest.empty()) {
      return fail(ErrorCode::invalid_argument, R"("{}" has no unit; write a percentage such as "2%")", text);
    }
  }
  return fail(ErrorCode::invalid_argument, R"("{}" is not a percentage such as "2%")", text);
}

Result<std::uint64_t> parse_count(std::string_view text) {
  std::uint64_t number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (!begins_with_digit(text) || end != last || error == std::errc::invalid_argument) {
    return fail(ErrorCode::invalid_argument, "\"{}\" is not a whole number", text);
  }
  if (error != std::errc{}) return fail(ErrorCode::invalid_argument, "\"{}\" is too large", text);
  return number;
}

}  // namespace proctor

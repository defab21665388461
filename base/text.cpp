#include "base/text.h"

#include <fnmatch.h>

#include <algorithm>
#include <cctype>
#include <cstdint>

namespace proctor {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool is_continuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

/// The length of the well-formed UTF-8 sequence at the start of `bytes`, 0 where there is none.
std::size_t sequence_length(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return 1;
  std::size_t length = 0;
  if (lead >= 0xC2 && lead <= 0xDF) length = 2;
  if (lead >= 0xE0 && lead <= 0xEF) length = 3;
  if (lead >= 0xF0 && lead <= 0xF4) length = 4;
  if (length == 0 || bytes.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(at(i))) return 0;
  }
  // Overlong forms, surrogates and values past U+10FFFF show in the second byte.
  const unsigned char second = at(1);
  if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) || (lead == 0xF0 && second < 0x90) ||
      (lead == 0xF4 && second > 0x8F)) {
    return 0;
  }
  return length;
}

bool is_hex_letter(char c) { return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string to_valid_utf8(std::string_view bytes, std::size_t max_bytes) {
  std::string valid;
  valid.reserve(std::min(bytes.size(), max_bytes));
  while (!bytes.empty()) {
    const std::size_t length = sequence_length(bytes);
    const std::string_view piece = length == 0 ? kReplacement : bytes.substr(0, length);
    if (valid.size() + piece.size() > max_bytes) break;
    valid += piece;
    bytes.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return valid;
}

bool glob_matches(const std::string& pattern, const std::string& text) {
  return ::fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
}

std::string fold_numbers(std::string_view name) {
  std::string folded;
  std::size_t i = 0;
  while (i < name.size()) {
    // A run of hexadecimal characters counts as a number when it has a digit and is either all digits
    // or long enough not to be a word with a digit in it.
    std::size_t end = i;
    std::size_t digits = 0;
    while (end < name.size() && (is_digit(name[end]) || is_hex_letter(name[end]))) {
      digits += is_digit(name[end]) ? 1 : 0;
      ++end;
    }
    const std::size_t length = end - i;
    const bool id = digits == length || (digits > 0 && length >= 4);
    if (length > 0 && id) {
      if (!folded.ends_with('*')) folded += '*';
      i = end;
    } else if (length > 0 && is_hex_letter(name[i])) {
      folded += name[i++];
    } else {
      // Digits at the head of a mixed run that is no id.
      bool number = false;
      while (i < name.size() && is_digit(name[i])) {
        number = true;
        ++i;
      }
      if (number) {
        if (!folded.ends_with('*')) folded += '*';
      } else {
        folded += name[i++];
      }
    }
  }
  return folded;
}

}  // namespace proctor

#pragma once

#include <string>
#include <string_view>

#include "base/text.h"

namespace proctor {

/// Valid UTF-8 without control characters: one in a target's name would steer the terminal.
inline std::string printable(std::string_view text, std::size_t max_bytes = kMaxLabelBytes) {
  std::string valid = to_valid_utf8(text, max_bytes);
  for (char& byte : valid) {
    if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f) byte = '?';
  }
  return valid;
}

}  // namespace proctor

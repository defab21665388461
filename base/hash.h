#pragma once

#include <cstdint>
#include <string_view>

namespace proctor {

/// FNV-1a over bytes: the same on every machine and in every release, since site ids are made of it.
class StableHash {
 public:
  void add(std::string_view bytes) {
    for (const char byte : bytes) {
      value_ = (value_ ^ static_cast<unsigned char>(byte)) * kPrime;
    }
    value_ = (value_ ^ 0xff) * kPrime;  // ends the field, so that "a","bc" is not "ab","c"
  }
  void add(std::uint64_t number) {
    for (int i = 0; i < 8; ++i) {
      value_ = (value_ ^ (number & 0xff)) * kPrime;
      number >>= 8;
    }
  }
  std::uint64_t value() const { return value_; }

 private:
  static constexpr std::uint64_t kPrime = 1099511628211ULL;
  std::uint64_t value_ = 14695981039346656037ULL;
};

}  // namespace proctor

#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace proctor {

/// Tells who may ask, by name and password against bcrypt hashes. Any thread may ask it. A hash is made to be slow:
/// verdicts are kept, and one is worked out at a time, so that guessing costs the agent no more than one core.
class BasicAuth {
 public:
  explicit BasicAuth(std::map<std::string, std::string> users) : users_(std::move(users)) {}

  /// `authorization` is the value of the request's header.
  bool allows(std::string_view authorization);

 private:
  bool verify(const std::string& user, const std::string& password) const;

  static constexpr std::size_t kMostVerdicts = 100;
  const std::map<std::string, std::string> users_;
  // No password has it: an unknown name takes as long as a known one.
  const std::string nobody_ = "$2b$10$abcdefghijklmnopqrstuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu";
  std::mutex mutex_;
  std::map<std::string, bool> verdicts_;  // by a digest of name and password
};

}  // namespace proctor

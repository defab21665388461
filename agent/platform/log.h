#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace spdlog {
class logger;
}

namespace proctor {

/// Lines on standard error for people and log collectors, with time in UTC and level.
class Log {
 public:
  /// `level`: debug, info, warn, error. `format`: logfmt, json. Errors: invalid_argument.
  static Result<Log> open(const std::string& level, const std::string& format);

  void info(std::string_view message) const;
  void error(std::string_view message) const;

 private:
  explicit Log(std::shared_ptr<spdlog::logger> logger) : logger_(std::move(logger)) {}
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace proctor

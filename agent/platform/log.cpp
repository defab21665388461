#include "agent/platform/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>
#include <optional>

namespace proctor {
namespace {

std::optional<spdlog::level::level_enum> level_of(std::string_view word) {
  if (word == "debug") return spdlog::level::debug;
  if (word == "info") return spdlog::level::info;
  if (word == "warn") return spdlog::level::warn;
  if (word == "error") return spdlog::level::err;
  return std::nullopt;
}

/// Quoted, with control characters escaped: one message is one line in both formats.
std::string quoted(std::string_view message) {
  return nlohmann::json(message).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

Result<Log> Log::open(const std::string& level, const std::string& format) {
  const auto threshold = level_of(level);
  if (!threshold) return fail(ErrorCode::invalid_argument, "--log.level {}: one of debug, info, warn, error", level);
  if (format != "logfmt" && format != "json") {
    return fail(ErrorCode::invalid_argument, "--log.format {}: one of logfmt, json", format);
  }
  auto logger = std::make_shared<spdlog::logger>("proctor", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_level(*threshold);
  logger->set_pattern(format == "json" ? R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","msg":%v})"
                                       : "ts=%Y-%m-%dT%H:%M:%S.%eZ level=%l msg=%v",
                      spdlog::pattern_time_type::utc);
  return Log{std::move(logger)};
}

void Log::info(std::string_view message) const { logger_->info(quoted(message)); }
void Log::error(std::string_view message) const { logger_->error(quoted(message)); }

}  // namespace proctor

#include "agent/app/saved_records.h"

#include <cereal/archives/binary.hpp>
#include <cereal/types/chrono.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/memory.hpp>
#include <cereal/types/optional.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/unordered_map.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/vector.hpp>
#include <exception>
#include <sstream>
#include <utility>

#include "agent/platform/state_file.h"

namespace proctor {
namespace {

/// Another number wherever what `serialize` names, of any class in it, changes: see SavedRecords.TheFormatIsKnown.
constexpr std::uint32_t kFormat = 2;

template <typename... Values>
std::string to_bytes(const Values&... values) {
  std::ostringstream stream;
  cereal::BinaryOutputArchive{stream}(values...);
  return std::move(stream).str();
}

}  // namespace

Result<void> save_records(const std::filesystem::path& file, const std::string& boot, const TargetRecords& records) {
  auto state = PROCTOR_TRY(StateFile::create(file, kFormat));
  PROCTOR_TRY_VOID(state.add(to_bytes(boot)));
  for (const auto& [target, record] : records) {
    PROCTOR_TRY_VOID(state.add(to_bytes(target.pid, target.start_time, record)));
  }
  return state.commit();
}

Result<TargetRecords> load_records(const std::filesystem::path& file, const std::string& boot, const Config& config) {
  TargetRecords records;
  std::optional<std::string> written_in;
  const auto take = [&](std::string_view piece) -> Result<void> {
    try {
      std::istringstream stream{std::string{piece}};
      cereal::BinaryInputArchive archive{stream};
      if (!written_in) {
        archive(written_in.emplace());
        return {};
      }
      if (*written_in != boot) return {};
      TargetIdentity target;
      TargetRecord record{config.findings, config.limits};
      archive(target.pid, target.start_time, record);
      record.reconfigure(config.findings, config.limits);
      records.insert_or_assign(target, std::move(record));
      return {};
    } catch (const std::exception& error) {
      return fail(ErrorCode::malformed, "{} does not follow its format: {}", file.string(), error.what());
    }
  };
  const auto read = StateFile::read(file, kFormat, take);
  if (!read && read.error().code == ErrorCode::not_found) return TargetRecords{};
  if (!read) return tl::unexpected(read.error());
  return records;
}

}  // namespace proctor

#include "collectors/os/proc_stat.h"

#include <unistd.h>

#include <array>
#include <charconv>

namespace proctor {
namespace {

constexpr std::size_t kFields = 22;  // from "state" to "rss", proc(5) fields 3 to 24

Nanoseconds from_ticks(std::uint64_t ticks) {
  static const auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  return Nanoseconds{static_cast<std::int64_t>(ticks * (1'000'000'000 / per_second))};
}

}  // namespace

Result<ProcStat> parse_proc_stat(std::string_view text) {
  const std::size_t open = text.find('(');
  const std::size_t close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    return fail(ErrorCode::malformed, "stat without a name: {} bytes", text.size());
  }
  ProcStat stat;
  std::from_chars(text.data(), text.data() + open, stat.id);
  stat.comm = text.substr(open + 1, close - open - 1);
  std::array<std::string_view, kFields> fields;
  std::string_view rest = text.substr(close + 1);
  for (std::string_view& field : fields) {
    const std::size_t begin = rest.find_first_not_of(" \n");
    if (begin == std::string_view::npos) return fail(ErrorCode::malformed, "stat ends early: {} bytes", text.size());
    rest.remove_prefix(begin);
    field = rest.substr(0, rest.find_first_of(" \n"));
    rest.remove_prefix(field.size());
  }
  bool whole = true;
  const auto value = [&](std::size_t number_in_manual) {
    const std::string_view field = fields[number_in_manual - 3];
    std::uint64_t result = 0;
    const auto parsed = std::from_chars(field.data(), field.data() + field.size(), result);
    whole = whole && parsed.ec == std::errc{};
    return result;
  };
  stat.state = fields[0].front();
  stat.parent = Pid{static_cast<std::int32_t>(value(4))};
  stat.kernel_flags = static_cast<std::uint32_t>(value(9));
  stat.minor_faults = value(10);
  stat.major_faults = value(12);
  stat.user = from_ticks(value(14));
  stat.system = from_ticks(value(15));
  stat.children_user = from_ticks(value(16));
  stat.children_system = from_ticks(value(17));
  stat.threads = value(20);
  stat.start_time = StartTime{value(22)};
  stat.virtual_size = Bytes{value(23)};
  static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  stat.resident = Bytes{value(24) * page};
  if (!whole) return fail(ErrorCode::malformed, "stat with a field that is no number: {} bytes", text.size());
  return stat;
}

Result<ProcStat> read_proc_stat(const ProcDir& process) {
  return parse_proc_stat(PROCTOR_TRY(process.read_record("stat")));
}

Result<ProcStat> read_thread_stat(const ProcDir& process, Tid tid) {
  return parse_proc_stat(PROCTOR_TRY(process.read_record(fmt::format("task/{}/stat", number(tid)).c_str())));
}

}  // namespace proctor

#include "collectors/os/proc_status.h"

#include <algorithm>
#include <charconv>

namespace proctor {
namespace {

template <typename Number>
std::optional<Number> leading_number(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  Number value{};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{}) return std::nullopt;
  return value;
}

/// "  1744 kB"
std::optional<Bytes> kibibytes(std::string_view text) {
  const auto value = leading_number<std::uint64_t>(text);
  if (!value || *value > UINT64_MAX / 1024) return std::nullopt;
  return from_kib(*value);
}

}  // namespace

ProcStatus parse_proc_status(std::string_view text) {
  ProcStatus status;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view key = line.substr(0, colon);
    const std::string_view value = line.substr(colon + 1);
    if (key == "Uid") status.real_uid = leading_number<std::uint32_t>(value);
    if (key == "NSpid") status.namespace_pid = leading_number<std::int32_t>(value.substr(value.rfind('\t') + 1));
    if (key == "VmRSS") status.resident = kibibytes(value);
    if (key == "RssAnon") status.anonymous = kibibytes(value);
    if (key == "RssFile") status.file = kibibytes(value);
    if (key == "RssShmem") status.shared = kibibytes(value);
    if (key == "VmSwap") status.swap = kibibytes(value);
    if (key == "VmSize") status.virtual_size = kibibytes(value);
    if (key == "VmHWM") status.peak_resident = kibibytes(value);
    if (key == "voluntary_ctxt_switches") status.voluntary_switches = leading_number<std::uint64_t>(value);
    if (key == "nonvoluntary_ctxt_switches") status.involuntary_switches = leading_number<std::uint64_t>(value);
  }
  return status;
}

Result<ProcStatus> read_proc_status(const ProcDir& process, const char* name) {
  return parse_proc_status(PROCTOR_TRY(process.read_record(name)));
}

}  // namespace proctor

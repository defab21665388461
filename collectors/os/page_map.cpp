#include "collectors/os/page_map.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace proctor {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kHugePage = std::uint64_t{2} << 20;
constexpr std::uint64_t kAtOnce = 512;  // entries of one read
constexpr std::uint64_t kPresent = std::uint64_t{1} << 63;
constexpr std::uint64_t kSwapped = std::uint64_t{1} << 62;
constexpr std::uint64_t kOfFile = std::uint64_t{1} << 61;  // or shared

/// The argument of PAGEMAP_SCAN and its answer, which <linux/fs.h> of Debian 12 does not have yet.
struct ScanArguments {
  std::uint64_t size = sizeof(ScanArguments);
  std::uint64_t flags = 0;
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::uint64_t walk_end = 0;
  std::uint64_t regions = 0;
  std::uint64_t regions_count = 0;
  std::uint64_t most_pages = 0;
  std::uint64_t inverted = 0;
  std::uint64_t all_of = 0;
  std::uint64_t any_of = 0;
  std::uint64_t told = 0;
};
struct ScannedRegion {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::uint64_t categories = 0;
};
constexpr unsigned long kScan = _IOWR('f', 16, ScanArguments);
constexpr std::uint64_t kIsHuge = std::uint64_t{1} << 6;

}  // namespace

Result<PageMap> PageMap::open(const ProcDir& process) { return PageMap{PROCTOR_TRY(process.open_file("pagemap"))}; }

Result<std::vector<bool>> PageMap::holds_anonymous(std::span<const RemoteAddress> addresses) const {
  std::vector<bool> held(addresses.size());
  std::array<std::uint64_t, kAtOnce> entries{};
  for (std::size_t i = 0; i < addresses.size();) {
    const std::uint64_t first = number(addresses[i]) / kPage;
    std::size_t end = i;
    while (end < addresses.size() && number(addresses[end]) / kPage - first < kAtOnce) ++end;
    const std::uint64_t entry_count = number(addresses[end - 1]) / kPage - first + 1;
    const ssize_t got = ::pread(file_.get(), entries.data(), entry_count * sizeof(std::uint64_t),
                                static_cast<off_t>(first * sizeof(std::uint64_t)));
    if (got < 0) return fail_errno(errno, "pagemap");
    const std::uint64_t told = static_cast<std::uint64_t>(got) / sizeof(std::uint64_t);
    for (; i < end; ++i) {
      const std::uint64_t index = number(addresses[i]) / kPage - first;
      const std::uint64_t entry = index < told ? entries.at(index) : 0;
      held[i] = (entry & (kPresent | kSwapped)) != 0 && (entry & kOfFile) == 0;
    }
  }
  return held;
}

Bytes PageMap::page_size_at(RemoteAddress address) const {
  ScannedRegion region;
  ScanArguments arguments;
  arguments.start = number(address) & ~(kPage - 1);
  arguments.end = arguments.start + kPage;
  arguments.regions = reinterpret_cast<std::uint64_t>(&region);
  arguments.regions_count = 1;
  arguments.all_of = arguments.told = kIsHuge;
  return Bytes{::ioctl(file_.get(), kScan, &arguments) == 1 ? kHugePage : kPage};
}

}  // namespace proctor

#include "collectors/os/perf_ring.h"

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/byte_cursor.h"

namespace proctor {
namespace {

// Bits of sample_regs_user: ax, bx, cx, dx, si, di, bp, sp, ip, r8 to r15, of <asm/perf_regs.h>; the kernel writes them
// in that order.
constexpr std::uint64_t kRegisterMask = 0xff01ff;
constexpr auto kDwarfNumbers = std::to_array<std::size_t>({0, 3, 2, 1, 4, 5, 6, 7, 16, 8, 9, 10, 11, 12, 13, 14, 15});

perf_event_attr attributes_of(const PerfRing::Event& event) {
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.type = event.type;
  attributes.config = event.config;
  attributes.sample_period = event.period;
  // Not PERF_SAMPLE_PERIOD: with it the kernel records a software event each time, whatever the period.
  attributes.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_ADDR | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
  attributes.sample_regs_user = kRegisterMask;
  attributes.sample_stack_user = PerfRing::kStackBytes;
  attributes.inherit = event.inherited ? 1 : 0;
  attributes.inherit_thread = event.inherited ? 1 : 0;
  attributes.disabled = event.once ? 1 : 0;
  attributes.wakeup_events = 1;
  return attributes;
}

Result<UniqueFd> open_event(const PerfRing::Event& event, Tid thread, int processor) {
  perf_event_attr attributes = attributes_of(event);
  const auto attempt = [&] {
    return static_cast<int>(
        ::syscall(SYS_perf_event_open, &attributes, number(thread), processor, -1, PERF_FLAG_FD_CLOEXEC));
  };
  int fd = attempt();
  // Before Linux 5.13 children of the process inherit it too: their samples say so.
  if (fd < 0 && errno == EINVAL && event.inherited) {
    attributes.inherit_thread = 0;
    fd = attempt();
  }
  // What happens within the kernel on behalf of the thread takes a right more.
  if (fd < 0 && (errno == EACCES || errno == EPERM)) {
    attributes.exclude_kernel = 1;
    fd = attempt();
  }
  if (fd >= 0) return UniqueFd{fd};
  if (errno == EMFILE || errno == ENFILE) {
    return fail(ErrorCode::limit_reached, "no more descriptors for events of threads");
  }
  if (errno == ENOSYS || errno == ENOENT || errno == EOPNOTSUPP) {
    return fail(ErrorCode::not_supported, "this kernel has no such performance event");
  }
  return fail_errno(errno, "perf_event_open for thread {}", number(thread));
}

Result<void> start(const PerfRing::Event& event, const UniqueFd& fd) {
  if (event.once && ::ioctl(fd.get(), PERF_EVENT_IOC_REFRESH, 1) != 0) return fail_errno(errno, "start of an event");
  return {};
}

/// A sample as attributes_of asks for it.
std::optional<PerfSample> parse_sample(std::span<const std::byte> record) {
  ByteCursor cursor{record};
  PerfSample sample;
  const auto pid = cursor.read<std::int32_t>();
  const auto tid = cursor.read<std::int32_t>();
  const auto address = cursor.read<std::uint64_t>();
  const auto abi = cursor.read<std::uint64_t>();
  if (!abi || *abi != PERF_SAMPLE_REGS_ABI_64) return std::nullopt;
  for (const std::size_t dwarf : kDwarfNumbers) {
    const auto value = cursor.read<std::uint64_t>();
    if (!value) return std::nullopt;
    sample.registers.values[dwarf] = *value;
  }
  const auto size = cursor.read<std::uint64_t>();
  if (!size || *size > PerfRing::kStackBytes) return std::nullopt;
  const std::uint64_t begin = cursor.position();
  cursor.skip(*size);
  const auto filled = *size == 0 ? std::optional<std::uint64_t>{0} : cursor.read<std::uint64_t>();
  if (!filled) return std::nullopt;
  sample.pid = Pid{*pid};
  sample.tid = Tid{*tid};
  sample.address = RemoteAddress{*address};
  sample.stack = record.subspan(begin, std::min(*size, *filled));
  return sample;
}

}  // namespace

/// The pages that the kernel writes into.
struct PerfRing::Mapped {
  explicit Mapped(std::size_t data) : data_bytes(data) {}
  ~Mapped() {
    if (base != MAP_FAILED) ::munmap(base, page_bytes + data_bytes);
  }
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;

  perf_event_mmap_page& head() const { return *static_cast<perf_event_mmap_page*>(base); }
  std::span<const std::byte> data() const { return {static_cast<const std::byte*>(base) + page_bytes, data_bytes}; }
  /// `size` bytes from a position on, which may go round the end.
  void copy(std::uint64_t from, std::span<std::byte> into) const {
    const std::size_t begin = from % data_bytes;
    const std::size_t first = std::min(into.size(), data_bytes - begin);
    std::ranges::copy(data().subspan(begin, first), into.begin());
    std::ranges::copy(data().first(into.size() - first), into.begin() + static_cast<std::ptrdiff_t>(first));
  }

  std::size_t page_bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::size_t data_bytes;
  void* base = MAP_FAILED;
  std::vector<std::byte> record;
};

PerfRing::PerfRing(UniqueFd first, std::unique_ptr<Mapped> mapped)
    : first_(std::move(first)), mapped_(std::move(mapped)) {}
PerfRing::PerfRing(PerfRing&&) noexcept = default;
PerfRing& PerfRing::operator=(PerfRing&&) noexcept = default;
PerfRing::~PerfRing() = default;

Result<PerfRing> PerfRing::open(const Event& event, Tid thread, int processor, std::size_t data_bytes) {
  UniqueFd fd = PROCTOR_TRY(open_event(event, thread, processor));
  auto mapped = std::make_unique<Mapped>(data_bytes);
  mapped->base = ::mmap(nullptr, mapped->page_bytes + data_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (mapped->base == MAP_FAILED) {
    return fail_errno(errno, "{} KiB for events of thread {}", data_bytes / 1024, number(thread));
  }
  PROCTOR_TRY_VOID(start(event, fd));
  return PerfRing{std::move(fd), std::move(mapped)};
}

Result<void> PerfRing::add(const Event& event, Tid thread, int processor) {
  UniqueFd fd = PROCTOR_TRY(open_event(event, thread, processor));
  if (::ioctl(fd.get(), PERF_EVENT_IOC_SET_OUTPUT, first_.get()) != 0) {
    return fail_errno(errno, "events of thread {}", number(thread));
  }
  PROCTOR_TRY_VOID(start(event, fd));
  others_.push_back(std::move(fd));
  return {};
}

void PerfRing::drain(const std::function<void(const PerfSample&)>& visit) {
  perf_event_mmap_page& head = mapped_->head();
  const std::uint64_t end = std::atomic_ref{head.data_head}.load(std::memory_order_acquire);
  std::uint64_t at = head.data_tail;
  while (at < end) {
    perf_event_header header{};
    mapped_->copy(at, std::as_writable_bytes(std::span{&header, 1}));
    if (header.size < sizeof header || header.size > end - at) break;
    mapped_->record.resize(header.size - sizeof header);
    mapped_->copy(at + sizeof header, mapped_->record);
    at += header.size;
    if (header.type != PERF_RECORD_SAMPLE) continue;
    if (const auto sample = parse_sample(mapped_->record)) visit(*sample);
  }
  std::atomic_ref{head.data_tail}.store(end, std::memory_order_release);
}

std::uint64_t PerfRing::count() const {
  const auto read_count = [](const UniqueFd& fd) {
    std::uint64_t value = 0;
    return ::read(fd.get(), &value, sizeof value) == sizeof value ? value : 0;
  };
  std::uint64_t sum = read_count(first_);
  for (const UniqueFd& other : others_) sum += read_count(other);
  return sum;
}

}  // namespace proctor

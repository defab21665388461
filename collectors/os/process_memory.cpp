#include "collectors/os/process_memory.h"

#include <fcntl.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "collectors/os/proc_root.h"
#include "collectors/os/proc_stat.h"

namespace proctor {
namespace {

constexpr std::size_t kBatch = 1024;  // UIO_MAXIOV

iovec remote_vector(const ReadRequest& request) {
  // The kernel's type for an address in another process; it is not dereferenced here.
  return {reinterpret_cast<void*>(number(request.from)),  // NOLINT(performance-no-int-to-ptr)
          request.into.size()};
}

bool whole(ssize_t got, std::size_t wanted) { return got >= 0 && static_cast<std::size_t>(got) == wanted; }

/// Errors after which no other address of this process can be read either.
bool is_final(int error) { return error == EPERM || error == EACCES || error == ESRCH; }

}  // namespace

Result<ProcessMemory> ProcessMemory::open(const ProcDir& process) {
  const ProcStat stat = PROCTOR_TRY(read_proc_stat(process));
  if (stat.is_kernel_thread()) return fail(ErrorCode::kernel_thread, "process {} has no memory", number(process.pid()));
  if (stat.state == 'Z' || stat.state == 'X') {
    return fail(ErrorCode::zombie, "process {} has ended and waits to be reaped", number(process.pid()));
  }
  // The open file is bound to this process's address space, whatever becomes of its number.
  UniqueFd mem = PROCTOR_TRY(process.open_file("mem"));
  bool vm_readv = false;
  if (process.has_our_numbers().value_or(false)) {
    std::byte probe{};
    iovec local{&probe, 1};
    iovec remote{nullptr, 1};
    const ssize_t got = ::process_vm_readv(number(process.reached_as()), &local, 1, &remote, 1, 0);
    vm_readv = got >= 0 || errno == EFAULT;  // refused by a filter: EPERM or ENOSYS
  }
  return ProcessMemory{process.reached_as(), std::move(mem), vm_readv};
}

Result<void> ProcessMemory::read(RemoteAddress from, std::span<std::byte> into) const {
  ReadRequest request{.from = from, .into = into};
  PROCTOR_TRY_VOID(read_many(std::span{&request, 1}));
  if (!request.complete) return fail(ErrorCode::short_read, "{} bytes at {:#x}", into.size(), number(from));
  return {};
}

Result<void> ProcessMemory::read_many(std::span<ReadRequest> requests) const {
  std::array<iovec, kBatch> local;
  std::array<iovec, kBatch> remote;
  while (!requests.empty()) {
    const std::size_t size = std::min(requests.size(), kBatch);
    std::size_t wanted = 0;
    for (std::size_t i = 0; i < size; ++i) {
      local[i] = {requests[i].into.data(), requests[i].into.size()};
      remote[i] = remote_vector(requests[i]);
      wanted += requests[i].into.size();
    }
    ssize_t got = -1;
    if (vm_readv_) {
      got = ::process_vm_readv(number(pid_), local.data(), size, remote.data(), size, 0);
    } else if (!requests[0].into.empty()) {
      got = ::pread(mem_.get(), requests[0].into.data(), requests[0].into.size(),
                    static_cast<off_t>(number(requests[0].from)));
      wanted = requests[0].into.size();
    }
    if (got < 0 && is_final(errno)) return fail_errno(errno, "read memory of process {}", number(pid_));
    // The call stops at the first piece that it cannot read: what came before is whole, that piece is not.
    std::size_t done = 0;
    auto left = static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    const std::size_t tried = vm_readv_ ? size : 1;
    while (done < tried && left >= requests[done].into.size()) {
      if (left == 0 && !whole(got, wanted) && !requests[done].into.empty()) break;
      left -= requests[done].into.size();
      requests[done++].complete = true;
    }
    if (done < tried) ++done;  // the piece that failed stays incomplete
    requests = requests.subspan(done);
  }
  return check_still_there();
}

Result<void> ProcessMemory::check_still_there() const {
  // The open file names an address space, the system call a number. Once that address space has gone, by exit or exec,
  // the file is empty, and what the number reached may be another process.
  std::byte nothing{};
  if (::pread(mem_.get(), &nothing, 1, 0) != 0) return {};
  return fail(ErrorCode::target_gone, "process {} has ended or runs another program", number(pid_));
}

}  // namespace proctor

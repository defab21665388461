#pragma once

#include <array>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>

namespace proctor {

/// Why something is not known. `reason_of` gives the word that metrics and JSON show for it.
enum class ErrorCode : std::uint8_t {
  invalid_argument,        // the caller, the configuration or the command line is wrong
  io_error,                // a system call failed for none of the reasons below
  not_found,               // a file, symbol, section or row that need not exist
  permission_denied,       // EACCES, EPERM: a right is missing
  target_gone,             // the process or thread ended while it was read
  zombie,                  // ended, not yet reaped by its parent
  kernel_thread,           // has no address space
  traced,                  // another process is its tracer
  short_read,              // fewer bytes than asked for: a hole, or memory unmapped meanwhile
  torn_read,               // the target changed what was read between two reads
  malformed,               // bytes that do not follow their format
  implausible,             // bytes that follow their format, with a value that cannot be true
  limit_reached,           // one of our own bounds
  not_supported,           // the kernel or the build lacks it
  no_go_symbols,           // a Go binary without a usable function table
  unsupported_go_version,  // outside every row of the layout table
  layout_mismatch,         // the live process does not fit the layout of its version
  too_costly,              // a cost rule forbids the read
};

/// The word for a code, as it stands in the label `reason`.
std::string_view reason_of(ErrorCode code);

/// A failure: its kind for programs and one line for people.
struct Error {
  ErrorCode code;
  std::string message;
};

std::ostream& operator<<(std::ostream& out, const Error& error);

/// Maps an errno value of a call on a target to a code; `message` is kept and the errno text added.
Error error_from_errno(int errno_value, std::string_view message);

}  // namespace proctor

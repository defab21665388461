#include "base/error.h"

#include <cerrno>
#include <ostream>
#include <system_error>

namespace proctor {

std::string_view reason_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument: return "invalid_argument";
    case ErrorCode::io_error: return "io_error";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::permission_denied: return "permission_denied";
    case ErrorCode::target_gone: return "target_gone";
    case ErrorCode::zombie: return "zombie";
    case ErrorCode::kernel_thread: return "kernel_thread";
    case ErrorCode::traced: return "traced";
    case ErrorCode::short_read: return "short_read";
    case ErrorCode::torn_read: return "torn_read";
    case ErrorCode::malformed: return "malformed";
    case ErrorCode::implausible: return "implausible";
    case ErrorCode::limit_reached: return "limit_reached";
    case ErrorCode::not_supported: return "not_supported";
    case ErrorCode::no_go_symbols: return "no_go_symbols";
    case ErrorCode::unsupported_go_version: return "unsupported_go_version";
    case ErrorCode::layout_mismatch: return "layout_mismatch";
    case ErrorCode::too_costly: return "too_costly";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, const Error& error) {
  return out << reason_of(error.code) << ": " << error.message;
}

Error error_from_errno(int errno_value, std::string_view message) {
  ErrorCode code = ErrorCode::io_error;
  switch (errno_value) {
    case EACCES:
    case EPERM: code = ErrorCode::permission_denied; break;
    case ESRCH: code = ErrorCode::target_gone; break;
    case ENOENT: code = ErrorCode::not_found; break;
    case EFAULT: code = ErrorCode::short_read; break;
    case ENOSYS:
    case EOPNOTSUPP: code = ErrorCode::not_supported; break;
    default: break;
  }
  std::string text{message};
  text += ": ";
  text += std::generic_category().message(errno_value);
  return Error{code, std::move(text)};
}

}  // namespace proctor

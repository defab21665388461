#pragma once

#include <fmt/format.h>

#include <tl/expected.hpp>
#include <utility>

#include "base/error.h"

namespace proctor {

/// A value, or the reason why there is none. A class of its own, since a dropped alias would not warn.
template <typename T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

/// `return fail(ErrorCode::malformed, "stat: {}", line);`
template <typename... Args>
tl::unexpected<Error> fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected<Error>(Error{code, fmt::format(format, std::forward<Args>(args)...)});
}

/// Fails with the code that belongs to `errno_value`: ESRCH is target_gone, EPERM permission_denied.
template <typename... Args>
tl::unexpected<Error> fail_errno(int errno_value, fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected<Error>(error_from_errno(errno_value, fmt::format(format, std::forward<Args>(args)...)));
}

}  // namespace proctor

/// The value of a Result, or a return from the enclosing function with its error.
#define PROCTOR_TRY(expression)                                 \
  __extension__({                                               \
    auto proctor_result = (expression);                         \
    if (!proctor_result) {                                      \
      return tl::unexpected(std::move(proctor_result).error()); \
    }                                                           \
    *std::move(proctor_result);                                 \
  })

/// The same for a Result<void>.
#define PROCTOR_TRY_VOID(expression)                            \
  do {                                                          \
    auto proctor_result = (expression);                         \
    if (!proctor_result) {                                      \
      return tl::unexpected(std::move(proctor_result).error()); \
    }                                                           \
  } while (false)

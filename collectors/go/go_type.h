#pragma once

#include <string>

#include "base/address.h"
#include "base/result.h"
#include "collectors/go/go_process.h"

namespace proctor {

/// The name of the type whose descriptor (runtime._type) stands at `type`: "int", "*http.Request". Errors: short_read,
/// and implausible for what cannot be a descriptor of this program.
Result<std::string> read_type_name(const GoProcess& process, RemoteAddress type);

}  // namespace proctor

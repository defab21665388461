#pragma once

#include <memory>
#include <string_view>

#include "agent/http/routes.h"
#include "agent/publication/publication.h"
#include "base/result.h"

namespace proctor {

constexpr std::string_view kProfiles = "/debug/pprof/";

/// The value of a parameter of a query; empty where it is not given.
std::string_view parameter_of(std::string_view query, std::string_view name);

/// The report on the process that `text` names by its number. Errors: invalid_argument for no number, not_found.
Result<std::shared_ptr<const TargetReport>> report_of(const Publication& publication, std::string_view text);

/// /debug/pprof/PID/goroutine?debug=0|1|2 and its kin: what the target's own net/http/pprof would answer, from its last
/// look. 404 with the reason where a profile is not to be had.
/// The path of variables in the shape of package expvar: followed by a process number.
inline constexpr std::string_view kVariables = "/debug/vars/";

/// What expvar of a Go target itself would say of its memory, as far as it is known from outside; else 404 with the
/// reason.
HttpResponse variables_response(const HttpRequest& request, const Publication& publication);

HttpResponse profile_response(const HttpRequest& request, const Publication& publication);

}  // namespace proctor

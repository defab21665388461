#pragma once

#include <map>
#include <memory>
#include <string>

#include "agent/http/basic_auth.h"

namespace proctor {

/// What the operator's web configuration says of every answer. A reload puts another in its place.
struct WebAccess {
  /// Who may ask; null: everybody. Health and readiness tell everybody.
  std::shared_ptr<BasicAuth> auth;
  /// Headers in place of ours, or beside them.
  std::map<std::string, std::string> headers;
};

}  // namespace proctor

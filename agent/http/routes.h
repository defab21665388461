#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "agent/http/web_access.h"
#include "agent/publication/publication.h"

namespace proctor {

/// What the routes need of the agent. The functions are called from any thread.
struct RouteOptions {
  std::string telemetry_path = "/metrics";
  /// The last Publication, null before the first.
  std::function<std::shared_ptr<const Publication>()> publication;
  /// As of the last reload; empty, or null: everybody may ask, and answers carry our headers.
  std::function<std::shared_ptr<const WebAccess>()> access;
  /// Asks for a reload; empty where the lifecycle API is off.
  std::function<void()> reload;
};

struct HttpRequest {
  std::string_view method;
  std::string_view path;   // decoded, without the query
  std::string_view query;  // as it was sent, without the question mark
  std::string_view accept_encoding;
  std::string_view authorization;
};

/// An answer. The body is `body`, or where there is one the bytes of `view`, which `shared` keeps alive, or nobody
/// needs to.
struct HttpResponse {
  int status = 200;
  std::string_view content_type = "text/plain; charset=utf-8";
  std::string body;
  std::shared_ptr<const void> shared;
  std::string_view view;
  bool gzip = false;
  std::string_view allow;  // of a 405

  std::string_view bytes() const { return view.data() != nullptr ? view : std::string_view{body}; }
};

/// Answers a request from the last Publication alone. HEAD is answered as GET; the server leaves the body out.
HttpResponse respond(const HttpRequest& request, const RouteOptions& options);

/// Whether the value of an Accept-Encoding header allows gzip.
bool accepts_gzip(std::string_view accept_encoding);

}  // namespace proctor

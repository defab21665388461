#include "agent/http/routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>

#include "agent/http/assets.h"
#include "agent/http/page.h"
#include "agent/http/profile_routes.h"
#include "agent/publication/human.h"
#include "agent/publication/json_report.h"
#include "agent/publication/site_totals.h"
#include "base/gzip.h"
#include "base/text.h"

namespace proctor {
namespace {

constexpr std::string_view kJson = "application/json; charset=utf-8";
constexpr std::string_view kTargets = "/api/v1/targets";
constexpr std::string_view kAssets = "/assets/";
constexpr std::string_view kHistory = "/api/v1/history";
constexpr std::string_view kSites = "/api/v1/sites";

HttpResponse json_response(const Json& json, int status = 200) {
  return {.status = status, .content_type = kJson, .body = json.dump() + "\n"};
}

HttpResponse json_error(int status, std::string message) {
  return json_response({{"error", std::move(message)}}, status);
}

HttpResponse not_allowed(std::string_view allow) {
  HttpResponse response = json_error(405, fmt::format("only {} is allowed here", allow));
  response.allow = allow;
  return response;
}

HttpResponse metrics_response(const HttpRequest& request, const std::shared_ptr<const Publication>& publication) {
  HttpResponse response{.content_type = "text/plain; version=0.0.4; charset=utf-8"};
  response.shared = publication;
  response.gzip = !publication->metrics_gzip.empty() && accepts_gzip(request.accept_encoding);
  response.view = response.gzip ? publication->metrics_gzip : publication->metrics;
  return response;
}

Json with_target(const TargetReport& report, const Json& object) {
  const TargetDescription& target = report.observation->target;
  Json whole{{"target", to_valid_utf8(target.name)}, {"pid", number(target.identity.pid)}};
  whole.update(object);
  return whole;
}

HttpResponse targets_response(const Publication& publication) {
  Json targets = Json::array();
  for (const auto& report : publication.targets) {
    const Observation& look = *report->observation;
    Json target = json_of(look.target);
    target["last_sample"] = timestamp_of(look.taken_at);
    if (const auto* part = snapshot_of(look.goroutines)) target["goroutines"] = part->user_count;
    if (const auto* part = snapshot_of(look.threads)) target["threads"] = part->threads.size();
    if (const auto* part = snapshot_of(look.fds)) target["open_fds"] = part->open;
    if (const auto* part = snapshot_of(look.memory)) target["resident_bytes"] = count(part->resident);
    target["findings"] = report->findings.size();
    targets.push_back(std::move(target));
  }
  return json_response({{"targets", std::move(targets)}});
}

HttpResponse findings_response(const Publication& publication) {
  Json findings = Json::array();
  for (const auto& report : publication.targets) {
    for (const Finding& finding : report->findings) findings.push_back(with_target(*report, json_of(finding)));
  }
  return json_response({{"findings", std::move(findings)}});
}

HttpResponse target_response(const Publication& publication, std::string_view text) {
  const auto report = report_of(publication, text);
  return report ? json_response(json_of(**report)) : json_error(404, report.error().message);
}

/// /api/v1/history?pid=PID[&figure=NAME]: the past of a process as it was seen. A value holds until the next point.
HttpResponse history_response(const HttpRequest& request, const Publication& publication) {
  const auto report = report_of(publication, parameter_of(request.query, "pid"));
  if (!report) return json_error(404, report.error().message + "; ask with ?pid=");
  const std::string_view wanted = parameter_of(request.query, "figure");
  Json figures = Json::object();
  const auto history = (*report)->history ? (*report)->history : std::make_shared<const History>();
  for (const auto& [figure, track] : *history) {
    if (!wanted.empty() && wanted != figure) continue;
    Json& points = figures[std::string{figure}] = Json::array();
    for (const Track::Point& point : track->points()) {
      points.push_back({seconds(std::chrono::duration_cast<Nanoseconds>(point.at.time_since_epoch())), point.value});
    }
  }
  const Observation& look = *(*report)->observation;
  return json_response(
      with_target(**report, {{"until", timestamp_of(look.taken_at)}, {"figures", std::move(figures)}}));
}

/// A moment as it is asked for: seconds since 1970. All of that second counts, as moments are told by the second.
std::optional<WallTime> parse_moment(std::string_view text) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  constexpr std::int64_t kMost = 9'000'000'000;  // what nanoseconds can count
  if (error != std::errc{} || end != text.data() + text.size() || seconds < 0 || seconds > kMost) return std::nullopt;
  return WallTime{std::chrono::seconds{seconds + 1}} - Nanoseconds{1};
}

/// /api/v1/sites?pid=PID[&at=SECONDS]: the moments that are known, and the members of each site at the last of them
/// that is not after `at`, of which the default is now.
HttpResponse sites_response(const HttpRequest& request, const Publication& publication) {
  const auto report = report_of(publication, parameter_of(request.query, "pid"));
  if (!report) return json_error(404, report.error().message + "; ask with ?pid=");
  const std::string_view asked = parameter_of(request.query, "at");
  const auto at = asked.empty() ? std::optional{(*report)->observation->taken_at} : parse_moment(asked);
  if (!at) return json_error(400, "at is a moment in seconds since 1970");
  const auto past = (*report)->site_past ? (*report)->site_past : std::make_shared<const SitePast>();
  Json moments = Json::array();
  for (const WallTime moment : past->moments()) {
    std::string text = timestamp_of(moment);
    if (moments.empty() || moments.back() != text) moments.push_back(std::move(text));
  }
  Json sites = Json::array();
  const auto then = past->then(*at);
  if (!then) return json_error(404, "nothing is known of this process yet");
  for (const auto& [kind, members, site] : then->sites) {
    sites.push_back({{"kind", to_string(kind)}, {"site", to_string(site)}, {"members", members}});
  }
  return json_response(with_target(
      **report, {{"at", timestamp_of(then->at)}, {"moments", std::move(moments)}, {"sites", std::move(sites)}}));
}

struct PackedAsset {
  Asset asset;
  std::string gzip;  // empty where zlib refuses
};

/// Made once: they never change while the program runs.
const std::vector<PackedAsset>& packed_assets() {
  static const std::vector<PackedAsset> packed = [] {
    std::vector<PackedAsset> made;
    for (const Asset& asset : embedded_assets()) made.push_back({asset, gzip(asset.bytes).value_or("")});
    return made;
  }();
  return packed;
}

HttpResponse asset_response(const HttpRequest& request) {
  const std::string_view name = request.path.substr(kAssets.size());
  for (const PackedAsset& packed : packed_assets()) {
    if (packed.asset.name != name) continue;
    HttpResponse response{.content_type = media_type_of(name)};
    response.gzip = !packed.gzip.empty() && accepts_gzip(request.accept_encoding);
    response.view = response.gzip ? std::string_view{packed.gzip} : packed.asset.bytes;
    return response;
  }
  return json_error(404, fmt::format("nothing is at {}", to_valid_utf8(request.path)));
}

HttpResponse reload_response(const HttpRequest& request, const RouteOptions& options) {
  if (request.method != "POST" && request.method != "PUT") return not_allowed("POST, PUT");
  if (!options.reload) return json_error(403, "the lifecycle API is off; --web.enable-lifecycle turns it on");
  options.reload();
  return {};
}

HttpResponse published_response(const HttpRequest& request, const RouteOptions& options,
                                const std::shared_ptr<const Publication>& publication) {
  if (request.path == options.telemetry_path) return metrics_response(request, publication);
  if (request.path == "/") {
    return {.content_type = "text/html; charset=utf-8", .body = page_of(*publication, options.telemetry_path)};
  }
  if (request.path == kTargets) return targets_response(*publication);
  if (request.path == "/api/v1/findings") return findings_response(*publication);
  if (request.path == kSites) return sites_response(request, *publication);
  if (request.path == kHistory) return history_response(request, *publication);
  if (request.path.starts_with(kVariables)) return variables_response(request, *publication);
  if (request.path.starts_with(kProfiles)) return profile_response(request, *publication);
  return target_response(*publication, request.path.substr(kTargets.size() + 1));
}

bool needs_publication(std::string_view path, std::string_view telemetry_path) {
  return path == "/" || path == telemetry_path || path.starts_with(kProfiles) || path.starts_with(kVariables) ||
         path == kHistory || path == kSites || path == kTargets || path == "/api/v1/findings" ||
         (path.starts_with(kTargets) && path.substr(kTargets.size()).starts_with('/'));
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    const std::size_t comma = accept_encoding.find(',');
    std::string coding{accept_encoding.substr(0, comma)};
    accept_encoding = comma == std::string_view::npos ? std::string_view{} : accept_encoding.substr(comma + 1);
    std::erase_if(coding, [](char byte) { return byte == ' ' || byte == '\t'; });
    const std::size_t semicolon = coding.find(';');
    const std::string name = coding.substr(0, semicolon);
    if (name != "gzip" && name != "x-gzip" && name != "*") continue;
    const std::size_t weight = coding.find(";q=");
    return weight == std::string::npos || std::strtod(coding.c_str() + weight + 3, nullptr) > 0;
  }
  return false;
}

HttpResponse respond(const HttpRequest& request, const RouteOptions& options) {
  const bool is_health = request.path == "/-/healthy" || request.path == "/-/ready";
  const auto access = options.access ? options.access() : nullptr;
  if (!is_health && access && access->auth && !access->auth->allows(request.authorization)) {
    return {.status = 401, .body = "Unauthorized\n"};
  }
  if (request.path == "/-/reload") return reload_response(request, options);
  const bool is_asset = request.path.starts_with(kAssets);
  if (!is_health && !is_asset && !needs_publication(request.path, options.telemetry_path)) {
    return json_error(404, fmt::format("nothing is at {}", to_valid_utf8(request.path)));
  }
  if (request.method != "GET" && request.method != "HEAD") return not_allowed("GET, HEAD");
  if (is_asset) return asset_response(request);
  if (request.path == "/-/healthy") return {.body = "Proctor is Healthy.\n"};
  const auto publication = options.publication();
  if (!publication) return {.status = 503, .body = "Service Unavailable: no look at the targets has ended yet.\n"};
  if (request.path == "/-/ready") return {.body = "Proctor is Ready.\n"};
  return published_response(request, options, publication);
}

}  // namespace proctor

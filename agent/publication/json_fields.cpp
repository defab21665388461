#include "agent/publication/json_fields.h"

#include <algorithm>
#include <string_view>

#include "agent/publication/human.h"
#include "base/text.h"

namespace proctor {

void put_text(Json& object, const char* key, const std::string& text) {
  if (!text.empty()) object[key] = to_valid_utf8(text);
}

void put_bytes(Json& object, const char* key, const std::optional<Bytes>& bytes) {
  if (bytes) object[key] = count(*bytes);
}

void put_count(Json& object, const char* key, const std::optional<std::uint64_t>& value) {
  if (value) object[key] = *value;
}

Json json_of(const Frame& frame) {
  Json object = Json::object();
  put_text(object, "function", frame.function);
  put_text(object, "file", std::string{shown_file(frame)});
  if (frame.line != 0) object["line"] = frame.line;
  return object;
}

Json json_of(const Counts& counts) {
  Json object = Json::object();
  for (const auto& [word, members] : counts) object[to_valid_utf8(word)] = members;
  return object;
}

Json json_of(const SiteTotals& totals, const char* held, const char* ids) {
  const Site& site = *totals.site;
  Json object{{"site", to_string(site.id)}, {"members", totals.members}};
  put_text(object, "name", site.name);
  put_text(object, "state", site.state);
  put_text(object, "reason", site.reason);
  object.update(json_of(site.user));
  put_text(object, "module", site.module);
  if (site.created_by != Frame{}) object["created_by"] = json_of(site.created_by);
  if (totals.oldest) object["oldest_seconds"] = seconds(*totals.oldest);
  if (held != nullptr) object[held] = count(totals.held);
  put_count(object, "arrivals_total", totals.arrivals);
  put_count(object, "departures_total", totals.departures);
  if (!site.frames.empty()) {
    Json& frames = object["frames"] = Json::array();
    for (const Frame& frame : site.frames) frames.push_back(json_of(frame));
  }
  put_text(object, "truncated", site.truncated);
  if (ids != nullptr) object[ids] = totals.ids;
  return object;
}

Json sites_of(const TargetReport& report, PopulationKind kind, const char* held, const char* ids) {
  Json sites = Json::array();
  for (const SiteTotals& totals : totals_of(report, kind)) sites.push_back(json_of(totals, held, ids));
  return sites;
}

void put_descriptor(Json& object, std::int32_t number, const FdSnapshot* fds) {
  object["fd"] = number;
  if (fds == nullptr) return;
  const auto fd = std::ranges::find(fds->fds, number, &FdSample::fd);
  if (fd == fds->fds.end()) return;
  const Site& site = *fds->sites[fd->site];
  put_text(object, "fd_kind", std::string{to_string(fd->kind)});
  constexpr std::string_view kSocket = "socket ";
  if (site.reason.starts_with(kSocket)) put_text(object, "protocol", site.reason.substr(kSocket.size()));
  put_text(object, "state", site.state);
  put_text(object, "peer", site.user.file);
}

}  // namespace proctor

#include "agent/http/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "agent/http/chart.h"
#include "agent/publication/human.h"
#include "agent/publication/site_totals.h"
#include "base/text.h"

namespace proctor {
namespace {

// The program of the page puts its views in place of all this; without it this is the page.
constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Proctor</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/assets/app.css"><script src="/assets/app.js" type="module"></script></head>
<body><div id="app"></div><main id="plain"><h1>Proctor</h1>
)";

// Of so many targets, those with the most findings, the page tells all; of more it would not be read.
constexpr std::size_t kMostWhole = 20;

std::string place_of(const TargetReport& report) {
  const TargetDescription& target = report.observation->target;
  return fmt::format("{} (process {})", escape_html(target.name), number(target.identity.pid));
}

void add_findings(std::string& out, const Publication& publication) {
  out += "<h2>Findings</h2>\n";
  bool any = false;
  for (const auto& report : publication.targets) {
    // What brings others about comes first.
    std::vector<Finding> findings = report->findings;
    std::ranges::stable_sort(findings, {}, [](const Finding& finding) { return finding.cause.has_value(); });
    for (const Finding& finding : findings) {
      any = true;
      out += fmt::format("<div class=\"finding{}\"><strong>{}, {}</strong> in <a href=\"#p{}\">{}</a> since {}<br>{}",
                         finding.cause ? " consequence" : "", to_string(finding.kind), to_string(finding.certainty),
                         number(report->observation->target.identity.pid), place_of(*report),
                         timestamp_of(finding.since), escape_html(to_valid_utf8(finding.says, 1024)));
      if (finding.site) out += fmt::format("<br>at <code>{}</code>", escape_html(human_site(*finding.site)));
      if (!finding.advice.empty()) out += "<br>" + escape_html(to_valid_utf8(finding.advice, 1024));
      out += "</div>\n";
    }
  }
  if (!any) out += "<p>None stands.</p>\n";
}

void add_site(std::string& out, const SiteView& view) {
  const Site& site = *view.site;
  const bool aged = view.oldest > Nanoseconds{0};
  out += fmt::format(
      "<tr><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td>{} {}</td><td "
      "class=\"n\">{}</td><td class=\"n\">{}</td><td>",
      view.members, view.arrivals, view.departures, escape_html(site.state), escape_html(site.reason),
      aged ? human_duration(view.oldest) : "", count(view.held) == 0 ? "" : human_bytes(view.held));
  const std::string name = escape_html(human_site(site));
  if (site.frames.empty() && site.created_by == Frame{}) {
    out += name;
  } else {
    out += fmt::format("<details><summary>{}</summary><pre>", name);
    for (const Frame& frame : site.frames) out += escape_html(human_frame(frame)) + "\n";
    if (site.created_by != Frame{}) out += "created by " + escape_html(human_frame(site.created_by));
    out += "</pre></details>";
  }
  out += fmt::format("</td><td><code>{}</code></td></tr>\n", to_string(site.id));
}

void add_population(std::string& out, const PopulationView& population) {
  out += fmt::format("<h3>{}: {} now, {} came, {} went</h3>\n", to_string(population.kind), population.members,
                     population.arrivals, population.departures);
  if (population.sites.empty()) return;
  out +=
      "<div class=\"table\"><table><tr><th class=\"n\">members</th><th class=\"n\">came</th><th class=\"n\">went</th>"
      "<th>state</th><th class=\"n\">oldest</th><th class=\"n\">held</th><th>where</th><th>site</th></tr>\n";
  for (const SiteView& view : population.sites) {
    if (view.site) add_site(out, view);
  }
  out += "</table></div>\n";
}

template <typename Snapshot>
void add_unknown(std::string& out, std::string_view part, const Part<Snapshot>& read) {
  if (!read || read->has_value()) return;
  out += fmt::format("<p class=\"unknown\">{} not known: {}, {}</p>\n", part, reason_of(read->error().code),
                     escape_html(to_valid_utf8(read->error().message, 1024)));
}

void add_target(std::string& out, const TargetReport& report) {
  const Observation& look = *report.observation;
  const std::int32_t pid = number(look.target.identity.pid);
  out += fmt::format("<section id=\"p{}\"><h2>{}</h2>\n<p>{} {}, looked at {}", pid, place_of(report),
                     to_string(look.target.runtime), escape_html(look.target.runtime_version),
                     timestamp_of(look.taken_at));
  if (const auto* part = snapshot_of(look.memory)) out += fmt::format(", {} resident", human_bytes(part->resident));
  if (const auto* part = snapshot_of(look.fds)) out += fmt::format(", {} descriptors", part->open);
  out += fmt::format(" (<a href=\"/api/v1/targets/{}\">JSON</a>)</p>\n", pid);
  add_unknown(out, "goroutines", look.goroutines);
  add_unknown(out, "threads", look.threads);
  add_unknown(out, "descriptors", look.fds);
  add_unknown(out, "memory", look.memory);
  add_unknown(out, "mappings", look.mappings);
  add_unknown(out, "CPU time", look.cpu);
  if (report.history) {
    out += "<div class=\"charts\">\n";
    for (const auto& [figure, track] : *report.history) out += chart_of(figure, *track, look.taken_at);
    out += "</div>\n";
  }
  for (const PopulationView& population : report.populations) add_population(out, population);
  out += "</section>\n";
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char byte : to_valid_utf8(text, text.size() * 3)) {  // a replacement takes three bytes
    switch (byte) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\'': escaped += "&#39;"; break;
      default: escaped += byte;
    }
  }
  return escaped;
}

std::string page_of(const Publication& publication, std::string_view telemetry_path) {
  std::string out{kHead};
  out += fmt::format(
      "<p>{} processes at {}. <a href=\"{}\" data-metrics>Metrics</a>, <a href=\"/api/v1/targets\">targets</a> and "
      "<a href=\"/api/v1/findings\">findings</a> as JSON.</p>\n",
      publication.targets.size(), timestamp_of(publication.published_at), escape_html(telemetry_path));
  add_findings(out, publication);
  auto targets = publication.targets;
  std::ranges::stable_sort(targets, std::ranges::greater{}, [](const auto& report) { return report->findings.size(); });
  if (targets.size() > kMostWhole) {
    out += fmt::format("<p>Below are {} of them, those with findings first.</p>\n", kMostWhole);
    targets.resize(kMostWhole);
  }
  for (const auto& report : targets) add_target(out, *report);
  out += "</main></body></html>\n";
  return out;
}

}  // namespace proctor

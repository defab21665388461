#include "agent/metrics/exposition.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>

#include "agent/metrics/families.h"

namespace proctor {
namespace {

void write_targets(const Publication& publication, const TargetFamily& source, FamilyWriter& family) {
  for (const auto& report : publication.targets) {
    if (!report || !report->observation) continue;
    const TargetDescription& target = report->observation->target;
    family.begin_target(target.name, report->merge ? "" : fmt::to_string(number(target.identity.pid)));
    source.fill(*report, family);
  }
}

void write_family(const Publication& publication, const MetricSpec& spec, std::string& out) {
  FamilyWriter family{spec, out};
  const auto of_target = std::ranges::find(target_families(), spec.name, &TargetFamily::name);
  if (of_target != target_families().end()) write_targets(publication, *of_target, family);
  const auto of_agent = std::ranges::find(agent_families(), spec.name, &AgentFamily::name);
  if (of_agent != agent_families().end()) of_agent->fill(publication.agent, family);
  family.finish();
}

}  // namespace

Result<std::string> gzip(std::string_view text) {
  constexpr int kGzipWindow = 15 + 16;  // the largest window, with the gzip header
  if (text.size() > std::numeric_limits<uInt>::max()) return fail(ErrorCode::limit_reached, "gzip: above 4 GiB");
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return fail(ErrorCode::limit_reached, "gzip: zlib has no memory");
  }
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  // In pieces: the bound of the whole would be as long as the text, for a tenth of it.
  std::string out;
  std::array<char, std::size_t{64} << 10> piece;
  int ended = Z_OK;
  while (ended == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    ended = deflate(&stream, Z_FINISH);
    out.append(piece.data(), piece.size() - stream.avail_out);
  }
  out.shrink_to_fit();
  deflateEnd(&stream);
  if (ended != Z_STREAM_END) return fail(ErrorCode::limit_reached, "gzip: zlib gave {}", ended);
  return out;
}

void expose(Publication& publication, std::size_t expected_bytes) {
  std::string text;
  text.reserve(expected_bytes);
  for (const MetricSpec& spec : catalogue()) write_family(publication, spec, text);
  text.shrink_to_fit();  // what a growing text has in reserve is up to its own length
  publication.metrics = std::move(text);
  publication.metrics_gzip = gzip(publication.metrics).value_or("");
}

}  // namespace proctor

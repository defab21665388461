#include "base/gzip.h"

#include <zlib.h>

#include <limits>
#include <vector>

namespace proctor {

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
  std::vector<char> piece(std::size_t{64} << 10);  // not on the stack: those of HTTP threads are small
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

}  // namespace proctor

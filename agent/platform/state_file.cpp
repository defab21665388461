#include "agent/platform/state_file.h"

#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <utility>

namespace proctor {
namespace {

constexpr std::array<char, 8> kMagic{'p', 'r', 'o', 'c', 't', 'o', 'r', 's'};
constexpr std::size_t kHeaderBytes = kMagic.size() + sizeof(std::uint32_t);
constexpr std::size_t kMostPiece = std::size_t{512} << 20;

std::string compressed(std::string_view piece) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context{ZSTD_createCCtx(), &ZSTD_freeCCtx};
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, 1);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::string frame(ZSTD_compressBound(piece.size()), '\0');
  const std::size_t size = ZSTD_compress2(context.get(), frame.data(), frame.size(), piece.data(), piece.size());
  frame.resize(ZSTD_isError(size) != 0 ? 0 : size);
  return frame;
}

Result<std::string> decompressed(std::string_view frame) {
  const unsigned long long size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size > kMostPiece) return fail(ErrorCode::malformed, "a piece of unknown size");  // the errors are larger still
  std::string piece(size, '\0');
  const std::size_t read = ZSTD_decompress(piece.data(), piece.size(), frame.data(), frame.size());
  if (ZSTD_isError(read) != 0) return fail(ErrorCode::malformed, "{}", ZSTD_getErrorName(read));
  return piece;
}

Result<void> sync_folder(const std::filesystem::path& path) {
  const UniqueFd folder{::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!folder.valid() || ::fsync(folder.get()) != 0) return fail_errno(errno, "{}", path.parent_path().string());
  return {};
}

}  // namespace

StateFile::StateFile(std::filesystem::path path, std::filesystem::path written, UniqueFd file)
    : path_(std::move(path)), written_(std::move(written)), file_(std::move(file)) {}

StateFile::StateFile(StateFile&& other) noexcept
    : path_(std::move(other.path_)), written_(std::exchange(other.written_, {})), file_(std::move(other.file_)) {}

StateFile::~StateFile() {
  if (!written_.empty()) ::unlink(written_.c_str());
}

Result<StateFile> StateFile::create(const std::filesystem::path& path, std::uint32_t format) {
  std::filesystem::path written = path;
  written += ".new";
  // It tells of the code and the names of other processes.
  UniqueFd fd{::open(written.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!fd.valid()) return fail_errno(errno, "{}", written.string());
  StateFile file{path, std::move(written), std::move(fd)};
  std::array<char, kHeaderBytes> header{};
  std::memcpy(header.data(), kMagic.data(), kMagic.size());
  std::memcpy(header.data() + kMagic.size(), &format, sizeof format);
  PROCTOR_TRY_VOID(file.write({header.data(), header.size()}));
  return file;
}

Result<void> StateFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::write(file_.get(), bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return fail_errno(errno, "{}", written_.string());
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return {};
}

Result<void> StateFile::add(std::string_view piece) {
  if (piece.empty() || piece.size() > kMostPiece)
    return fail(ErrorCode::limit_reached, "a piece of {} bytes", piece.size());
  const std::string frame = compressed(piece);
  if (frame.empty()) return fail(ErrorCode::io_error, "{} bytes could not be compressed", piece.size());
  return write(frame);
}

Result<void> StateFile::commit() {
  // An empty piece is the end: a file that was cut off has none.
  PROCTOR_TRY_VOID(write(compressed({})));
  if (::fsync(file_.get()) != 0 || ::rename(written_.c_str(), path_.c_str()) != 0) {
    return fail_errno(errno, "{}", path_.string());
  }
  written_.clear();
  return sync_folder(path_);
}

Result<void> StateFile::read(const std::filesystem::path& path, std::uint32_t format,
                             const std::function<Result<void>(std::string_view piece)>& take) {
  std::ifstream file{path, std::ios::binary};
  if (!file) return fail_errno(errno, "{}", path.string());
  const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
  std::string_view rest{bytes};
  std::uint32_t written_format = 0;
  if (rest.size() < kHeaderBytes || rest.substr(0, kMagic.size()) != std::string_view{kMagic.data(), kMagic.size()}) {
    return fail(ErrorCode::malformed, "{} is no state file", path.string());
  }
  std::memcpy(&written_format, rest.data() + kMagic.size(), sizeof written_format);
  if (written_format != format) {
    return fail(ErrorCode::not_supported, "{} has format {}, this version reads {}", path.string(), written_format,
                format);
  }
  rest.remove_prefix(kHeaderBytes);
  while (true) {
    const std::size_t size = ZSTD_findFrameCompressedSize(rest.data(), rest.size());
    if (ZSTD_isError(size) != 0) return fail(ErrorCode::malformed, "{} is cut off", path.string());
    const auto piece = decompressed(rest.substr(0, size));
    if (!piece) return fail(ErrorCode::malformed, "{} is damaged: {}", path.string(), piece.error().message);
    if (piece->empty()) return {};
    PROCTOR_TRY_VOID(take(*piece));
    rest.remove_prefix(size);
  }
}

}  // namespace proctor

#include "collectors/unwind/code_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "base/text.h"
#include "collectors/elf/code_names.h"

namespace proctor {
namespace {

constexpr std::uint64_t kMaxVdsoBytes = std::uint64_t{1} << 20;
constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kMaxEntries = std::uint64_t{1} << 24;

/// The usual encodings of .eh_frame_hdr: version 1, a relative pointer, a plain count, a table relative to its begin.
constexpr std::array<std::byte, 4> kUsualHeader{std::byte{1}, std::byte{0x1b}, std::byte{0x03}, std::byte{0x3b}};

std::optional<CodeFile::UnwindTable> unwind_table_of(const ElfFile& file, const MemoryReader& image) {
  const ElfSection* section = file.section(".eh_frame_hdr");
  if (section == nullptr) {
    CodeFile::UnwindTable table{.made = frame_table(file)};
    if (table.made.empty()) return std::nullopt;
    table.base = file.section(".eh_frame")->address;
    table.entries = table.made.size();
    return table;
  }
  struct Header {
    std::array<std::byte, 4> encodings;
    std::int32_t frames = 0;
    std::uint32_t entries = 0;
  };
  const auto header = image.read_value<Header>(RemoteAddress{number(section->address)});
  if (!header || header->encodings != kUsualHeader || header->entries > kMaxEntries) return std::nullopt;
  return CodeFile::UnwindTable{.base = section->address, .entries = header->entries, .made = {}};
}

/// The kernel's own code in each process, as a file.
Result<ElfFile> copy_of(const MemoryMapping& mapping, const MemoryReader& memory) {
  std::vector<std::byte> bytes(std::min(mapping.range.size(), kMaxVdsoBytes));
  PROCTOR_TRY_VOID(memory.read(mapping.range.begin, bytes));
  UniqueFd file{::memfd_create("vdso", MFD_CLOEXEC)};
  if (!file.valid()) return fail_errno(errno, "memfd_create");
  const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
  if (written != static_cast<ssize_t>(bytes.size())) return fail(ErrorCode::io_error, "a copy of the vdso");
  return ElfFile::open(std::move(file));
}

/// Through the link that names the mapping, which needs more rights; else by its path as the process sees it, if that
/// is the same file still.
Result<ElfFile> open_mapped(const ProcDir& process, const MemoryMapping& mapping) {
  auto file = process.open_file(
      fmt::format("map_files/{:x}-{:x}", number(mapping.range.begin), number(mapping.range.end)).c_str());
  if (file) return ElfFile::open(*std::move(file));
  if (mapping.deleted) return tl::unexpected(file.error());
  file = process.open_file(("root" + mapping.path).c_str());
  if (!file) return tl::unexpected(file.error());
  struct stat status {};
  if (::fstat(file->get(), &status) != 0 || Inode{status.st_ino} != mapping.inode) {
    return fail(ErrorCode::not_found, "{} is not the file that is mapped", mapping.path);
  }
  return ElfFile::open(*std::move(file));
}

/// Where the file's segment of this mapping stands, minus where it would by its headers.
std::optional<LoadBias> bias_of(const ElfFile& file, const MemoryMapping& mapping) {
  for (const ElfSegment& segment : file.segments()) {
    const std::uint64_t begin = number(segment.offset) / kPage * kPage;
    const std::uint64_t end = number(segment.offset) + segment.file_size;
    const std::uint64_t offset = number(mapping.offset);
    if (!segment.executable || offset < begin || offset >= end) continue;
    const std::uint64_t link = number(segment.address) + offset - number(segment.offset);
    return LoadBias{number(mapping.range.begin) - link};
  }
  return std::nullopt;
}

std::int64_t modified_at(const ElfFile& file) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  struct stat status {};
  if (::fstat(file.descriptor(), &status) != 0) return 0;
  return status.st_mtim.tv_sec * kSecond + status.st_mtim.tv_nsec;
}

}  // namespace

CodeFile::CodeFile(std::string name, ElfFile file, std::uint64_t id)
    : name_(std::move(name)),
      id_(id),
      file_(std::make_shared<const ElfFile>(std::move(file))),
      image_(file_, LoadBias{0}),
      table_(unwind_table_of(*file_, image_)) {
  modified_ = modified_at(*file_);
}

bool CodeFile::is_rewritten() const { return modified_at(*file_) != modified_; }

std::optional<std::size_t> CodeFile::saved_registers_at(LinkAddress address) {
  const auto [place, is_new] = saved_.try_emplace(number(address));
  if (is_new) place->second = saved_registers(*file_, address);
  return place->second;
}

void CodeFile::name(std::span<const LinkAddress> addresses) {
  std::vector<LinkAddress> wanted{addresses.begin(), addresses.end()};
  std::ranges::sort(wanted);
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  std::vector<LinkAddress> unknown;
  const auto is_known = [this](LinkAddress address) { return frames_.contains(number(address)); };
  std::ranges::remove_copy_if(wanted, std::back_inserter(unknown), is_known);
  if (unknown.empty()) return;
  if (frames_.size() + unknown.size() > kMaxNamed) {
    frames_.clear();
    unknown = std::move(wanted);
  }
  auto named = name_code(*file_, unknown);
  for (std::size_t i = 0; i < unknown.size(); ++i) {
    if (named[i].empty()) {
      named[i] = {Frame{.function = fmt::format("{}+{:#x}", name_, number(unknown[i])), .file = {}, .line = 0}};
    }
    frames_.emplace(number(unknown[i]), std::move(named[i]));
  }
}

const std::vector<Frame>& CodeFile::frames_at(LinkAddress address) const { return frames_.at(number(address)); }

std::shared_ptr<CodeFile> CodeFiles::file_of(const ProcDir& process, const MemoryMapping& mapping,
                                             const MemoryReader& memory) {
  const bool is_vdso = mapping.path == "[vdso]";
  // To open a device may do something.
  const bool is_file = mapping.inode != Inode{0} && mapping.path.starts_with('/') && !mapping.path.starts_with("/dev/");
  if (!is_vdso && !is_file) return nullptr;
  Key key{mapping.device, number(mapping.inode), mapping.path};
  const auto known = files_.find(key);
  if (known != files_.end() && !known->second->is_rewritten()) return known->second;
  if (known != files_.end()) files_.erase(known);
  if (files_.size() >= kMaxFiles) files_.clear();
  auto file = is_vdso ? copy_of(mapping, memory) : open_mapped(process, mapping);
  std::shared_ptr<CodeFile> code;
  if (file && file->is_amd64()) {
    code = std::make_shared<CodeFile>(to_valid_utf8(mapping.path.substr(mapping.path.rfind('/') + 1), 128),
                                      *std::move(file), next_id_++);
  }
  // A missing right may come, a process may be gone: only what was opened is kept.
  if (code) files_.emplace(std::move(key), code);
  return code;
}

std::vector<LoadedCode> CodeFiles::loaded_in(const ProcDir& process, std::span<const MemoryMapping> mappings,
                                             const MemoryReader& memory) {
  std::vector<LoadedCode> loaded;
  for (const MemoryMapping& mapping : mappings) {
    if (!mapping.executable) continue;
    LoadedCode code{.range = mapping.range, .bias = {}, .code = file_of(process, mapping, memory)};
    const auto bias = code.code ? bias_of(code.code->file(), mapping) : std::nullopt;
    if (bias) {
      code.bias = *bias;
    } else {
      code.code.reset();
    }
    loaded.push_back(std::move(code));
  }
  return loaded;
}

}  // namespace proctor

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "base/address.h"
#include "collectors/elf/elf_file.h"
#include "collectors/elf/frame_rules.h"
#include "collectors/elf/image_reader.h"
#include "collectors/os/memory_map.h"
#include "collectors/os/memory_reader.h"
#include "collectors/os/proc_root.h"
#include "collectors/sites/site.h"

namespace proctor {

/// A file of code, whichever processes have it loaded. Not for two threads.
class CodeFile {
 public:
  /// `id`: another one for each.
  CodeFile(std::string name, ElfFile file, std::uint64_t id);

  std::uint64_t id() const { return id_; }
  /// Whether the file has been written to since it was opened: a deployment may copy a new program over the old one.
  bool is_rewritten() const;

  /// The last element of its path, or what the kernel calls it: "libc.so.6", "[vdso]".
  const std::string& name() const { return name_; }
  const ElfFile& file() const { return *file_; }
  /// Its bytes, at link addresses.
  const MemoryReader& image() const { return image_; }
  /// The sorted table of frame descriptions that libunwind searches: that of .eh_frame_hdr, which stands in the file,
  /// or one made from .eh_frame. Nothing where there is neither in the usual form.
  struct UnwindTable {
    LinkAddress base{};  // what the entries are relative to
    std::uint64_t entries = 0;
    std::vector<FrameTableEntry> made;
  };
  const std::optional<UnwindTable>& unwind_table() const { return table_; }

  /// See saved_registers of collectors/elf; kept.
  std::optional<std::size_t> saved_registers_at(LinkAddress address);

  /// Names all these addresses at once; those known already cost nothing.
  void name(std::span<const LinkAddress> addresses);
  /// The frames at an address that `name` was given; where no symbol holds it, one of the file and its offset in it.
  const std::vector<Frame>& frames_at(LinkAddress address) const;

 private:
  static constexpr std::size_t kMaxNamed = 20'000;

  std::string name_;
  std::uint64_t id_;
  std::shared_ptr<const ElfFile> file_;
  std::int64_t modified_ = 0;  // nanoseconds
  ImageReader image_;
  std::optional<UnwindTable> table_;
  std::unordered_map<std::uint64_t, std::vector<Frame>> frames_;
  std::unordered_map<std::uint64_t, std::optional<std::size_t>> saved_;
};

/// Code that a process has mapped.
struct LoadedCode {
  AddressRange range;
  LoadBias bias{};
  std::shared_ptr<CodeFile> code;  // null for memory that no file backs: code made at run time
};

/// Opens each file of code once.
class CodeFiles {
 public:
  /// The executable mappings of a process, ascending. A file that cannot be opened is null.
  std::vector<LoadedCode> loaded_in(const ProcDir& process, std::span<const MemoryMapping> mappings,
                                    const MemoryReader& memory);

 private:
  static constexpr std::size_t kMaxFiles = 512;
  using Key = std::tuple<std::uint64_t, std::uint64_t, std::string>;  // device, inode, path

  std::shared_ptr<CodeFile> file_of(const ProcDir& process, const MemoryMapping& mapping, const MemoryReader& memory);

  std::map<Key, std::shared_ptr<CodeFile>> files_;  // each holds its file open, so that no inode is used again
  std::uint64_t next_id_ = 0;
};

}  // namespace proctor

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "collectors/elf/elf_file.h"
#include "collectors/os/memory_reader.h"

namespace proctor {

/// Reads what a file backs as if from the process that it is loaded in: no page of the target is touched. Keeps blocks
/// of the file in memory, at most 4 MiB, since tables are read in small neighbouring pieces. Not for two threads.
class ImageReader final : public MemoryReader {
 public:
  ImageReader(std::shared_ptr<const ElfFile> file, LoadBias bias) : file_(std::move(file)), bias_(bias) {}
  Result<void> read(RemoteAddress from, std::span<std::byte> into) const override;
  Result<void> read_many(std::span<ReadRequest> requests) const override;

 private:
  const std::vector<std::byte>* block(std::uint64_t index) const;

  std::shared_ptr<const ElfFile> file_;
  LoadBias bias_;
  mutable std::unordered_map<std::uint64_t, std::vector<std::byte>> blocks_;
};

}  // namespace proctor

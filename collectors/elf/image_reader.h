#pragma once

#include <memory>

#include "collectors/elf/elf_file.h"
#include "collectors/os/memory_reader.h"

namespace proctor {

/// Reads what a file backs as if from the process that it is loaded in: no page of the target is touched. Keeps a
/// bounded number of blocks in memory, since tables are read in small neighbouring pieces.
class ImageReader final : public MemoryReader {
 public:
  ImageReader(std::shared_ptr<const ElfFile> file, LoadBias bias) : file_(std::move(file)), bias_(bias) {}
  Result<void> read(RemoteAddress from, std::span<std::byte> into) const override;
  Result<void> read_many(std::span<ReadRequest> requests) const override;

 private:
  std::shared_ptr<const ElfFile> file_;
  LoadBias bias_;
};

}  // namespace proctor

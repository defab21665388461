#include "collectors/os/memory_map.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace proctor {
namespace {

TEST(MemoryMap, ReadsEveryFieldOfALine) {
  const auto mappings =
      parse_memory_map("7f0000001000-7f0000003000 r-xp 00002000 fe:01 131 /usr/lib/a b.so (deleted)\n");
  ASSERT_TRUE(mappings) << mappings.error();
  ASSERT_EQ(mappings->size(), 1U);
  const MemoryMapping& mapping = mappings->front();
  EXPECT_EQ(mapping.range.size(), 0x2000U);
  EXPECT_TRUE(mapping.executable);
  EXPECT_FALSE(mapping.writable);
  EXPECT_EQ(mapping.offset, FileOffset{0x2000});
  EXPECT_EQ(mapping.inode, Inode{131});
  EXPECT_EQ(mapping.path, "/usr/lib/a b.so");
  EXPECT_TRUE(mapping.deleted);
}

TEST(MemoryMap, AnonymousMappingsHaveNoPath) {
  const auto mappings = parse_memory_map("1000-2000 rw-p 00000000 00:00 0\n2000-3000 rw-p 00000000 00:00 0 \n");
  ASSERT_TRUE(mappings) << mappings.error();
  EXPECT_EQ(mappings->at(0).path, "");
  EXPECT_EQ(mappings->at(1).path, "");
}

TEST(MemoryMap, ANewlineInAPathIsEscapedByTheKernel) {
  const auto mappings = parse_memory_map("1000-2000 rw-p 00000000 00:01 7 /tmp/a\\012b\n");
  ASSERT_TRUE(mappings) << mappings.error();
  EXPECT_EQ(mappings->at(0).path, "/tmp/a\nb");
}

TEST(MemoryMap, RefusesWhatIsNoMapping) {
  for (const char* text : {"x", "1000 rw-p", "2000-1000 rw-p 0 0:0 0", "1000-2000 rw-p", "1000-2000 rw-p 0 0:0 x"}) {
    const auto mappings = parse_memory_map(text);
    ASSERT_FALSE(mappings) << text;
    EXPECT_EQ(mappings.error().code, ErrorCode::malformed);
  }
}

TEST(MemoryMap, OfThisProcessHoldsThisFunction) {
  const auto root = ProcRoot::open("/proc");
  const auto mappings = read_memory_map(root->open_process(Pid{::getpid()}).value());
  ASSERT_TRUE(mappings) << mappings.error();
  const RemoteAddress here{reinterpret_cast<std::uint64_t>(&parse_memory_map)};
  bool found = false;
  for (const MemoryMapping& mapping : *mappings) found = found || (mapping.executable && mapping.range.contains(here));
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace proctor

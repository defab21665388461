#include "collectors/memory/allocators.h"

#include <gtest/gtest.h>

namespace proctor {
namespace {

std::string_view allocator_of(const std::string& library) {
  return other_allocator({{.path = "/usr/bin/shop"}, {.path = library}, {.path = "/lib/x86_64-linux-gnu/libc.so.6"}});
}

TEST(OtherAllocator, IsToldByItsLibrary) {
  EXPECT_EQ(allocator_of("/lib/x86_64-linux-gnu/libjemalloc.so.2"), "jemalloc");
  EXPECT_EQ(allocator_of("/lib/x86_64-linux-gnu/libtcmalloc_minimal.so.4"), "tcmalloc");
  EXPECT_EQ(allocator_of("/opt/lib/libmimalloc.so.2.1"), "mimalloc");
  EXPECT_EQ(allocator_of("/lib/ld-musl-x86_64.so.1"), "musl");
  EXPECT_EQ(allocator_of("/opt/libjemalloc.so/other"), "");
  EXPECT_EQ(allocator_of(""), "");
}

}  // namespace
}  // namespace proctor

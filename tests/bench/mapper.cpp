// A large process one thread of which maps, touches and unmaps a page over and over, as allocators do, and each second
// prints the 99th percentile of what that took, in microseconds: mapper MEBIBYTES
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

int main(int argc, char** argv) {
  using Clock = std::chrono::steady_clock;
  if (argc != 2) return 2;
  constexpr std::size_t kPage = 4096;
  const std::size_t bytes = std::strtoull(argv[1], nullptr, 10) << 20;
  void* const heap = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (heap == MAP_FAILED) return 1;
  ::madvise(heap, bytes, MADV_NOHUGEPAGE);
  std::memset(heap, 1, bytes);
  std::puts("started");
  std::fflush(stdout);
  std::vector<double> took;
  for (;;) {
    took.clear();
    for (const auto begin = Clock::now(); Clock::now() - begin < std::chrono::seconds{1};) {
      const auto before = Clock::now();
      void* const page = ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (page == MAP_FAILED) return 1;
      *static_cast<volatile char*>(page) = 1;
      ::munmap(page, kPage);
      took.push_back(std::chrono::duration<double, std::micro>(Clock::now() - before).count());
    }
    const auto p99 = took.begin() + static_cast<std::ptrdiff_t>(took.size() * 99 / 100);
    std::ranges::nth_element(took, p99);
    std::printf("%.3f %.3f\n", *p99, *std::ranges::max_element(took));
    std::fflush(stdout);
  }
}

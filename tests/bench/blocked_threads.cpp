// Holds as many threads as its argument says in a wait below 16 calls of its own. It prints a line when all stand.
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

namespace {

std::mutex mutex;
std::condition_variable never;
volatile int sink;

[[gnu::noinline]] void wait_below(int depth) {
  if (depth > 0) {
    wait_below(depth - 1);
  } else {
    std::unique_lock lock{mutex};
    while (sink >= 0) never.wait(lock);
  }
  sink = depth;
}

}  // namespace

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::atoi(argv[1]) : 1000;
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back(wait_below, 16);
  std::puts("ready");
  std::fflush(stdout);
  wait_below(16);
  return 0;
}

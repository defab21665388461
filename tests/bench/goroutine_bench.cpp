// Prints the milliseconds of a first look at the goroutines of a process and of one after it: goroutine_bench PID
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "collectors/goroutines/goroutine_history.h"

int main(int argc, char** argv) {
  using namespace proctor;
  if (argc != 2) return 2;
  const auto root = ProcRoot::open("/proc");
  const auto process = root->open_process(Pid{std::atoi(argv[1])});  // NOLINT(cert-err34-c): a bench of our own
  if (!process) return 1;
  auto attached = GoProcess::attach(*process);
  if (!attached) {
    std::fprintf(stderr, "%s\n", attached.error().message.c_str());
    return 1;
  }
  GoroutineHistory history{*std::move(attached)};
  for (int look = 0; look < 2; ++look) {
    const auto begin = std::chrono::steady_clock::now();
    const auto snapshot = history.look();
    const auto end = std::chrono::steady_clock::now();
    if (!snapshot) {
      std::fprintf(stderr, "%s\n", snapshot.error().message.c_str());
      return 1;
    }
    std::printf("%zu %.3f\n", (*snapshot)->goroutines.size(),
                std::chrono::duration<double, std::milli>(end - begin).count());
  }
  return 0;
}

// Milliseconds of a first and of a second look at the threads of a process with their stacks: thread_bench PID. Prints
// the threads, those whose stack reaches its beginning, and both times.
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "collectors/threads/thread_history.h"

namespace {

double milliseconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto root = proctor::ProcRoot::open("/proc");
  const auto process = root->open_process(proctor::Pid{std::atoi(argv[1])});
  if (!process) return 1;
  proctor::SiteInterner sites;
  proctor::NativeStacks stacks;
  proctor::ThreadHistory history{sites, &stacks};
  auto begin = std::chrono::steady_clock::now();
  const auto first = history.look(*process);
  const double first_look = milliseconds_since(begin);
  if (!first) return 1;
  begin = std::chrono::steady_clock::now();
  if (!history.look(*process)) return 1;
  const double second_look = milliseconds_since(begin);
  std::size_t whole = 0;
  for (const proctor::ThreadSample& thread : (*first)->threads) {
    const proctor::Site& site = *(*first)->sites[thread.site];
    if (!site.frames.empty() && site.truncated.empty()) ++whole;
  }
  std::printf("%zu %zu %.3f %.3f\n", (*first)->threads.size(), whole, first_look, second_look);
  return 0;
}

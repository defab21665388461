// A service that leaks threads, which wait for a signal that never comes, and descriptors, which nobody closes.
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>

namespace {

std::mutex mutex;
std::condition_variable never;

void leak_thread(int id) {
  ::prctl(PR_SET_NAME, ("leak-worker-" + std::to_string(id)).c_str());
  std::unique_lock lock{mutex};
  never.wait(lock, [] { return false; });
}

/// Ordinary work: a thread that comes and goes, a descriptor that is opened and closed.
void handle() {
  std::thread{[] { ::close(::eventfd(0, EFD_CLOEXEC)); }}.join();
}

}  // namespace

int main(int argc, char** argv) {
  const std::chrono::milliseconds every{argc > 1 ? std::atoi(argv[1]) : 500};
  std::puts("started");
  std::fflush(stdout);
  for (int id = 0;; ++id) {
    std::thread{leak_thread, id}.detach();
    if (::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0 || ::eventfd(0, EFD_CLOEXEC) < 0) {
      std::perror("leaked all descriptors");
      return 1;
    }
    for (int i = 0; i < 5; ++i) handle();
    std::this_thread::sleep_for(every);
  }
}

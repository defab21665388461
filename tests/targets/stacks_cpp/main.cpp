// Holds one thread in each kind of wait, below frames of each kind that is hard to unwind. It prints a line when all
// stand.
#include <alloca.h>
#include <netinet/in.h>
#include <poll.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

std::mutex held;
std::shared_mutex shared;
std::condition_variable never;
sem_t semaphore;
int ends[2];
volatile int sink;

void wait_for_ever() {
  char byte = 0;
  sink = static_cast<int>(::read(ends[0], &byte, 1));
}

[[gnu::noinline]] void recurse(int depth) {
  if (depth == 0) {
    wait_for_ever();
  } else {
    recurse(depth - 1);
  }
  sink = depth;
}

[[gnu::noinline]] void with_alloca(std::size_t size) {
  auto* bytes = static_cast<char*>(alloca(size));
  std::memset(bytes, 1, size);
  wait_for_ever();
  sink = bytes[size / 2];
}

struct Waiter {
  ~Waiter() { wait_for_ever(); }
};

[[gnu::noinline]] void throws() { throw std::runtime_error("in flight"); }

[[gnu::noinline]] void waits_in_a_destructor() {
  const Waiter waiter;
  throws();
}

[[gnu::noinline]] void waits_in_a_handler_of_an_exception() {
  try {
    throws();
  } catch (const std::exception&) {
    wait_for_ever();
  }
}

[[gnu::noinline]] void waits_in_a_handler_of_a_signal() {
  std::signal(SIGUSR1, [](int) { wait_for_ever(); });
  ::pthread_kill(::pthread_self(), SIGUSR1);
  sink = 1;
}

int compare(const void*, const void*) {
  wait_for_ever();
  return 0;
}

[[gnu::noinline]] void waits_in_a_callback_of_the_library() {
  int numbers[8] = {3, 1, 2, 5, 4, 7, 6, 8};
  std::qsort(numbers, 8, sizeof(int), compare);
  sink = numbers[0];
}

struct Base {
  virtual ~Base() = default;
  virtual void run() = 0;
};
struct Derived : Base {
  void run() override {
    wait_for_ever();
    sink = 2;
  }
};

[[gnu::noinline]] void waits_in_a_virtual_call(Base& base) {
  base.run();
  sink = 3;
}

[[gnu::noinline]] void many_arguments(int a, int b, int c, int d, int e, int f, long g, long h, long i) {
  long local[40];
  std::fill(std::begin(local), std::end(local), a + b + c + d + e + f + g + h + i);
  wait_for_ever();
  sink = static_cast<int>(local[a % 40]);
}

}  // namespace

int main() {
  if (::pipe(ends) != 0 || ::sem_init(&semaphore, 0, 0) != 0) return 1;
  held.lock();
  shared.lock();
  std::vector<std::function<void()>> waits{
      [] { const std::scoped_lock lock{held}; },
      [] { const std::shared_lock lock{shared}; },
      [] {
        std::mutex mutex;
        std::unique_lock lock{mutex};
        never.wait(lock, [] { return false; });
      },
      [] {
        std::mutex mutex;
        std::unique_lock lock{mutex};
        never.wait_for(lock, std::chrono::hours{1}, [] { return false; });
      },
      [] { ::sem_wait(&semaphore); },
      [] { std::this_thread::sleep_for(std::chrono::hours{1}); },
      [] {
        pollfd fd{.fd = ends[0], .events = POLLIN, .revents = 0};
        ::poll(&fd, 1, -1);
      },
      [] {
        epoll_event event{};
        const int epoll = ::epoll_create1(0);
        // A stop by somebody else ends the call.
        while (::epoll_wait(epoll, &event, 1, -1) < 0) sink = 5;
      },
      [] {
        const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return;
        if (::listen(listener, 1) == 0) ::accept(listener, nullptr, nullptr);
      },
      [] {
        std::thread other{wait_for_ever};
        other.join();
      },
      [] { recurse(100); },
      [] { with_alloca(1000); },
      [] { with_alloca(40000); },
      [] {
        try {
          waits_in_a_destructor();
        } catch (const std::exception&) {
          sink = 4;
        }
      },
      waits_in_a_handler_of_an_exception,
      waits_in_a_handler_of_a_signal,
      waits_in_a_callback_of_the_library,
      [] {
        Derived derived;
        waits_in_a_virtual_call(derived);
      },
      [] { many_arguments(1, 2, 3, 4, 5, 6, 7, 8, 9); },
  };
  std::vector<std::thread> threads;
  for (auto& wait : waits) threads.emplace_back(wait);
  std::puts("ready");
  std::fflush(stdout);
  wait_for_ever();
  return 0;
}

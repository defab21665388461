// Reproduces locks and waits that users of production services have reported, each under the name of its case:
// cases_cpp B11. Prints "ready" once all stands as the case wants it, or goes on as it will for ever.
#include <pthread.h>
#include <semaphore.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <latch>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

void ready() {
  std::puts("ready");
  std::fflush(stdout);
}

[[noreturn]] void rest() {
  while (true) ::pause();
}

void name_thread(const char* name) { ::prctl(PR_SET_NAME, name); }

/// B11: two threads take two locks in either order; beside them a condition, a semaphore and a rwlock are waited for.
void deadlock() {
  static std::mutex a, b, guard;
  static std::shared_mutex shared;
  static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
  static sem_t semaphore;
  static pthread_barrier_t both;
  sem_init(&semaphore, 0, 0);
  pthread_barrier_init(&both, nullptr, 2);
  std::vector<std::thread> threads;
  threads.emplace_back([] {
    name_thread("first");
    const std::scoped_lock hold{a};
    pthread_barrier_wait(&both);
    const std::scoped_lock wait{b};
  });
  threads.emplace_back([] {
    name_thread("second");
    const std::scoped_lock hold{b};
    pthread_barrier_wait(&both);
    const std::scoped_lock wait{a};
  });
  threads.emplace_back([] {
    guard.lock();
    pthread_cond_wait(&never, guard.native_handle());
  });
  threads.emplace_back([] { sem_wait(&semaphore); });
  shared.lock();
  threads.emplace_back([] { shared.lock_shared(); });
  ready();
  rest();
}

/// B14: three threads try for pairs of three locks, and let go where they do not get both.
void try_and_back_off() {
  static std::array<std::mutex, 3> locks;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < locks.size(); ++i) {
    threads.emplace_back([i] {
      while (true) {
        const std::scoped_lock first{locks[i]};
        if (locks[(i + 1) % locks.size()].try_lock()) locks[(i + 1) % locks.size()].unlock();
      }
    });
  }
  ready();
  rest();
}

/// B15: a pool without work.
void idle_pool() {
  static std::mutex guard;
  static pthread_cond_t work = PTHREAD_COND_INITIALIZER;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([] {
      const std::scoped_lock hold{guard};
      while (true) pthread_cond_wait(&work, guard.native_handle());
    });
  }
  ready();
  rest();
}

std::latch reading{1};

void read_for_ever() {
  static std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) std::abort();
  reading.count_down();
  char byte = 0;
  while (::read(ends[0], &byte, 1) > 0) {
  }
}

/// One thread comes to read for ever; then ten others want what it has.
[[noreturn]] void one_before_ten(void (*one)(), void (*others)()) {
  std::vector<std::thread> threads;
  threads.emplace_back([one] {
    name_thread("holder");
    one();
  });
  reading.wait();
  for (int i = 0; i < 10; ++i) {
    threads.emplace_back([others] {
      name_thread("waiter");
      others();
    });
  }
  ready();
  rest();
}

std::mutex store;
std::once_flag opened;
std::shared_mutex settings;

/// A29: who holds a lock waits for input that never comes, and everybody else for the lock.
void lock_held_over_input() {
  const std::scoped_lock hold{store};
  read_for_ever();
}
void wait_for_lock() { const std::scoped_lock hold{store}; }

/// A29i: likewise, who sets up what all need.
void open_once() { std::call_once(opened, read_for_ever); }

/// A29j: likewise, who makes a variable that all use.
struct Settings {
  Settings() { read_for_ever(); }
};
void use_settings() { static const Settings made; }

/// A29k: a reader waits for input, and all who want to write for the reader.
void read_settings() {
  const std::shared_lock hold{settings};
  read_for_ever();
}
void write_settings() { const std::scoped_lock hold{settings}; }

/// D12: the first thread ends, and the process goes on.
void first_thread_that_ends() {
  static std::mutex guard;
  static pthread_cond_t work = PTHREAD_COND_INITIALIZER;
  static std::latch begun{8};
  for (int i = 0; i < 8; ++i) {
    std::thread{[] {
      name_thread("worker");
      const std::scoped_lock hold{guard};
      begun.count_down();
      while (true) pthread_cond_wait(&work, guard.native_handle());
    }}.detach();
  }
  begun.wait();
  ready();
  ::pthread_exit(nullptr);
}

/// B17: fork copies a mutex that another thread holds, and the copy waits for it. Prints the number of the copy.
void fork_with_lock() {
  static std::mutex lock;
  static pthread_barrier_t held;
  pthread_barrier_init(&held, nullptr, 2);
  std::thread holder{[] {
    lock.lock();
    pthread_barrier_wait(&held);
    rest();
  }};
  pthread_barrier_wait(&held);
  const pid_t copy = ::fork();
  if (copy == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    lock.lock();
  }
  std::printf("ready %d\n", copy);
  std::fflush(stdout);
  rest();
}

void* filled(std::size_t size) {
  void* block = std::malloc(size);
  if (block == nullptr) std::abort();
  return std::memset(block, 1, size);
}

/// Takes so many blocks in each of some threads, which stay, and frees all but every so many of them.
void peak(int threads, std::size_t blocks, std::size_t size, std::size_t kept_of) {
  std::vector<std::thread> workers;
  std::latch done{threads};
  for (int i = 0; i < threads; ++i) {
    workers.emplace_back([=, &done] {
      std::vector<void*> taken(blocks);
      for (void*& block : taken) block = filled(size);
      for (std::size_t j = 0; j < blocks; ++j) {
        if (j % kept_of != 0) std::free(taken[j]);
      }
      done.count_down();
      rest();
    });
  }
  done.wait();
  ready();
  rest();
}

/// B01: the arenas of 16 threads keep what one peak took.
void arenas_after_a_peak() { peak(16, 20'000, 1000, 200); }

/// B03: a maintenance pass that is over.
void pass_that_is_over() { peak(4, 12'500, 4096, 100); }

/// B05: 5 MiB a second that nobody frees, and at the same pace some that are.
void plain_leak() {
  ready();
  while (true) {
    for (int i = 0; i < 50; ++i) {
      (void)filled(1000);
      std::free(filled(1000));
    }
    ::usleep(10'000);
  }
}

/// B21: per session an object that holds a function which holds the object.
void object_that_holds_itself() {
  struct Session {
    std::array<char, 32 << 10> buffer{};
    std::function<void()> on_close;
  };
  ready();
  while (true) {
    const auto session = std::make_shared<Session>();
    session->buffer.fill(1);
    session->on_close = [session] { session->buffer[0] = 0; };
    ::usleep(5'000);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, void (*)()> cases{{"A29", [] { one_before_ten(lock_held_over_input, wait_for_lock); }},
                                                {"A29i", [] { one_before_ten(open_once, open_once); }},
                                                {"A29j", [] { one_before_ten(use_settings, use_settings); }},
                                                {"A29k", [] { one_before_ten(read_settings, write_settings); }},
                                                {"D12", first_thread_that_ends},
                                                {"B11", deadlock},
                                                {"B14", try_and_back_off},
                                                {"B15", idle_pool},
                                                {"B17", fork_with_lock},
                                                {"B01", arenas_after_a_peak},
                                                {"B03", pass_that_is_over},
                                                {"B05", plain_leak},
                                                {"B21", object_that_holds_itself}};
  const auto wanted = cases.find(argc > 1 ? argv[1] : "");
  if (wanted == cases.end()) return 2;
  wanted->second();
}

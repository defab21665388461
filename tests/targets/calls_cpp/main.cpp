// Waits in every call that an interruption would end with EINTR, by signal(7), each in a thread of its own; in others
// it computes, and sleeps for a moment between. It aborts on the first EINTR, with the name of the call. Prints "ready"
// when all have begun.
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <latch>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr timespec kLong{.tv_sec = 1000, .tv_nsec = 0};

int must(int result) {
  if (result < 0) std::abort();
  return result;
}

int empty_pipe() {
  std::array<int, 2> ends{};
  must(::pipe(ends.data()));
  return ends[0];
}

int full_pipe() {
  std::array<int, 2> ends{};
  must(::pipe(ends.data()));
  must(::fcntl(ends[1], F_SETFL, O_NONBLOCK));
  const std::array<char, 4096> page{};
  while (::write(ends[1], page.data(), page.size()) > 0) {
  }
  must(::fcntl(ends[1], F_SETFL, 0));
  return ends[1];
}

std::array<int, 2> sockets(int type = SOCK_STREAM) {
  std::array<int, 2> ends{};
  must(::socketpair(AF_UNIX, type, 0, ends.data()));
  return ends;
}

/// A socket whose calls end by themselves after a long time: by signal(7) such calls are never begun anew.
int socket_with_timeout() {
  const int socket = sockets()[0];
  const timeval patience{.tv_sec = 1000, .tv_usec = 0};
  must(::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience));
  return socket;
}

int listener() {
  const int socket = must(::socket(AF_INET, SOCK_STREAM, 0));
  must(::listen(socket, 1));
  return socket;
}

int epoll() { return must(::epoll_create1(0)); }

/// A file that another descriptor has locked.
int locked_file() {
  static std::FILE* file = std::tmpfile();
  static const std::string path = "/proc/self/fd/" + std::to_string(::fileno(file));
  static const int holder = must(::open(path.c_str(), O_RDWR));
  must(::flock(holder, LOCK_EX));
  return must(::open(path.c_str(), O_RDWR));
}

sigset_t none() {
  sigset_t set;
  sigemptyset(&set);
  return set;
}

sigset_t one_that_never_comes() {
  sigset_t set = none();
  sigaddset(&set, SIGRTMAX);
  return set;
}

/// A child that stays.
pid_t child() {
  const pid_t pid = must(::fork());
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (true) ::pause();
  }
  return pid;
}

struct Call {
  const char* name;
  void (*make)();
};

const std::vector<Call> kCalls{
    {"read of a pipe",
     [] {
       char byte = 0;
       (void)!::read(empty_pipe(), &byte, 1);
     }},
    {"write to a full pipe", [] { (void)!::write(full_pipe(), "x", 1); }},
    {"read of an inotify",
     [] {
       std::array<char, 512> event{};
       (void)!::read(must(::inotify_init1(0)), event.data(), event.size());
     }},
    {"accept", [] { ::accept(listener(), nullptr, nullptr); }},
    {"recv",
     [] {
       char byte = 0;
       ::recv(sockets()[0], &byte, 1, 0);
     }},
    {"recv with a timeout",
     [] {
       char byte = 0;
       ::recv(socket_with_timeout(), &byte, 1, 0);
     }},
    {"recvmsg",
     [] {
       char byte = 0;
       iovec piece{.iov_base = &byte, .iov_len = 1};
       msghdr message{};
       message.msg_iov = &piece;
       message.msg_iovlen = 1;
       ::recvmsg(sockets(SOCK_DGRAM)[0], &message, 0);
     }},
    {"flock", [] { ::flock(locked_file(), LOCK_EX); }},
    {"futex",
     [] {
       static int word = 0;
       ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &kLong, nullptr, 0);
     }},
    {"sem_wait",
     [] {
       sem_t semaphore;
       ::sem_init(&semaphore, 0, 0);
       ::sem_wait(&semaphore);
     }},
    {"sem_timedwait",
     [] {
       sem_t semaphore;
       ::sem_init(&semaphore, 0, 0);
       timespec end{};
       ::clock_gettime(CLOCK_REALTIME, &end);
       end.tv_sec += kLong.tv_sec;
       ::sem_timedwait(&semaphore, &end);
     }},
    {"pause", [] { ::pause(); }},
    {"sigsuspend",
     [] {
       const sigset_t set = none();
       ::sigsuspend(&set);
     }},
    {"sigtimedwait",
     [] {
       const sigset_t set = one_that_never_comes();
       ::sigtimedwait(&set, nullptr, &kLong);
     }},
    {"sigwaitinfo",
     [] {
       const sigset_t set = one_that_never_comes();
       ::sigwaitinfo(&set, nullptr);
     }},
    {"epoll_wait",
     [] {
       epoll_event event{};
       ::epoll_wait(epoll(), &event, 1, INT_MAX);
     }},
    {"epoll_pwait",
     [] {
       epoll_event event{};
       const sigset_t set = none();
       ::epoll_pwait(epoll(), &event, 1, INT_MAX, &set);
     }},
    {"poll", [] { ::poll(nullptr, 0, INT_MAX); }},
    {"ppoll", [] { ::ppoll(nullptr, 0, &kLong, nullptr); }},
    {"select", [] { ::select(0, nullptr, nullptr, nullptr, nullptr); }},
    {"pselect", [] { ::pselect(0, nullptr, nullptr, nullptr, &kLong, nullptr); }},
    {"msgrcv",
     [] {
       const int queue = must(::msgget(IPC_PRIVATE, 0600));
       msgbuf message{};
       ::msgrcv(queue, &message, 1, 0, 0);
     }},
    {"semop",
     [] {
       const int set = must(::semget(IPC_PRIVATE, 1, 0600));
       sembuf take{.sem_num = 0, .sem_op = -1, .sem_flg = 0};
       ::semop(set, &take, 1);
     }},
    {"semtimedop",
     [] {
       const int set = must(::semget(IPC_PRIVATE, 1, 0600));
       sembuf take{.sem_num = 0, .sem_op = -1, .sem_flg = 0};
       ::semtimedop(set, &take, 1, &kLong);
     }},
    {"nanosleep", [] { ::nanosleep(&kLong, nullptr); }},
    {"clock_nanosleep", [] { errno = ::clock_nanosleep(CLOCK_MONOTONIC, 0, &kLong, nullptr); }},
    {"io_getevents",
     [] {
       aio_context_t context = 0;
       must(static_cast<int>(::syscall(SYS_io_setup, 8, &context)));
       io_event event{};
       ::syscall(SYS_io_getevents, context, 1, 1, &event, nullptr);
     }},
    {"waitpid",
     [] {
       int status = 0;
       ::waitpid(child(), &status, 0);
     }},
    {"a moment's epoll_wait after work",
     [] {
       static std::atomic<std::uint64_t> work{0};
       const int fd = epoll();
       while (true) {
         for (int i = 0; i < 200'000; ++i) work += static_cast<std::uint64_t>(i);
         epoll_event event{};
         if (::epoll_wait(fd, &event, 1, 1) < 0) return;
       }
     }},
    {"a moment's sleep after taking memory",
     [] {
       while (true) {
         void* const block = std::malloc(1 << 20);
         std::memset(block, 1, 1 << 20);
         std::free(block);
         timespec moment{.tv_sec = 0, .tv_nsec = 1'000'000};
         if (::nanosleep(&moment, nullptr) < 0) return;
       }
     }},
};

}  // namespace

int main() {
  // Queues and semaphores of System V outlive their process, but not their namespace.
  (void)!::unshare(CLONE_NEWIPC);
  std::latch begun{static_cast<std::ptrdiff_t>(kCalls.size())};
  std::vector<std::thread> threads;
  for (const Call& call : kCalls) {
    threads.emplace_back([&] {
      ::prctl(PR_SET_NAME, call.name);
      begun.count_down();
      errno = 0;
      call.make();
      std::fprintf(stderr, "%s ended: %s\n", call.name, std::strerror(errno));
      std::abort();
    });
  }
  begun.wait();
  std::printf("ready %zu\n", kCalls.size());
  std::fflush(stdout);
  for (std::thread& thread : threads) thread.join();
}

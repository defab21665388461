#include "tests/support/forked_child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace proctor {

ForkedChild::ForkedChild(const std::function<void(const Ready&)>& body) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    std::perror("pipe");
    std::abort();
  }
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::close(ends[0]);
    body([&] {
      if (::write(ends[1], "r", 1) != 1) ::_exit(1);
    });
    ::_exit(0);
  }
  ::close(ends[1]);
  pid_ = Pid{child};
  ready_ = UniqueFd{ends[0]};
  await_ready();
}

void ForkedChild::await_ready() const {
  char byte = 0;
  if (::read(ready_.get(), &byte, 1) != 1) std::fputs("the child ended before it was ready\n", stderr);
}

void ForkedChild::kill() const { ::kill(number(pid_), SIGKILL); }

void ForkedChild::kill_and_reap() {
  if (pid_ == Pid{}) return;
  kill();
  ::waitpid(number(pid_), nullptr, 0);
  pid_ = Pid{};
}

}  // namespace proctor

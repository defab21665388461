// Starts N children that wait for ever, prints "ready", and waits itself: idle N
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  const int children = argc > 1 ? std::atoi(argv[1]) : 1000;  // NOLINT(cert-err34-c): a bench of our own
  for (int i = 0; i < children; ++i) {
    if (::fork() == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::prctl(PR_SET_NAME, "idle-child");
      while (true) ::pause();
    }
  }
  std::puts("ready");
  std::fflush(stdout);
  while (true) ::pause();
}

#include "tests/support/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace proctor {

TestProgram::TestProgram(const std::vector<std::string>& arguments) {
  std::array<int, 2> to_child{};
  std::array<int, 2> from_child{};
  if (::pipe2(to_child.data(), O_CLOEXEC) != 0 || ::pipe2(from_child.data(), O_CLOEXEC) != 0) {
    std::perror("pipe");
    std::abort();
  }
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(to_child[0], STDIN_FILENO);
    ::dup2(from_child[1], STDOUT_FILENO);
    ::execv(argv[0], argv.data());
    std::perror(argv[0]);
    ::_exit(127);
  }
  ::close(to_child[0]);
  ::close(from_child[1]);
  pid_ = Pid{child};
  input_ = UniqueFd{to_child[1]};
  output_ = UniqueFd{from_child[0]};
}

TestProgram::~TestProgram() { kill_and_reap(); }

void TestProgram::kill_and_reap() {
  if (pid_ == Pid{}) return;
  ::kill(number(pid_), SIGKILL);
  ::waitpid(number(pid_), nullptr, 0);
  pid_ = Pid{};
}

void TestProgram::send(std::string_view line) const {
  const std::string text = std::string{line} + "\n";
  if (::write(input_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::perror("write");
}

std::string TestProgram::read_line() {
  while (true) {
    if (const std::size_t end = pending_.find('\n'); end != std::string::npos) {
      std::string line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      return line;
    }
    std::array<char, 65536> buffer;
    const ssize_t got = ::read(output_.get(), buffer.data(), buffer.size());
    if (got <= 0) {
      closed_ = true;
      return std::exchange(pending_, {});
    }
    pending_.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

std::vector<std::string> TestProgram::read_lines_until(std::string_view last) {
  std::vector<std::string> lines;
  for (std::string line = read_line(); line != last && !closed_; line = read_line()) lines.push_back(std::move(line));
  return lines;
}

}  // namespace proctor

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"
#include "base/units.h"

namespace proctor {

/// A program that a test started: answers lines of its standard input with lines of its standard output, so that no
/// test has to wait by the clock. It is killed and reaped with this object.
class TestProgram {
 public:
  /// Starts it, or ends the test program with a message.
  explicit TestProgram(const std::vector<std::string>& arguments);
  ~TestProgram();
  TestProgram(const TestProgram&) = delete;
  TestProgram& operator=(const TestProgram&) = delete;

  Pid pid() const { return pid_; }
  void send(std::string_view line) const;
  /// The next line without its end; empty where the program has closed its output.
  std::string read_line();
  /// All lines up to one that is exactly `last`.
  std::vector<std::string> read_lines_until(std::string_view last);
  void kill_and_reap();

 private:
  Pid pid_{};
  UniqueFd input_;
  UniqueFd output_;
  std::string pending_;
  bool closed_ = false;
};

}  // namespace proctor

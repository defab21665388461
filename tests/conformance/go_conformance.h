#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collectors/goroutines/goroutine_history.h"
#include "tests/support/child_process.h"

namespace proctor {

/// Every build of park.go, one for each Go release on this machine and each way to link; the parameter is its path.
std::vector<std::string> park_binaries();
bool is_stripped(const std::string& binary);

GoroutineHistory watch(const TestProgram& child);

/// Looks until the program has come to rest: all its goroutines wait.
std::shared_ptr<const GoroutineSnapshot> look_at_rest(GoroutineHistory& history);

/// Members by the name of the function that the user wrote.
std::map<std::string, std::uint64_t> members_by_function(const GoroutineSnapshot& snapshot);
std::uint64_t user_goroutines(const GoroutineSnapshot& snapshot);

class GoConformance : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    child_.emplace(std::vector<std::string>{GetParam()});
    version_ = child_->read_line();
  }
  std::optional<TestProgram> child_;
  std::string version_;
};

}  // namespace proctor

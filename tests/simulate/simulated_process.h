#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include "agent/ledger/population.h"
#include "collectors/observation/observation.h"

namespace proctor {

/// The members of one site, oldest first.
class Crowd {
 public:
  explicit Crowd(std::uint64_t& next) : next_(&next) {}

  std::size_t size() const { return members_.size(); }
  const std::deque<std::uint64_t>& members() const { return members_; }
  void arrive(std::size_t number);
  void leave_oldest(std::size_t number);
  void leave_random(std::size_t number, std::mt19937_64& dice);
  /// So many from now on: the oldest leave, or new ones come.
  void become(std::size_t number);
  /// So many from now on, all of them new.
  void renew(std::size_t number);

 private:
  std::uint64_t* next_;
  std::deque<std::uint64_t> members_;
};

/// What a process would show to a look. Times are seconds of the simulation; the process may begin anew.
class SimulatedProcess {
 public:
  SimulatedProcess() = default;
  SimulatedProcess(const SimulatedProcess&) = delete;
  SimulatedProcess& operator=(const SimulatedProcess&) = delete;

  /// Goroutines, threads or descriptors that stand at one place; behind a # in its name, a part of those there.
  Crowd& crowd(PopulationKind kind, const std::string& place);
  /// Another process takes its place.
  void restart(double second);
  std::uint64_t lives() const { return lives_; }
  std::mt19937_64& dice() { return dice_; }

  /// In MiB; what is absent is not told.
  double anonymous = 40;
  double file = 10;
  double lazily_freed = 0;
  double malloc_held = 0;  // 0: not glibc's
  double malloc_free = 0;
  double go_heap_live = 0;  // 0: no Go program
  double go_heap_marked = 0;
  std::optional<double> limit;
  bool tells_goroutines = true;

  std::shared_ptr<const Observation> look(double second) const;

 private:
  std::uint64_t next_member_ = 1;
  std::uint64_t lives_ = 0;
  double began_ = 0;
  std::map<std::pair<PopulationKind, std::string>, Crowd> crowds_;
  std::mt19937_64 dice_{20261127};
};

}  // namespace proctor

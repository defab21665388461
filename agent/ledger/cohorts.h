#pragma once

#include <cstdint>
#include <vector>

namespace proctor {

/// Who arrived at one site when, and who of them stayed: counts by period of arrival over a sliding window of
/// periods. Periods are numbered from 1; period 0 is "before the first look".
class Cohorts {
 public:
  struct Period {
    std::uint32_t number = 0;
    std::uint32_t arrived = 0;
    std::uint32_t alive = 0;         // of those that arrived in it
    std::uint32_t old_departed = 0;  // that left in it, having arrived before the window

    template <class Archive>
    void serialize(Archive& archive) {
      archive(number, arrived, alive, old_departed);
    }
  };

  static constexpr std::uint32_t kWholePeriods = 32;
  /// The window and the period that has not ended yet.
  static constexpr std::uint32_t kPeriods = kWholePeriods + 1;
  static constexpr bool within_window(std::uint32_t period, std::uint32_t now) {
    return period > 0 && now - period < kPeriods;
  }

  void arrive(std::uint32_t now);
  /// One that arrived in `born` leaves.
  void depart(std::uint32_t born, std::uint32_t now);
  /// One that arrived in `born` at `from` is counted here from now on, as if it had arrived here.
  void adopt(Cohorts& from, std::uint32_t born, std::uint32_t now);
  void adopt_all(const Cohorts& from, std::uint32_t now);

  /// Periods of the window at `now` in which something happened, oldest first.
  std::vector<Period> at(std::uint32_t now) const;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(periods_);
  }

 private:
  Period* find(std::uint32_t number);
  Period& find_or_add(std::uint32_t number, std::uint32_t now);

  std::vector<Period> periods_;  // ascending; only those in which something happened
};

}  // namespace proctor

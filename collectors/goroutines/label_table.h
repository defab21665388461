#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/address.h"
#include "collectors/go/go_process.h"
#include "collectors/go/profile_labels.h"

namespace proctor {

/// The profile labels of one look, each set once. The first is the empty one.
class LabelTable {
 public:
  LabelTable() { (void)index_of(std::make_shared<const ProfileLabels>()); }

  std::uint32_t index_of(std::shared_ptr<const ProfileLabels> labels);
  /// Of the labels at an address in the process; the empty ones where they cannot be read.
  std::uint32_t index_at(const GoProcess& process, RemoteAddress address);
  const std::vector<std::shared_ptr<const ProfileLabels>>& all() const { return all_; }

 private:
  std::vector<std::shared_ptr<const ProfileLabels>> all_;
  std::map<ProfileLabels, std::uint32_t> by_content_;
  std::unordered_map<std::uint64_t, std::uint32_t> by_address_;
};

}  // namespace proctor

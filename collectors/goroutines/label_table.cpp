#include "collectors/goroutines/label_table.h"

#include <utility>

namespace proctor {

std::uint32_t LabelTable::index_of(std::shared_ptr<const ProfileLabels> labels) {
  const auto [place, is_new] = by_content_.try_emplace(*labels, static_cast<std::uint32_t>(all_.size()));
  if (is_new) all_.push_back(std::move(labels));
  return place->second;
}

std::uint32_t LabelTable::index_at(const GoProcess& process, RemoteAddress address) {
  if (address == RemoteAddress{}) return 0;
  if (const auto known = by_address_.find(number(address)); known != by_address_.end()) return known->second;
  auto labels = read_profile_labels(process.memory(), address, process.layout()).value_or(ProfileLabels{});
  const std::uint32_t index = index_of(std::make_shared<const ProfileLabels>(std::move(labels)));
  by_address_.emplace(number(address), index);
  return index;
}

}  // namespace proctor

#include "collectors/sites/path_classes.h"

#include <algorithm>

namespace proctor {

std::string PathClasses::class_of(std::string_view path) {
  constexpr std::string_view kAny = "*";
  // What has no folder, but a name that is given like one in a folder.
  constexpr std::string_view kMemoryFiles = "/memfd:";
  constexpr std::string_view kAbstractSockets = "@";
  constexpr std::string_view kDeleted = " (deleted)";
  if (!path.starts_with('/') && !path.starts_with(kAbstractSockets)) return std::string{path};
  const bool deleted = path.ends_with(kDeleted);
  if (deleted) path.remove_suffix(kDeleted.size());
  std::string result;
  Folder* folder = &root_;
  std::size_t begin = 1;
  for (const std::string_view prefix : {kMemoryFiles, kAbstractSockets}) {
    if (!path.starts_with(prefix)) continue;
    folder = &root_.names[std::string{prefix}];
    begin = prefix.size();
  }
  result += path.substr(0, begin);
  while (true) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    std::string_view name = path.substr(begin, end - begin);
    auto known = folder->names.find(name);
    if (known == folder->names.end()) {
      if (folder->names.size() >= kMostNames || all_ >= kMostAll) name = kAny;
      const auto [place, is_new] = folder->names.try_emplace(std::string{name});
      if (is_new) ++all_;
      known = place;
    }
    result += name;
    if (end == path.size()) break;
    result += '/';
    folder = &known->second;
    begin = end + 1;
  }
  if (deleted) result += kDeleted;
  return result;
}

}  // namespace proctor

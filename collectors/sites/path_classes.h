#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace proctor {

/// Gives each path of one process the class under which it is counted. That is the path itself until a folder has had
/// more names than anybody gives by hand: those that come later count as `*`, since each name made at random, as of
/// temporary files, would else be a place of its own, at which nothing grows. Bounded.
class PathClasses {
 public:
  static constexpr std::size_t kMostNames = 64;  // in a folder

  /// `path`: absolute or of an abstract socket, with its numbers folded. Other texts come back as they are.
  std::string class_of(std::string_view path);

 private:
  static constexpr std::size_t kMostAll = 20'000;
  struct Folder {
    std::map<std::string, Folder, std::less<>> names;
  };

  Folder root_;
  std::size_t all_ = 0;
};

/// The same for what has few paths at most times, and takes no memory until it has many at once.
class PathClassesOfMany {
 public:
  /// How many paths there are now, before they are asked for.
  void expect(std::size_t paths) {
    if (!classes_ && paths > PathClasses::kMostNames) classes_ = std::make_unique<PathClasses>();
  }
  bool are_many() const { return classes_ != nullptr; }
  std::string class_of(std::string_view path) { return classes_ ? classes_->class_of(path) : std::string{path}; }

 private:
  std::unique_ptr<PathClasses> classes_;
};

}  // namespace proctor

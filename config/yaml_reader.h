#pragma once

#include <yaml-cpp/yaml.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/load.h"

namespace proctor {

/// The mistakes of one file, bounded.
class Mistakes {
 public:
  explicit Mistakes(std::string file) : file_(std::move(file)) {}

  void add(const YAML::Mark& mark, std::string message);
  bool any() const { return !mistakes_.empty(); }
  /// In the order of the file.
  std::vector<ConfigMistake> take();

 private:
  static constexpr std::size_t kMost = 100;
  std::string file_;
  std::vector<ConfigMistake> mistakes_;
};

/// The one document in `text`; nothing, with the mistake noted, for what is not YAML, has more than one document,
/// is nested too deeply or, aliases followed, has too many nodes. An empty text is a null node.
std::optional<YAML::Node> parse_yaml(std::string_view text, Mistakes& mistakes);

/// A value in the document with the path by which a message names it: `targets[0].match.comm`.
struct YamlValue {
  YAML::Node node;
  std::string path;
};

/// Each gives nothing, with the mistake noted, where the value is of another type.
std::optional<std::string> read_text(const YamlValue& value, Mistakes& mistakes);
std::optional<bool> read_bool(const YamlValue& value, Mistakes& mistakes);
std::optional<std::vector<YamlValue>> read_list(const YamlValue& value, Mistakes& mistakes);

/// A mapping of which every key must be asked for: `finish` notes those that were not. Keys given twice are noted.
class YamlMapping {
 public:
  /// A value that is no mapping is noted and reads as one without keys.
  YamlMapping(const YamlValue& value, Mistakes& mistakes);

  /// The value of a key; nothing where it is not there. `key` must outlive the mapping: a literal.
  std::optional<YamlValue> find(std::string_view key);
  /// The text under `key` through `parse`, into `target`; left as it is where the key is not there or is wrong.
  template <typename T, typename Parse>
  void read(std::string_view key, T& target, Parse parse) {
    const auto value = find(key);
    if (!value) return;
    const auto text = read_text(*value, *mistakes_);
    if (!text) return;
    auto parsed = parse(*text);
    if (parsed) {
      target = *std::move(parsed);
    } else {
      note(*value, parsed.error().message);
    }
  }
  void read(std::string_view key, bool& target);
  void note(const YamlValue& value, std::string_view message);
  /// Notes each key that was never asked for, with the one that was probably meant.
  void finish();

  YAML::Mark mark() const { return value_.node.Mark(); }
  const std::string& path() const { return value_.path; }

 private:
  struct Entry {
    std::string key;
    YAML::Mark mark;
    YAML::Node value;
  };
  static constexpr std::size_t kMostKeys = 100;
  YamlValue value_;
  Mistakes* mistakes_;
  std::vector<Entry> entries_;
  std::vector<std::string_view> asked_;
};

}  // namespace proctor

#include "config/yaml_reader.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "base/text.h"
#include "config/spelling.h"

namespace proctor {
namespace {

constexpr std::size_t kMostNodes = 100'000;
constexpr int kDeepest = 16;  // the document has six levels at most

std::string_view type_name(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Scalar: return "a single value";
    case YAML::NodeType::Sequence: return "a list";
    case YAML::NodeType::Map: return "a mapping";
    default: return "nothing";
  }
}

/// Visits nodes as often as aliases name them, which is what reading them would cost.
class NodeBudget {
 public:
  /// The mark at which the document became too large or too deep.
  std::optional<YAML::Mark> exceeded(const YAML::Node& node, int depth = 0) {
    if (++visited_ > kMostNodes || depth > kDeepest) return node.Mark();
    if (node.IsSequence()) {
      for (const auto& item : node) {
        if (auto mark = exceeded(item, depth + 1)) return mark;
      }
    } else if (node.IsMap()) {
      for (const auto& entry : node) {
        if (auto mark = exceeded(entry.first, depth + 1)) return mark;
        if (auto mark = exceeded(entry.second, depth + 1)) return mark;
      }
    }
    return std::nullopt;
  }

 private:
  std::size_t visited_ = 0;
};

/// Where the second document begins.
class SecondDocument final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { begin_ = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  static std::optional<YAML::Mark> find(const std::string& text) {
    std::istringstream stream{text};
    YAML::Parser parser{stream};
    SecondDocument handler;
    // LoadAll would never end on a stray comma, which yaml-cpp takes for one empty document after the other.
    if (!parser.HandleNextDocument(handler) || !parser.HandleNextDocument(handler)) return std::nullopt;
    return handler.begin_;
  }

 private:
  YAML::Mark begin_;
};

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

void Mistakes::add(const YAML::Mark& mark, std::string message) {
  if (mistakes_.size() == kMost) return;
  const bool somewhere = !mark.is_null();
  mistakes_.push_back({.file = file_,
                       .line = somewhere ? mark.line + 1 : 0,
                       .column = somewhere ? mark.column + 1 : 0,
                       .message = std::move(message)});
}

std::vector<ConfigMistake> Mistakes::take() {
  std::stable_sort(mistakes_.begin(), mistakes_.end(), [](const ConfigMistake& a, const ConfigMistake& b) {
    return std::pair{a.line, a.column} < std::pair{b.line, b.column};
  });
  return std::move(mistakes_);
}

std::optional<YAML::Node> parse_yaml(std::string_view text, Mistakes& mistakes) {
  const std::string whole{text};
  YAML::Node document;
  try {
    if (const auto second = SecondDocument::find(whole)) {
      mistakes.add(*second, "not part of the one document that a configuration is");
      return std::nullopt;
    }
    document = YAML::Load(whole);
  } catch (const YAML::Exception& exception) {
    mistakes.add(exception.mark, fmt::format("not YAML: {}", exception.msg));
    return std::nullopt;
  }
  if (const auto mark = NodeBudget{}.exceeded(document)) {
    mistakes.add(*mark, fmt::format("nested deeper than {} levels or, aliases followed, more than {} values", kDeepest,
                                    kMostNodes));
    return std::nullopt;
  }
  return document;
}

std::optional<std::string> read_text(const YamlValue& value, Mistakes& mistakes) {
  if (!value.node.IsScalar()) {
    mistakes.add(value.node.Mark(), fmt::format("{} is {}, not a single value", value.path, type_name(value.node)));
    return std::nullopt;
  }
  const std::string& text = value.node.Scalar();
  if (std::any_of(text.begin(), text.end(), is_control)) {
    mistakes.add(value.node.Mark(), fmt::format("{} holds a control character", value.path));
    return std::nullopt;
  }
  return text;
}

std::optional<bool> read_bool(const YamlValue& value, Mistakes& mistakes) {
  const bool plain = value.node.IsScalar() && value.node.Tag() != "!";
  if (plain && value.node.Scalar() == "true") return true;
  if (plain && value.node.Scalar() == "false") return false;
  mistakes.add(value.node.Mark(), fmt::format("{} is neither true nor false", value.path));
  return std::nullopt;
}

std::optional<std::vector<YamlValue>> read_list(const YamlValue& value, Mistakes& mistakes) {
  if (!value.node.IsSequence()) {
    mistakes.add(value.node.Mark(), fmt::format("{} is {}, not a list", value.path, type_name(value.node)));
    return std::nullopt;
  }
  std::vector<YamlValue> items;
  for (const auto& item : value.node) {
    items.push_back({.node = item, .path = fmt::format("{}[{}]", value.path, items.size())});
  }
  return items;
}

YamlMapping::YamlMapping(const YamlValue& value, Mistakes& mistakes) : value_(value), mistakes_(&mistakes) {
  const std::string_view shown = value_.path.empty() ? "the configuration" : std::string_view{value_.path};
  if (!value_.node.IsMap()) {
    mistakes.add(value_.node.Mark(), fmt::format("{} is {}, not a mapping", shown, type_name(value_.node)));
    return;
  }
  for (const auto& entry : value_.node) {
    if (!entry.first.IsScalar()) {
      mistakes.add(entry.first.Mark(), fmt::format("a key of {} is {}", shown, type_name(entry.first)));
      continue;
    }
    const std::string& key = entry.first.Scalar();
    const auto same = [&key](const Entry& other) { return other.key == key; };
    if (std::any_of(entries_.begin(), entries_.end(), same)) {
      mistakes.add(entry.first.Mark(), fmt::format("key \"{}\" a second time in {}", to_valid_utf8(key, 64), shown));
      continue;
    }
    if (entries_.size() == kMostKeys) {
      mistakes.add(entry.first.Mark(), fmt::format("more than {} keys in {}", kMostKeys, shown));
      return;
    }
    entries_.push_back({.key = key, .mark = entry.first.Mark(), .value = entry.second});
  }
}

std::optional<YamlValue> YamlMapping::find(std::string_view key) {
  asked_.push_back(key);
  for (const Entry& entry : entries_) {
    if (entry.key != key) continue;
    return YamlValue{.node = entry.value,
                     .path = value_.path.empty() ? std::string{key} : fmt::format("{}.{}", value_.path, key)};
  }
  return std::nullopt;
}

void YamlMapping::read(std::string_view key, bool& target) {
  if (const auto value = find(key)) target = read_bool(*value, *mistakes_).value_or(target);
}

void YamlMapping::note(const YamlValue& value, std::string_view message) {
  mistakes_->add(value.node.Mark(), fmt::format("{}: {}", value.path, message));
}

void YamlMapping::finish() {
  const std::string where = value_.path.empty() ? "" : fmt::format(" in {}", value_.path);
  for (const Entry& entry : entries_) {
    if (std::find(asked_.begin(), asked_.end(), entry.key) != asked_.end()) continue;
    mistakes_->add(entry.mark, fmt::format("unknown key \"{}\"{}{}", to_valid_utf8(entry.key, 64), where,
                                           did_you_mean(entry.key, asked_)));
  }
}

}  // namespace proctor

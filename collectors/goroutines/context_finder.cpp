#include "collectors/goroutines/context_finder.h"

#include <array>

#include "base/byte_cursor.h"

namespace proctor {
namespace {

constexpr std::uint64_t kWord = 8;
constexpr std::size_t kCapturedWords = 16;  // of a function object, its code included

}  // namespace

std::optional<ContextRef> ContextFinder::find(const CapturedGoroutine& captured, std::uint32_t index,
                                              const GoroutineStack& stack) {
  if (types_.empty() || captured.stack.empty()) return std::nullopt;
  auto known = sources_.find(index);
  if (known == sources_.end()) known = sources_.emplace(index, learn(captured, stack)).first;
  if (!known->second) return std::nullopt;
  const Source& source = *known->second;
  const auto word = load<RemoteAddress>(captured.stack, source.offset);
  if (!word || *word == RemoteAddress{}) return std::nullopt;
  if (source.shape == Shape::pointer) return ContextRef{.data = *word, .kind = {}};
  struct Value {
    RemoteAddress itab{}, data{};
  } value{load<RemoteAddress>(captured.stack, source.offset - kWord).value_or(RemoteAddress{}), *word};
  if (source.shape == Shape::captured) {
    const auto read = process_.memory().read_value<Value>(*word + source.within);
    if (!read) return std::nullopt;
    value = *read;
  }
  const auto kind = types_.kind_of(value.itab);
  return kind ? std::optional{ContextRef{.data = value.data, .kind = kind}} : std::nullopt;
}

std::optional<ContextFinder::Source> ContextFinder::learn(const CapturedGoroutine& captured,
                                                          const GoroutineStack& stack) const {
  std::uint64_t sp = 0;
  for (const auto& calls : stack.calls) {
    if (calls->empty()) return std::nullopt;
    const RemoteAddress at = calls->front().pc - 1;
    const auto depth = process_.functions().stack_depth_at(at);
    if (!depth) return std::nullopt;
    const std::uint64_t end = sp + *depth + kWord;
    // What the runtime holds while it parks a goroutine is not the program's.
    if (!calls->back().frame.function.starts_with("runtime.")) {
      const auto live = process_.functions().live_pointers_at(at).value_or(std::vector<std::int64_t>{});
      for (const std::int64_t distance : live) {
        const std::uint64_t offset = end + static_cast<std::uint64_t>(distance);
        if (auto source = source_at(captured, offset, calls->back().entry)) return source;
      }
    }
    sp = end;
  }
  return std::nullopt;
}

std::optional<ContextFinder::Source> ContextFinder::source_at(const CapturedGoroutine& captured, std::uint64_t offset,
                                                              RemoteAddress function) const {
  const auto word = load<RemoteAddress>(captured.stack, offset);
  if (!word || *word == RemoteAddress{}) return std::nullopt;
  const auto before = offset >= kWord ? load<RemoteAddress>(captured.stack, offset - kWord) : std::nullopt;
  if (before && types_.kind_of(*before)) return Source{.shape = Shape::interface_value, .offset = offset};
  std::array<RemoteAddress, kCapturedWords> words{};
  if (!process_.memory().read(*word, std::as_writable_bytes(std::span{words}))) return std::nullopt;
  // The struct of a context begins with its parent.
  if (types_.kind_of(words[0])) return Source{.shape = Shape::pointer, .offset = offset};
  if (words[0] != function) return std::nullopt;
  for (std::size_t i = 1; i + 1 < words.size(); ++i) {
    if (types_.kind_of(words[i])) return Source{.shape = Shape::captured, .offset = offset, .within = i * kWord};
  }
  return std::nullopt;
}

}  // namespace proctor

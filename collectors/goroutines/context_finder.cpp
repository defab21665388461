#include "collectors/goroutines/context_finder.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

#include "base/byte_cursor.h"
#include "collectors/go/user_code.h"
#include "collectors/goroutines/live_words.h"

namespace proctor {
namespace {

constexpr std::uint64_t kWord = 8;
constexpr std::size_t kCapturedWords = 16;  // of a function object, its code included
constexpr std::size_t kRequestWords = 40;
constexpr std::size_t kRequestBeforeContext = 24;  // at least so many words, in every release
constexpr std::size_t kMostMethod = 16;
constexpr std::string_view kServe = "net/http.(*conn).serve";
constexpr std::string_view kHttp = "HTTP/";
constexpr std::string_view kServeCall = "google.golang.org/grpc.(*Server).process";  // of one kind or all

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
  if (source.shape == Shape::within) {
    RemoteAddress at = *word;
    for (const std::uint64_t step : source.steps) {
      at = process_.memory().read_value<RemoteAddress>(at + step).value_or(RemoteAddress{});
      if (at == RemoteAddress{}) return std::nullopt;
    }
    const auto read = process_.memory().read_value<Value>(at + source.within);
    if (!read) return std::nullopt;
    value = *read;
  }
  const auto kind = types_.kind_of(value.itab);
  return kind ? std::optional{ContextRef{.data = value.data, .kind = kind}} : std::nullopt;
}

std::optional<ContextFinder::Source> ContextFinder::learn(const CapturedGoroutine& captured,
                                                          const GoroutineStack& stack) const {
  const std::vector<LiveWord> words = live_words(process_.functions(), stack);
  for (const LiveWord& word : words) {
    if (auto source = source_at(captured, word.offset, stack.calls[word.call]->back())) return source;
  }
  for (const LiveWord& word : words) {
    if (auto source = request_at(captured, word.offset, stack.calls[word.call]->back())) return source;
  }
  return std::nullopt;
}

std::optional<ContextFinder::Source> ContextFinder::source_at(const CapturedGoroutine& captured, std::uint64_t offset,
                                                              const GoFrame& function) const {
  const auto word = load<RemoteAddress>(captured.stack, offset);
  if (!word || *word == RemoteAddress{}) return std::nullopt;
  const auto before = offset >= kWord ? load<RemoteAddress>(captured.stack, offset - kWord) : std::nullopt;
  if (before && types_.kind_of(*before)) return Source{.shape = Shape::interface_value, .offset = offset};
  std::array<RemoteAddress, kCapturedWords> words{};
  if (!process_.memory().read(*word, std::as_writable_bytes(std::span{words}))) return std::nullopt;
  // The struct of a context begins with its parent.
  if (types_.kind_of(words[0])) return Source{.shape = Shape::pointer, .offset = offset};
  if (!is_object_of(words[0], function)) return std::nullopt;
  for (std::size_t i = 1; i + 1 < words.size(); ++i) {
    if (types_.kind_of(words[i])) return Source{.shape = Shape::within, .offset = offset, .within = i * kWord};
  }
  return std::nullopt;
}

/// A request that a live word refers to: by itself, as a variable that the function captured, or through what
/// net/http's server keeps of the answer; a call that gRPC's server serves.
std::optional<ContextFinder::Source> ContextFinder::request_at(const CapturedGoroutine& captured, std::uint64_t offset,
                                                               const GoFrame& function) const {
  const auto word = load<RemoteAddress>(captured.stack, offset);
  if (!word || *word == RemoteAddress{}) return std::nullopt;
  Source source{.shape = Shape::within, .offset = offset};
  const auto leads_to_request = [&](RemoteAddress address, std::vector<std::uint64_t> steps) {
    const auto within = context_of_request(address);
    if (!within) return false;
    source.steps = std::move(steps);
    source.within = *within;
    return true;
  };
  if (leads_to_request(*word, {})) return source;
  if (function.frame.function.starts_with(kServeCall)) {
    const auto within = context_of_call(*word);
    if (!within) return std::nullopt;
    source.within = *within;
    return source;
  }
  std::array<RemoteAddress, kCapturedWords> words{};
  if (!process_.memory().read(*word, std::as_writable_bytes(std::span{words}))) return std::nullopt;
  if (function.frame.function == kServe && leads_to_request(words[1], {kWord})) return source;
  if (!is_object_of(words[0], function)) return std::nullopt;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (leads_to_request(words[i], {i * kWord})) return source;
    // A variable that is set again is captured by its address.
    const auto variable = process_.memory().read_value<RemoteAddress>(words[i]);
    if (variable && leads_to_request(*variable, {i * kWord, 0})) return source;
  }
  return std::nullopt;
}

bool ContextFinder::is_object_of(RemoteAddress code, const GoFrame& function) const {
  if (code == function.entry) return true;
  const AddressRange text{process_.module().text, process_.module().etext};
  if (!text.contains(code)) return false;
  const auto literal = process_.functions().function_at(code);
  if (!literal || literal->entry != code) return false;
  const auto name = process_.functions().name_of(*literal);
  return name && enclosing_function(*name) == function.frame.function;
}

std::optional<std::uint64_t> ContextFinder::context_of_request(RemoteAddress request) const {
  std::array<RemoteAddress, kRequestWords> words{};
  if (request == RemoteAddress{} || !process_.memory().read(request, std::as_writable_bytes(std::span{words}))) {
    return std::nullopt;
  }
  // That of HTTP/2's own package begins with the context, and has its protocol next.
  if (types_.kind_of(words[0])) {
    std::array<char, kHttp.size()> protocol{};
    const bool is_read = process_.memory().read(words[2], std::as_writable_bytes(std::span{protocol})).has_value();
    return is_read && std::string_view{protocol.data(), protocol.size()} == kHttp ? std::optional<std::uint64_t>{0}
                                                                                  : std::nullopt;
  }
  // It begins with the method.
  std::array<char, kMostMethod> method{};
  const std::uint64_t length = number(words[1]);
  if (length == 0 || length > method.size()) return std::nullopt;
  const auto name = std::span{method}.first(length);
  if (!process_.memory().read(words[0], std::as_writable_bytes(name))) return std::nullopt;
  if (!std::ranges::all_of(name, [](char c) { return c >= 'A' && c <= 'Z'; })) return std::nullopt;
  for (std::size_t i = kRequestBeforeContext; i + 1 < words.size(); ++i) {
    if (types_.kind_of(words[i])) return i * kWord;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> ContextFinder::context_of_call(RemoteAddress stream) const {
  constexpr std::uint64_t kMostName = 256;
  std::array<RemoteAddress, kRequestWords> words{};
  if (stream == RemoteAddress{} || !process_.memory().read(stream, std::as_writable_bytes(std::span{words}))) {
    return std::nullopt;
  }
  // It has the name of what is called, "/package.Service/Method".
  const auto is_name = [&](std::size_t i) {
    return number(words[i + 1]) > 1 && number(words[i + 1]) < kMostName &&
           process_.memory().read_value<char>(words[i]).value_or('\0') == '/';
  };
  bool named = false;
  std::optional<std::uint64_t> within;
  for (std::size_t i = 0; i + 1 < words.size() && !(named && within); ++i) {
    if (!within && types_.kind_of(words[i])) within = i * kWord;
    named = named || is_name(i);
  }
  return named ? within : std::nullopt;
}

}  // namespace proctor

#include "collectors/jvm/perf_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_cursor.h"
#include "base/text.h"

namespace proctor {
namespace {

constexpr std::uint32_t kMagic = 0xc0c0feca;  // big-endian in the file, whatever the machine
constexpr std::uint8_t kLittleEndian = 1;
constexpr std::uint8_t kMajorVersion = 2;
constexpr std::uint64_t kAccessible = 7;  // offsets in the prologue
constexpr std::uint64_t kFirstEntry = 24;
constexpr std::uint64_t kEntryCount = 28;
constexpr std::uint32_t kMostEntries = 10'000;
constexpr int kMostParts = 8;  // of generations, spaces and collectors

/// The head of an entry; its name and its value stand behind it, at offsets from it.
struct EntryHead {
  std::int32_t length = 0;
  std::int32_t name_offset = 0;
  std::int32_t vector_length = 0;
  char type = 0;
  std::uint8_t flags = 0;
  std::uint8_t unit = 0;
  std::uint8_t variability = 0;
  std::int32_t value_offset = 0;
};
static_assert(sizeof(EntryHead) == 20);

/// All counters by name.
class Counters {
 public:
  void add(std::span<const std::byte> bytes, std::uint64_t begin, const EntryHead& head) {
    const auto name = load_c_string(bytes, begin + static_cast<std::uint64_t>(head.name_offset));
    if (!name) return;
    const std::uint64_t at = begin + static_cast<std::uint64_t>(head.value_offset);
    if (head.type == 'J' && head.vector_length == 0) {
      if (const auto value = load<std::int64_t>(bytes, at)) numbers_.emplace(*name, *value);
    } else if (head.type == 'B') {
      if (const auto text = load_c_string(bytes, at)) texts_.emplace(*name, *text);
    }
  }

  std::optional<std::uint64_t> number(const std::string& name) const {
    const auto found = numbers_.find(name);
    if (found == numbers_.end() || found->second < 0) return std::nullopt;
    return static_cast<std::uint64_t>(found->second);
  }
  std::string text(const std::string& name) const {
    const auto found = texts_.find(name);
    return found == texts_.end() ? std::string{} : to_valid_utf8(found->second, 64);
  }

 private:
  std::map<std::string, std::int64_t, std::less<>> numbers_;
  std::map<std::string, std::string_view, std::less<>> texts_;
};

void add_space(const Counters& counters, const std::string& prefix, std::string generation, std::string name,
               JvmSnapshot& jvm) {
  const auto used = counters.number(prefix + ".used");
  const auto capacity = counters.number(prefix + ".capacity");
  if (!used || !capacity) return;
  JvmSnapshot::Space space{.generation = std::move(generation), .name = std::move(name)};
  space.used = Bytes{*used};
  space.capacity = Bytes{*capacity};
  if (const auto max = counters.number(prefix + ".maxCapacity")) space.max = Bytes{*max};
  jvm.spaces.push_back(std::move(space));
}

void add_collector(const Counters& counters, const std::string& prefix, JvmSnapshot& jvm) {
  const auto collections = counters.number(prefix + ".invocations");
  const auto ticks = counters.number(prefix + ".time");
  const auto frequency = counters.number("sun.os.hrt.frequency");
  if (!collections || !ticks || !frequency || *frequency == 0) return;
  const auto time_of = [&](std::uint64_t count) {
    return std::chrono::duration_cast<Nanoseconds>(
        std::chrono::duration<double>(static_cast<double>(count) / static_cast<double>(*frequency)));
  };
  JvmSnapshot::Collector collector{.name = counters.text(prefix + ".name"), .collections = *collections};
  collector.time = time_of(*ticks);
  const auto now = counters.number("sun.os.hrt.ticks");
  const auto last = counters.number(prefix + ".lastExitTime");
  if (now && last && *last != 0 && *last <= *now) collector.since_last = time_of(*now - *last);
  jvm.collectors.push_back(std::move(collector));
}

}  // namespace

Result<JvmSnapshot> parse_perf_data(std::span<const std::byte> bytes) {
  const auto byte_at = [&](std::uint64_t offset) { return load<std::uint8_t>(bytes, offset).value_or(0); };
  if (load<std::uint32_t>(bytes, 0) != kMagic) return fail(ErrorCode::malformed, "no performance counters of a JVM");
  if (byte_at(4) != kLittleEndian || byte_at(5) != kMajorVersion) {
    return fail(ErrorCode::not_supported, "performance counters of version {}", byte_at(5));
  }
  if (byte_at(kAccessible) == 0) return fail(ErrorCode::not_supported, "the JVM has not begun its counters yet");
  const auto first = load<std::uint32_t>(bytes, kFirstEntry);
  const auto entries = load<std::uint32_t>(bytes, kEntryCount);
  if (!first || !entries || *entries > kMostEntries) return fail(ErrorCode::malformed, "performance counters");
  Counters counters;
  std::uint64_t at = *first;
  for (std::uint32_t i = 0; i < *entries; ++i) {
    const auto head = load<EntryHead>(bytes, at);
    if (!head || head->length < static_cast<std::int32_t>(sizeof(EntryHead)) || head->name_offset < 0 ||
        head->value_offset < 0) {
      return fail(ErrorCode::malformed, "counter {} of {}", i, *entries);
    }
    counters.add(bytes, at, *head);
    at += static_cast<std::uint64_t>(head->length);
  }
  JvmSnapshot jvm;
  jvm.version = counters.text("java.property.java.vm.version");
  for (int generation = 0; generation < kMostParts; ++generation) {
    const std::string prefix = fmt::format("sun.gc.generation.{}", generation);
    for (int space = 0; space < kMostParts; ++space) {
      const std::string part = fmt::format("{}.space.{}", prefix, space);
      add_space(counters, part, counters.text(prefix + ".name"), counters.text(part + ".name"), jvm);
    }
  }
  add_space(counters, "sun.gc.metaspace", "metaspace", "space", jvm);
  for (int collector = 0; collector < kMostParts; ++collector) {
    add_collector(counters, fmt::format("sun.gc.collector.{}", collector), jvm);
  }
  jvm.threads = counters.number("java.threads.live");
  jvm.daemon_threads = counters.number("java.threads.daemon");
  jvm.peak_threads = counters.number("java.threads.livePeak");
  jvm.threads_started = counters.number("java.threads.started");
  const auto sum_of = [&](const char* own, const char* shared) {
    return counters.number(own).value_or(0) + counters.number(shared).value_or(0);
  };
  const std::uint64_t loaded = sum_of("java.cls.loadedClasses", "java.cls.sharedLoadedClasses");
  const std::uint64_t unloaded = sum_of("java.cls.unloadedClasses", "java.cls.sharedUnloadedClasses");
  if (loaded != 0 && unloaded <= loaded) jvm.classes_loaded = loaded - unloaded;
  return jvm;
}

}  // namespace proctor

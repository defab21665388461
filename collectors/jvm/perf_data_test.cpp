#include "collectors/jvm/perf_data.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace proctor {
namespace {

/// Counters as a JVM lays them out.
class Image {
 public:
  Image() {
    bytes_ = {'\xca', '\xfe', '\xc0', '\xc0', 1, 2, 0, 1};
    bytes_.resize(32);
    put<std::uint32_t>(24, 32);
  }
  Image& add(const std::string& name, std::int64_t value) { return add(name, 'J', 0, std::string(8, '\0'), value); }
  Image& add(const std::string& name, const std::string& text) {
    return add(name, 'B', static_cast<std::int32_t>(text.size() + 1), text + '\0', 0);
  }
  template <typename T>
  void put(std::size_t at, T value) {
    std::memcpy(bytes_.data() + at, &value, sizeof value);
  }
  std::span<const std::byte> bytes() const { return std::as_bytes(std::span{bytes_}); }
  std::vector<char>& raw() { return bytes_; }

 private:
  Image& add(const std::string& name, char type, std::int32_t length, const std::string& value, std::int64_t number) {
    const std::size_t at = bytes_.size();
    const std::size_t value_at = (20 + name.size() + 1 + 7) / 8 * 8;
    bytes_.resize(at + (value_at + value.size() + 7) / 8 * 8);
    put<std::int32_t>(at, static_cast<std::int32_t>(bytes_.size() - at));
    put<std::int32_t>(at + 4, 20);
    put<std::int32_t>(at + 8, length);
    bytes_[at + 12] = type;
    put<std::int32_t>(at + 16, static_cast<std::int32_t>(value_at));
    std::memcpy(bytes_.data() + at + 20, name.data(), name.size());
    std::memcpy(bytes_.data() + at + value_at, value.data(), value.size());
    if (type == 'J') put(at + value_at, number);
    put<std::uint32_t>(28, ++entries_);
    return *this;
  }

  std::vector<char> bytes_;
  std::uint32_t entries_ = 0;
};

Image example() {
  Image image;
  image.add("java.property.java.vm.version", "17.0.15+6").add("sun.os.hrt.frequency", 1'000'000'000);
  image.add("sun.os.hrt.ticks", 6'000'000'000).add("java.threads.live", 6).add("java.threads.daemon", 5);
  image.add("sun.gc.generation.1.name", "old").add("sun.gc.generation.1.space.0.name", "space");
  image.add("sun.gc.generation.1.space.0.used", 1000).add("sun.gc.generation.1.space.0.capacity", 4000);
  image.add("sun.gc.generation.1.space.0.maxCapacity", 8000);
  image.add("sun.gc.collector.0.name", "G1 young").add("sun.gc.collector.0.invocations", 9);
  image.add("sun.gc.collector.0.time", 54'000'000).add("sun.gc.collector.0.lastExitTime", 5'000'000'000);
  image.add("java.cls.loadedClasses", 100).add("java.cls.sharedLoadedClasses", 20).add("java.cls.unloadedClasses", 3);
  return image;
}

TEST(PerfData, TellsWhatTheJvmCounts) {
  const Image image = example();
  const auto jvm = parse_perf_data(image.bytes());
  ASSERT_TRUE(jvm) << jvm.error();
  EXPECT_EQ(jvm->version, "17.0.15+6");
  ASSERT_EQ(jvm->spaces.size(), 1U);
  EXPECT_EQ(jvm->spaces[0].generation, "old");
  EXPECT_EQ(jvm->spaces[0].used, Bytes{1000});
  EXPECT_EQ(jvm->spaces[0].max, Bytes{8000});
  ASSERT_EQ(jvm->collectors.size(), 1U);
  EXPECT_EQ(jvm->collectors[0].collections, 9U);
  EXPECT_EQ(jvm->collectors[0].time, std::chrono::milliseconds{54});
  EXPECT_EQ(jvm->collectors[0].since_last, std::chrono::seconds{1});
  EXPECT_EQ(jvm->threads, 6U);
  EXPECT_EQ(jvm->peak_threads, std::nullopt);
  EXPECT_EQ(jvm->classes_loaded, 117U);
}

TEST(PerfData, RefusesWhatIsNone) {
  EXPECT_EQ(parse_perf_data({}).error().code, ErrorCode::malformed);
  Image image = example();
  image.raw()[5] = 3;
  EXPECT_EQ(parse_perf_data(image.bytes()).error().code, ErrorCode::not_supported);
  image = example();
  image.raw()[7] = 0;
  EXPECT_EQ(parse_perf_data(image.bytes()).error().code, ErrorCode::not_supported);
  image = example();
  image.put<std::uint32_t>(28, 0xffff'ffff);
  EXPECT_EQ(parse_perf_data(image.bytes()).error().code, ErrorCode::malformed);
}

TEST(PerfData, NoByteOfItCanDoHarm) {
  const Image whole = example();
  for (std::size_t at = 0; at < whole.bytes().size(); ++at) {
    for (const char value : {'\0', '\x7f', '\xff'}) {
      Image image = whole;
      image.raw()[at] = value;
      (void)parse_perf_data(image.bytes());
    }
    (void)parse_perf_data(whole.bytes().first(at));
  }
}

}  // namespace
}  // namespace proctor

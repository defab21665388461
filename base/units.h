#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace proctor {

/// An amount of memory or storage. Converted from kB or pages at the parser.
enum class Bytes : std::uint64_t {};

constexpr std::uint64_t count(Bytes bytes) { return static_cast<std::uint64_t>(bytes); }
constexpr Bytes from_kib(std::uint64_t kib) { return Bytes{kib * 1024}; }
constexpr Bytes operator+(Bytes a, Bytes b) { return Bytes{count(a) + count(b)}; }
constexpr Bytes operator-(Bytes a, Bytes b) { return Bytes{count(a) - count(b)}; }
constexpr Bytes& operator+=(Bytes& a, Bytes b) { return a = a + b; }

/// A process (thread group) in the procfs that is read; never a thread.
enum class Pid : std::int32_t {};
/// A thread in the procfs that is read.
enum class Tid : std::int32_t {};
/// Clock ticks since boot at which a process or thread began; with its number it is an identity.
enum class StartTime : std::uint64_t {};
/// An inode number.
enum class Inode : std::uint64_t {};

constexpr std::int32_t number(Pid pid) { return static_cast<std::int32_t>(pid); }
constexpr std::int32_t number(Tid tid) { return static_cast<std::int32_t>(tid); }
constexpr std::uint64_t number(StartTime start) { return static_cast<std::uint64_t>(start); }
constexpr std::uint64_t number(Inode inode) { return static_cast<std::uint64_t>(inode); }

/// CLOCK_MONOTONIC: the clock of ages, and of the Go runtime's nanotime.
using MonotonicTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;
using Nanoseconds = std::chrono::nanoseconds;

/// A duration as Prometheus wants it.
constexpr double seconds(Nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace proctor

template <>
struct std::hash<proctor::Pid> {
  std::size_t operator()(proctor::Pid pid) const noexcept { return static_cast<std::size_t>(proctor::number(pid)); }
};

template <>
struct std::hash<proctor::Inode> {
  std::size_t operator()(proctor::Inode inode) const noexcept {
    return static_cast<std::size_t>(proctor::number(inode));
  }
};

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tests/simulate/scenario.h"

namespace proctor {
namespace {

using P = SimulatedProcess;

double wave(double second, double period) { return std::sin(2 * std::numbers::pi * second / period); }

/// Rises from 0 to 1 within `rise` of every `period`, and falls back at its end.
double ramp(double second, double period, double rise) { return std::min(1.0, std::fmod(second, period) / rise); }

double noise(P& process, double width) { return std::uniform_real_distribution<>{-width, width}(process.dice()); }

}  // namespace

std::vector<Scenario> memory_scenarios() {
  const auto leak = FindingKind::memory_leak;
  return {
      {.name = "E01",
       .past = "200 MiB are given back lazily, later 700 MiB are held",
       .length = 4 * kDay,
       .interval = 60,
       .step =
           [](P& p, double t, bool) {
             p.anonymous = t < kHour ? 250 : 700;
             p.lazily_freed = t < kHour ? 200 : 0;
           }},
      {.name = "E02",
       .past = "a runtime claims memory after each daily start and levels off",
       .length = 3 * kDay,
       .interval = 60,
       .step =
           [](P& p, double t, bool first) {
             const double age = std::fmod(t, kDay);
             if (age == 0 && !first) p.restart(t);
             p.anonymous = 120 + 380 * (1 - std::exp(-age / (kHour / 2)));
             p.limit = 1024;
           }},
      {.name = "E03",
       .past = "a cache refills for three hours of each eight",
       .length = 4 * kDay,
       .interval = 60,
       .step =
           [](P& p, double t, bool) {
             p.anonymous = 40 + 90 * ramp(t, 8 * kHour, 3 * kHour);
             p.limit = 512;
           }},
      {.name = "E04",
       .past = "12 MiB with peaks of 28 for two minutes of each forty",
       .length = 4 * kDay,
       .interval = 60,
       .step = [](P& p, double t, bool) { p.anonymous = std::fmod(t, 40 * kMinute) < 2 * kMinute ? 28 : 12; }},
      {.name = "E07",
       .past = "a job of five minutes takes 300 MiB and ends, every ten minutes",
       .length = kDay,
       .step =
           [](P& p, double t, bool) {
             const double age = std::fmod(t, 10 * kMinute);
             if (age == 0) p.restart(t);
             p.anonymous = 5 + 300 * std::min(1.0, age / (5 * kMinute));
           }},
      {.name = "E09",
       .past = "steps of 20 % three times a day, which fall back after two hours",
       .length = 4 * kDay,
       .interval = 60,
       .step =
           [](P& p, double t, bool) {
             const double since = std::fmod(t, 8 * kHour) - 6 * kHour;
             p.anonymous = 1000 + 200 * std::clamp(since / (10 * kMinute), 0.0, 1.0);
           }},
      {.name = "E13",
       .past = "a heap that is collected each quarter of an hour",
       .length = 2 * kDay,
       .interval = 30,
       .step = [](P& p, double t, bool) { p.anonymous = 350 + 530 * std::fmod(t, 15 * kMinute) / (15 * kMinute); }},
      {.name = "E15",
       .past = "a Go program that freed nine tenths and has not collected since",
       .length = kDay,
       .interval = 30,
       .step =
           [](P& p, double t, bool) {
             p.anonymous = 1000;
             p.go_heap_live = t < kHour ? 900 : 950;
             p.go_heap_marked = t < kHour ? 890 : 900;
           }},
      {.name = "E17",
       .past = "3 GiB of a file pass through the page cache, 300 MiB are its own",
       .length = kDay,
       .interval = 30,
       .step =
           [](P& p, double t, bool) {
             p.anonymous = 300;
             p.file = 10 + 3072 * ramp(t, kHour, 50 * kMinute);
             p.limit = 4096;
           }},
      {.name = "E18",
       .past = "a Go heap that doubles before each collection, later five times",
       .length = kDay,
       .interval = 30,
       .step =
           [](P& p, double t, bool) {
             const double top = t < 12 * kHour ? 1024 : 4096;
             p.go_heap_marked = 1024;
             p.go_heap_live = 1024 + top * std::fmod(t, 10 * kMinute) / (10 * kMinute);
             p.anonymous = 60 + std::max(p.go_heap_live, p.anonymous - 60);
           }},
      {.name = "day and night",
       .past = "memory follows the load of the day, 200 to 800 MiB",
       .length = 4 * kDay,
       .interval = 60,
       .settles = kDay,
       .step = [](P& p, double t, bool) { p.anonymous = 500 - 300 * wave(t + 6 * kHour, kDay) + noise(p, 5); }},
      {.name = "nightly batch",
       .past = "a batch takes 2 GiB over forty minutes of each night",
       .length = 4 * kDay,
       .interval = 60,
       .settles = kDay,
       .step =
           [](P& p, double t, bool) {
             const double since = std::fmod(t, kDay) - 20 * kHour;
             p.anonymous = 300 + (since < 0 || since > kHour ? 0 : 2048 * std::min(1.0, since / (40 * kMinute)));
           }},
      {.name = "cache fill",
       .past = "a cache fills as it meets new keys, and levels off at 2 GiB within a day",
       .length = 3 * kDay,
       .interval = 60,
       .settles = kDay,
       .step = [](P& p, double t, bool) { p.anonymous = 100 + 2000 * (1 - std::exp(-t / (4 * kHour))) + noise(p, 3); }},
      {.name = "full cache",
       .past = "a cache fills evenly within the hour after a restart, and is full",
       .length = kDay,
       .interval = 30,
       .settles = 1.5 * kHour,
       .step = [](P& p, double t, bool) { p.anonymous = 100 + 400 * std::min(1.0, t / kHour); }},
      {.name = "load test",
       .past = "a load test in ten steps of six minutes, then all is given back",
       .length = 8 * kHour,
       .settles = 4.5 * kHour,
       .step =
           [](P& p, double t, bool) {
             const double since = t - 3 * kHour;
             const bool on = since >= 0 && since < kHour;
             p.anonymous = 200 + (on ? 80 * std::floor(since / (6 * kMinute)) : 0) + noise(p, 4);
           }},
      {.name = "noise",
       .past = "500 MiB, up and down by 15 % from minute to minute",
       .length = 2 * kDay,
       .interval = 30,
       .step =
           [](P& p, double t, bool first) {
             if (first || std::fmod(t, kMinute) == 0) p.anonymous = 500 + noise(p, 75);
           }},
      {.name = "drift",
       .past = "a random walk that is drawn back to 400 MiB",
       .length = 4 * kDay,
       .interval = 60,
       .settles = 6 * kHour,
       .step = [](P& p, double,
                  bool first) { p.anonymous = first ? 400 : p.anonymous + 0.02 * (400 - p.anonymous) + noise(p, 6); }},
      {.name = "fragmented",
       .past = "malloc keeps what a peak took, and its free lists change",
       .right = FindingKind::memory_fragmentation,
       .length = kDay,
       .interval = 30,
       .begins = 2 * kHour,
       .within = kHour,
       .step =
           [](P& p, double t, bool) {
             const bool after = t >= 2 * kHour;
             p.anonymous = after ? 900 : 100;
             p.malloc_held = after ? 850 : 60;
             p.malloc_free = (after ? 800 : 5) + noise(p, 4);
           }},
      {.name = "B05",
       .past = "1 MiB a second, after two hours of calm",
       .right = leak,
       .begins = 2 * kHour,
       .within = 30 * kMinute,
       .step = [](P& p, double t, bool) { p.anonymous = 200 + std::max(0.0, t - 2 * kHour); }},
      {.name = "slow bytes",
       .past = "1 MiB a minute from the start, with some noise",
       .right = leak,
       .length = kDay,
       .interval = 30,
       .within = 60 * kMinute,
       .step = [](P& p, double t, bool) { p.anonymous = 200 + t / kMinute + noise(p, 0.5); }},
      {.name = "leak under a saw-tooth",
       .past = "a collected heap whose floor rises by 2 MiB a minute",
       .right = leak,
       .length = kDay,
       .interval = 30,
       .within = 60 * kMinute,
       .step = [](P& p, double t, bool) { p.anonymous = 300 + 2 * t / kMinute + 200 * std::fmod(t, 120) / 120; }},
      {.name = "leak by load",
       .past = "3 MiB a minute by day, a third of it by night",
       .right = leak,
       .length = 2 * kDay,
       .interval = 60,
       .within = 2 * kHour,
       .step =
           [](P& p, double t, bool first) {
             if (first) p.anonymous = 200;
             p.anonymous += (2 + wave(t, kDay)) + noise(p, 1);
           }},
      {.name = "leak, mended by a restart",
       .past = "5 MiB a minute until the process is replaced by one that does not leak",
       .right = leak,
       .within = kHour,
       .ends = 3 * kHour,
       .step =
           [](P& p, double t, bool) {
             if (t == 3 * kHour) p.restart(t);
             p.anonymous = t < 3 * kHour ? 100 + 5 * t / kMinute : 120;
           }},
      {.name = "Go leak",
       .past = "what a Go collection leaves rises by 4 MiB each two minutes",
       .right = leak,
       .length = 12 * kHour,
       .interval = 10,
       .within = 60 * kMinute,
       .step =
           [](P& p, double t, bool) {
             p.go_heap_marked = 100 + 4 * std::floor(t / 120);
             p.go_heap_live = p.go_heap_marked * (1 + std::fmod(t, 120) / 120);
             p.anonymous = 60 + 2 * p.go_heap_marked;
           }},
      {.name = "leak over a full cache",
       .past = "a cache of 800 MiB turns over while 1.5 MiB a minute are lost",
       .right = leak,
       .length = kDay,
       .interval = 30,
       .within = 90 * kMinute,
       .step = [](P& p, double t, bool) { p.anonymous = 800 + 1.5 * t / kMinute + noise(p, 4); }},
  };
}

}  // namespace proctor

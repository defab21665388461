#include <algorithm>
#include <cmath>
#include <numbers>

#include "tests/simulate/scenario.h"

namespace proctor {
namespace {

using P = SimulatedProcess;

constexpr auto kGoroutine = PopulationKind::goroutine;
constexpr auto kThread = PopulationKind::thread;
constexpr auto kFd = PopulationKind::fd;

/// How often something that comes so often in a second came since the last look.
std::size_t events(P& process, double per_second, double interval) {
  return std::poisson_distribution<std::size_t>{per_second * interval}(process.dice());
}

bool each(double second, double period) { return second > 0 && std::fmod(second, period) == 0; }

double daylight(double second) { return 0.5 - 0.5 * std::cos(2 * std::numbers::pi * second / kDay); }

/// Requests that come and go, of which some thousand stand at one place.
void serve(P& process, double per_second, double interval) {
  Crowd& handlers = process.crowd(kGoroutine, "main.handle");
  handlers.leave_random(handlers.size() / 3, process.dice());
  handlers.arrive(events(process, per_second, interval));
}

std::vector<Scenario> healthy() {
  return {
      {.name = "A19",
       .past = "a pool's opener stands at one place as long as the process",
       .length = kDay,
       .step = [](P& p, double, bool) { p.crowd(kGoroutine, "sql.opener").become(1); }},
      {.name = "A35",
       .past = "a backlog of 30,000 comes at once and drains in order",
       .right = FindingKind::goroutine_spike,
       .length = 3 * kHour,
       .begins = kHour,
       .within = kMinute,
       .ends = kHour + 3 * kMinute,
       .step =
           [](P& p, double t, bool) {
             const double since = t - kHour;
             p.crowd(kGoroutine, "main").become(10);
             Crowd& waiting = p.crowd(kGoroutine, "main.await");
             if (since >= 0 && since < kMinute) waiting.arrive(10'000);
             if (since >= 0) waiting.leave_oldest(5'000);
           }},
      {.name = "E06",
       .past = "ten replicas of constant size come one after the other: each by itself is constant",
       .length = 4 * kHour,
       .step = [](P& p, double, bool) { p.crowd(kGoroutine, "main.serve").become(200); }},
      {.name = "E22",
       .past = "a lazy pool takes three hours to fill, then one worker is replaced each minute",
       .length = kDay,
       .settles = 3.5 * kHour,
       .step =
           [](P& p, double t, bool) {
             Crowd& workers = p.crowd(kThread, "worker");
             workers.become(static_cast<std::size_t>(10 + 190 * std::min(1.0, t / (3 * kHour))));
             if (t > 3 * kHour && each(t, kMinute)) {
               workers.leave_random(1, p.dice());
               workers.arrive(1);
             }
           }},
      {.name = "E27",
       .past = "a fifth of the looks lacks a part",
       .length = 6 * kHour,
       .step =
           [](P& p, double, bool) {
             p.tells_goroutines = !std::bernoulli_distribution{0.2}(p.dice());
             serve(p, 100, 10);
           }},
      {.name = "requests by day",
       .past = "handlers that come and go, twenty times as many by day",
       .length = 3 * kDay,
       .interval = 30,
       .step = [](P& p, double t, bool) { serve(p, 5 + 100 * daylight(t), 30); }},
      {.name = "sessions",
       .past = "connections of an hour, whose number follows the day",
       .length = 3 * kDay,
       .interval = 60,
       .step =
           [](P& p, double t, bool first) {
             Crowd& sessions = p.crowd(kFd, "tcp:443");
             if (first) sessions.arrive(180);
             sessions.leave_random(sessions.size() / 60, p.dice());
             sessions.arrive(events(p, 0.05 + 0.3 * daylight(t), 60));
           }},
      {.name = "long sessions",
       .past = "websockets that stay for eight hours, with the people who are at work",
       .length = 4 * kDay,
       .interval = 60,
       .settles = kDay,
       .step = [](P& p, double t,
                  bool) { p.crowd(kGoroutine, "ws.read").become(static_cast<std::size_t>(50 + 2000 * daylight(t))); }},
      {.name = "cron",
       .past = "fifty workers for ten minutes of each hour",
       .length = kDay,
       .step =
           [](P& p, double t, bool) {
             p.crowd(kThread, "main").become(4);
             p.crowd(kThread, "cron").become(std::fmod(t, kHour) < 10 * kMinute ? 50 : 0);
           }},
      {.name = "rolling pool",
       .past = "a pool of 100 connections, each replaced after half an hour",
       .length = 12 * kHour,
       .step =
           [](P& p, double, bool first) {
             Crowd& pool = p.crowd(kFd, "tcp:5432");
             if (first) pool.arrive(100);
             const std::size_t worn = events(p, 100.0 / 1800, 10);
             pool.leave_oldest(worn);
             pool.arrive(worn);
           }},
      {.name = "growing pool",
       .past = "a pool doubles when the load does, once",
       .length = 8 * kHour,
       .step = [](P& p, double t, bool) { p.crowd(kThread, "pool").become(t < 4 * kHour ? 32 : 64); }},
      {.name = "log rotation",
       .past = "a file more each hour, and the oldest of 24 is closed",
       .length = 4 * kDay,
       .interval = 60,
       .step =
           [](P& p, double t, bool first) {
             Crowd& files = p.crowd(kFd, "/var/log/*");
             if (first) files.arrive(24);
             if (!each(t, kHour)) return;
             files.arrive(1);
             files.leave_oldest(1);
           }},
      {.name = "deploys",
       .past = "the process is replaced every two hours, and opens 300 connections within ten minutes",
       .length = kDay,
       .step =
           [](P& p, double t, bool) {
             if (each(t, 2 * kHour)) p.restart(t);
             const double age = std::fmod(t, 2 * kHour);
             p.crowd(kFd, "tcp:6379").become(static_cast<std::size_t>(300 * std::min(1.0, age / (10 * kMinute))));
           }},
      {.name = "leases",
       .past = "a goroutine for each lease of two hours, three begun each minute",
       .length = kDay,
       .interval = 20,
       .begins = 0,
       .step =
           [](P& p, double, bool first) {
             Crowd& leases = p.crowd(kGoroutine, "vault.lease");
             // It has run for long when it is first looked at.
             if (first) leases.arrive(360);
             const std::size_t number = events(p, 0.05, 20);
             leases.leave_oldest(number);
             leases.arrive(number);
           }},
  };
}

std::vector<Scenario> leaking() {
  const auto goroutines = FindingKind::goroutine_leak;
  return {
      {.name = "A01",
       .past = "each timeout of a busy server leaves one, from the second hour on",
       .right = goroutines,
       .begins = 2 * kHour,
       .within = 30 * kMinute,
       .step =
           [](P& p, double t, bool) {
             serve(p, 200, 10);
             if (t > 2 * kHour) p.crowd(kGoroutine, "main.send").arrive(events(p, 0.2, 10));
           }},
      {.name = "A04",
       .past = "streams are replaced ten times a second, one in twenty stays",
       .right = goroutines,
       .length = 4 * kHour,
       .within = 30 * kMinute,
       .step =
           [](P& p, double, bool) {
             Crowd& streams = p.crowd(kGoroutine, "etcd.stream");
             streams.arrive(100);
             Crowd& stuck = p.crowd(kGoroutine, "etcd.stuck");
             const std::size_t stay = events(p, 0.5, 10);
             streams.leave_oldest(100 - std::min<std::size_t>(100, stay));
             streams.leave_oldest(stay);
             stuck.arrive(stay);
           }},
      {.name = "A09",
       .past = "five at once with each failed start, forty times in forty minutes",
       .right = goroutines,
       .length = 2 * kHour,
       .begins = 10 * kMinute,
       .within = 40 * kMinute,
       .step =
           [](P& p, double t, bool) {
             if (t >= 10 * kMinute && t < 50 * kMinute && each(t, kMinute)) {
               for (const char* place : {"attach", "wait", "copy", "log", "event"})
                 p.crowd(kGoroutine, place).arrive(1);
             }
           }},
      {.name = "A14",
       .past = "50 an hour among two thousand that come and go",
       .right = goroutines,
       .length = 12 * kHour,
       .within = 6 * kHour,
       .step =
           [](P& p, double, bool) {
             serve(p, 70, 10);
             p.crowd(kGoroutine, "vault.expired").arrive(events(p, 50 / kHour, 10));
           }},
      {.name = "A16",
       .past = "one with each reload, every twenty minutes",
       .right = goroutines,
       .length = 12 * kHour,
       .interval = 30,
       .within = 8 * kHour,
       .step =
           [](P& p, double t, bool) {
             if (each(t, 20 * kMinute)) p.crowd(kGoroutine, "caddy.ticker").arrive(1);
           }},
      {.name = "A23",
       .past = "two a minute while twenty controllers are replaced, until that ends",
       .right = goroutines,
       .length = 8 * kHour,
       .within = kHour,
       .ends = 4 * kHour,
       .step =
           [](P& p, double t, bool) {
             if (t < 4 * kHour && each(t, kMinute)) p.crowd(kGoroutine, "informer.run").arrive(2);
             if (each(t, kMinute)) p.crowd(kGoroutine, "controller").renew(20);
           }},
      {.name = "A26",
       .past = "44,000 within a look, and all gone after two minutes",
       .right = FindingKind::goroutine_spike,
       .length = 2 * kHour,
       .begins = kHour,
       .within = kMinute,
       .ends = kHour + 2 * kMinute,
       .step =
           [](P& p, double t, bool) {
             serve(p, 20, 10);
             p.crowd(kGoroutine, "sql.wait").become(t >= kHour && t < kHour + 2 * kMinute ? 44'000 : 0);
           }},
      {.name = "A27",
       .past = "one each ten minutes on a base of 240",
       .right = goroutines,
       .length = kDay,
       .interval = 30,
       .within = 12 * kHour,
       .step =
           [](P& p, double t, bool) {
             p.crowd(kGoroutine, "base").become(240);
             if (each(t, 10 * kMinute)) p.crowd(kGoroutine, "pgx.watch").arrive(1);
           }},
      {.name = "B08",
       .past = "a scheduler's thread for each task, 60 an hour",
       .right = FindingKind::thread_leak,
       .length = 4 * kHour,
       .within = kHour,
       .step =
           [](P& p, double t, bool) {
             p.crowd(kThread, "main").become(26);
             if (each(t, kMinute)) p.crowd(kThread, "pool-*-thread-*").arrive(1);
           }},
      {.name = "B10",
       .past = "two threads for each of twenty peers, of which one in twenty keeps them",
       .right = FindingKind::thread_leak,
       .length = 12 * kHour,
       .within = 8 * kHour,
       .step =
           [](P& p, double t, bool first) {
             Crowd& peers = p.crowd(kThread, "peer");
             if (first) peers.arrive(40);
             if (!each(t, 30)) return;
             // A peer leaves and another comes; each twentieth that leaves keeps its threads.
             peers.leave_random(2, p.dice());
             peers.arrive(2);
             if (each(t, 600)) p.crowd(kThread, "peer#failed").arrive(2);
           }},
      {.name = "C11",
       .past = "an UDP socket each 40 seconds",
       .right = FindingKind::fd_leak,
       .length = 4 * kHour,
       .within = 30 * kMinute,
       .step =
           [](P& p, double t, bool) {
             if (each(t, 40)) p.crowd(kFd, "udp").arrive(1);
           }},
      {.name = "E22, without a cap",
       .past = "a worker more each minute, without end",
       .right = FindingKind::thread_leak,
       .length = 6 * kHour,
       .within = kHour,
       .step = [](P& p, double t,
                  bool) { p.crowd(kThread, "worker").become(10 + static_cast<std::size_t>(t / kMinute)); }},
      {.name = "leak by load",
       .past = "one request in a thousand is lost, by day and by night",
       .right = FindingKind::fd_leak,
       .length = kDay,
       .interval = 30,
       .within = 3 * kHour,
       .step =
           [](P& p, double t, bool) {
             p.crowd(kFd, "lost").arrive(events(p, 0.002 + 0.02 * daylight(t), 30));
             p.crowd(kFd, "tcp:80").become(static_cast<std::size_t>(20 + 100 * daylight(t)));
           }},
      {.name = "leak among leavers",
       .past = "a hundred a minute come, ninety-eight leave within two minutes",
       .right = FindingKind::fd_leak,
       .length = 4 * kHour,
       .within = kHour,
       .step =
           [](P& p, double, bool) {
             Crowd& open = p.crowd(kFd, "file");
             open.leave_random(open.size() / 12, p.dice());
             open.arrive(events(p, 100.0 / 60, 10));
             p.crowd(kFd, "file#lost").arrive(events(p, 2.0 / 60, 10));
           }},
      {.name = "bursts that stay",
       .past = "a hundred each half hour, none of which leaves",
       .right = goroutines,
       .length = 8 * kHour,
       .within = 5 * kHour,
       .step =
           [](P& p, double t, bool) {
             if (each(t, 30 * kMinute)) p.crowd(kGoroutine, "retry").arrive(100);
           }},
  };
}

}  // namespace

std::vector<Scenario> population_scenarios() {
  std::vector<Scenario> all = healthy();
  std::ranges::move(leaking(), std::back_inserter(all));
  return all;
}

}  // namespace proctor

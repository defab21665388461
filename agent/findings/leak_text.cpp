#include "agent/findings/leak_text.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace proctor {
namespace {

std::string_view members_of(PopulationKind kind) {
  switch (kind) {
    case PopulationKind::goroutine: return "goroutines";
    case PopulationKind::thread: return "threads";
    case PopulationKind::fd: return "descriptors";
    case PopulationKind::socket: return "sockets";
    case PopulationKind::mapping: return "mappings";
    case PopulationKind::child: return "child processes";
    case PopulationKind::timer: return "timers";
    case PopulationKind::context: return "contexts";
    case PopulationKind::allocation: return "objects";
  }
  return "members";
}

struct Advice {
  std::string_view reason;
  std::string_view text;
};
constexpr auto kGoroutineAdvice = std::to_array<Advice>({
    {"chan send", "nobody receives: give the channel room for the value, or select on the context as well"},
    {"chan receive", "nobody sends or closes: close the channel on every path, or select on the context as well"},
    {"select", "no case becomes ready: cancel the context, and call its cancel function on every path"},
    {"select (no cases)", "an empty select is for main alone: a goroutine that has nothing to do should return"},
    {"chan receive (nil chan)", "the channel was never made"},
    {"chan send (nil chan)", "the channel was never made"},
    {"sync.Mutex.Lock", "the holder does not unlock: look for a return between Lock and Unlock, or a lock cycle"},
    {"sync.RWMutex.Lock", "a reader or writer does not unlock, or one goroutine read-locks twice"},
    {"sync.RWMutex.RLock", "a writer holds or waits for the lock for ever"},
    {"semacquire", "a mutex, RWMutex or WaitGroup is never released: look for a missing Unlock or Done"},
    {"sync.WaitGroup.Wait", "a Done is missing on some path"},
    {"sync.Cond.Wait", "nobody calls Signal or Broadcast"},
    {"IO wait", "the peer says nothing more: set a deadline, and close bodies and connections"},
    {"syscall", "a call of the kernel does not return: find what it waits for, and set a deadline where there is one"},
    {"coroutine", "an iterator that is pulled from is neither read to its end nor stopped: call stop on every path"},
    {"sleep", "more is started than ends: bound the number of sleepers"},
});

/// What is known of libraries tells more than the way of waiting. Functions of the standard library and of wide-spread
/// modules, which hold a connection or a stream until their caller lets go of it.
constexpr auto kFunctionAdvice = std::to_array<Advice>({
    {"net/http.(*persistConn).readLoop",
     "an answer's body is neither read to its end nor closed: close it on every path, "
     "and share one http.Client"},
    {"net/http.(*persistConn).writeLoop",
     "an answer's body is neither read to its end nor closed: close it on every "
     "path, and share one http.Client"},
    {"net/http.(*persistConn).roundTrip",
     "the server does not answer: set a Timeout of the http.Client, or a context with a deadline"},
    {"net.(*netFD).connect", "nobody answers there: set a Timeout of the net.Dialer, or a context with a deadline"},
    {"os.(*Process).Wait", "a child process does not end: start it by exec.CommandContext, with a deadline"},
    {"net/http.(*conn).serve", "clients keep their connections: set IdleTimeout and ReadHeaderTimeout of the server"},
    {"database/sql.(*DB).connection", "databases are opened again and again: open one, and close it at the end"},
    {"database/sql.(*DB).conn",
     "every connection of the pool is taken: close rows and end transactions on every path, and give calls a deadline"},
    {"golang.org/x/sync/semaphore.(*Weighted).Acquire", "a Release is missing on some path, or its holders do not end"},
    {"golang.org/x/sync/singleflight.(*Group).Do", "the call that all of them share does not end"},
    {"database/sql.(*Tx).awaitDone", "a transaction is neither committed nor rolled back on some path"},
    {"database/sql.(*Rows).awaitDone", "rows are not closed on some path"},
    {"google.golang.org/grpc.newClientStreamWithParams",
     "a stream is neither read to its end nor cancelled: cancel its "
     "context on every path"},
    {"google.golang.org/grpc/internal/transport.(*controlBuffer).get",
     "connections are dialled again and again: keep "
     "one, and close it at the end"},
    {"io.(*pipe).read", "nobody closes the writer of this io.Pipe: close it on every path, with an error after one"},
    {"io.(*pipe).write", "nobody reads this io.Pipe any more: close its reader on every path"},
    {"os/exec.(*Cmd).watchCtx", "Wait is not called for a command that was started"},
    {"time.Sleep", "more is started than ends: bound the number of sleepers"},
});

std::string_view advice_by_function(const Site& site) {
  for (const Frame& frame : site.frames) {
    for (const Advice& advice : kFunctionAdvice) {
      // Also function literals in it.
      if (frame.function.starts_with(advice.reason)) return advice.text;
    }
    // Who called the user's code has nothing to do with where it waits.
    if (frame == site.user) break;
  }
  return {};
}

}  // namespace

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string place_of(const Site& site) {
  std::string place = site.user.function;
  if (!site.name.empty() && site.name != place) {
    place = place.empty() ? site.name : fmt::format("{} in {}", site.name, place);
  }
  std::string detail;
  if (site.user.line != 0) {
    detail = fmt::format("{}:{}", base_name(site.user.file), site.user.line);
  } else if (!site.user.file.empty()) {
    place += place.empty() ? site.user.file : " " + site.user.file;
  }
  std::string wait = site.reason.empty() ? site.state : site.reason;
  // That it waits is said by what it waits for; the state of a socket is another matter.
  if (wait == "heap") wait.clear();
  if (wait == "none") wait = "sockets that no protocol lists";
  const bool tells_more =
      site.state != "none" && site.state != "waiting" && site.state != "sleeping" && site.state != wait;
  if (tells_more && !site.state.empty()) wait += " " + site.state;
  if (!wait.empty()) detail += detail.empty() ? wait : ", " + wait;
  if (place.empty()) return detail;
  return detail.empty() ? place : fmt::format("{} ({})", place, detail);
}

std::string leak_sentence(PopulationKind kind, const Finding& finding, Nanoseconds span) {
  return fmt::format("{} {} arrived at {} in {:.0f} s and stayed: {:.3g} per second; the oldest is there for {:.0f} s.",
                     finding.members, members_of(kind), place_of(*finding.site), seconds(span), finding.per_second,
                     seconds(finding.oldest));
}

std::string slow_leak_sentence(PopulationKind kind, const Finding& finding, Nanoseconds span) {
  constexpr double kHour = 3600;
  return fmt::format("The least that stayed at {} rose by {} {} in {:.1f} h, {:.1f} per hour, and hardly any left.",
                     place_of(*finding.site), finding.members, members_of(kind), seconds(span) / kHour,
                     finding.per_second * kHour);
}

std::string leak_advice(PopulationKind kind, const Site& site) {
  switch (kind) {
    case PopulationKind::goroutine:
      if (const auto advice = advice_by_function(site); !advice.empty()) return std::string{advice};
      for (const Advice& advice : kGoroutineAdvice) {
        if (advice.reason == site.reason) return std::string{advice.text};
      }
      return "find the path on which these goroutines end, and why it is not taken";
    case PopulationKind::thread: return "join or end the threads that are started here; a pool bounds their number";
    case PopulationKind::fd: return "close on every path, also after errors";
    case PopulationKind::socket:
      return site.state == "close_wait" ? "the peer has closed: close the socket when a read says so"
                                        : "close connections that are no longer used; set idle timeouts";
    case PopulationKind::mapping: return "unmap, or bound what maps";
    case PopulationKind::child: return "wait for children that ended";
    case PopulationKind::context:
      return "call the cancel function of every context that is made for one piece of work, on every path: until then "
             "its "
             "parent holds it";
    case PopulationKind::timer:
      return site.reason == "context" ? "call the cancel function of every context with a deadline, on every path"
                                      : "stop the ticker where what it serves ends";
    case PopulationKind::allocation: return "find what still refers to these objects";
  }
  return {};
}

}  // namespace proctor

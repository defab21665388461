#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "collectors/go/go_version.h"

namespace proctor {

/// Offsets in bytes of the fields that we read, linux/amd64, named as the runtime names them. A field that a
/// version lacks is absent. The rows are generated from layouts/go-offsets.json, never typed.
struct GLayout {
  std::uint32_t size, stack_lo, stack_hi, m, sched_sp, sched_pc, sched_g, sched_bp, syscallsp, syscallpc;
  std::optional<std::uint32_t> syscallbp;  // 1.23
  std::uint32_t atomicstatus, goid, waitsince, waitreason, tracking_seq, lockedm;
  std::optional<std::uint32_t> parent_goid;  // 1.21
  std::uint32_t gopc, startpc, waiting, labels;
  friend bool operator==(const GLayout&, const GLayout&) = default;
};

struct SchedLayout {
  std::uint32_t gfree_n;                         // sched.gFree.n, or from 1.25 sched.gFree.stack.size
  std::optional<std::uint32_t> gfree_nostack_n;  // 1.25: sched.gFree.noStack.size, added to gfree_n
  std::uint32_t size, goidgen, ngsys, lock;
  std::optional<std::uint32_t> goroutines_created;  // 1.26: of processors that are no more
  friend bool operator==(const SchedLayout&, const SchedLayout&) = default;
};

struct PLayout {
  std::uint32_t gfree_n, size, id, goidcache, goidcacheend;
  std::optional<std::uint32_t> goroutines_created;  // 1.26
  std::uint32_t timers, dead_timers;                // counts: of its heap, and of those in it that are stopped
  friend bool operator==(const PLayout&, const PLayout&) = default;
};

struct ModuledataLayout {
  std::optional<std::uint32_t> itablinks;             // until 1.26
  std::optional<std::uint32_t> itaboffset, itabsize;  // 1.27
  std::uint32_t size, pc_header, funcnametab, cutab, filetab, pctab, pclntable, ftab, minpc, maxpc, text, etext, data,
      edata, bss, ebss, types, etypes, gofunc, next;
  friend bool operator==(const ModuledataLayout&, const ModuledataLayout&) = default;
};

struct FuncLayout {
  std::uint32_t size;  // of runtime._func, before its pcdata offsets
  std::uint32_t func_id;
  std::uint8_t wrapper_id;     // the value of func_id for code that the compiler wrote
  bool hides_type_arguments;   // 1.21: the runtime prints generic functions as f[...]
  std::uint32_t inlined_size;  // of runtime.inlinedCall
  bool inlined_has_parent;     // 1.18 and 1.19: an entry names its parent by index
  friend bool operator==(const FuncLayout&, const FuncLayout&) = default;
};

/// What a goroutine waits for: one for each case of a select.
struct SudogLayout {
  std::uint32_t size, g, is_select, waitlink;
  std::uint32_t prev, next;  // of a list of waiters; in the table of semaphores the children in a tree
  std::uint32_t elem, c;     // 1.26: both have a second word, which the collector leaves alone
  friend bool operator==(const SudogLayout&, const SudogLayout&) = default;
};

struct HchanLayout {
  std::uint32_t size, qcount, dataqsiz, closed, elemtype;
  friend bool operator==(const HchanLayout&, const HchanLayout&) = default;
};

struct TypeLayout {
  std::uint32_t size, tflag, str;
  friend bool operator==(const TypeLayout&, const TypeLayout&) = default;
};

/// Of package context, whose structs begin with the interface value of their parent.
struct ContextLayout {
  std::uint32_t children, err, cancel_size, timer_size, deadline_wall, deadline_ext;
  bool timer_has_pointer;  // 1.20: a timerCtx points to its cancelCtx
  bool err_is_value;       // 1.25: an atomic.Value, whose first word is the type
  friend bool operator==(const ContextLayout&, const ContextLayout&) = default;
};

struct GcControllerLayout {
  std::uint32_t gc_percent, heap_live, heap_marked;
  std::optional<std::uint32_t> memory_limit;  // 1.19
  friend bool operator==(const GcControllerLayout&, const GcControllerLayout&) = default;
};

struct MemstatsLayout {
  std::uint32_t numgc, pause_total_ns, last_gc_unix, enablegc;
  std::uint32_t heap_stats, shard_size, shard_stacks;  // three shards, and in each the bytes of stacks
  friend bool operator==(const MemstatsLayout&, const MemstatsLayout&) = default;
};

/// runtime.mheap_, and a run of pages in it. `size` is what is read of a span: to the end of the last field.
struct HeapLayout {
  std::uint32_t all_spans, arenas;
  friend bool operator==(const HeapLayout&, const HeapLayout&) = default;
};

struct SpanLayout {
  std::uint32_t size, start, pages, span_class, state, element_size, specials;
  friend bool operator==(const SpanLayout&, const SpanLayout&) = default;
};

/// `size` is what is read of it: to the end of the last field.
struct TimerLayout {
  std::uint32_t size, period, function, argument, state;
  bool in_pairs;  // 1.23: a heap of timers holds when they fire beside each, and `state` is of bits
};

/// runtime.pollDesc: a descriptor, and the goroutines that wait to read and to write. `size` is what is read of it.
struct PollLayout {
  std::uint32_t size, fd, reader, writer;
};

/// All that is read of one release of the Go runtime.
struct GoLayout {
  GoVersion from;           // the first release that the row describes
  GoVersion until;          // the first that it does not
  std::string_view source;  // where the row comes from, as the table says
  GLayout g;
  SchedLayout sched;
  PLayout p;
  ModuledataLayout moduledata;
  FuncLayout func;
  SudogLayout sudog;
  HchanLayout hchan;
  TypeLayout type;
  ContextLayout context;
  GcControllerLayout gc_controller;
  MemstatsLayout memstats;
  HeapLayout heap;
  SpanLayout span;
  TimerLayout timer;
  PollLayout poll;
  std::uint32_t semaphore_treap;                   // of runtime.semaRoot: the tree of those that wait
  std::uint32_t heap_cycle_size;                   // of runtime.memRecordCycle: four words until 1.26, then two
  std::span<const std::string_view> wait_reasons;  // by number
};

/// The row for a release, or unsupported_go_version: a newer or older one.
Result<const GoLayout*> layout_of(const GoVersion& version);
std::span<const GoLayout> all_layouts();

class DwarfTypes;

/// A row with every offset that the binary's own DWARF knows in place of the table's: a vendor's toolchain may have
/// moved fields.
GoLayout with_dwarf(GoLayout layout, const DwarfTypes& types);

}  // namespace proctor

#!/usr/bin/env python3
"""Writes the rows of layout.h as C++ from go-offsets.json, and what fills a row from DWARF: generate.py IN ROWS DWARF.

Fails where a field that we read has moved between two point releases of a minor version, or is missing
in a version that the header does not mark as optional: a row must never be half right.
"""

import json
import sys

# Member of layout.h: (struct, field) of the table. A trailing "?" marks what some versions lack.
G = {
    "size": "_size", "stack_lo": "stack.lo", "stack_hi": "stack.hi", "m": "m", "sched_sp": "sched.sp",
    "sched_pc": "sched.pc", "sched_g": "sched.g", "sched_bp": "sched.bp", "syscallsp": "syscallsp",
    "syscallpc": "syscallpc", "syscallbp": "syscallbp?", "atomicstatus": "atomicstatus", "goid": "goid",
    "waitsince": "waitsince", "waitreason": "waitreason", "tracking_seq": "trackingSeq", "lockedm": "lockedm",
    "parent_goid": "parentGoid?", "gopc": "gopc", "startpc": "startpc", "waiting": "waiting", "labels": "labels",
}
MODULEDATA = {
    "itablinks": "itablinks?", "itaboffset": "itaboffset?", "itabsize": "itabsize?",
    "size": "_size", "pc_header": "pcHeader", "funcnametab": "funcnametab", "cutab": "cutab", "filetab": "filetab",
    "pctab": "pctab", "pclntable": "pclntable", "ftab": "ftab", "minpc": "minpc", "maxpc": "maxpc", "text": "text",
    "etext": "etext", "data": "data", "edata": "edata", "bss": "bss", "ebss": "ebss", "types": "types", "etypes": "etypes", "gofunc": "gofunc", "next": "next",
}
SCHED = {"size": "_size", "goidgen": "goidgen", "ngsys": "ngsys", "lock": "lock",
         "goroutines_created": "goroutinesCreated?"}
P = {"size": "_size", "id": "id", "goidcache": "goidcache", "goidcacheend": "goidcacheend",
     "goroutines_created": "goroutinesCreated?"}
FUNC = {"size": "_size", "func_id": "funcID"}
HCHAN = {"size": "_size", "qcount": "qcount", "dataqsiz": "dataqsiz", "closed": "closed", "elemtype": "elemtype"}
TYPE = {"size": "_size", "tflag": "tflag", "str": "str"}
GC_CONTROLLER = {"gc_percent": "gcPercent", "heap_live": "heapLive", "heap_marked": "heapMarked",
                 "memory_limit": "memoryLimit?"}
MEMSTATS = {"numgc": "numgc", "pause_total_ns": "pause_total_ns", "last_gc_unix": "last_gc_unix",
            "enablegc": "enablegc", "heap_stats": "heapStats"}
SUDOG = {"size": "_size", "g": "g", "is_select": "isSelect", "waitlink": "waitlink", "prev": "prev", "next": "next"}
MHEAP = {"all_spans": "allspans", "arenas": "arenas"}
MSPAN = {"size": "_size", "start": "startAddr", "pages": "npages", "span_class": "spanclass", "state": "state",
         "element_size": "elemsize", "specials": "specials"}
TREAP = 8  # of runtime.semaRoot, after its lock
USED = {"g", "schedt", "p", "moduledata", "_func", "inlinedCall", "gList", "sudog", "hchan", "_type", "gcControllerState",
        "mheap"}


def value(fields, name):
    optional = name.endswith("?")
    offset = fields.get(name.rstrip("?"))
    if offset is None and not optional:
        raise SystemExit(f"no field {name}")
    return "std::nullopt" if offset is None else str(offset)


def members(fields, names):
    return ", ".join(f".{member} = {value(fields, field)}" for member, field in names.items())


def free_list(owner, glist):
    """The lengths of the lists of dead goroutines: one counter until 1.24, one per list from 1.25."""
    if "gFree.n" in owner:
        return owner["gFree.n"], None
    if "gFree.size" in owner:
        return owner["gFree.size"], None
    return owner["gFree.stack"] + glist["size"], owner["gFree.noStack"] + glist["size"]


def wrapper_id(minor):
    """funcID_wrapper, the last of its list: grown by corostart in 1.22 and by runCleanups in 1.25 (runtime/symtab.go,
    internal/abi/symtab.go)."""
    return 21 if minor < 22 else 22 if minor < 25 else 23


def context(minor, structs):
    cancel, timer = structs["context.cancelCtx"], structs["context.timerCtx"]
    return (f".children = {cancel['children']}, .err = {cancel['err']}, .cancel_size = {cancel['_size']}, .timer_size = {timer['_size']}, "
            f".deadline_wall = {timer['deadline.wall']}, .deadline_ext = {timer['deadline.ext']}, "
            f".timer_has_pointer = {str(minor == 20).lower()}, .err_is_value = {str(minor >= 25).lower()}")


def timers(processor):
    """The counts of a processor's timers: its own until 1.22, of its timers from 1.23."""
    heap, dead = ("timers.len", "timers.zombies") if "timers.len" in processor else ("numTimers", "deletedTimers")
    return f".timers = {processor[heap]}, .dead_timers = {processor[dead]}"


def memstats(version, entry):
    """Some point releases differ in parts that are not read."""
    for variant in entry["variants"]:
        moved = set(variant["diff"].get("mstats", {})) & set(MEMSTATS.values())
        # The distance of the shards moved with 1.18.4, which the array after them absorbs.
        if moved:
            raise SystemExit(f"{version}: mstats.{moved} differ in {variant['from']}")
    shard = entry["amd64"]["heapStatsDelta"]
    return (f"{members(entry['amd64']['mstats'], MEMSTATS)}, .shard_size = {shard['_size']}, "
            f".shard_stacks = {shard['inStacks']}")


def span(version, entry):
    """freeIndexForScan came with 1.18.9 and 1.19.4 behind the others."""
    for variant in entry["variants"]:
        moved = set(variant["diff"].get("mspan", {})) & (set(MSPAN.values()) - {"_size"})
        if moved:
            raise SystemExit(f"{version}: mspan.{moved} differ in {variant['from']}")
    return members({**entry["amd64"]["mspan"], "_size": entry["amd64"]["mspan"]["specials"] + 8}, MSPAN)


def timer(version, entry, minor):
    """Until 1.22 the heap is of pointers and a timer has a status; then of pairs with the time, and it has bits. 1.23.3
    added isSending behind what is read."""
    fields = entry["amd64"]["timer"]
    for variant in entry["variants"]:
        moved = set(variant["diff"].get("timer", {})) & {"period", "f", "arg", "state", "status"}
        if moved:
            raise SystemExit(f"{version}: timer.{moved} differ in {variant['from']}")
    state = fields["state" if minor >= 23 else "status"]
    return (f".size = {max(fields['arg'] + 16, state + 1)}, .period = {fields['period']}, .function = {fields['f']}, "
            f".argument = {fields['arg']}, .state = {state}, "
            f".in_pairs = {str(minor >= 23).lower()}")


def poll(version, entry):
    """1.23.3 moved what stands behind."""
    fields = entry["amd64"]["pollDesc"]
    for variant in entry["variants"]:
        moved = set(variant["diff"].get("pollDesc", {})) & {"fd", "rg", "wg"}
        if moved:
            raise SystemExit(f"{version}: pollDesc.{moved} differ in {variant['from']}")
    return f".size = {fields['wg'] + 8}, .fd = {fields['fd']}, .reader = {fields['rg']}, .writer = {fields['wg']}"


def sudog(fields):
    """From 1.26 elem and c are two words: the collector clears the first while it looks for leaks."""
    elem = fields.get("elem.vu", fields["elem"])
    channel = fields["c"] + (fields["elem.vu"] - fields["elem"] if "elem.vu" in fields else 0)
    return f"{members(fields, SUDOG)}, .elem = {elem}, .c = {channel}"


def row(version, entry, reasons):
    for variant in entry["variants"]:
        for struct in USED & set(variant["diff"]):
            raise SystemExit(f"{version}: {struct} differs in {variant['from']}: the rows need a split")
    a = entry["amd64"]
    minor = int(version.split(".")[1])
    sched_free, sched_free_nostack = free_list(a["schedt"], a["gList"])
    p_free, _ = free_list(a["p"], a["gList"])
    nostack = "std::nullopt" if sched_free_nostack is None else sched_free_nostack
    source = f"{entry['source']}; {entry['verified']}".replace('"', "'")
    reason_list = ", ".join(json.dumps(reason) for reason in reasons)
    return f"""constexpr std::string_view kWaitReasons{minor}[] = {{{reason_list}}};
constexpr GoLayout kRow{minor}{{
    .from = {{1, {minor}, 0}},
    .until = {{1, {minor + 1}, 0}},
    .source = "{source}",
    .g = {{{members(a["g"], G)}}},
    .sched = {{.gfree_n = {sched_free}, .gfree_nostack_n = {nostack}, {members(a["schedt"], SCHED)}}},
    .p = {{.gfree_n = {p_free}, {members(a["p"], P)}, {timers(a["p"])}}},
    .moduledata = {{{members(a["moduledata"], MODULEDATA)}}},
    .func = {{{members(a["_func"], FUNC)}, .wrapper_id = {wrapper_id(minor)},
             .hides_type_arguments = {str(minor >= 21).lower()}, .inlined_size = {a["inlinedCall"]["_size"]},
             .inlined_has_parent = {str("parent" in a["inlinedCall"]).lower()}}},
    .sudog = {{{sudog(a["sudog"])}}},
    .hchan = {{{members(a["hchan"], HCHAN)}}},
    .type = {{{members(a["_type"], TYPE)}}},
    .context = {{{context(minor, a)}}},
    .gc_controller = {{{members(a["gcControllerState"], GC_CONTROLLER)}}},
    .memstats = {{{memstats(version, entry)}}},
    .heap = {{{members(a["mheap"], MHEAP)}}},
    .span = {{{span(version, entry)}}},
    .timer = {{{timer(version, entry, minor)}}},
    .poll = {{{poll(version, entry)}}},
    .semaphore_treap = {TREAP},
    .heap_cycle_size = {32 if minor < 27 else 16},
    .wait_reasons = kWaitReasons{minor},
}};
"""


def dwarf_reader():
    """Statements that overwrite the members of `layout` with what `types` knows."""
    parts = {"g": ("runtime.g", G), "sched": ("runtime.schedt", SCHED), "p": ("runtime.p", P),
             "moduledata": ("runtime.moduledata", MODULEDATA), "func": ("runtime._func", FUNC), "hchan": ("runtime.hchan", HCHAN),
             "sudog": ("runtime.sudog", SUDOG), "gc_controller": ("runtime.gcControllerState", GC_CONTROLLER),
             "memstats": ("runtime.mstats", MEMSTATS), "heap": ("runtime.mheap", MHEAP),
             "span": ("runtime.mspan", {member: field for member, field in MSPAN.items() if field != "_size"})}
    lines = []
    for part, (struct, names) in parts.items():
        for member, field in names.items():
            if field == "_size":
                lines.append(f'take(types.size_of("{struct}"), layout.{part}.{member});')
            else:
                lines.append(f'take(types.offset_of("{struct}", "{field.rstrip("?")}"), layout.{part}.{member});')
    for struct, part in (("runtime.schedt", "sched"), ("runtime.p", "p")):
        for field in ("gFree.n", "gFree.size", "gFree.stack.size"):
            lines.append(f'take(types.offset_of("{struct}", "{field}"), layout.{part}.gfree_n);')
    lines.append('take(types.offset_of("runtime.schedt", "gFree.noStack.size"), layout.sched.gfree_nostack_n);')
    for field in ("timers.len", "numTimers"):
        lines.append(f'take(types.offset_of("runtime.p", "{field}"), layout.p.timers);')
    for field in ("timers.zombies", "deletedTimers"):
        lines.append(f'take(types.offset_of("runtime.p", "{field}"), layout.p.dead_timers);')
    for member, field in (("elem", "elem"), ("elem", "elem.vu"), ("c", "c"), ("c", "c.maybeTraceablePtr.vu")):
        lines.append(f'take(types.offset_of("runtime.sudog", "{field}"), layout.sudog.{member});')
    for member, field in (("period", "period"), ("function", "f"), ("argument", "arg"), ("state", "state"), ("state", "status")):
        lines.append(f'take(types.offset_of("runtime.timer", "{field}"), layout.timer.{member});')
    lines.append("layout.timer.size = std::max(layout.timer.argument + 16, layout.timer.state + 1);")
    for member, field in (("fd", "fd"), ("reader", "rg"), ("writer", "wg")):
        lines.append(f'take(types.offset_of("runtime.pollDesc", "{field}"), layout.poll.{member});')
    lines.append("layout.poll.size = layout.poll.writer + 8;")
    lines.append('take(types.size_of("runtime.heapStatsDelta"), layout.memstats.shard_size);')
    lines.append('take(types.offset_of("runtime.heapStatsDelta", "inStacks"), layout.memstats.shard_stacks);')
    lines.append('take(types.offset_of("runtime.semaRoot", "treap"), layout.semaphore_treap);')
    lines.append('take(types.size_of("runtime.inlinedCall"), layout.func.inlined_size);')
    lines.append('take(types.size_of("runtime.memRecordCycle"), layout.heap_cycle_size);')
    return "\n".join(lines) + "\n"


def main():
    table = json.load(open(sys.argv[1], encoding="utf-8"))
    versions = sorted(table["versions"], key=lambda version: int(version.split(".")[1]))
    rows = [row(version, table["versions"][version], table["wait_reasons"][version]) for version in versions]
    names = ", ".join(f"kRow{version.split('.')[1]}" for version in versions)
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        out.write("// Written by layouts/generate.py from layouts/go-offsets.json.\n")
        out.write("\n".join(rows))
        out.write(f"constexpr GoLayout kRows[] = {{{names}}};\n")
    with open(sys.argv[3], "w", encoding="utf-8") as out:
        out.write("// Written by layouts/generate.py.\n" + dwarf_reader())


main()

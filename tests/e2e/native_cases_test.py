#!/usr/bin/env python3
"""Reported lock cycles, and what looks like them, in native programs. native_cases_test.py BUILD_FOLDER"""

import json
import pathlib
import subprocess
import sys
import threading

from agent import has_events
from harness import Programs, Skip, await_, free_port, get, get_json, run_tests

BUILD = pathlib.Path(sys.argv[1]).resolve()
CASES = BUILD / "tests" / "targets" / "cases_cpp"
GO_CASES = BUILD / "tests" / "targets" / "cases_go"


def dump(pid):
    return json.loads(subprocess.run([BUILD / "proctor", "dump", str(pid), "--format", "json", "--kind", "thread,lock"],
                                     check=True, capture_output=True, timeout=60).stdout)


def kinds(report):
    return [finding["kind"] for finding in report["findings"]]


def b11_a_lock_cycle_is_proven_with_exactly_its_threads():
    with Programs() as programs:
        child, _ = programs.start_announcing([CASES, "B11"])
        names = {"first", "second"}

        def deadlocked():
            report = dump(child.pid)
            return report if report["locks"]["deadlocks"] else None

        report = await_("the deadlock is seen", deadlocked)
        threads = report["locks"]["deadlocks"][0]["threads"]
        assert len(report["locks"]["deadlocks"]) == 1 and len(threads) == 2, report["locks"]
        comms = {pathlib.Path(f"/proc/{child.pid}/task/{tid}/comm").read_text(encoding="utf-8").strip() for tid in threads}
        assert comms == names, comms
        finding = [finding for finding in report["findings"] if finding["kind"] == "deadlock"]
        assert len(finding) == 1 and finding[0]["certainty"] == "proven", report["findings"]
        # Of all who wait, only these and the reader of the rwlock wait for an owner; the reader is in no cycle.
        waiting = {wait["thread"]: wait for wait in report["locks"]["waiting"]}
        assert len(waiting) == 3, waiting
        reader = [wait for tid, wait in waiting.items() if tid not in threads][0]
        assert reader["kind"] == "rwlock" and reader["owner"] == child.pid, reader
        assert len({waiting[tid]["lock"] for tid in threads}) == 2, waiting


def a29_who_holds_a_lock_over_input_is_named_with_what_it_waits_for():
    with Programs() as programs:
        child, _ = programs.start_announcing([CASES, "A29"])
        address = f"127.0.0.1:{free_port()}"
        config = programs.file("a29.yaml", "sampling: {interval: 200ms}\ntargets:\n  - {name: a29, match: {comm: cases_cpp}}\n"
                               "findings: {window: 4s, warm_up: 1s}\n")
        programs.start([BUILD / "proctor", "run", "--config.file", config, "--web.listen-address", address])
        found = await_("the lock is stuck", lambda: get_json(f"http://{address}/api/v1/findings")["findings"])
        assert [finding["kind"] for finding in found] == ["stuck_lock"], found
        assert found[0]["members"] == 10 and "read_for_ever" in found[0]["function"], found
        assert "(holder" in found[0]["says"] and "is blocked in read on descriptor 3 (pipe" in found[0]["says"], found
        sites = get_json(f"http://{address}/api/v1/targets/{child.pid}")["threads"]["sites"]
        waits = {site["name"]: site["waits_for"] for site in sites if site["name"] in ("holder", "waiter")}
        assert waits["holder"][0]["kind"] == "descriptor" and waits["holder"][0]["fd_kind"] == "pipe", waits
        assert waits["waiter"][0]["kind"] == "futex" and waits["waiter"][0]["members"] == 10, waits


# What each says of who others wait for. A rwlock does not tell who reads.
WITHOUT_OWNER = {"A29i": ("read_for_ever", "the flag of std::call_once"), "A29j": ("read_for_ever", "the guard of a static variable"),
                 "A29k": ("write_settings", "it does not tell who reads")}


def a29_locks_that_name_no_owner_are_stuck_as_well():
    with Programs() as programs:
        for name in WITHOUT_OWNER:
            programs.start_announcing([CASES, name])
        address = f"127.0.0.1:{free_port()}"
        config = programs.file("a29.yaml", "sampling: {interval: 200ms}\ntargets:\n"
                               "  - {name: '{{1}}', match: {cmdline: 'cases_cpp (A29[a-z])'}}\n"
                               "findings: {window: 4s, warm_up: 1s}\n")
        programs.start([BUILD / "proctor", "run", "--config.file", config, "--web.listen-address", address])

        def told():
            return {finding["target"]: finding for finding in get_json(f"http://{address}/api/v1/findings")["findings"]}

        found = await_("each lock is stuck", lambda: told() if len(told()) == len(WITHOUT_OWNER) else None)
        for name, (function, words) in WITHOUT_OWNER.items():
            finding = found[name]
            assert (finding["kind"], finding["members"]) == ("stuck_lock", 10), finding
            assert function in finding["function"] and words in finding["says"], finding


def b14_locks_that_are_tried_and_let_go_are_no_cycle():
    with Programs() as programs:
        child, _ = programs.start_announcing([CASES, "B14"])
        address = f"127.0.0.1:{free_port()}"
        programs.start([BUILD / "proctor", "run", "--target.pid", str(child.pid), "--sampling.interval", "100ms",
                        "--web.listen-address", address])
        await_("Proctor is ready", lambda: get(f"http://{address}/-/ready"))
        pause = threading.Event()
        for _ in range(50):
            assert not get_json(f"http://{address}/api/v1/findings")["findings"]
            assert not dump(child.pid)["locks"]["deadlocks"]
            pause.wait(0.05)


def threads_that_run_have_stacks_where_that_is_asked_for():
    if not has_events():
        raise Skip("no perf_event_open on this machine")
    with Programs() as programs:
        child, _ = programs.start_announcing([CASES, "B14"])

        def stacks(*options):
            report = json.loads(subprocess.run([BUILD / "proctor", "dump", str(child.pid), "--format", "json", "--kind", "thread",
                                                *options], check=True, capture_output=True, timeout=60).stdout)
            return [[frame["function"] for frame in site.get("frames", [])] for site in report["threads"]["sites"]
                    if site["state"] == "running"]

        assert not any(stacks()), "by default only threads that sleep have stacks"
        functions = await_("a running thread has one", lambda: [stack for stack in stacks("--thread-stacks", "all") if stack])
        for stack in functions:
            assert any("try_and_back_off" in function for function in stack) and stack[-1] in ("clone3", "__clone3"), stack


def b15_an_idle_pool_waits_for_nobody():
    with Programs() as programs:
        child, _ = programs.start_announcing([CASES, "B15"])
        await_("the pool is idle", lambda: dump(child.pid)["threads"]["blocked"].get("futex") == 8)
        report = dump(child.pid)
        assert not report["locks"]["waiting"] and not report["locks"]["deadlocks"], report["locks"]
        assert not kinds(report), report["findings"]


def b17_a_lock_that_fork_copied_is_an_orphan_in_the_child_only():
    with Programs() as programs:
        child, line = programs.start_announcing([CASES, "B17"])
        copy = int(line.split()[1])
        await_("the copy waits", lambda: kinds(dump(copy)) == ["orphaned_lock"])
        report = dump(copy)
        assert report["locks"]["waiting"][0]["owner_gone"] and not report["locks"]["deadlocks"], report["locks"]
        assert not kinds(dump(child.pid)), "the parent is as it should be"


LEAKS = {
    "B08": {("thread_leak", "pool-*-thread-")},
    "B20": {("mapping_leak", "(deleted)")},
    "B25": {("zombie_leak", "zombie")},
    "C01": {("socket_leak", "close_wait"), ("fd_leak", "close_wait")},
    "C04": {("socket_leak", "no protocol"), ("fd_leak", "socket")},
    "C05": {("fd_leak", "eventfd"), ("fd_leak", "pipe"), ("fd_leak", "/proc/*/stat")},
    "C05B": {("fd_leak", "/tmp/*")},
    "C06": {("fd_leak", "eventpoll")},
    "C10": {("socket_leak", "@leak-*-*"), ("fd_leak", "@leak-*-*")},
    "C11": {("socket_leak", "ephemeral port"), ("fd_leak", "ephemeral port")},
}
NO_LEAKS = ("C09", "E22", "E22B")
CONFIG = """\
sampling: {interval: 1s, cpu_budget: 50%}
targets:
  - {name: "{{1}}", match: {cmdline: "targets/cases.py ([A-Z0-9]+)"}}
  - {name: C09, match: {comm: sleep, cmdline: "sleep 1000"}}
findings: {window: 24s, warm_up: 8s, min_arrivals: 8}
"""


def each_leak_is_one_site_and_nothing_else_is_found():
    script = pathlib.Path(__file__).resolve().parent.parent / "targets" / "cases.py"
    with Programs() as programs:
        for name in [*LEAKS, *NO_LEAKS]:
            programs.start([sys.executable, script, name])
        address = f"127.0.0.1:{free_port()}"
        programs.start([BUILD / "proctor", "run", "--config.file", programs.file("cases.yaml", CONFIG),
                        "--web.listen-address", address])
        found = {name: set() for name in [*LEAKS, *NO_LEAKS]}
        causes = {}

        def look():
            for finding in get_json(f"http://{address}/api/v1/findings")["findings"]:
                causes.setdefault((finding["target"], finding["kind"]), set()).add(
                    finding.get("consequence_of", {}).get("kind"))
                found[finding["target"]].add((finding["kind"], finding["says"].split(" arrived at ")[-1]))
            missing = [(name, kind, text) for name, expected in LEAKS.items() for kind, text in expected
                       if not any(kind == seen and text in says for seen, says in found[name])]
            if missing:
                raise ValueError(f"missing: {missing}")
            return True

        await_("every leak is found", look, 60)
        pause = threading.Event()
        for _ in range(20):
            pause.wait(0.5)
            look()
        for name, expected in LEAKS.items():
            strange = [(kind, says) for kind, says in found[name]
                       if not any(kind == wanted and text in says for wanted, text in expected)]
            assert not strange, f"{name}: {strange}"
        # What runs out, and what does not.
        listed = get_json(f"http://{address}/api/v1/targets")
        listed = listed["targets"] if isinstance(listed, dict) else listed
        pids = {target["name"]: target["pid"] for target in listed}
        ends = {name: get_json(f"http://{address}/api/v1/targets/{pids[name]}").get("exhaustion_seconds", {})
                for name in ("B08", "B20", "C05", "C09")}
        assert "threads" in ends["B08"] and "mappings" in ends["B20"] and "fds" in ends["C05"], ends
        assert not ends["C09"], ends
        # A leaked socket is a descriptor too: one incident, in the name of the socket. Of three kinds of descriptors that
        # come together one is the cause of the others.
        for name in ("C01", "C04", "C10", "C11"):
            assert None not in causes[name, "fd_leak"] and causes[name, "socket_leak"] == {None}, (name, causes)
        assert causes["C05", "fd_leak"] == {None, "fd_leak"}, causes
        for name in NO_LEAKS:
            assert not found[name], f"{name}: {found[name]}"


MEMORY = {"B01": "memory_fragmentation", "B03": "memory_fragmentation", "B05": "memory_leak", "B21": "memory_leak"}
LINES = {"B05": "(anonymous namespace)::filled", "B21": "(anonymous namespace)::object_that_holds_itself"}
MEMORY_CONFIG = """\
sampling: {interval: 1s, cpu_budget: 50%}
targets:
  - {name: "{{1}}", match: {cmdline: "cases_(?:cpp|go -case) (B[0-9b]+)$"}, memory_growth: true}
findings: {window: 16s, warm_up: 2s, min_arrivals: 8}
"""


def memory_that_is_kept_is_told_from_memory_that_leaks():
    with Programs() as programs:
        pids = {name: programs.start_announcing([CASES, name])[0].pid for name in MEMORY}
        memory, growing = dict(MEMORY), dict(LINES)
        if GO_CASES.exists():
            programs.start([GO_CASES, "-case", "B05b"])
            memory["B05b"], growing["B05b"] = "memory_leak", "main.remember"
        address = f"127.0.0.1:{free_port()}"
        programs.start([BUILD / "proctor", "run", "--config.file", programs.file("memory.yaml", MEMORY_CONFIG),
                        "--web.listen-address", address])
        seen = {name: set() for name in memory}
        lines = {}
        expected = growing if has_events() else dict.fromkeys(growing)

        def look():
            for finding in get_json(f"http://{address}/api/v1/findings")["findings"]:
                seen[finding["target"]].add(finding["kind"])
                if finding["kind"] == "memory_leak":
                    lines[finding["target"]] = finding.get("function")
            return all(kind in seen[name] for name, kind in memory.items()) and lines == expected

        # Of a leak also the code that takes the memory, where its page faults show that.
        await_(f"each finding of {memory}", look, 90)
        pause = threading.Event()
        for _ in range(10):
            pause.wait(0.5)
            look()
        assert seen == {name: {kind} for name, kind in memory.items()}, seen
        malloc = get_json(f"http://{address}/api/v1/targets/{pids['B01']}")["memory"]["malloc"]
        assert malloc["arenas"] > 4 and malloc["free_bytes"] > 0.9 * malloc["held_bytes"] > 250 << 20, malloc


sys.exit(run_tests([memory_that_is_kept_is_told_from_memory_that_leaks, each_leak_is_one_site_and_nothing_else_is_found,
                    b11_a_lock_cycle_is_proven_with_exactly_its_threads,
                    a29_who_holds_a_lock_over_input_is_named_with_what_it_waits_for,
                    a29_locks_that_name_no_owner_are_stuck_as_well,
                    b14_locks_that_are_tried_and_let_go_are_no_cycle,
                    threads_that_run_have_stacks_where_that_is_asked_for,
                    b15_an_idle_pool_waits_for_nobody,
                    b17_a_lock_that_fork_copied_is_an_orphan_in_the_child_only]))

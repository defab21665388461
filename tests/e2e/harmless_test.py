#!/usr/bin/env python3
"""Tries to make Proctor harm what it watches, with all that it can be asked for. harmless_test.py BUILD_FOLDER [SECONDS]"""

import json
import os
import pathlib
import random
import re
import subprocess
import sys
import threading
import time

from agent import BUILD, PROCTOR, Agent, call, has_events
from harness import Programs, await_, get_json, need, run_tests

SECONDS = int(sys.argv[2]) if len(sys.argv) > 2 else 10
CALLS = BUILD / "tests" / "targets" / "calls_cpp"
ALL = """\
sampling: {{interval: 100ms, cpu_budget: 100%}}
targets:
  - {{name: watched, match: {{comm: {comm}}}, thread_stacks: all, memory_growth: true}}
findings: {{window: 10s, warm_up: 1s}}
"""
BEAT = """
import sys, time
print("ready", flush=True)
worst, last = 0, time.monotonic()
while True:
    for _ in range(2000): pass
    now = time.monotonic()
    if now - last > 0.5: print("stalled", now - last, flush=True)
    last = now
"""


def states(pid):
    found = set()
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        status = (task / "status").read_text(encoding="utf-8", errors="replace")
        found.add((re.search(r"State:\s+(\S)", status)[1], re.search(r"TracerPid:\s+(\d+)", status)[1]))
    return found


def watched_by(programs, pid):
    """An agent with all that costs its targets anything, once it has looked at this one."""
    comm = pathlib.Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    agent = Agent(programs, config=ALL.format(comm=comm), interval="100ms")
    await_("it is looked at", lambda: get_json(f"http://{agent.address}/api/v1/targets/{pid}"))
    return agent


def no_call_is_interrupted():
    with Programs() as programs:
        child, _ = programs.start_announcing([CALLS])
        agent = watched_by(programs, child.pid)
        end = time.monotonic() + SECONDS
        running = 0
        while time.monotonic() < end:
            assert child.poll() is None, f"ended with {child.returncode}: a call was interrupted"
            assert all(state in "RSD" and tracer == "0" for state, tracer in states(child.pid)), states(child.pid)
            report = get_json(f"http://{agent.address}/api/v1/targets/{child.pid}")
            assert report["stopped_seconds"] == 0
            # It is no harm that nothing was tried: stacks of those that run, and of memory, are there.
            running += sum(bool(site.get("frames")) for site in report["threads"]["sites"] if site["state"] == "running")
            assert not has_events() or not [part for part in report["unknown"] if part["part"] in ("running_threads", "growth")], report["unknown"]
        if has_events():
            assert running > 0, "no stack of a running thread was read"
            assert "growth" in report, "no page fault was sampled"


def an_agent_that_is_killed_leaves_its_targets_as_they_are():
    with Programs() as programs:
        child, _ = programs.start_announcing([sys.executable, "-c", BEAT])
        dice = random.Random(1)
        pause = threading.Event()
        for _ in range(max(20, 5 * SECONDS)):
            agent = programs.start([PROCTOR, "dump", str(child.pid), "--thread-stacks", "all"])
            pause.wait(dice.uniform(0, 0.03))
            programs.end(agent)
            programs.children.remove(agent)
            assert all(state in "RSD" and tracer == "0" for state, tracer in states(child.pid)), states(child.pid)
        programs.end(child)
        assert b"stalled" not in child.stdout.read()


def nothing_is_written_signalled_or_traced():
    strace = need("strace")
    with Programs() as programs:
        child, _ = programs.start_announcing([CALLS])
        log = programs.folder / "calls"
        config = programs.file("all.yaml", ALL.format(comm="calls_cpp"))
        agent = programs.start([strace, "-f", "-qq", "-y", "-o", log, "-e",
                                "trace=ptrace,kill,tkill,tgkill,rt_sigqueueinfo,rt_tgsigqueueinfo,pidfd_send_signal,"
                                "process_vm_writev,process_madvise,open,openat,openat2,write,pwrite64,writev,"
                                "prlimit64,setpriority,sched_setaffinity,move_pages,migrate_pages,perf_event_open",
                                PROCTOR, "run", "--config.file", config, "--web.listen-address", "127.0.0.1:0"])
        await_("it opens the target's memory", lambda: f"/proc/{child.pid}" in log.read_text(encoding="utf-8", errors="replace"))
        await_("it samples", lambda: not has_events() or "perf_event_open" in log.read_text(encoding="utf-8", errors="replace"))
        threading.Event().wait(SECONDS / 2)
        programs.end(agent)
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        assert len(lines) > 100, lines
        calls = {re.match(r"\d+ +(\w+)\(", line)[1] for line in lines if re.match(r"\d+ +(\w+)\(", line)}
        assert calls <= {"open", "openat", "write", "writev", "perf_event_open", "prlimit64"}, calls
        for line in lines:
            # What it opens of /proc it opens to read; what it sets it sets for itself.
            assert not ("/proc" in line and re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", line)), line
            assert not re.search(r"write\w*\(\d+</proc/", line), line
            assert "prlimit64(" not in line or re.search(r"prlimit64\(0,", line), line


def a_target_under_a_debugger_is_read_as_ever():
    strace = need("strace")
    with Programs() as programs:
        child, _ = programs.start_announcing([CALLS.parent / "cases_cpp", "B15"])
        programs.start([strace, "-f", "-qq", "-o", "/dev/null", "-p", str(child.pid)])
        await_("it is traced", lambda: all(tracer != "0" for _, tracer in states(child.pid)))
        report = json.loads(call("dump", child.pid, "--format", "json", "--thread-stacks", "all").stdout)
        threads = len(list(pathlib.Path(f"/proc/{child.pid}/task").iterdir()))
        assert report["threads"]["total"] == threads and report["memory"]["resident_bytes"] > 0, report["threads"]["total"]
        stacks = sum(site["members"] for site in report["threads"]["sites"] if site.get("frames"))
        assert stacks > threads * 0.8, (stacks, threads)
        assert child.poll() is None


def two_agents_watch_each_other():
    with Programs() as programs:
        agents = [Agent(programs, config=ALL.format(comm="proctor")) for _ in range(2)]
        for mine, other in (agents, agents[::-1]):
            await_("the other is seen", lambda m=mine, o=other: get_json(f"http://{m.address}/api/v1/targets/{o.child.pid}"))
        for agent in agents:
            assert agent.child.poll() is None
            assert all(tracer == "0" for _, tracer in states(agent.child.pid))
            listed = get_json(f"http://{agent.address}/api/v1/targets")["targets"]
            assert agent.child.pid not in [target["pid"] for target in listed], "an agent does not watch itself"


os.environ["LC_ALL"] = "C"
sys.exit(run_tests([no_call_is_interrupted, an_agent_that_is_killed_leaves_its_targets_as_they_are,
                    nothing_is_written_signalled_or_traced, a_target_under_a_debugger_is_read_as_ever,
                    two_agents_watch_each_other]))

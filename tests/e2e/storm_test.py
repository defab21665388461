#!/usr/bin/env python3
"""Goroutines that come and go as fast as the machine allows, while stacks move and the collector never rests: no stack is
told that the program cannot have, and no number that it cannot have had. storm_test.py BUILD_FOLDER [SECONDS]"""

import collections
import re
import subprocess
import sys
import time

from agent import BUILD, Agent, value_of
from harness import Programs, Skip, await_, get, run_tests

SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 2
STORM = BUILD / "tests" / "conformance" / "storm"
KINDS = ("still", "send", "nap", "lock", "brief", "gc")
DEPTH = 60
STILL = 100
OF_THE_RUNTIME = 64  # its own goroutines, and the numbers that its processors keep at hand
LEAST_LOOKS = 5
# What of the runtime may stand above a function of each kind, and why it may wait.
REASONS = {
    "stillWait": {"chan receive"},
    "sendGrow": {"chan send"},
    "sendSpawn": {"chan receive"},
    "napGrow": {"sleep"},
    "napSpawn": {"semacquire", "sync.WaitGroup.Wait"},
    "lockGrow": {"semacquire", "sync.Mutex.Lock"},
    "lockSpawn": {"semacquire", "sync.WaitGroup.Wait"},
    "briefSpawn": {"semacquire", "sync.WaitGroup.Wait"},
}
GOES_ON = {"running", "runnable", "syscall", "copystack", "preempted", "idle", "waiting"}
# Whoever allocates may have to wait for the collector, in functions of the runtime that a trace leaves out.
COLLECTORS = re.compile(r"GC |garbage collection|wait for GC|wait until GC|force gc|stopping the world|flushing proc|semacquire$")


class Truth:
    def __init__(self, child):
        self.child = child

    def __call__(self):
        self.child.stdin.write(b"\n")
        self.child.stdin.flush()
        return tuple(map(int, self.child.stdout.readline().split()))


def wrong_with(head, frames, creator):
    """Why this stack cannot be one of the program's; None for one that can."""
    state = head.split(",")[0]
    ours = [name for name in frames if name.startswith("main.")]
    if not ours:
        return None if not frames or frames[-1].startswith("runtime.") else "no function of the program, nor of the runtime alone"
    # Of one that ends the runtime's end may stand there yet; nothing else comes below where a goroutine began.
    if frames[-len(ours):] != ours:
        return "functions of others between or below those of the program"
    if ours[-1] == "main.main":
        return None if ours == ["main.main"] else "main calls no function of a kind"
    kinds = {re.match(r"main\.([a-z]+)", name)[1] for name in ours}
    if len(kinds) != 1 or not kinds <= set(KINDS):
        return "functions of two kinds"
    kind = kinds.pop()
    bottom = ours[-1]
    if bottom not in (f"main.{kind}Entry", f"main.{kind}Spawn"):
        return "it does not begin where one begins"
    middle = ours[:-1]
    if len(middle) > DEPTH + 1 or (middle and bottom.endswith("Spawn")) or any(name.endswith(("Entry", "Spawn")) for name in middle):
        return "calls that the program does not make"
    expected = {"Entry": f"main.{kind}Spawn" if kind != "still" else "main.main", "Spawn": "main.main"}[bottom[-5:]]
    if creator != expected:
        return f"created by {creator}, not by {expected}"
    if state not in GOES_ON and not COLLECTORS.match(state) and state not in REASONS.get(ours[0].split(".")[1], set()):
        return "a wait that its function does not wait in"
    return None


def goroutines(text):
    for block in text.strip().split("\n\n"):
        lines = block.split("\n")
        head = re.match(r"goroutine (\d+)(?: gp=\S+ m=\S+(?: mp=\S+)?)? \[(.*)\]:", lines[0])
        assert head, block
        names = [re.sub(r"\((\.\.\.)?\)$|\([^()]*\)$", "", line) for line in lines[1:] if not line.startswith("\t")]
        creator = None
        if names and names[-1].startswith("created by "):
            creator = names.pop()[len("created by "):].split(" in goroutine")[0]
        yield int(head[1]), head[2], names, creator


def check_stacks(text):
    """The number of stacks, each of which the program can have."""
    seen = list(goroutines(text))
    ids = collections.Counter(goid for goid, *_ in seen)
    assert max(ids.values()) == 1, [goid for goid, times in ids.items() if times > 1]
    for goid, head, frames, creator in seen:
        why = wrong_with(head, frames, creator)
        assert why is None, (why, goid, head, frames, creator)
    # Amid all this what stands still is counted exactly.
    still = sum(1 for _, _, frames, _ in seen if frames and frames[-1] == "main.stillEntry")
    assert still == STILL, f"{still} of {STILL} that stand still, {sum(not frames for _, _, frames, _ in seen)} without a stack"
    return sum(1 for _, _, frames, _ in seen if frames)


class Numbers:
    """What was published of the number of goroutines, against what the program says of itself."""

    def __init__(self, truth):
        self.truth = truth
        self.created = []  # by each look that was seen
        self.started = []  # when it was seen first

    def check(self, metrics):
        now = sum(float(value) for value in re.findall(r"^proctor_goroutines{.*} (\S+)$", metrics, re.M))
        started, _, stay, at_once = self.truth()
        # Those that have said that they end may not have done it when the next begin.
        assert stay <= now <= stay + 2 * at_once, (now, stay, at_once)
        created = value_of(metrics, "proctor_goroutines_created_total")
        if self.created and created == self.created[-1]:
            return
        assert not self.created or created > self.created[-1], (created, self.created[-1])
        assert created <= started + stay + OF_THE_RUNTIME, (created, started)
        # The look that was seen last may have begun before the one before it was seen, but not before that one's own.
        assert len(self.started) < 2 or created >= self.started[-2], (created, self.started[-2])
        self.created.append(created)
        self.started.append(started)


def watch(binary):
    with Programs() as programs:
        child = programs.start([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        truth = Truth(child)
        truth()
        agent = Agent(programs, "--target.pid", str(child.pid), interval="100ms")
        url = f"http://{agent.address}/debug/pprof/{child.pid}/goroutine?debug=2"
        await_("goroutines", lambda: get(url))
        begin = time.monotonic()
        first = truth()[0]
        numbers = Numbers(truth)
        looks = stacks = 0
        last = ""
        while looks < LEAST_LOOKS or time.monotonic() - begin < SECONDS:
            text = get(url)
            numbers.check(agent.metrics())
            if text == last:
                continue
            last = text
            looks += 1
            stacks += check_stacks(text)
        rate = (truth()[0] - first) / (time.monotonic() - begin)
        torn = value_of(agent.metrics(), "proctor_skipped_total", 'reason="torn"') or 0
        print(f"         {looks} looks, {stacks} stacks, {torn:.0f} torn, {rate:.0f} goroutines begun in a second")


def tests():
    binaries = sorted(STORM.iterdir()) if STORM.exists() else []
    if not binaries:
        raise Skip("no Go toolchain on this machine")
    for binary in binaries:
        def storm(binary=binary):
            watch(binary)
        storm.__name__ = f"storm_of_{binary.name}"
        yield storm


sys.exit(run_tests(list(tests())))

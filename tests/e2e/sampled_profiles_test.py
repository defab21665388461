#!/usr/bin/env python3
"""The block and mutex profiles of Go programs, and their memory profile as text, as Proctor reads them from outside and as
they write them themselves, for each Go release at hand. sampled_profiles_test.py BUILD_FOLDER"""

import collections
import re
import subprocess
import sys
import urllib.error

from agent import BUILD, Agent, call
from harness import Programs, Skip, await_, get, get_json, need, run_tests

CONTENTION = BUILD / "tests" / "conformance" / "contention"
HEAP = BUILD / "tests" / "conformance" / "heap"
SEPARATOR = "-----------+-------------------------------------------------------\n"


def samples(file, value):
    """By stack, as text: the number."""
    text = subprocess.run([need("go"), "tool", "pprof", "-symbolize=none", "-traces", "-lines", "-unit=minimum",
                           f"-sample_index={value}", file], check=True, capture_output=True, text=True, timeout=60).stdout
    found = collections.Counter()
    for trace in text.split(SEPARATOR)[1:]:
        if trace.strip():
            number, frame = trace.strip().split(None, 1)
            found[frame] += float(re.match(r"[\d.]+", number).group())
    return found


def near(one, other, fraction):
    return abs(one / other - 1) <= fraction


class Teller:
    """A program that writes its own profiles on demand."""

    def __init__(self, programs, binary):
        self.folder = programs.folder
        self.child = programs.start([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.child.stdout.readline() == b"ready\n"

    def write(self, line, path):
        self.child.stdin.write(f"{line}{path}\n".encode())
        self.child.stdin.flush()
        assert self.child.stdout.readline() == b"written\n"
        return path


def blocks(text):
    return collections.Counter(block.strip() for block in text.split("\n\n") if block.strip())


def compare_contention(binary):
    with Programs() as programs:
        teller = Teller(programs, binary)
        own, ours = programs.folder / "own", programs.folder / "ours"
        agent = Agent(programs, "--target.pid", str(teller.child.pid))
        for profile in ("block", "mutex"):
            teller.write(f"{profile} 0 ", own)
            call("pprof", teller.child.pid, "--profile", profile, "-o", ours, check=True)
            expected, seen = samples(own, "contentions"), samples(ours, "contentions")
            assert expected == seen and expected, f"{profile}: only its own: {expected - seen}, only ours: {seen - expected}"
            delays, seen_delays = samples(own, "delay"), samples(ours, "delay")
            expected = teller.write(f"{profile} 1 ", own).read_text()
            def text():
                return get(f"http://{agent.address}/debug/pprof/{teller.child.pid}/{profile}?debug=1")
            seen = await_("the profile", text)
            rate = re.compile(r"cycles/second=(\d+)\n")
            # Go up to 1.20 measures its rate once, within 0.1 s, and other work on the machine comes between its two
            # readings: what is the same is the cycles. CycleClock.* compares ours with the kernel's.
            own_rate, our_rate = (float(rate.search(text)[1]) for text in (expected, seen))
            assert near(our_rate, own_rate, 0.05), (our_rate, own_rate)
            for frame, delay in delays.items():
                assert near(seen_delays[frame] * our_rate, delay * own_rate, 0.001), (profile, frame, delay, seen_delays[frame])
            assert blocks(rate.sub("", expected)) == blocks(rate.sub("", seen)), (expected, seen)
        functions = " ".join(samples(ours, "delay"))
        assert all(name in functions for name in ("main.holdLong", "main.withDeferred")), functions


def compare_heap_text(binary):
    """Without what writing a profile allocates: it is written after ours."""
    def own_blocks(text):
        return blocks("\n\n".join(block for block in re.sub("^heap profile.*\n", "", text).split("\n# runtime.MemStats")[0].split("\n\n")
                                  if "runtime/pprof" not in block))

    with Programs() as programs:
        teller = Teller(programs, HEAP / binary.name)
        agent = Agent(programs, "--target.pid", str(teller.child.pid))

        def both():
            """Both in a moment in which the runtime itself has not allocated, as for a new thread."""
            before = own_blocks(teller.write("", programs.folder / "own.txt").read_text())
            looked = get_json(f"http://{agent.address}/api/v1/targets/{teller.child.pid}")["taken_at"]
            await_("a later look", lambda: get_json(f"http://{agent.address}/api/v1/targets/{teller.child.pid}")["taken_at"] > looked)
            text = get(f"http://{agent.address}/debug/pprof/{teller.child.pid}/heap?debug=1")
            return (before, text) if own_blocks(teller.write("", programs.folder / "own.txt").read_text()) == before else None

        expected, text = await_("a moment of rest", both)
        assert re.match(r"heap profile: \d+: \d+ \[\d+: \d+\] @ heap/131072\n", text), text[:200]
        assert "main.leakNode+" in text and "# runtime.MemStats" in text
        seen = own_blocks(text)
        assert expected == seen, f"only its own: {list(expected - seen)[:2]}, only ours: {list(seen - expected)[:2]}"


def a_program_that_does_not_sample_says_so():
    binaries = sorted(HEAP.glob("*-plain"))
    if not binaries:
        raise Skip("no Go toolchain on this machine")
    with Programs() as programs:
        child = programs.start([binaries[-1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert child.stdout.readline() == b"ready\n"
        agent = Agent(programs, "--target.pid", str(child.pid))
        await_("goroutines", lambda: get(f"http://{agent.address}/debug/pprof/{child.pid}/goroutine?debug=1"))
        for profile, call_ in (("block", "SetBlockProfileRate"), ("mutex", "SetMutexProfileFraction")):
            try:
                get(f"http://{agent.address}/debug/pprof/{child.pid}/{profile}")
                raise AssertionError("a profile of nothing")
            except urllib.error.HTTPError as error:
                assert error.code == 404 and call_.encode() in error.read(), error


def tests():
    binaries = sorted(CONTENTION.iterdir()) if CONTENTION.exists() else []
    for binary in binaries:
        def contention(binary=binary):
            compare_contention(binary)
        contention.__name__ = f"contention_of_{binary.name}"
        yield contention

        def heap(binary=binary):
            compare_heap_text(binary)
        heap.__name__ = f"heap_text_of_{binary.name}"
        yield heap
    yield a_program_that_does_not_sample_says_so


sys.exit(run_tests(list(tests())))

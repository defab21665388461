#!/usr/bin/env python3
"""The memory profile of Go programs, as Proctor reads it from outside and as they write it themselves: the same stacks,
counts and bytes, for each Go release at hand. heap_profile_test.py BUILD_FOLDER"""

import collections
import subprocess
import sys
import urllib.error

from agent import BUILD, PROCTOR, Agent, call
from harness import Programs, Skip, await_, get, get_json, need, run_tests

HEAP = BUILD / "tests" / "conformance" / "heap"
VALUES = ("inuse_space", "inuse_objects", "alloc_space", "alloc_objects")
SEPARATOR = "-----------+-------------------------------------------------------\n"
CONFIG = """\
sampling: {interval: 1s, cpu_budget: 50%}
targets: [{name: leak, match: {cmdline: grow}}]
findings: {window: 16s, warm_up: 2s, min_arrivals: 8}
"""


def traces(file, value):
    """The samples of a profile as text. Those of writing a profile are of no interest: it is written after ours."""
    text = subprocess.run([need("go"), "tool", "pprof", "-symbolize=none", "-traces", "-lines", f"-sample_index={value}", file],
                          check=True, capture_output=True, text=True, timeout=60).stdout
    return collections.Counter(trace for trace in text.split(SEPARATOR)[1:] if trace.strip() and "runtime/pprof" not in trace)


def compare(binary):
    with Programs() as programs:
        child = programs.start([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert child.stdout.readline() == b"ready\n"
        own, ours = programs.folder / "own.pb.gz", programs.folder / "ours.pb.gz"

        def own_traces():
            child.stdin.write(f"{own}\n".encode())
            child.stdin.flush()
            assert child.stdout.readline() == b"written\n"
            return [traces(own, value) for value in VALUES]

        def both():
            """Its own profile and ours of a moment in which the runtime itself has not allocated, as for a new thread."""
            before = own_traces()
            call("pprof", child.pid, "--profile", "heap", "-o", ours, check=True)
            return (before, [traces(ours, value) for value in VALUES]) if own_traces() == before else None

        for value, expected, seen in zip(VALUES, *await_("a moment of rest", both)):
            assert expected == seen, f"{value}: only its own: {list(expected - seen)[:3]}, only ours: {list(seen - expected)[:3]}"
        wanted = ("main.leakNode", "main.sliceOf", "main.recursive", "main.main.func1", "main.(*holder).grow")
        text = "".join(traces(ours, "alloc_space"))
        assert all(function in text for function in wanted), text
        print(f"         {binary.name}: {sum(seen.values())} stacks")


def a_program_that_does_not_sample_says_so():
    with Programs() as programs:
        child = programs.start([BUILD / "tests" / "targets" / "cases_go", "-case", "A19a"])
        def refusal():
            answer = call("pprof", child.pid, "--profile", "heap", "-o", programs.folder / "none")
            return answer.returncode == 1 and "does not sample" in answer.stderr

        await_("the reason is told", refusal)
        agent = Agent(programs, "--target.pid", str(child.pid))
        try:
            get(f"http://{agent.address}/debug/pprof/{child.pid}/heap")
            raise AssertionError("a profile of nothing")
        except urllib.error.HTTPError as error:
            assert error.code == 404 and b"does not sample" in error.read(), error


def a_heap_that_grows_is_told_with_the_line_that_allocates():
    with Programs() as programs:
        programs.start([sorted(HEAP.glob("*-stripped"))[-1], "grow"])
        agent = Agent(programs, config=CONFIG, interval="1s")

        def found():
            findings = get_json(f"http://{agent.address}/api/v1/findings")["findings"]
            return [finding for finding in findings if finding["kind"] == "memory_leak"]

        finding = await_("the leak is found", found, 60)[0]
        assert finding.get("function") == "main.rememberSession", finding
        assert "is allocated at main.rememberSession (heap.go:" in finding["says"], finding
        assert f'kind="allocation",site="{finding["site"]}",function="main.rememberSession"' in agent.metrics()


def tests():
    binaries = sorted(HEAP.iterdir()) if HEAP.exists() else []
    if not binaries:
        def heap_profiles():
            raise Skip("no Go toolchain on this machine")
        yield heap_profiles
        return
    for binary in binaries:
        def test(binary=binary):
            compare(binary)
        test.__name__ = f"heap_of_{binary.name}"
        yield test
    yield a_program_that_does_not_sample_says_so
    yield a_heap_that_grows_is_told_with_the_line_that_allocates


assert PROCTOR.exists()
sys.exit(run_tests(list(tests())))

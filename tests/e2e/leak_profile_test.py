#!/usr/bin/env python3
"""The runtime's own programs that leak goroutines, from GOROOT: each goroutine that the runtime's goroutineleak profile
reports must stand in Proctor's look with the same wait reason and, frame by frame, the same function, file and line.
leak_profile_test.py BUILD_FOLDER"""

import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

from agent import PROCTOR, call
from harness import SOURCE, Programs, Skip, need, run_tests

END = b"end of profile"
NEWEST = "go1.27.3"  # beside the toolchain on PATH, where the module proxy is reached
FOUND = 0.9           # of the goroutines of a program. A word that is not used any more may look like a reference, and all
MOST = 0.8            # may hang on that one: so in this share of the programs
LEAST = 50           # programs of one release that leak; some only now and then


def go(environment, *arguments, **options):
    return subprocess.run([need("go"), *arguments], capture_output=True, text=True, timeout=300,
                          env={"GOCACHE": str(SOURCE / "build" / "go-cache"), **os.environ, **environment}, **options)


def release(toolchain):
    """The environment for it: until 1.26 the profile is an experiment."""
    environment = {"GOTOOLCHAIN": toolchain}
    if "go1.26." in go(environment, "version").stdout:
        environment["GOEXPERIMENT"] = "goroutineleakprofile"
    return environment


def programs_of(environment, folder):
    """The executables of the two packages, built with a main function that stays; skips where there are none."""
    root = go(environment, "env", "GOROOT").stdout.strip()
    source = pathlib.Path(root) / "src" / "runtime" / "testdata" / "testgoroutineleakprofile"
    if not root or not source.is_dir():
        raise Skip(f"no {environment['GOTOOLCHAIN']} with the runtime's leak programs on this machine")
    for package in (source, source / "goker"):
        copy = folder / package.name
        copy.mkdir()
        for file in package.glob("*.go"):
            shutil.copy(SOURCE / "tests" / "conformance" / "leaks_main.go" if file.name == "main.go" else file,
                        copy / file.name)
        (copy / "go.mod").write_text("module leaks\n\ngo 1.24\n", encoding="utf-8")
        executable = folder / f"{package.name}-program"
        built = go(environment, "build", "-o", executable, ".", cwd=copy)
        assert built.returncode == 0, built.stderr
        yield executable


def normal(line):
    """A line of a traceback without what only the process itself can know: arguments, offsets, minutes."""
    line = re.sub(r", \d+ minutes", "", line.replace(" (leaked)", ""))
    return re.sub(r"(?<=\w)\([^()]*\)$| \+0x[0-9a-f]+$", "", line)


def goroutines(text):
    """Lines by number of goroutine."""
    found = {}
    for block in text.split("\n\n"):
        head = re.match(r"goroutine (\d+) ", block)
        if head:
            found[int(head[1])] = [normal(line) for line in block.strip().split("\n")]
    return found


def leaked_in(profile):
    """Without those that the runtime has in another list: it reports what it cannot reach."""
    blocks = [block for block in profile.split("\n\n") if "(leaked)" in block.split("\n", 1)[0]]
    return goroutines("\n\n".join(blocks))


class Leaky:
    """One of the programs, as it stands once it has taken its first profile."""

    def __init__(self, programs, executable, name):
        self.name = name
        self.child = programs.start([executable, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                    env={**os.environ, "GODEBUG": "asyncpreemptoff=1"})

    def profile(self):
        """The next one; nothing where the program has ended."""
        lines = []
        for line in self.child.stdout:
            if line.startswith(END):
                return leaked_in(b"".join(lines).decode())
            lines.append(line)
        return None

    def next_profile(self):
        self.child.stdin.write(b"\n")
        self.child.stdin.flush()
        return self.profile()


class Outcome:
    def __init__(self):
        self.same = 0
        self.differing = []
        self.leaking = 0    # programs
        self.leaked = 0     # goroutines, in the runtime's words
        self.found = 0      # of these, by Proctor
        self.all_found = 0  # programs
        self.wrong = []

    def add(self, other):
        for field, value in vars(other).items():
            setattr(self, field, getattr(self, field) + value)


def compare(programs, executable, name):
    outcome = Outcome()
    leaky = Leaky(programs, executable, name)
    if leaky.profile() is None:
        return outcome
    theirs = leaky.next_profile()
    dump = call("dump", leaky.child.pid, "--format", "debug2")
    report = json.loads(call("dump", leaky.child.pid, "--format", "json", "--members", "--kind", "goroutine").stdout)
    later = leaky.next_profile()
    programs.end(leaky.child)
    ours = goroutines(dump.stdout)
    outcome.differing = [f"{name}: goroutine {goid}: {lines} is here {ours.get(goid)}" for goid, lines in theirs.items()
                         if ours.get(goid) != lines]
    outcome.same = len(theirs) - len(outcome.differing)
    outcome.leaking = int(outcome.same > 0)
    never = {goid for site in report["goroutines"]["sites"] for goid in site["unreachable_goids"]}
    outcome.leaked = len(later)
    outcome.found = len(never & set(later))
    outcome.all_found = int(outcome.leaking and outcome.found >= FOUND * outcome.leaked)
    outcome.wrong = [f"{name}: goroutine {goid}" for goid in never - set(later)]
    return outcome


def a_profile_of_them_opens_in_go_tool_pprof():
    with Programs() as programs:
        executable = next(programs_of(release("local"), programs.folder))
        leaky = Leaky(programs, executable, "Timeout")
        leaky.profile()
        leaked = len(leaky.next_profile())
        file = programs.folder / "leak.pb.gz"
        written = call("pprof", leaky.child.pid, "--profile", "goroutineleak", "-o", file)
        assert written.returncode == 0, written.stderr
        top = go({"GOTOOLCHAIN": "local"}, "tool", "pprof", "-top", file).stdout
        total = re.search(r"% of (\d+) total", top)
        assert "Type: goroutineleak" in top and total and leaked * FOUND <= int(total[1]) <= leaked, top


def compare_release(toolchain):
    with Programs() as programs, concurrent.futures.ThreadPoolExecutor(8) as pool:
        all_of_them = Outcome()
        for executable in programs_of(release(toolchain), programs.folder):
            names = sorted(subprocess.run([executable], capture_output=True, text=True, check=True, timeout=60).stdout.split())
            assert len(names) > 10, names
            for outcome in pool.map(lambda name, e=executable: compare(programs, e, name), names):
                all_of_them.add(outcome)
        print(f"{toolchain}: {all_of_them.same} leaked goroutines of {all_of_them.leaking} programs have the same stack; "
              f"{all_of_them.found} of {all_of_them.leaked} are found from outside, {len(all_of_them.wrong)} wrongly; "
              f"of {all_of_them.all_found} programs nearly all")
        assert not all_of_them.differing, all_of_them.differing[:5]
        assert not all_of_them.wrong, all_of_them.wrong[:5]
        assert all_of_them.leaking >= LEAST, f"only {all_of_them.leaking} programs were compared"
        assert all_of_them.all_found >= MOST * all_of_them.leaking, f"those of {all_of_them.all_found} programs are found"


def leaks_of_the_toolchain_on_path_stand_in_the_look():
    compare_release("local")


def leaks_of_the_newest_release_stand_in_the_look():
    compare_release(NEWEST)


sys.exit(run_tests([a_profile_of_them_opens_in_go_tool_pprof,
                    leaks_of_the_toolchain_on_path_stand_in_the_look, leaks_of_the_newest_release_stand_in_the_look]))

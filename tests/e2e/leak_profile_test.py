#!/usr/bin/env python3
"""The runtime's own programs that leak goroutines, from GOROOT: each goroutine that the runtime's goroutineleak profile
reports must stand in Proctor's look with the same wait reason and, frame by frame, the same function, file and line.
leak_profile_test.py BUILD_FOLDER"""

import concurrent.futures
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
LEAST = 50           # programs of one release that leak; some only now and then


def go(environment, *arguments, **options):
    return subprocess.run([need("go"), *arguments], capture_output=True, text=True, timeout=300,
                          env={**os.environ, **environment}, **options)


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


def compare(programs, executable, name):
    """How many leaked goroutines are the same, and what differs."""
    child = programs.start([executable, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                           env={**os.environ, "GODEBUG": "asyncpreemptoff=1"})
    lines = []
    for line in child.stdout:
        if line.startswith(END):
            break
        lines.append(line)
    else:
        return 0, [f"{name} ended with status {child.wait()}"] if child.wait() < 0 else []
    theirs = leaked_in(b"".join(lines).decode())
    dump = call("dump", child.pid, "--format", "debug2")
    programs.end(child)
    if dump.returncode != 0:
        return 0, [f"{name}: {dump.stderr}"]
    ours = goroutines(dump.stdout)
    differing = [f"{name}: goroutine {goid}: {lines} is here {ours.get(goid)}" for goid, lines in theirs.items()
                 if ours.get(goid) != lines]
    return len(theirs) - len(differing), differing


def compare_release(toolchain):
    with Programs() as programs, concurrent.futures.ThreadPoolExecutor(8) as pool:
        same, leaking, differing = 0, 0, []
        for executable in programs_of(release(toolchain), programs.folder):
            names = sorted(subprocess.run([executable], capture_output=True, text=True, check=True, timeout=60).stdout.split())
            assert len(names) > 10, names
            for agreeing, other in pool.map(lambda name, e=executable: compare(programs, e, name), names):
                same += agreeing
                leaking += agreeing > 0
                differing += other
        print(f"{toolchain}: {same} leaked goroutines of {leaking} programs are the same, {len(differing)} differ")
        assert not differing, differing[:5]
        assert leaking >= LEAST, f"only {leaking} programs were compared"


def leaks_of_the_toolchain_on_path_stand_in_the_look():
    compare_release("local")


def leaks_of_the_newest_release_stand_in_the_look():
    compare_release(NEWEST)


sys.exit(run_tests([leaks_of_the_toolchain_on_path_stand_in_the_look, leaks_of_the_newest_release_stand_in_the_look]))

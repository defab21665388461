#!/usr/bin/env python3
"""Leaks through libraries that others wrote, from the module proxy: each names the line of the user, and what a library
starts for one operation is one page. libraries_test.py BUILD_FOLDER"""

import os
import pathlib
import re
import subprocess
import sys

from harness import SOURCE, Programs, Skip, await_, free_port, get_json, need, run_tests

BUILD = pathlib.Path(sys.argv[1]).resolve()
CONFIG = """\
sampling: {interval: 1s, cpu_budget: 50%}
targets:
  - {name: "{{1}}", match: {comm: libraries, cmdline: "-case ([a-z]+)"}}
findings: {window: 16s, warm_up: 2s, min_arrivals: 8}
"""
# Where the page of each case says that goroutines pile up.
SITES = {"ants": {"main.work"}, "conc": {"main.work"}, "pond": {"main.work"},
         "errgroup": {"main.fanOut", "main.fanOut.func1"},  # who waits, and for whom
         "semaphore": {"main.token.acquire"}, "singleflight": {"main.(*lookups).find"}, "deadline": {"main.work"}}
# What two libraries start for a stream, and for a connection at either end: any of these places.
OF_LIBRARIES = ("stream", "connection")
NOT_TO_BE_HAD = r"dial tcp|GOPROXY|reading https?://|timeout|connection refused|toolchain not available|requires go >="


def program():
    """The program, built anew; skips where its modules cannot be had."""
    executable = BUILD / "tests" / "libraries" / "libraries"
    try:
        built = subprocess.run([need("go"), "build", "-o", executable, "."], cwd=SOURCE / "tests" / "libraries",
                               capture_output=True, text=True, timeout=150, check=False,
                               env={"GOCACHE": str(SOURCE / "build" / "go-cache"), **os.environ, "GOTOOLCHAIN": "local"})
    except subprocess.TimeoutExpired as late:
        raise Skip("the module proxy does not answer") from late
    if built.returncode != 0 and re.search(NOT_TO_BE_HAD, built.stderr):
        raise Skip("the modules are not to be had on this machine")
    assert built.returncode == 0, built.stderr
    return executable


def leaks_through_libraries_are_those_of_their_users():
    executable = program()
    with Programs() as programs:
        for name in (*SITES, *OF_LIBRARIES):
            programs.start([executable, "-case", name])
        address = f"127.0.0.1:{free_port()}"
        programs.start([BUILD / "proctor", "run", "--config.file", programs.file("libraries.yaml", CONFIG),
                        "--web.listen-address", address])

        def pages():
            """What is told of each case and is not another's consequence."""
            told = {}
            for finding in get_json(f"http://{address}/api/v1/findings")["findings"]:
                if "consequence_of" not in finding:
                    told.setdefault(finding["target"], []).append((finding["kind"], finding["function"]))
            return told

        def is_one_page(name):
            told = pages().get(name, ())
            return [kind for kind, _ in told] == ["goroutine_leak"] and told[0][1] in SITES.get(name, {told[0][1]})

        for name in (*SITES, *OF_LIBRARIES):
            await_(f"{name} is one page, at the line of its user", lambda n=name: is_one_page(n), 60)

        def outlived():
            """By those whose caller has gone after a second: the call that the server serves knows by its context."""
            return sum(finding["members"] for finding in get_json(f"http://{address}/api/v1/findings")["findings"]
                       if finding["target"] == "deadline" and finding["kind"] in ("context_cancelled", "context_overdue"))

        await_("who works for callers that have gone is told", lambda: outlived() > 100, 90)


sys.exit(run_tests([leaks_through_libraries_are_those_of_their_users]))

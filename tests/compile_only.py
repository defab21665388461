#!/usr/bin/env python3
"""Compiles what the linter does not read, which are the tests, without making code: compile_only.py BUILD_FOLDER"""

import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent


def is_test(path):
    return path.is_relative_to(SOURCE / "tests") or path.name.endswith("_test.cpp")


def compile_one(entry):
    words = shlex.split(entry["command"])
    del words[words.index("-o"):words.index("-o") + 2]
    result = subprocess.run([*words, "-fsyntax-only"], cwd=entry["directory"], capture_output=True, text=True)
    return entry["file"], result


def main():
    entries = json.loads((pathlib.Path(sys.argv[1]) / "compile_commands.json").read_text(encoding="utf-8"))
    entries = [entry for entry in entries if is_test(pathlib.Path(entry["file"]))]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for file, result in pool.map(compile_one, entries):
            if result.returncode != 0:
                failed += 1
                print(f"{file}:\n{result.stderr}", file=sys.stderr)
    print(f"{len(entries) - failed} of {len(entries)} tests compile with {shlex.split(entries[0]['command'])[0]}")
    return 1 if failed else 0


sys.exit(main())

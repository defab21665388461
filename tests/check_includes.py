#!/usr/bin/env python3
"""Refuses an include against the order of the folders: each includes itself and what stands to its left."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Aspects of one level never include each other.
ORDER = [
    ["base"], ["config"], ["collectors/os"], ["collectors/sites"], ["collectors/elf"], ["collectors/go"],
    ["collectors/unwind"], ["collectors/select"], ["collectors/observation"],
    ["collectors/threads", "collectors/memory", "collectors/fds", "collectors/cpu", "collectors/goroutines",
     "collectors/locks", "collectors/jvm"],
    ["agent/ledger"], ["agent/history"], ["agent/findings"], ["agent/publication"], ["agent/profiles"],
    ["agent/metrics"], ["agent/http"],
    ["agent/platform"], ["agent/sampling"], ["agent/app"], ["agent/commands"],
]
LEVEL = {module: level for level, modules in enumerate(ORDER) for module in modules}


def module_of(path):
    parts = path.split("/")
    return parts[0] if parts[0] in LEVEL else "/".join(parts[:2])


def check(file):
    module = module_of(file.relative_to(ROOT).as_posix())
    if module not in LEVEL:
        return [f"{file}: the folder has no place in the order"]
    mistakes = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        match = re.match(r'#include "([^"]+/[^"]+)"', line)
        if not match:
            continue
        used = module_of(match.group(1))
        if used == "tests/support":
            allowed = file.name.endswith("_test.cpp")
        else:
            allowed = used == module or LEVEL.get(used, len(ORDER)) < LEVEL[module]
        if not allowed:
            mistakes.append(f"{file.relative_to(ROOT)}:{number}: {module} may not include {match.group(1)}")
    return mistakes


def main():
    files = [file for folder in ("base", "config", "collectors", "agent")
             for pattern in ("*.h", "*.cpp") for file in sorted((ROOT / folder).rglob(pattern))]
    mistakes = [mistake for file in files for mistake in check(file)]
    print("\n".join(mistakes) or f"{len(files)} files include only what stands to their left")
    return 1 if mistakes else 0


sys.exit(main())

#!/usr/bin/env python3
"""Stripped Go programs that nobody here built, one for each release at hand, as npm packages carry them. Each waits on its
standard input. stripped_go_test.py BUILD_FOLDER"""

import json
import pathlib
import shutil
import subprocess
import sys
import tarfile

from harness import Programs, Skip, await_, run_tests

BUILD = pathlib.Path(sys.argv[1]).resolve()
STORE = BUILD / "npm"
# Release, package, program and its arguments, and the function in which its main goroutine waits.
PROGRAMS = [
    ("go1.18", "esbuild-linux-64@0.14.38", "bin/esbuild", ["--service=0.14.38", "--ping"], "main.runService"),
    ("go1.20.4", "@esbuild/linux-x64@0.17.19", "bin/esbuild", ["--service=0.17.19", "--ping"], "main.runService"),
    ("go1.21.4", "@bufbuild/buf-linux-x64@1.28.1", "bin/protoc-gen-buf-lint", [], "protoc-gen-buf-lint.Main"),
    ("go1.24.10", "@bufbuild/buf-linux-x64@1.60.0", "bin/protoc-gen-buf-lint", [], "protoplugin.run"),
    ("go1.25.4", "@typescript/native-preview-linux-x64@7.0.0-dev.20251201.1", "lib/tsgo", ["--lsp", "--stdio"],
     "lsp.(*Server).Run"),
    ("go1.25.7", "@esbuild/linux-x64@0.27.3", "bin/esbuild", ["--service=0.27.3", "--ping"], "main.runService"),
    ("go1.26.1", "@bufbuild/buf-linux-x64@1.66.1", "bin/protoc-gen-buf-lint", [], "protoplugin.run"),
    ("go1.26.5", "@esbuild/linux-x64@0.28.2", "bin/esbuild", ["--service=0.28.2", "--ping"], "main.runService"),
    ("go1.27.3", "@bufbuild/buf-linux-x64@1.75.0", "bin/protoc-gen-buf-lint", [], "protoplugin.run"),
]


IDLE = {"force gc (idle)", "GC sweep wait", "GC scavenge wait", "finalizer wait"}


def fetch(package, program):
    """The program's path; fetched once for a build folder."""
    folder = STORE / package.replace("/", "+")
    binary = folder / "package" / program
    if binary.exists():
        return binary
    if not shutil.which("npm"):
        raise Skip("no npm on this machine")
    folder.mkdir(parents=True, exist_ok=True)
    packed = subprocess.run(["npm", "pack", "--silent", package], cwd=folder, capture_output=True, text=True, timeout=120,
                            check=False)
    if packed.returncode != 0:
        raise Skip(f"{package} cannot be fetched")
    archive = folder / packed.stdout.split()[-1]
    with tarfile.open(archive) as tar:
        # Debian 12's tarfile may be older than its filters.
        tar.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    archive.unlink()
    return binary


def dump(pid):
    return json.loads(subprocess.run([BUILD / "proctor", "dump", str(pid), "--format", "json", "--members"], check=True,
                                     capture_output=True, timeout=60).stdout)


def check(release, package, program, arguments, waits_in):
    binary = fetch(package, program)
    with Programs() as programs:
        child = programs.start([binary, *arguments], stdin=subprocess.PIPE)

        def settled():
            report = dump(child.pid)
            if "goroutines" not in report:
                raise ValueError(report["unknown"])
            sites = report["goroutines"]["sites"]
            main = [site for site in sites if 1 in site["goids"]]
            at_rest = main and waits_in in json.dumps(main[0].get("frames", []))
            # A collection that is under way wakes the goroutines of the runtime.
            return report if at_rest and IDLE <= {site.get("reason") for site in sites} else None

        report = await_(f"{release}: main waits in {waits_in}", settled, 20)
        assert report["target"]["runtime_version"] == release, report["target"]
        goroutines = report["goroutines"]
        goids = [goid for site in goroutines["sites"] for goid in site["goids"]]
        assert len(goids) == len(set(goids)) == goroutines["total"], goroutines
        assert goroutines["user"] + goroutines["system"] == goroutines["total"], goroutines
        assert max(goids) <= goroutines["created_total"] + 64, goroutines  # processors hold numbers in reserve
        for site in goroutines["sites"]:
            assert site["frames"][-1]["function"].split(".")[0] != "", site
            assert site["state"] != "waiting" or site["reason"], site
        # A frame of a dependency names its module and version, where the linker wrote them down.
        modules = {site["function"]: site["module"] for site in goroutines["sites"] if "module" in site}
        if waits_in.startswith("protoplugin"):
            assert any("@v" in module for module in modules.values()), goroutines["sites"]
        heap = report["heap"]
        assert heap["stack_bytes"] >= 2048 * goroutines["total"] and heap["max_procs"] >= 1, heap
        assert 0 < heap["live_bytes"] < report["memory"]["virtual_bytes"], heap
        # The heap is found and followed, and all that is at rest in it is known.
        unknown = {entry["part"] for entry in report["unknown"]}
        assert not unknown & {"unreachable", "contexts", "timers"}, report["unknown"]
        assert goroutines["unreachable"]["members"] == 0, report["findings"]
        assert abs(report["timers"]["total"] - heap["timers"]) <= 1, (report["timers"], heap)  # one may fire in between
        print(f"         {release}: {package}: {goroutines['user']} goroutines of the program, "
              f"{goroutines['system']} of the runtime")


def tests():
    for entry in PROGRAMS:
        def test(entry=entry):
            check(*entry)
        test.__name__ = f"stripped_{entry[0]}"
        yield test


sys.exit(run_tests(list(tests())))

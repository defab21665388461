#!/usr/bin/env python3
"""The page in Chromium, by playwright, beside real leaking services; and whether what is part of the program is what
its sources make. The types of the dashboards, which need the same packages. page_test.py BUILD_FOLDER [SCREENSHOT_FOLDER]"""

import filecmp
import pathlib
import shutil
import subprocess
import sys

from agent import BUILD, Agent
from harness import SOURCE, Programs, Skip, await_, get_json, need, run_tests

WEB = SOURCE / "web"
TARGETS = BUILD / "tests" / "targets"
CONFIG = """\
sampling: {interval: 1s, cpu_budget: 50%}
targets:
  - {name: checkout, match: {comm: leaky_go}}
  - {name: gateway, match: {comm: leaky_cpp}}
  - {name: ledger, match: {comm: cases_cpp}}
  - {name: catalog, match: {comm: healthy_go}}
findings: {window: 16s, warm_up: 2s, min_arrivals: 8}
"""


def web_folder(programs):
    """A copy of the sources with the packages that the lock file names; they come from the registry of npm."""
    need("npm")
    folder = programs.folder / "web"
    shutil.copytree(WEB, folder, ignore=shutil.ignore_patterns("node_modules", "dist"))
    if (WEB / "node_modules").is_dir():
        shutil.copytree(WEB / "node_modules", folder / "node_modules", symlinks=True)
        return folder
    fetched = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder, capture_output=True,
                             text=True, timeout=300)
    if fetched.returncode != 0:
        raise Skip("the packages of web/package-lock.json cannot be fetched")
    return folder


def what_is_embedded_is_what_the_sources_make():
    with Programs() as programs:
        folder = web_folder(programs)
        subprocess.run(["npx", "tsc", "--noEmit"], cwd=folder, check=True, timeout=120)
        subprocess.run(["node", "build.mjs", "made"], cwd=folder, check=True, timeout=60)
        for name in ("app.js", "app.css"):
            assert filecmp.cmp(folder / "made" / name, WEB / "dist" / name, shallow=False), \
                f"web/dist/{name} is out of date: run ./dev web"
        packed = len(subprocess.run(["gzip", "-c", WEB / "dist" / "app.js"], check=True, capture_output=True).stdout)
        assert packed <= 200_000, f"the page's program has {packed} bytes"


def dashboards_have_the_types_that_grafana_publishes():
    with Programs() as programs:
        folder = web_folder(programs)

        def check(dashboards):
            return subprocess.run(["node", "test/dashboards.mjs", dashboards], cwd=folder, capture_output=True, text=True, timeout=120)

        result = check(SOURCE / "dashboards")
        assert result.returncode == 0, result.stderr
        wrong = programs.folder / "wrong"
        wrong.mkdir()
        text = (SOURCE / "dashboards" / "fleet.json").read_text(encoding="utf-8")
        names = ("reduceOptions", "targets", "fillOpacity")
        for name in names:
            (wrong / f"{name}.json").write_text(text.replace(f'"{name}"', f'"{name}x"', 1), encoding="utf-8")
        result = check(wrong)
        assert result.returncode == 1 and all(f"{name}.ts" in result.stderr for name in names), result.stderr


def the_page_works_in_a_browser():
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not browser:
        raise Skip("no chromium on this machine")
    if not (TARGETS / "leaky_go").exists():
        raise Skip("no Go toolchain on this machine")
    with Programs() as programs:
        folder = web_folder(programs)
        go, _ = programs.start_announcing([TARGETS / "leaky_go"])
        cpp = programs.start([TARGETS / "leaky_cpp"])
        healthy = programs.start([TARGETS / "healthy_go"])
        cycle = programs.start([TARGETS / "cases_cpp", "B11"])
        agent = Agent(programs, interval="1s", config=CONFIG)
        await_("all are looked at", lambda: len(get_json(f"http://{agent.address}/api/v1/targets")["targets"]) == 4)
        assert all(child.poll() is None for child in (cpp, healthy, cycle)), "a target has ended"
        result = subprocess.run(["node", "test/page.mjs", agent.address, browser, str(go.pid), str(cycle.pid), *(str(pathlib.Path(picture).resolve()) for picture in sys.argv[2:3])],
                                cwd=folder, capture_output=True, text=True, timeout=300)
        print("\n".join(f"         {line}" for line in result.stdout.splitlines()))
        assert result.returncode == 0, result.stderr[-2000:]


sys.exit(run_tests([what_is_embedded_is_what_the_sources_make, dashboards_have_the_types_that_grafana_publishes,
                    the_page_works_in_a_browser]))

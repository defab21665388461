#!/usr/bin/env python3
"""Starts three sample services and Proctor beside them, and prints what Proctor finds.

demo.py BUILD_FOLDER [--check]. With --check it ends: status 0 when every planted leak was found at its site within a
minute, and nothing was found for the healthy service. Without, it stays until it is interrupted.
"""

import argparse
import contextlib
import json
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

DEADLINE_SECONDS = 60
HEALTHY_SECONDS = 40  # the healthy service is judged for longer than the window of findings
CONFIG = """\
sampling:
  interval: 1s
  cpu_budget: 20%
targets:
  - name: leaky-go
    match: {comm: leaky_go}
  - name: leaky-cpp
    match: {comm: leaky_cpp}
  - name: healthy-go
    match: {comm: healthy_go}
findings:
  window: 30s
  warm_up: 3s
  min_arrivals: 8
"""
# What was planted: service, kind of finding, and a text that its site must have.
PLANTED = [
    ("leaky-go", "goroutine_leak", "main.leakReceive", "a channel that nobody sends on"),
    ("leaky-go", "goroutine_leak", "main.leakSend", "a channel that nobody receives from"),
    ("leaky-go", "goroutine_leak", "main.leakSelect", "a context that nobody cancels"),
    ("leaky-go", "goroutine_leak", "main.leakMutex", "a lock that stays held"),
    ("leaky-cpp", "thread_leak", "leak-worker-*", "threads that wait for ever"),
    ("leaky-cpp", "fd_leak", "eventfd", "descriptors that nobody closes"),
    ("leaky-cpp", "socket_leak", "none", "sockets that nobody closes"),
]


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get_json(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)


def matches(finding, planted):
    service, kind, text, _ = planted
    shown = [str(finding.get(key, "")) for key in ("name", "function", "file", "reason", "state")]
    return finding["target"] == service and finding["kind"] == kind and any(text in part for part in shown)


def show(finding, what, seconds):
    site = finding.get("function") or finding.get("file") or finding.get("reason") or ""
    if finding.get("line"):
        site += f" {finding.get('file', '')}:{finding['line']}"
    print(f"found after {seconds:2.0f} s  {finding['target']}: {finding['kind']} at {site}: {finding['members']} members, "
          f"{finding['per_second']:.2f} per second, oldest {finding['oldest_seconds']:.0f} s ({what})", flush=True)


def watch(address, children):
    """Until all is found or the deadline, and the healthy service has been judged; gives what is missing, and what was
    found for the healthy one at any moment, in the words of Proctor."""
    missing = list(PLANTED)
    false = set()
    begin = time.monotonic()
    pause = threading.Event()
    while time.monotonic() - begin < (DEADLINE_SECONDS if missing else HEALTHY_SECONDS):
        for child in children:
            if child.poll() is not None:
                sys.exit(f"{child.args[0]} has ended with status {child.returncode}")
        try:
            findings = get_json(f"http://{address}/api/v1/findings")["findings"]
        except OSError:
            findings = []
        for planted in list(missing):
            for finding in findings:
                if matches(finding, planted):
                    show(finding, planted[3], time.monotonic() - begin)
                    missing.remove(planted)
                    break
        false.update(finding["says"] for finding in findings if finding["target"] == "healthy-go")
        pause.wait(0.5)
    return missing, false


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    targets = arguments.build / "tests" / "targets"
    address = f"127.0.0.1:{free_port()}"
    children = []
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as config:
        config.write(CONFIG)
        config.flush()
        try:
            for name in ("leaky_go", "leaky_cpp", "healthy_go"):
                children.append(subprocess.Popen([str(targets / name)], stdout=subprocess.DEVNULL))
            children.append(subprocess.Popen([str(arguments.build / "proctor"), "run", "--config.file", config.name,
                                              "--web.listen-address", address], stderr=subprocess.DEVNULL))
            print(f"three services run, Proctor watches them at http://{address}/", flush=True)
            missing, false = watch(address, children)
            for service, kind, text, what in missing:
                print(f"NOT FOUND  {service}: {kind} at {text} ({what})")
            for says in false:
                print(f"FALSE      healthy-go: {says}")
            if not false:
                print("nothing was found for healthy-go, as it should be")
            if arguments.check:
                return 1 if missing or false else 0
            print(f"the page: http://{address}/ (Ctrl-C ends all)", flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                children[-1].wait()
            return 0
        finally:
            for child in children:
                child.kill()
                child.wait()


sys.exit(main())

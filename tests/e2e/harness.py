"""Starts real programs on free loopback ports, awaits what they say, and ends them. Standard library only."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent


class Skip(Exception):
    """A test that this machine cannot run, with the reason."""


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(url, data=None):
    with urllib.request.urlopen(urllib.request.Request(url, data=data), timeout=10) as answer:
        return answer.read().decode("utf-8", "replace")


def get_json(url):
    return json.loads(get(url))


def await_(what, condition, seconds=60):
    """The first true answer of `condition`, which is asked again until then; an error after `seconds`."""
    begin = time.monotonic()
    pause = threading.Event()
    last = None
    while time.monotonic() - begin < seconds:
        try:
            answer = condition()
            if answer:
                return answer
        except (OSError, urllib.error.HTTPError, ValueError) as error:
            last = error
        pause.wait(0.2)
    raise AssertionError(f"{what}: not within {seconds} s" + (f" ({last})" if last else ""))


class Programs:
    """Children of a test: each is killed, with all that it started, and reaped when the test ends, whatever happens."""

    def __init__(self):
        self.children = []
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="proctor-test-"))

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        return self

    def __exit__(self, *_):
        for child in reversed(self.children):
            self.end(child)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, arguments, **options):
        path = self.folder / f"{len(self.children)}-{pathlib.Path(arguments[0]).name}.log"
        log = open(path, "wb")
        options.setdefault("stdout", log)
        options.setdefault("stdin", subprocess.DEVNULL)
        child = subprocess.Popen([str(argument) for argument in arguments], stderr=log, start_new_session=True, **options)
        child.log_path = path
        self.children.append(child)
        return child

    def start_announcing(self, arguments):
        """Starts a program that prints a line when it is ready; gives it and the line."""
        child = self.start(arguments, stdout=subprocess.PIPE)
        return child, child.stdout.readline().decode().strip()

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    @staticmethod
    def end(child):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def need(program):
    found = shutil.which(program)
    if not found:
        raise Skip(f"no {program} on this machine")
    return found


def run_tests(tests):
    """Runs each; prints what was skipped and why. Status 1 where one failed."""
    failed = False
    for test in tests:
        try:
            test()
            print(f"ok       {test.__name__}")
        except Skip as skip:
            print(f"Skipped: {test.__name__}: {skip}")
        except AssertionError as error:
            failed = True
            print(f"FAILED   {test.__name__}: {error}")
    return 1 if failed else 0

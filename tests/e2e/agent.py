"""Proctor as a test starts it. The folder of the build is the test's first argument."""

import json
import pathlib
import re
import subprocess
import sys

from harness import await_, free_port, get

BUILD = pathlib.Path(sys.argv[1]).resolve()
PROCTOR = BUILD / "proctor"
# Takes a name and stays.
NAMED = """
import ctypes, signal, sys
ctypes.CDLL(None).prctl(15, bytes.fromhex(sys.argv[1]), 0, 0, 0)
print("ready", flush=True)
signal.pause()
"""


def call(*arguments, **options):
    options.setdefault("timeout", 60)
    return subprocess.run([str(PROCTOR), *map(str, arguments)], capture_output=True, text=True, errors="replace", **options)


class Agent:
    """`proctor run` on a free port."""

    def __init__(self, programs, *arguments, config=None, interval="200ms"):
        self.address = f"127.0.0.1:{free_port()}"
        options = ["--config.file", programs.file("proctor.yaml", config)] if config else []
        self.child = programs.start([PROCTOR, "run", "--web.listen-address", self.address, "--sampling.interval",
                                     interval, *options, *arguments])
        await_("proctor is ready", lambda: get(f"http://{self.address}/-/ready"))

    def log(self):
        return self.child.log_path.read_text(encoding="utf-8", errors="replace")

    def metrics(self):
        return get(f"http://{self.address}/metrics")


def has_events():
    """Whether this machine lets us sample events of threads: a container's filter may not."""
    return "ok       events of threads" in call("doctor").stdout


def named_child(programs, name):
    child = programs.start([sys.executable, "-c", NAMED, name.hex()], stdout=subprocess.PIPE)
    return child


def dump(pid, kind):
    result = call("dump", pid, "--format", "json", "--kind", kind)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def python(programs, text):
    """A target that runs this text, once it has printed a line."""
    return programs.start_announcing([sys.executable, "-c", text])[0]


def value_of(text, name, labels=""):
    found = re.findall(rf"^{name}\{{[^}}]*{labels}[^}}]*\}} (\S+)$", text, re.M)
    return float(found[0]) if found else None

#!/usr/bin/env python3
"""Reported cases of what a process can run out of: descriptors and sockets by the thousand, threads of a cgroup.
A process that did so again and again is told as such.
limit_cases_test.py BUILD_FOLDER"""

import contextlib
import os
import pathlib
import re
import socket
import sys
import time

from agent import Agent, dump, python, value_of
from harness import Programs, Skip, await_, get_json, run_tests

CHURN = """
import os, sys, threading
def churn():
    while True:
        fd = os.open("/dev/null", os.O_RDONLY)
        os.close(fd)
for _ in range(4): threading.Thread(target=churn, daemon=True).start()
kept = [os.open("/dev/null", os.O_RDONLY) for _ in range(50)]
print("ready", flush=True)
threading.Event().wait()
"""

MANY = """
import os, resource, time
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
first = os.open("/dev/null", os.O_RDONLY)
"""


# Ends once it cannot open any more.
GROWS_TO_ITS_END = """
import os, resource, time
resource.setrlimit(resource.RLIMIT_NOFILE, (300, 300))
while "grows to its end":
    os.open("/dev/null", os.O_RDONLY)
    time.sleep(0.01)
"""
LOOP = """\
sampling: {interval: 200ms, cpu_budget: 50%}
targets: [{name: looping, match: {cmdline: grows to its end}}]
"""


def b25_a_limit_on_threads_is_used_up_by_all_in_its_cgroup():
    cgroup = pathlib.Path("/sys/fs/cgroup")
    ours = (cgroup / "pids" if (cgroup / "pids").is_dir() else cgroup) / f"proctor-test-{os.getpid()}"
    try:
        ours.mkdir()
        (ours / "pids.max").write_text("50")
    except OSError as error:
        with contextlib.suppress(OSError):
            ours.rmdir()
        raise Skip(f"no cgroup for pids can be made here: {error}") from error
    try:
        with Programs() as programs:
            children = [programs.start(["sleep", "1000"]) for _ in range(7)]
            for child in children:
                (ours / "cgroup.procs").write_text(str(child.pid))
            report = dump(children[0].pid, "thread")["threads"]
            assert (report["total"], report["limit"], report["cgroup"]) == (1, 50, {"threads": 7, "limit": 50}), report
            agent = Agent(programs, "--target.pid", children[0].pid)
            await_("they are counted", lambda: value_of(agent.metrics(), "proctor_cgroup_threads") == 7)
            assert value_of(agent.metrics(), "proctor_cgroup_max_threads") == 50
    finally:
        await_("the cgroup is empty", lambda: ours.rmdir() or True, 10)


def c12_descriptors_that_close_under_the_reader_are_no_error():
    with Programs() as programs:
        child = python(programs, CHURN)
        for _ in range(15):
            report = dump(child.pid, "fd")
            # One that moves to another number while they are listed may be met twice.
            assert 53 <= report["fds"]["open"] <= 61, report["fds"]["open"]
            assert not [part for part in report["unknown"] if part["part"] == "fds"], report["unknown"]
        agent = Agent(programs, "--target.pid", child.pid, interval="100ms")
        for _ in range(20):
            kinds = re.findall(r"^proctor_open_fds\{[^}]*\} (\S+)$", agent.metrics(), re.M)
            assert 53 <= sum(map(float, kinds)) <= 61, kinds


def c14_many_descriptors_are_counted_exactly_and_told_in_part():
    with Programs() as programs:
        child = python(programs, MANY + """
for _ in range(15000): os.dup(first)
print("ready", flush=True)
time.sleep(1000)
""")
        exact = len(os.listdir(f"/proc/{child.pid}/fd"))
        begin = time.monotonic()
        report = dump(child.pid, "fd")
        took = time.monotonic() - begin
        assert report["fds"]["open"] == exact > 15000, (report["fds"]["open"], exact)
        assert report["fds"]["sampled"] is True, "above the cap only some are looked at"
        assert took < 5, f"{took:.1f} s"


def c14_a_leak_among_more_descriptors_than_a_look_reads_is_found():
    with Programs() as programs:
        child = python(programs, MANY + """
for _ in range(12000): os.dup(first)
print("ready", flush=True)
while True:
    os.pipe()
    time.sleep(0.1)
""")
        agent = Agent(programs, interval="1s", config=f"""\
sampling: {{interval: 1s, cpu_budget: 50%}}
targets:
  - {{name: many, match: {{comm: {pathlib.Path(f"/proc/{child.pid}/comm").read_text().strip()}, cmdline: "os.pipe"}}}}
findings: {{window: 16s, warm_up: 1s, min_arrivals: 8}}
""")
        found = await_("the leak is found", lambda: [
            finding for finding in get_json(f"http://{agent.address}/api/v1/findings")["findings"]], 60)
        assert [(finding["kind"], "pipe" in finding["says"]) for finding in found] == [("fd_leak", True)], found


def c18_sockets_that_wait_out_their_time_belong_to_nobody():
    with Programs() as programs:
        child = python(programs, """
import socket, threading
server = socket.create_server(("127.0.0.1", 0), backlog=100)
held = []
for i in range(4000):
    client = socket.create_connection(server.getsockname())
    mine = server.accept()[0]
    # Who closes first keeps the connection in TIME_WAIT: it has no owner any more.
    if i < 50: held += [client, mine]
    else: client.close(), mine.close()
print("ready", flush=True)
threading.Event().wait()
""")
        waiting = sum(line.split()[3] == "06" for line in pathlib.Path(f"/proc/{child.pid}/net/tcp").read_text().splitlines()[1:])
        assert waiting > 1000, waiting
        report = dump(child.pid, "fd")
        assert report["fds"]["sockets"] == {"tcp": {"established": 100, "listen": 1}}, report["fds"]["sockets"]


def processes_that_grow_until_they_end_are_a_crash_loop():
    with Programs() as programs:
        agent = Agent(programs, config=LOOP)

        def told():
            return [finding for finding in get_json(f"http://{agent.address}/api/v1/findings")["findings"]
                    if finding["kind"] == "crash_loop"]

        # On a busy machine a look may come too seldom to see one of them near its end.
        for ended in range(6):
            child = programs.start([sys.executable, "-c", GROWS_TO_ITS_END])
            await_("it is a target", lambda c=child: value_of(agent.metrics(), "proctor_open_fds", f'pid="{c.pid}"'))
            if told():
                break
            assert child.wait(timeout=60) != 0
            await_("it is a target no more", lambda c=child: f'pid="{c.pid}"' not in agent.metrics())
        finding = told()[0]
        assert 2 <= finding["members"] <= ended and "near their limit of fds" in finding["says"], finding
        assert 'proctor_finding{target="looping"' in agent.metrics()


def connections_that_nobody_accepts_are_counted():
    with Programs() as programs:
        child = python(programs, """
import socket, time
server = socket.create_server(("127.0.0.1", 0), backlog=50)
print(server.getsockname()[1], flush=True)
time.sleep(1000)
""".replace("print(", "print('ready', flush=True); print("))
        port = int(child.stdout.readline())
        agent = Agent(programs, "--target.pid", child.pid)
        await_("none waits", lambda: value_of(agent.metrics(), "proctor_accept_queue_connections") == 0)
        with contextlib.ExitStack() as clients:
            for _ in range(7):
                clients.enter_context(contextlib.closing(socket.create_connection(("127.0.0.1", port))))
            await_("seven wait", lambda: value_of(agent.metrics(), "proctor_accept_queue_connections") == 7)
            assert dump(child.pid, "fd")["fds"]["accept_queue"] == 7


sys.exit(run_tests([b25_a_limit_on_threads_is_used_up_by_all_in_its_cgroup,
                    c12_descriptors_that_close_under_the_reader_are_no_error,
                    c14_many_descriptors_are_counted_exactly_and_told_in_part,
                    c14_a_leak_among_more_descriptors_than_a_look_reads_is_found,
                    c18_sockets_that_wait_out_their_time_belong_to_nobody,
                    connections_that_nobody_accepts_are_counted,
                    processes_that_grow_until_they_end_are_a_crash_loop]))

#!/usr/bin/env python3
"""Reported cases of processes that made exporters fail, slow down or tell nonsense: many, odd, short-lived or changing
under the reader's hands. hostile_cases_test.py BUILD_FOLDER"""

import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import socket
import stat
import subprocess
import sys

from agent import BUILD, Agent, call, dump, named_child, python, value_of
from harness import Programs, Skip, await_, get_json, run_tests

CASES = BUILD / "tests" / "targets" / "cases_cpp"


def a_thread_that_the_kernel_keeps_is_told_from_a_frozen_process():
    mkfs = shutil.which("mkfs.ext4", path="/sbin:/usr/sbin:/bin:/usr/bin")
    freezer = pathlib.Path("/sys/fs/cgroup/freezer")
    with Programs() as programs, contextlib.ExitStack() as undo:
        run = lambda *command: subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: E731
        image, mount = programs.folder / "image", programs.folder / "mount"
        image.write_bytes(bytes(16 << 20))
        mount.mkdir()
        if not (mkfs and run(mkfs, "-q", image) and run("mount", "-o", "loop", image, mount)):
            raise Skip("no loop device here")
        undo.callback(run, "umount", "-l", mount)
        file = mount / "file"
        file.touch()
        run("fsfreeze", "-f", mount)
        undo.callback(run, "fsfreeze", "-u", mount)
        kept = programs.start([sys.executable, "-c", f"open({str(file)!r}, 'a').write('x')"])
        agent = Agent(programs, config="sampling: {interval: 200ms}\nfindings: {window: 4s, warm_up: 0s}\n"
                                       "targets: [{name: kept, match: {cmdline: 'mount/file'}}]\n")

        def stuck():
            found = [finding for finding in get_json(f"http://{agent.address}/api/v1/findings")["findings"]
                     if finding["target"] == "kept"]
            return [finding for finding in found if finding["kind"] == "stuck_thread"]

        finding = await_("the thread is stuck", stuck)[0]
        assert finding["members"] == 1 and finding["state"] == "disk_sleep", finding
        wchan = pathlib.Path(f"/proc/{kept.pid}/wchan").read_text(encoding="ascii")
        assert wchan == "0" or f"in the kernel's {wchan}." in finding["says"], (finding, wchan)
        if not freezer.is_dir():
            return
        frozen = python(programs, "print('ready', flush=True)\nimport time\ntime.sleep(1000)")
        cgroup = freezer / f"proctor-test-{frozen.pid}"
        cgroup.mkdir()
        undo.callback(cgroup.rmdir)
        (cgroup / "cgroup.procs").write_text(str(frozen.pid))
        (cgroup / "freezer.state").write_text("FROZEN")
        undo.callback(lambda: (programs.end(frozen), await_("it has left", lambda: not (cgroup / "cgroup.procs").read_text())))
        undo.callback((cgroup / "freezer.state").write_text, "THAWED")
        watcher = Agent(programs, "--target.pid", frozen.pid)

        def state():
            return re.findall(r'^proctor_threads\{[^}]*state="(\w+)"[^}]*\} 1$', watcher.metrics(), re.M)

        await_("it is frozen", lambda: state() == ["frozen"])
        # It sleeps on, and need not have run.
        (cgroup / "freezer.state").write_text("THAWED")
        await_("it is thawed", lambda: state() == ["sleeping"])


def starts_of_a_target_are_counted():
    with Programs() as programs:
        programs.end(named_child(programs, b"restarts"))
        first = named_child(programs, b"restarts")
        first.stdout.readline()
        agent = Agent(programs, "--target.name", "restarts")
        starts = re.compile(r'^proctor_target_process_starts_total\{target="restarts"\} (\S+)$', re.M)

        def counted(number):
            found = starts.search(agent.metrics())
            return found and float(found[1]) == number

        await_("one that was there already is no start", lambda: counted(0))
        for number in (1, 2):
            programs.end(first)
            first = named_child(programs, b"restarts")
            first.stdout.readline()
            await_(f"start {number} is counted", lambda n=number: counted(n))


def d12_a_process_whose_first_thread_has_ended_is_read_through_the_others():
    with Programs() as programs:
        child, _ = programs.start_announcing([CASES, "D12"])
        await_("the first thread has ended",
               lambda: pathlib.Path(f"/proc/{child.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z")
        report = json.loads(call("dump", child.pid, "--format", "json").stdout)
        assert "zombie" not in report["target"] and report["memory"]["resident_bytes"] > 1 << 20, report["target"]
        assert report["threads"]["states"] == {"sleeping": 8, "zombie": 1}, report["threads"]["states"]
        site = [site for site in report["threads"]["sites"] if site["members"] == 8][0]
        assert any("first_thread_that_ends" in frame["function"] for frame in site["frames"]), site
        living = max(int(task) for task in os.listdir(f"/proc/{child.pid}/task"))
        assert report["fds"]["open"] == len(os.listdir(f"/proc/{child.pid}/task/{living}/fd")), report["fds"]
        agent = Agent(programs, "--target.pid", child.pid)
        text = await_("it is watched", lambda: (lambda t: t if value_of(t, "proctor_resident_memory_bytes") else None)(agent.metrics()))
        assert value_of(text, "proctor_threads", 'state="sleeping"') == 8


def d20_work_of_children_that_ended_between_looks_is_told():
    with Programs() as programs:
        child = python(programs, """
import os, resource, subprocess, sys
print("ready", flush=True)
for _ in range(10):
    subprocess.run([sys.executable, "-c", "import time\\nend = time.process_time() + 0.2\\nwhile time.process_time() < end: pass"])
print("done", flush=True)
sys.stdin.read()
import time
time.sleep(1000)
""")
        agent = Agent(programs, "--target.pid", child.pid, interval="500ms")
        assert child.stdout.readline().strip() == b"done"
        fields = pathlib.Path(f"/proc/{child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        real = (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
        assert real > 1.9, real

        def told():
            values = re.findall(r"^proctor_children_cpu_seconds_total\{[^}]*\} (\S+)$", agent.metrics(), re.M)
            return abs(sum(map(float, values)) - real) < 0.05 * real

        await_("the CPU time of all its children is told", told)


def d30_a_thousand_scrapes_half_of_them_abandoned_leave_nothing_behind():
    with Programs() as programs:
        child = python(programs, "import signal\nprint('ready', flush=True)\nsignal.pause()")
        agent = Agent(programs, "--target.pid", child.pid)
        # With its stack the files of its code are open.
        await_("its stack is read", lambda: any(site.get("frames") for site in get_json(
            f"http://{agent.address}/api/v1/targets/{child.pid}")["threads"]["sites"]))
        host, port = agent.address.split(":")

        def scrape(times):
            for number in range(times):
                with contextlib.closing(socket.create_connection((host, int(port)))) as client:
                    client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    while number % 2 and client.recv(65536):
                        pass

        def own():
            text = agent.metrics()
            return {name: float(re.search(rf"^process_{name} (\S+)$", text, re.M)[1])
                    for name in ("open_fds", "resident_memory_bytes")}

        scrape(300)
        before = own()
        scrape(1000)
        await_("its descriptors are as before", lambda: own()["open_fds"] <= before["open_fds"])
        after = own()
        assert after["resident_memory_bytes"] < before["resident_memory_bytes"] + (4 << 20), (before, after)
        threads = len(os.listdir(f"/proc/{agent.child.pid}/task"))
        assert threads < 20, threads


def libraries_of(binary):
    text = subprocess.run(["ldd", binary], check=True, capture_output=True, text=True).stdout
    return re.findall(r"(/\S+)", text)


def d44_a_program_in_another_root_that_is_gone_is_read_through_its_own_mappings():
    if os.geteuid() != 0:
        raise Skip("chroot needs root")
    with Programs() as programs:
        root = programs.folder / "root"
        for file in [str(CASES), *libraries_of(CASES)]:
            place = root / ("app" if file == str(CASES) else file.lstrip("/"))
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, place)
        child, _ = programs.start_announcing(["chroot", root, "/app", "B15"])
        shutil.rmtree(root)
        sites = await_("its threads wait", lambda: [
            site for site in dump(child.pid, "thread")["threads"]["sites"] if site["members"] == 8])
        functions = [frame["function"] for frame in sites[0]["frames"]]
        assert any("idle_pool" in function for function in functions) and "pthread_cond_wait" in functions[2], functions


def d47_damaged_executables_harm_nobody():
    with Programs() as programs:
        dice = random.Random(7)
        whole = CASES.read_bytes()
        # Sections are not needed to run: where they stand, what they are called and what notes say may be anything.
        begin = int.from_bytes(whole[40:48], "little")
        for number in range(12):
            damaged = bytearray(whole)
            if number == 0:
                damaged[40:48] = (2 ** 63).to_bytes(8, "little")
            elif number == 1:
                damaged[60:62] = b"\xff\xff"
            else:
                for _ in range(200):
                    damaged[dice.randrange(begin, len(damaged))] = dice.randrange(256)
            file = programs.folder / f"damaged-{number}"
            file.write_bytes(damaged)
            file.chmod(file.stat().st_mode | stat.S_IXUSR)
            child, _ = programs.start_announcing([file, "B15"])
            report = json.loads(call("dump", child.pid, "--format", "json").stdout)
            assert report["threads"]["total"] == 9 and report["memory"]["resident_bytes"] > 0
            programs.end(child)
        # An executable that no file system has, and one that is a script.
        memory = python(programs, f"""
import os
fd = os.memfd_create("program")
os.write(fd, open({str(CASES)!r}, "rb").read())
os.execv(f"/proc/self/fd/{{fd}}", ["program", "B15"])
""")
        report = json.loads(call("dump", memory.pid, "--format", "json").stdout)
        assert report["threads"]["total"] == 9, report["threads"]
        script = programs.folder / "script"
        script.write_text("#!/bin/sh\necho ready\nread line\n", encoding="utf-8")
        script.chmod(0o755)
        child = programs.start([script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        child.stdout.readline()
        assert json.loads(call("dump", child.pid, "--format", "json").stdout)["target"]["comm"] == "script"


def d48_a_thousand_names_are_one_series():
    with Programs() as programs:
        child = python(programs, """
import ctypes, threading, uuid
libc = ctypes.CDLL(None)
begun = threading.Barrier(1001)
threading.stack_size(65536)
def run():
    libc.prctl(15, f"worker-{uuid.uuid4()}".encode()[:15], 0, 0, 0)
    begun.wait()
    threading.Event().wait()
for _ in range(1000): threading.Thread(target=run, daemon=True).start()
begun.wait()
print("ready", flush=True)
threading.Event().wait()
""")
        agent = Agent(programs, "--target.pid", child.pid, interval="500ms")

        def settled():
            text = agent.metrics()
            members = [float(value) for value in re.findall(r'^proctor_site_members\{[^}]*kind="thread"[^}]*\} (\S+)$', text, re.M)]
            return members if sum(members) == 1001 else None

        members = await_("every thread is counted once", settled)
        assert len(members) <= 51, f"{len(members)} series"
        names = {site["name"] for site in dump(child.pid, "thread")["threads"]["sites"]}
        assert len(names) < 60, sorted(names)[:20]


def b19_threads_that_take_turns_are_not_stuck():
    with Programs() as programs:
        child = python(programs, """
import threading
def spin():
    while True: pass
for _ in range(4): threading.Thread(target=spin, daemon=True).start()
print("ready", flush=True)
threading.Event().wait()
""")
        agent = Agent(programs, "--target.pid", child.pid)
        for _ in range(20):
            assert not get_json(f"http://{agent.address}/api/v1/findings")["findings"]
            assert not dump(child.pid, "thread,lock")["locks"]["deadlocks"]


def b23_a_peak_that_is_over_is_told_apart_and_is_no_leak():
    with Programs() as programs:
        child = python(programs, """
import mmap, time
memory = mmap.mmap(-1, 300 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for i in range(0, len(memory), 4096): memory[i] = 1
memory.close()
print("ready", flush=True)
time.sleep(1000)
""")
        agent = Agent(programs, "--target.pid", child.pid)
        text = await_("it is looked at", lambda: (lambda t: t if value_of(t, "proctor_resident_memory_bytes") else None)(agent.metrics()))
        assert value_of(text, "proctor_peak_resident_memory_bytes") > 300 << 20
        assert value_of(text, "proctor_resident_memory_bytes") < 60 << 20
        rules = (pathlib.Path(__file__).parent.parent.parent / "alerts" / "proctor.rules.yml").read_text(encoding="utf-8")
        assert "peak" not in rules, "no alert may use the peak"


sys.exit(run_tests([a_thread_that_the_kernel_keeps_is_told_from_a_frozen_process,
                    starts_of_a_target_are_counted, d12_a_process_whose_first_thread_has_ended_is_read_through_the_others,
                    d20_work_of_children_that_ended_between_looks_is_told,
                    d30_a_thousand_scrapes_half_of_them_abandoned_leave_nothing_behind,
                    d44_a_program_in_another_root_that_is_gone_is_read_through_its_own_mappings,
                    d47_damaged_executables_harm_nobody, d48_a_thousand_names_are_one_series,
                    b19_threads_that_take_turns_are_not_stuck,
                    b23_a_peak_that_is_over_is_told_apart_and_is_no_leak]))

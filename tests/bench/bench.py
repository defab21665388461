#!/usr/bin/env python3
"""Measures Proctor beside its peers in one run, and prints each figure as a ratio with its goal. With --small it only
shows that the measurement runs. bench.py BUILD_FOLDER [--small]"""

import gzip
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

from harness import Programs, await_, free_port, get  # noqa: E402

BUILD = pathlib.Path(sys.argv[1]).resolve()
SMALL = "--small" in sys.argv
TICK = 1 / os.sysconf("SC_CLK_TCK")


def show(what, value, goal, holds):
    print(f"{what}: {value} (goal {goal}){'' if holds else '  NOT REACHED'}", flush=True)


def cpu_of(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * TICK


def resident_of(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(text.split("VmRSS:")[1].split()[0]) / 1024


def resident_at_rest(pid):
    """The median over some seconds: a round makes its texts anew, and both stand for a moment."""
    pause = threading.Event()
    values = []
    for _ in range(20):
        values.append(resident_of(pid))
        pause.wait(0.15)
    return statistics.median(values)


def timed(action):
    begin = time.perf_counter()
    action()
    return (time.perf_counter() - begin) * 1000


def goroutines(number, rounds, goals, most_memory):
    """Each round with a fresh target, so that its first profile is compared with a first look; a repeated profile, whose
    buffers have grown already, is printed beside it."""
    figures = {"first profile": [], "repeated profile": [], "first look": [], "second look": []}
    for round_ in range(1 if SMALL else rounds):
        with Programs() as programs:
            target, line = programs.start_announcing([BUILD / "tests/targets/parked_go", "-n", str(number)])
            url = f"http://{line.split()[1]}/debug/pprof/goroutine?debug=0"
            looks = subprocess.run([BUILD / "tests/bench/goroutine_bench", str(target.pid)], check=True,
                                   capture_output=True, text=True).stdout.split()
            assert int(looks[0]) >= number, looks
            figures["first look"].append(float(looks[1]))
            figures["second look"].append(float(looks[3]))
            for name in ("first profile", "repeated profile"):
                figures[name].append(timed(lambda: urllib.request.urlopen(url, timeout=60).read()))
            if round_ == 0:
                memory_of_agent(programs, ["--target.pid", str(target.pid)], f"one target of {number} goroutines",
                                most_memory)
    medians = {name: statistics.median(values) for name, values in figures.items()}
    print(f"{number} parked goroutines: " + ", ".join(f"{name} {value:.0f} ms" for name, value in medians.items()))
    own = medians["first profile"]
    print(f"first look / a repeated profile: {medians['first look'] / medians['repeated profile']:.2f}")
    first, second = medians["first look"] / own, medians["second look"] / own
    show("first look / the target's own first profile", f"{first:.2f}", f"{goals[0]}", first <= goals[0])
    show("second look, nothing changed / the same", f"{second:.2f}", f"{goals[1]}", second <= goals[1])


def http_throughput():
    """What a look each second takes from a Go server under load: requests per second and the 99th percentile, in pairs."""
    load = shutil.which("wrk")
    if not load:
        print("Skipped: no wrk on this machine")
        return
    with Programs() as programs:
        _, line = programs.start_announcing([BUILD / "tests/targets/healthy_go"])
        url = f"http://{line.split()[1]}/"

        def measure():
            text = subprocess.run([load, "-t1", "-c16", f"-d{1 if SMALL else 5}s", "--latency", url], check=True,
                                  capture_output=True, text=True).stdout
            rate = float(re.search(r"Requests/sec:\s+([0-9.]+)", text)[1])
            value, unit = re.search(r"99%\s+([0-9.]+)(us|ms|s)", text).groups()
            return rate, float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]

        def with_proctor():
            port = free_port()
            config = programs.file("http.yaml", "sampling: {interval: 1s}\ntargets:\n"
                                   "  - {name: healthy, match: {comm: healthy_go}}\n")
            agent = programs.start([BUILD / "proctor", "run", "--config.file", config, "--web.listen-address",
                                    f"127.0.0.1:{port}"])
            looks_done(port, 1)
            answer = measure()
            programs.end(agent)
            return answer

        measure()
        pairs = [(measure(), with_proctor()) for _ in range(1 if SMALL else 7)]
        rate = statistics.median(beside[0] / alone[0] for alone, beside in pairs)
        tail = statistics.median(beside[1] / alone[1] for alone, beside in pairs)
        print(f"a Go server under load: {statistics.median(alone[0] for alone, _ in pairs):.0f} requests per second alone")
        show("requests per second with Proctor / alone", f"{rate:.3f}", "0.995", rate >= 0.995)
        show("their 99th percentile with Proctor / alone", f"{tail:.2f}", "1.00", tail <= 1.0)


def thread_stacks(number):
    """Of blocked threads, with the stacks of all; eu-stack stops each of them."""
    peer = shutil.which("eu-stack")
    first, second, stopped = [], [], []
    for _ in range(1 if SMALL else 5):
        with Programs() as programs:
            target, _ = programs.start_announcing([BUILD / "tests/bench/blocked_threads", str(number)])
            await_("all threads wait", lambda: all("S" in (task / "stat").read_text().rsplit(")", 1)[1][:3] for task in
                                                   pathlib.Path(f"/proc/{target.pid}/task").iterdir()))
            looks = subprocess.run([BUILD / "tests/bench/thread_bench", str(target.pid)], check=True, capture_output=True,
                                   text=True).stdout.split()
            assert int(looks[0]) == int(looks[1]) == number + 1, looks
            first.append(float(looks[2]))
            second.append(float(looks[3]))
            if peer:
                stopped.append(timed(lambda: subprocess.run([peer, "-n", "0", "-p", str(target.pid)], check=True,
                                                            capture_output=True)))
    looks = statistics.median(first), statistics.median(second)
    print(f"{number} blocked threads: first look {looks[0]:.1f} ms, second look {looks[1]:.2f} ms")
    if not peer:
        print("Skipped: no eu-stack on this machine")
        return
    own = statistics.median(stopped)
    show("first look / eu-stack", f"{looks[0] / own:.3f} ({looks[0]:.0f} / {own:.0f} ms)", "0.033", looks[0] / own <= 1 / 30)
    show("second look, no thread ran / eu-stack", f"{looks[1] / own:.4f}", "0.0067", looks[1] / own <= 1 / 150)


def memory_of_agent(programs, flags, what, goal):
    port = free_port()
    config = programs.file("memory.yaml", "sampling: {interval: 500ms, cpu_budget: 90%}\ntargets:\n"
                           "  - {name: none, match: {comm: no-such-comm}}\n")
    agent = programs.start([BUILD / "proctor", "run", "--config.file", config, "--web.listen-address",
                            f"127.0.0.1:{port}", *flags])
    looks_done(port, 5)
    resident = resident_at_rest(agent.pid)
    show(f"memory of the agent with {what}", f"{resident:.0f} MiB", f"{goal} MiB", resident <= goal)
    programs.end(agent)


def looks_done(port, number):
    """Waits for so many further rounds; gives nothing."""
    def looked():
        text = get(f"http://127.0.0.1:{port}/metrics")
        counts = [float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
                  if line.startswith('proctor_sample_duration_seconds_count{collector="threads"}')]
        targets = text.count("proctor_target_info{")
        return counts[0] / max(targets, 1) if counts and targets else 0

    begin = await_("a first look", looked)
    await_(f"{number} looks", lambda: looked() >= begin + number, 300)


def idle_processes(number):
    with Programs() as programs:
        programs.start_announcing([BUILD / "tests/bench/idle", str(number)])
        port = free_port()
        config = programs.file("idle.yaml", "sampling: {interval: 1s, cpu_budget: 90%}\nlimits: {targets: 5000}\n"
                               "targets:\n  - {name: 'idle-{{pid}}', match: {comm: idle-child}}\n")
        agent = programs.start([BUILD / "proctor", "run", "--config.file", config, "--web.listen-address",
                                f"127.0.0.1:{port}"])
        looks_done(port, 2)
        # CPU per look, while nobody scrapes.
        pause = threading.Event()
        before, begin = cpu_of(agent.pid), time.monotonic()
        pause.wait(2 if SMALL else 20)
        per_look = (cpu_of(agent.pid) - before) / (time.monotonic() - begin) * 1000
        print(f"{number} idle processes: {per_look:.0f} ms of CPU per look of Proctor")
        peer = peer_cpu(programs)
        if peer is None:
            print("Skipped: no prometheus-process-exporter on this machine")
        else:
            show("CPU per look / CPU per scrape of process-exporter", f"{per_look / peer:.2f} ({per_look:.0f} / {peer:.0f} ms)",
                 "0.50", per_look / peer <= 0.5)
        resident = resident_at_rest(agent.pid)
        show(f"memory of the agent with {number} idle targets", f"{resident:.0f} MiB", "30 MiB", resident <= 30)
        scrapes(port)


def peer_cpu(programs):
    """CPU milliseconds of one scrape of Debian's process-exporter, by the name of each process."""
    binary = shutil.which("prometheus-process-exporter")
    if not binary:
        return None
    port = free_port()
    config = programs.file("peer.yaml", 'process_names:\n  - name: "{{.Comm}}-{{.PID}}"\n    comm: [idle-child]\n')
    peer = programs.start([binary, "-config.path", config, "-web.listen-address", f"127.0.0.1:{port}"])
    await_("process-exporter is ready", lambda: get(f"http://127.0.0.1:{port}/metrics"))
    costs = []
    for _ in range(1 if SMALL else 10):
        before = cpu_of(peer.pid)
        get(f"http://127.0.0.1:{port}/metrics")
        costs.append((cpu_of(peer.pid) - before) * 1000)
    programs.end(peer)
    return max(statistics.mean(costs), 1)


def scrapes(port):
    for name, headers in (("plain", {}), ("gzip", {"Accept-Encoding": "gzip"})):
        request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers=headers)
        body = urllib.request.urlopen(request, timeout=60).read()
        text = gzip.decompress(body) if name == "gzip" else body
        times = [timed(lambda: urllib.request.urlopen(request, timeout=60).read()) for _ in range(5 if SMALL else 200)]
        median = statistics.median(times)
        series = sum(1 for line in text.splitlines() if not line.startswith(b"#"))
        show(f"/metrics, {name}: {series} series, {len(text) / 1e6:.1f} MB, {len(body) / 1e6:.2f} MB sent",
             f"{median:.1f} ms at the median", "10 ms", median <= 10)


def mapping_latency(mebibytes):
    """What a look each second does to a target that maps and unmaps without pause; a reader of smaps_rollup beside it."""
    seconds = 1 if SMALL else 6
    with Programs() as programs:
        target, _ = programs.start_announcing([BUILD / "tests/bench/mapper", str(mebibytes)])

        def latency():
            """Medians over the seconds: the 99th percentile and the longest, in microseconds."""
            lines = [target.stdout.readline().split() for _ in range(seconds + 1)][1:]
            return [statistics.median(float(line[column]) for line in lines) for column in (0, 1)]

        def with_proctor(more=""):
            port = free_port()
            config = programs.file("mapper.yaml", "sampling: {interval: 1s}\ntargets:\n"
                                   f"  - {{name: mapper, match: {{comm: mapper}}{more}}}\n")
            agent = programs.start([BUILD / "proctor", "run", "--config.file", config, "--web.listen-address",
                                    f"127.0.0.1:{port}"])
            looks_done(port, 1)
            answer = latency()
            programs.end(agent)
            return answer

        def with_rollup():
            done = threading.Event()

            def read():
                while not done.wait(1):
                    pathlib.Path(f"/proc/{target.pid}/smaps_rollup").read_bytes()

            reader = threading.Thread(target=read)
            reader.start()
            answer = latency()
            done.set()
            reader.join()
            return answer

        # In pairs, since the pace of a machine changes by itself from one half minute to the next.
        rounds = [(latency(), with_proctor(), with_proctor(", memory_growth: true")) for _ in range(1 if SMALL else 7)]
        rollup = with_rollup()
        alone, beside, sampled = ([statistics.median(run[which][column] for run in rounds) for column in (0, 1)]
                                  for which in (0, 1, 2))
        print(f"a process of {mebibytes} MiB that maps without pause, p99 / longest of a second: "
              + ", ".join(f"{name} {values[0]:.2f} / {values[1]:.0f} us" for name, values in
                          (("alone", alone), ("with Proctor", beside), ("and its page faults sampled", sampled), ("with a reader of smaps_rollup", rollup))))
        for which, what in ((1, "with Proctor"), (2, "with its page faults sampled")):
            ratio = statistics.median(run[which][0] / run[0][0] for run in rounds)
            show(f"p99 {what} / alone", f"{ratio:.2f}", "1.10", ratio <= 1.10)


def main():
    goroutines(1000 if SMALL else 100_000, 5, (0.40, 0.15), 96)
    if not SMALL:
        goroutines(1_000_000, 1, (0.30, 0.15), 1024)
    http_throughput()
    thread_stacks(50 if SMALL else 1000)
    idle_processes(20 if SMALL else 1000)
    mapping_latency(64 if SMALL else 8192)
    return 0


sys.exit(main())

#!/usr/bin/env python3
"""Real programs that we did not write, seen from outside and compared with the truth: /proc, ss, and the program's own
profile. real_programs_test.py BUILD_FOLDER"""

import collections
import glob
import json
import os
import pathlib
import pwd
import re
import shutil
import subprocess
import sys

from harness import Programs, Skip, await_, free_port, get, need, run_tests

BUILD = pathlib.Path(sys.argv[1]).resolve()


def dump(pid):
    return json.loads(subprocess.run([BUILD / "proctor", "dump", str(pid), "--format", "json"], check=True,
                                     capture_output=True, timeout=60).stdout)


def truth_of(pid):
    """Threads, descriptors and sockets as the kernel lists them."""
    sockets = set()
    descriptors = os.listdir(f"/proc/{pid}/fd")
    for descriptor in descriptors:
        link = os.readlink(f"/proc/{pid}/fd/{descriptor}")
        if link.startswith("socket:"):
            sockets.add(link)
    return len(os.listdir(f"/proc/{pid}/task")), len(descriptors), len(sockets)


def seen_of(report):
    sockets = sum(count for states in report["fds"]["sockets"].values() for count in states.values())
    return report["threads"]["total"], report["fds"]["open"], sockets


def compare_with_kernel(name, pid):
    """A living program moves: what counts is a look with the same truth before and after it."""

    def agrees():
        before = truth_of(pid)
        report = dump(pid)
        if before != truth_of(pid):
            return None
        if seen_of(report) != before:  # it may have opened and closed one in between
            raise ValueError(f"seen {seen_of(report)}, the kernel says {before}")
        return report

    report = await_(f"{name}: threads, descriptors and sockets as the kernel lists them", agrees, 30)
    threads, descriptors, sockets = seen_of(report)
    print(f"         {name}: {threads} threads, {descriptors} descriptors, {sockets} sockets, as the kernel lists them")
    return report


def tcp_states_by_ss(pid):
    """States of the TCP sockets of a process as ss prints them."""
    states = collections.Counter()
    for line in subprocess.run(["ss", "-H", "-tanp"], check=True, capture_output=True, text=True).stdout.splitlines():
        if f"pid={pid}," in line:
            states[line.split()[0]] += 1
    return states


def compare_with_ss(name, pid):
    words = {"LISTEN": "listen", "ESTAB": "established", "CLOSE-WAIT": "close_wait", "FIN-WAIT-2": "fin_wait2"}

    def agrees():
        before = tcp_states_by_ss(pid)
        sockets = dump(pid)["fds"]["sockets"]
        if before != tcp_states_by_ss(pid):
            return False
        seen = collections.Counter()
        for protocol in ("tcp", "tcp6"):
            seen.update(sockets.get(protocol, {}))
        expected = {words[state]: count for state, count in before.items()}
        if dict(seen) != expected:
            raise ValueError(f"seen {dict(seen)}, ss says {expected}")
        return True

    if not shutil.which("ss"):
        raise Skip("no ss on this machine")
    await_(f"{name}: sockets as ss lists them", agrees, 30)


def plain(function):
    return re.sub(r"%2e", ".", function)


def profile_of(address):
    """Goroutines by the innermost function that is neither runtime, sync nor internal, as the program tells itself."""
    members = collections.Counter()
    count, named = 0, True
    for line in get(f"http://{address}/debug/pprof/goroutine?debug=1").splitlines():
        record = re.match(r"(\d+) @", line)
        if record:
            count, named = int(record.group(1)), False
        frame = re.match(r"#\t0x[0-9a-f]+\t(.+?)\+0x[0-9a-f]+\t", line)
        if frame and not named and not re.match(r"(runtime|sync|internal)[./]", frame.group(1)):
            members[plain(frame.group(1))] += count
            named = True
    return members


def sites_of(report):
    members = collections.Counter()
    for site in report["goroutines"]["sites"]:
        for frame in site.get("frames", []):
            if not re.match(r"(runtime|sync|internal)[./]", frame["function"]):
                members[plain(frame["function"])] += site["members"]
                break
    return members


def compare_with_profile(name, pid, address):
    """Those that serve the profile itself come and go with the request; all others must agree."""
    serving = re.compile(r"pprof|net/http\.\(\*(conn|connReader|persistConn)|net\.\(\*conn|os/signal")

    def agrees():
        before = profile_of(address)
        report = dump(pid)
        after = profile_of(address)
        seen = sites_of(report)
        differences = {function: (seen[function], before[function]) for function in set(seen) | set(before)
                       if before[function] == after[function] and seen[function] != before[function] and
                       not serving.search(function)}
        if differences:
            raise ValueError(f"seen and told: {differences}")
        return report, len(before)

    report, functions = await_(f"{name}: goroutines by function as its own profile has them", agrees, 30)
    print(f"         {name}: {report['goroutines']['user']} goroutines at {functions} functions, "
          f"as its own profile has them ({report['target']['runtime_version']})")


def traces_by_goroutine(text):
    """Each goroutine's trace by its header, without arguments and minutes."""
    traces = {}
    for paragraph in text.strip().split("\n\n"):
        header, _, frames = paragraph.partition("\n")
        frames = re.sub(r"^([^\t].*?)\((?:[^()]|\{.*?\})*\)$", r"\1(...)", frames, flags=re.MULTILINE)
        traces[re.sub(r", \d+ minutes", "", header)] = frames
    return traces


def compare_with_traces(name, pid, address):
    """The trace of every goroutine that stands still is the one that the program prints itself."""
    def own():
        return traces_by_goroutine(get(f"http://{address}/debug/pprof/goroutine?debug=2"))

    before = own()
    text = subprocess.run([BUILD / "proctor", "dump", str(pid), "--format", "debug2"], check=True, capture_output=True,
                          text=True).stdout
    seen = traces_by_goroutine(text)
    after = own()
    parked = {header: frames for header, frames in before.items() if after.get(header) == frames}
    for header, frames in parked.items():
        if header not in seen:  # it moved, and came back
            assert any(other.split(" [")[0] == header.split(" [")[0] for other in seen), f"{name}: no {header}"
            continue
        assert seen[header] == frames or "running" in header, f"{name}: {header}\n{seen[header]}\nnot\n{frames}"
    same = sum(1 for header, frames in parked.items() if seen.get(header) == frames)
    assert same > len(parked) * 0.7, f"{name}: only {same} of {len(parked)} traces are the same"
    print(f"         {name}: {same} of {len(parked)} traces word by word as it prints them itself")


def compare_with_pprof(name, pid, folder):
    """go tool pprof reads what is written, and finds as many goroutines."""
    if not shutil.which("go"):
        return
    file = folder / "goroutine.pb.gz"
    subprocess.run([BUILD / "proctor", "pprof", str(pid), "-o", file], check=True, capture_output=True)
    top = subprocess.run(["go", "tool", "pprof", "-top", file], check=True, capture_output=True, text=True).stdout
    total = re.search(r"of (\d+) total", top)
    assert "Type: goroutine" in top and total and int(total.group(1)) > 3, f"{name}: {top}"


def goroutines_or_reason(name, report):
    """A Go program either shows its goroutines or names the reason why not. None of a healthy one can never go on."""
    if "goroutines" in report:
        assert report["goroutines"]["unreachable"]["members"] == 0, f"{name}: {report['findings']}"
    assert report["target"]["runtime"] == "go", report["target"]
    reasons = {entry["part"]: entry["reason"] for entry in report["unknown"]}
    assert ("goroutines" in report) != ("goroutines" in reasons), f"{name}: {reasons}"
    if "goroutines" in reasons:
        assert reasons["goroutines"] in ("no_go_symbols", "unsupported_go_version"), reasons
        print(f"         {name}: goroutines: {reasons['goroutines']} ({report['target'].get('runtime_version')})")


def compare_with_own(name, pid, address, folder):
    compare_with_profile(name, pid, address)
    compare_with_traces(name, pid, address)
    compare_with_pprof(name, pid, folder)


def our_own_go_service():
    binary = BUILD / "tests" / "targets" / "parked_go"
    if not binary.exists():
        raise Skip("no Go toolchain on this machine")
    with Programs() as programs:
        child, line = programs.start_announcing([binary, "-n", "2000"])
        compare_with_kernel("parked_go", child.pid)
        compare_with_own("parked_go", child.pid, line.split()[1], programs.folder)


def prometheus():
    with Programs() as programs:
        address = f"127.0.0.1:{free_port()}"
        child = programs.start([need("prometheus"), "--web.listen-address", address, "--storage.tsdb.path",
                                programs.folder / "tsdb", "--config.file", programs.file("p.yml", "global: {}\n")])
        await_("prometheus is ready", lambda: get(f"http://{address}/-/ready"))
        report = compare_with_kernel("prometheus", child.pid)
        compare_with_ss("prometheus", child.pid)
        goroutines_or_reason("prometheus", report)
        if "goroutines" in report:
            compare_with_own("prometheus", child.pid, address, programs.folder)


def alertmanager():
    with Programs() as programs:
        address = f"127.0.0.1:{free_port()}"
        config = programs.file("a.yml", "route: {receiver: none}\nreceivers: [{name: none}]\n")
        child = programs.start([need("prometheus-alertmanager"), "--web.listen-address", address, "--config.file",
                                config, "--cluster.listen-address=", "--storage.path", programs.folder / "data"])
        await_("alertmanager is ready", lambda: get(f"http://{address}/-/ready"))
        report = compare_with_kernel("alertmanager", child.pid)
        goroutines_or_reason("alertmanager", report)
        if "goroutines" in report:
            compare_with_own("alertmanager", child.pid, address, programs.folder)


def etcd():
    with Programs() as programs:
        client, peer = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        child = programs.start([need("etcd"), "--data-dir", programs.folder / "etcd", "--listen-client-urls", client,
                                "--advertise-client-urls", client, "--listen-peer-urls", peer, "--enable-pprof",
                                "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}"])
        await_("etcd is ready", lambda: "true" in get(f"{client}/health"))
        report = compare_with_kernel("etcd", child.pid)
        compare_with_ss("etcd", child.pid)
        goroutines_or_reason("etcd", report)
        if "goroutines" in report:
            compare_with_own("etcd", child.pid, client.removeprefix("http://"), programs.folder)


def caddy():
    with Programs() as programs:
        port = free_port()
        config = programs.file("Caddyfile", f"{{\n admin 127.0.0.1:{free_port()}\n auto_https off\n}}\n"
                                            f"http://127.0.0.1:{port} {{\n respond \"ok\"\n}}\n")
        child = programs.start([need("caddy"), "run", "--config", config, "--adapter", "caddyfile"],
                               env={**os.environ, "HOME": str(programs.folder)})
        await_("caddy is ready", lambda: get(f"http://127.0.0.1:{port}/"))
        goroutines_or_reason("caddy", compare_with_kernel("caddy", child.pid))


def nats_server():
    with Programs() as programs:
        monitor = free_port()
        child = programs.start([need("nats-server"), "-a", "127.0.0.1", "-p", str(free_port()), "-m", str(monitor)])
        await_("nats-server is ready", lambda: get(f"http://127.0.0.1:{monitor}/varz"))
        goroutines_or_reason("nats-server", compare_with_kernel("nats-server", child.pid))


def redis():
    with Programs() as programs:
        port = free_port()
        child = programs.start([need("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", "",
                                "--dir", programs.folder])
        await_("redis is ready", lambda: "listen" in str(dump(child.pid)["fds"]["sockets"]))
        report = compare_with_kernel("redis", child.pid)
        compare_with_ss("redis", child.pid)
        assert report["target"]["runtime"] == "native", report["target"]
        maps = pathlib.Path(f"/proc/{child.pid}/maps").read_text(encoding="utf-8")
        if "libjemalloc" in maps:
            assert report["memory"]["allocator"] == "jemalloc" and "malloc" not in report["memory"], report["memory"]
            assert "malloc" in [entry["part"] for entry in report["unknown"]], report["unknown"]


def postgres():
    programs_found = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    if not programs_found:
        raise Skip("no postgres on this machine")
    if os.geteuid() != 0:
        raise Skip("postgres refuses to be started without another user, which needs root")
    user = pwd.getpwnam("postgres")
    with Programs() as programs:
        os.chown(programs.folder, user.pw_uid, user.pw_gid)
        data = programs.folder / "data"
        as_postgres = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": programs.folder}
        subprocess.run([f"{programs_found[-1]}/initdb", "-D", data], check=True, capture_output=True, **as_postgres)
        port = free_port()
        child = programs.start([f"{programs_found[-1]}/postgres", "-D", data, "-p", str(port), "-c",
                                "listen_addresses=127.0.0.1", "-k", programs.folder], **as_postgres)
        await_("postgres is ready", lambda: "listen" in str(dump(child.pid)["fds"]["sockets"].get("tcp")))
        compare_with_kernel("postgres", child.pid)


def nginx():
    with Programs() as programs:
        port = free_port()
        config = programs.file("nginx.conf", f"daemon off; pid {programs.folder}/pid; error_log stderr;\n"
                                             "events {}\nhttp { access_log off; server "
                                             f"{{ listen 127.0.0.1:{port}; return 200; }} }}\n")
        child = programs.start([need("nginx"), "-c", config, "-p", programs.folder])
        await_("nginx is ready", lambda: get(f"http://127.0.0.1:{port}/") == "")
        compare_with_kernel("nginx", child.pid)


def interpreters():
    commands = {"python": (["python3", "-c", "import threading; threading.Event().wait()"], "python"),
                "node": (["node", "-e", "setInterval(() => {}, 1000000)"], "node"),
                "java": (["java", "Wait.java"], "jvm")}
    with Programs() as programs:
        programs.file("Wait.java", "class Wait { public static void main(String[] a) throws Exception {"
                                   " Thread.sleep(1000000); } }\n")
        for name, (command, runtime) in commands.items():
            if not shutil.which(command[0]) or (name == "java" and not shutil.which("javac")):
                print(f"Skipped: {name}: not on this machine")
                continue
            child = programs.start([need(command[0]), *command[1:]], cwd=programs.folder)
            await_(f"{name} runs", lambda c=child, r=runtime: dump(c.pid)["target"]["runtime"] == r)
            report = compare_with_kernel(name, child.pid)
            assert "goroutines" not in report, name


def the_counters_of_a_jvm_are_those_of_jstat():
    need("javac")
    jstat = need("jstat")
    with Programs() as programs:
        # It allocates and rests, so that both readers see the same; the last collection leaves something in each space.
        source = programs.file("Rest.java", """
            public class Rest {
              public static void main(String[] args) throws Exception {
                byte[][] kept = new byte[200][];
                for (int i = 0; i < 20000; i++) kept[i % 200] = new byte[50000];
                System.gc();
                System.out.println("ready");
                Thread.sleep(1000000);
              }
            }""")
        child, _ = programs.start_announcing(["java", "-Xmx200m", "-XX:+UseSerialGC", source])
        columns, values = (line.split() for line in subprocess.run(
            [jstat, "-gc", str(child.pid)], check=True, capture_output=True, text=True).stdout.splitlines()[:2])
        told = dict(zip(columns, values))
        jvm = dump(child.pid)["jvm"]
        used = {(space["generation"], space["space"]): space["used_bytes"] / 1024 for space in jvm["spaces"]}
        for space, column in ((("old", "old"), "OU"), (("new", "eden"), "EU"), (("metaspace", "space"), "MU")):
            assert abs(used[space] - float(told[column])) < 1, (used, told)
        collections = [collector["collections"] for collector in jvm["collectors"]]
        assert collections[:2] == [int(told["YGC"]), int(told["FGC"])], (jvm["collectors"], told)
        assert jvm["threads"] >= 1 and jvm["classes_loaded"] > 100, jvm


sys.exit(run_tests([our_own_go_service, prometheus, alertmanager, etcd, caddy, nats_server, redis, postgres, nginx,
                    interpreters, the_counters_of_a_jvm_are_those_of_jstat]))

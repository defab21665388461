#!/usr/bin/env python3
"""The commands as a user meets them: mistakes, missing rights, processes that are odd or end, and no harm to any.
command_test.py BUILD_FOLDER"""

import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

from agent import BUILD, PROCTOR, Agent, call, named_child, python
from harness import Programs, Skip, await_, free_port, get, get_json, need, run_tests

ODD_NAMES = [b"a) (b", b"two\nlines", b"\xff\xfe\xfd", b'quote"back\\', b"%s%n{{x}}"]


def state_of(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    return re.search(r"State:\t(.)", text).group(1), re.search(r"TracerPid:\t(\d+)", text).group(1)


def a_mistyped_configuration_is_refused_with_its_place():
    with Programs() as programs:
        config = programs.file("bad.yaml", "sampling:\n  intervall: 10s\ntargets:\n  - name: a\n    match: {comm: a}\n")
        for arguments in (["check-config", config], ["run", "--config.file", config]):
            result = call(*arguments)
            assert result.returncode == 2, result
            assert re.search(r"bad\.yaml:2:3: .*intervall.*interval", result.stderr), result.stderr
        good = programs.file("good.yaml", "targets:\n  - name: a\n    match: {comm: a}\n")
        assert call("check-config", good).returncode == 0
        assert call("check-config", programs.folder / "missing.yaml").returncode == 2


def wrong_usage_is_one_line_and_status_2():
    for arguments in (["nonsense"], ["dump"], ["dump", "x"], ["run", "--no-such-flag"], []):
        result = call(*arguments)
        assert result.returncode == 2, (arguments, result)
        assert result.stderr.count("\n") == 1, result.stderr


def every_option_is_in_the_manual_and_completed():
    commands = re.findall(r"^  ([a-z-]+) {2,}", call("--help").stdout.split("Subcommands:")[1], re.M)
    manual, bash = call("man").stdout, call("completion", "bash").stdout
    texts = {"bash": bash, "zsh": call("completion", "zsh").stdout, "fish": call("completion", "fish").stdout}
    for command in commands:
        for option in re.findall(r"--([a-z.-]+)", call(command, "--help").stdout.split("Options:")[1]):
            assert "\\-\\-" + option.replace("-", "\\-") in manual, (command, option)
            assert f"--{option}" in texts["bash"] and f"--{option}" in texts["zsh"] and f"-l {option}" in texts["fish"], option
    for shell, text in texts.items():
        if shutil.which(shell):
            subprocess.run([shell, "-n"], input=text, text=True, check=True)
    asked = bash + 'COMP_WORDS=(proctor dump --fo); COMP_CWORD=2; _proctor; echo "${COMPREPLY[@]}"'
    assert subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True).stdout.strip() == "--format"
    asked = bash + f'COMP_WORDS=(proctor dump {os.getpid()}); COMP_CWORD=2; _proctor; echo "${{COMPREPLY[@]}}"'
    assert str(os.getpid()) in subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True).stdout.split()
    if shutil.which("mandoc"):
        subprocess.run(["mandoc", "-T", "lint", "-W", "warning"], input=manual, text=True, check=True)
    assert call("completion", "tcsh").returncode == 2


def a_taken_port_is_one_clear_line_and_status_1():
    with Programs() as programs, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        config = programs.file("none.yaml", "targets:\n  - name: a\n    match: {comm: no-such-comm}\n")
        for where in (address, "256.1.1.1:9", "nonsense"):
            result = call("run", "--config.file", config, "--web.listen-address", where)
            assert result.returncode == 1, result
            assert where in result.stderr and result.stderr.count("\n") == 1, result.stderr


def a_process_that_is_not_there_is_named():
    child = subprocess.Popen(["true"])
    child.wait()
    result = call("dump", child.pid)
    assert result.returncode == 1 and str(child.pid) in result.stderr, result


def names_of_any_bytes_come_out_valid():
    with Programs() as programs:
        children = [named_child(programs, name) for name in ODD_NAMES]
        for child in children:
            child.stdout.readline()
        agent = Agent(programs, *[flag for child in children for flag in ("--target.pid", str(child.pid))])
        text = await_("all are watched", lambda: agent.metrics() if agent.metrics().count("proctor_target_info{") ==
                      len(children) else None)
        for child in children:
            assert re.search(rf'proctor_threads\{{[^\n]*pid="{child.pid}"[^\n]*\}} 1\n', text), child.pid
        check_exposition(text)
        for entry in get_json(f"http://{agent.address}/api/v1/targets")["targets"]:
            assert entry["name"], entry


def check_exposition(text):
    """promtool's own parser, and no value that poisons a rule."""
    assert not re.search(r" (NaN|[+-]?Inf|-\d)", re.sub(r'le="\+Inf"', "", text)), "a NaN, infinite or negative sample"
    if shutil.which("promtool"):
        result = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        assert result.returncode == 0, result.stderr + result.stdout


def label_names_are_the_same_in_every_look():
    with Programs() as programs:
        agent = Agent(programs)
        names = set()
        for _ in range(3):
            seen = {}
            for line in agent.metrics().splitlines():
                match = re.match(r"(\w+)\{(.*)\} ", line)
                if match:
                    labels = tuple(re.findall(r'(\w+)="(?:[^"\\]|\\.)*"', match.group(2)))
                    assert seen.setdefault(match.group(1), labels) == labels, line
            names.add(json.dumps({k: v for k, v in seen.items() if k == "proctor_target_info"}))
        assert len(names) == 1, names


def processes_that_come_and_go_fail_no_scrape():
    with Programs() as programs:
        agent = Agent(programs)
        end = time.monotonic() + 5
        churn = subprocess.Popen(["sh", "-c", "while :; do true & /bin/true; done"], stderr=subprocess.DEVNULL)
        try:
            while time.monotonic() < end:
                check_exposition(agent.metrics())
        finally:
            churn.kill()
            churn.wait()
        assert agent.child.poll() is None


def a_zombie_is_a_state_and_no_error():
    with Programs() as programs:
        parent = programs.start([sys.executable, "-c", "import os, sys\npid = os.fork()\nif pid == 0: os._exit(0)\n"
                                 "os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)\nprint(pid, flush=True)\n"
                                 "import signal\nsignal.pause()"], stdout=subprocess.PIPE)
        zombie = int(parent.stdout.readline())
        report = json.loads(call("dump", zombie, "--format", "json").stdout)
        assert report["threads"]["states"] == {"zombie": 1}, report["threads"]
        assert report["target"]["zombie"] is True, report["target"]
        assert "memory" not in report and {"part": "memory", "reason": "zombie"}.items() <= [
            entry for entry in report["unknown"] if entry["part"] == "memory"][0].items(), report["unknown"]


def a_deleted_executable_is_read_through_its_link():
    source = BUILD / "tests" / "targets" / "parked_go"
    if not source.exists():
        raise Skip("no Go toolchain on this machine")
    with Programs() as programs:
        copy = programs.folder / "gone"
        shutil.copy(source, copy)
        child, _ = programs.start_announcing([copy, "-n", "40"])
        copy.unlink()
        report = json.loads(call("dump", child.pid, "--format", "json").stdout)
        assert report["target"]["exe"] == str(copy) and report["target"]["exe_deleted"], report["target"]
        members = {site["function"]: site["members"] for site in report["goroutines"]["sites"] if "function" in site}
        assert members["main.parkSend"] == 10, members


def another_mount_and_pid_namespace_is_read():
    if os.geteuid() != 0:
        raise Skip("a namespace of its own needs root")
    source = BUILD / "tests" / "targets" / "parked_go"
    if not source.exists():
        raise Skip("no Go toolchain on this machine")
    with Programs() as programs:
        # Its root holds nothing but the program, under a path that is another file outside.
        root = programs.folder / "root"
        (root / "bin").mkdir(parents=True)
        shutil.copy(source, root / "bin" / "true")
        outer = programs.start(["unshare", "--mount", "--pid", "--fork", f"--root={root}", "/bin/true", "-n", "40"],
                               stdout=subprocess.PIPE)
        line = outer.stdout.readline().decode()
        if not line.startswith("listening"):
            raise Skip("unshare is refused here, or the program needs libraries")
        inner = int(pathlib.Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split()[0])
        report = json.loads(call("dump", inner, "--format", "json").stdout)
        assert report["target"]["runtime"] == "go", report["target"]
        assert report["goroutines"]["user"] >= 40, report["goroutines"]["user"]


def missing_rights_leave_what_is_left_and_name_the_reason():
    if os.geteuid() != 0:
        raise Skip("dropping rights needs root")
    with Programs() as programs:
        binary = BUILD / "tests" / "targets" / "leaky_cpp"
        child, _ = programs.start_announcing([binary])
        shutil.copy(PROCTOR, programs.folder / "proctor")
        os.chmod(programs.folder, 0o755)
        as_nobody = {"user": 65534, "group": 65534, "extra_groups": [], "cwd": "/"}
        result = subprocess.run([programs.folder / "proctor", "dump", str(child.pid), "--format", "json"],
                                capture_output=True, text=True, timeout=60, **as_nobody)
        assert result.returncode == 0, result.stderr
        report = json.loads(result.stdout)
        reasons = {entry["part"]: entry["reason"] for entry in report["unknown"]}
        assert reasons.get("fds") == "permission_denied", reasons
        # That no deadlock was seen must not be told where none could be.
        assert reasons.get("blocked_threads") == "permission_denied", reasons
        assert reasons.get("locks") == "permission_denied" and "locks" not in report, reasons
        assert report["threads"]["total"] >= 1 and report["memory"]["resident_bytes"] > 0, report
        result = subprocess.run([programs.folder / "proctor", "doctor", str(child.pid)], capture_output=True, text=True,
                                timeout=60, **as_nobody)
        assert result.returncode == 1 and "CAP_SYS_PTRACE" in result.stdout, result.stdout
        assert "likely cause: another user's (uid 0) process" in result.stdout, result.stdout


def the_doctor_tells_one_refusal_from_another():
    """The same "permission denied" has many causes: each has its own mend."""
    if os.geteuid() != 0:
        raise Skip("only root can give away rights")
    need("setpriv")
    hidden = "import ctypes; ctypes.CDLL(None).prctl(4, 0, 0, 0, 0); print('ready', flush=True); input()"
    with Programs() as programs:
        shutil.copy(PROCTOR, programs.folder / "proctor")
        os.chmod(programs.folder, 0o755)
        ours = python(programs, "import signal; print('ready', flush=True); signal.pause()")
        nobodys = programs.start(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", need("python3"), "-c", hidden],
                                 stdout=subprocess.PIPE, stdin=subprocess.PIPE)
        assert nobodys.stdout.readline() == b"ready\n"
        without = lambda *names: ["setpriv", "--bounding-set", ",".join(f"-{name}" for name in names)]
        as_nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        for command, target, words in (
                (without("sys_ptrace"), nobodys, "CAP_SYS_PTRACE is missing"),
                (as_nobody, ours, "another user's (uid 0)"),
                (as_nobody, nobodys, "not dumpable")):
            result = subprocess.run([*command, programs.folder / "proctor", "doctor", str(target.pid)], capture_output=True,
                                    text=True, timeout=60, cwd="/")
            assert result.returncode == 1 and "likely cause: " in result.stdout and words in result.stdout, (words, result)
        text = subprocess.run([*as_nobody, programs.folder / "proctor", "dump", str(ours.pid)], capture_output=True, text=True,
                              timeout=60, cwd="/").stdout
        assert f'"proctor doctor {ours.pid}" tells which right is missing' in text, text


def killed_at_any_instant_it_leaves_every_target_running():
    binary = BUILD / "tests" / "targets" / "leaky_go"
    if not binary.exists():
        raise Skip("no Go toolchain on this machine")
    with Programs() as programs:
        target, _ = programs.start_announcing([binary, "-every", "10ms"])
        pause = threading.Event()
        for round_ in range(40):
            agent = subprocess.Popen([str(PROCTOR), "run", "--target.pid", str(target.pid), "--sampling.interval", "100ms",
                                      "--web.listen-address", f"127.0.0.1:{free_port()}"], stderr=subprocess.DEVNULL)
            pause.wait(0.02 * (round_ % 10))
            agent.send_signal(signal.SIGKILL)
            agent.wait()
            state, tracer = state_of(target.pid)
            assert state in "SRD" and tracer == "0", (state, tracer)


def no_look_signals_stops_traces_or_writes():
    """What the agent asks of the kernel, as the kernel's own tracer lists it."""
    strace = need("strace")
    with Programs() as programs:
        target, _ = programs.start_announcing([BUILD / "tests" / "targets" / "leaky_go"])
        log = programs.folder / "calls"
        subprocess.run([strace, "-f", "-o", log, "-e", "trace=kill,tkill,tgkill,ptrace,process_vm_writev,pwrite64,openat",
                        str(PROCTOR), "dump", str(target.pid)], check=True, capture_output=True, timeout=120)
        calls = log.read_text()
        assert not re.search(r"\b(kill|tkill|tgkill|ptrace|process_vm_writev|pwrite64)\(", calls), calls
        assert not re.search(r'openat\([^)]*"(mem|[^"]*/mem)"[^)]*(O_WRONLY|O_RDWR)', calls), calls


def an_answer_never_waits_for_a_connection_to_close():
    with Programs() as programs:
        agent = Agent(programs)
        host, port = agent.address.split(":")
        for headers in ({}, {"Connection": "close"}, {"Accept-Encoding": "gzip"}):
            begin = time.monotonic()
            connection = http.client.HTTPConnection(host, int(port), timeout=10)
            connection.request("GET", "/metrics", headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == 200 and body, answer.status
            assert time.monotonic() - begin < 2, "an answer took as long as a timeout"
            connection.close()
        with socket.create_connection((host, int(port)), timeout=10) as old:
            old.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            assert old.recv(12).startswith(b"HTTP/1."), "no answer to HTTP/1.0"


def a_reload_takes_the_new_and_a_bad_one_keeps_the_old():
    with Programs() as programs:
        target = named_child(programs, b"first-name")
        target.stdout.readline()
        rule = "targets:\n  - name: %s\n    match: {comm: first-name}\n"
        agent = Agent(programs, "--web.enable-lifecycle", config=rule % "before")
        await_("the first name", lambda: 'target="before"' in agent.metrics())
        programs.file("proctor.yaml", rule % "after")
        agent.child.send_signal(signal.SIGHUP)
        await_("the name after SIGHUP", lambda: 'target="after"' in agent.metrics())
        programs.file("proctor.yaml", "targets: [nonsense\n")
        get(f"http://{agent.address}/-/reload", data=b"")
        for _ in range(3):
            assert 'target="after"' in agent.metrics()
        programs.file("proctor.yaml", rule % "third")
        get(f"http://{agent.address}/-/reload", data=b"")
        await_("the name after a POST", lambda: 'target="third"' in agent.metrics())


def a_reload_judges_by_the_new_rules():
    with Programs() as programs:
        cases = pathlib.Path(__file__).resolve().parent.parent / "targets" / "cases.py"
        programs.start([sys.executable, cases, "C06"])
        config = "sampling: {interval: 200ms, cpu_budget: 50%%}\ntargets: [{name: leaky, match: {comm: case-C06}}]\n" \
            "findings: {%s}\n"
        agent = Agent(programs, config=config % "window: 1h, warm_up: 1h")
        leak = 'proctor_finding{target="leaky"'
        opened = 'proctor_population_arrivals_total{target="leaky",pid="[0-9]+",kind="fd"} ([0-9]+)'
        arrivals = lambda: int((re.findall(opened, agent.metrics()) or [0])[0])
        await_("descriptors that are opened", lambda: arrivals() > 3)
        before = arrivals()
        assert leak not in agent.metrics()
        programs.file("proctor.yaml", config % "window: 4s, warm_up: 1s, min_arrivals: 3")
        agent.child.send_signal(signal.SIGHUP)
        await_("a leak by the new rules", lambda: leak in agent.metrics())
        assert arrivals() > before, "a counter fell with the reload"


def a_configured_target_without_a_process_counts_0():
    with Programs() as programs:
        agent = Agent(programs, config="targets:\n  - name: absent\n    match: {comm: no-such-comm}\n")
        await_("a zero", lambda: 'proctor_target_processes{target="absent"} 0' in agent.metrics())


def it_ends_when_it_is_told_to():
    with Programs() as programs:
        agent = Agent(programs)
        agent.child.send_signal(signal.SIGTERM)
        assert agent.child.wait(timeout=20) == 0


sys.exit(run_tests([
    a_mistyped_configuration_is_refused_with_its_place, wrong_usage_is_one_line_and_status_2,
    every_option_is_in_the_manual_and_completed,
    a_taken_port_is_one_clear_line_and_status_1, a_process_that_is_not_there_is_named,
    names_of_any_bytes_come_out_valid, label_names_are_the_same_in_every_look,
    processes_that_come_and_go_fail_no_scrape, a_zombie_is_a_state_and_no_error,
    a_deleted_executable_is_read_through_its_link, another_mount_and_pid_namespace_is_read,
    missing_rights_leave_what_is_left_and_name_the_reason, the_doctor_tells_one_refusal_from_another,
    killed_at_any_instant_it_leaves_every_target_running,
    no_look_signals_stops_traces_or_writes, an_answer_never_waits_for_a_connection_to_close,
    a_reload_takes_the_new_and_a_bad_one_keeps_the_old, a_reload_judges_by_the_new_rules,
    a_configured_target_without_a_process_counts_0,
    it_ends_when_it_is_told_to,
]))

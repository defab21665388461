#!/usr/bin/env python3
"""What Proctor answers, on a screen, in files and over HTTP, and to whom. answers_test.py BUILD_FOLDER"""

import os
import pathlib
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request

from agent import BUILD, PROCTOR, Agent, call, named_child
from harness import Programs, Skip, await_, get, get_json, run_tests


def top_shows_what_grew_first_and_ends_with_the_process():
    binary = BUILD / "tests" / "targets" / "leaky_go"
    if not binary.exists():
        raise Skip("no Go toolchain on this machine")
    with Programs() as programs:
        child, _ = programs.start_announcing([binary])
        done = call("top", child.pid, "--interval", "500ms", "--rounds", "6")
        assert done.returncode == 0, done.stderr
        last = done.stdout.split("MEMBERS")[-1].splitlines()[1:5]
        assert all("goroutine: main.leak" in line for line in last), done.stdout
        assert all(len(line) <= 80 for line in done.stdout.splitlines()), done.stdout
        top = programs.start([PROCTOR, "top", child.pid, "--interval", "100ms"], stdout=subprocess.PIPE)
        top.stdout.readline()
        programs.end(child)
        assert top.wait(timeout=20) == 0


def profiles_are_files_or_a_reason():
    with Programs() as programs:
        child = named_child(programs, b"no-go")
        child.stdout.readline()
        file = programs.folder / "threads.pb.gz"
        assert call("pprof", child.pid, "--profile", "thread", "-o", file).returncode == 0
        assert file.read_bytes().startswith(b"\x1f\x8b")
        for arguments in (("pprof", child.pid, "-o", file), ("dump", child.pid, "--format", "debug2"),
                          ("pprof", child.pid, "--profile", "heap", "-o", file)):
            done = call(*arguments)
            assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, (arguments, done)
        done = call("pprof", child.pid, "--profile", "thread", "-o", programs.folder / "no" / "such")
        assert done.returncode == 1 and "no/such" in done.stderr, done


def variables_have_the_shape_of_expvar():
    binary = BUILD / "tests" / "targets" / "parked_go"
    if not binary.exists():
        raise Skip("no Go toolchain on this machine")
    with Programs() as programs:
        child, line = programs.start_announcing([binary, "-n", "50"])
        agent = Agent(programs, "--target.pid", str(child.pid))
        told = await_("the variables", lambda: get_json(f"http://{agent.address}/debug/vars/{child.pid}"))
        profile = get(f"http://{line.split()[1]}/debug/pprof/heap?debug=1")
        stack = int(re.search(r"# Stack = ([0-9]+)", profile)[1])
        assert told["goroutines"] >= 40 and abs(told["memstats"]["StackInuse"] - stack) <= 1 << 20, (told, stack)
        assert told["cmdline"] == [str(binary)], told
        try:
            get(f"http://{agent.address}/debug/vars/1")
        except urllib.error.HTTPError as error:
            assert error.code == 404
        else:
            raise AssertionError("a process that is no target has variables")


def a_command_line_of_any_length_is_no_matter():
    with Programs() as programs:
        child = programs.start([sys.executable, "-c", "import signal; signal.pause()", *["x" * 100_000] * 8, "the-end"])
        agent = Agent(programs, config="targets:\n  - name: 'long-{{comm}}-{{1}}'\n"
                                       "    match: {cmdline: '-c import signal; signal.pause.. (x+)'}\n")
        text = await_("the process", lambda: re.search(r'proctor_target_info\{target="(long-[^"]*)"', agent.metrics()))
        assert len(text.group(1)) <= 256, len(text.group(1))
        assert child.poll() is None


def a_wrapper_of_ones_own_is_seen_through():
    binary = BUILD / "tests" / "targets" / "cases_go"
    if not binary.exists():
        raise Skip("no Go toolchain on this machine")
    with Programs() as programs:
        child, _ = programs.start_announcing([binary, "-case", "wrapper"])
        rule = "targets:\n  - match: {comm: cases_go}\n"
        agent = Agent(programs, config=rule)

        def site():
            report = get_json(f"http://{agent.address}/api/v1/targets/{child.pid}")
            sites = report.get("goroutines", {}).get("sites", [])
            return next((site for site in sites if site["members"] == 5), None)

        before = await_("the five", site)
        assert before["function"].endswith("pool.Receive") and before["created_by"]["function"].endswith("pool.Submit"), before
        config = agent.child.args[agent.child.args.index("--config.file") + 1]
        pathlib.Path(config).write_text(rule + "    wrappers: [proctor.example/targets/pool]\n", encoding="utf-8")
        os.kill(agent.child.pid, signal.SIGHUP)
        seen = await_("the user's own lines", lambda: (s := site()) and s["function"].startswith("main.") and s)
        assert seen["function"] == "main.fanOut.func1" and seen["file"] == "wrapper.go" and seen["line"] == 10, seen
        assert seen["created_by"] == {"function": "main.fanOut", "file": "wrapper.go", "line": 9}, seen["created_by"]


def users_are_asked_for_their_password():
    with Programs() as programs:
        made = subprocess.run(["python3", "-c", "import crypt; print(crypt.crypt('secret', '$2b$04$abcdefghijklmnopqrstuu'))"],
                              capture_output=True, text=True, check=False).stdout.strip()
        if not made.startswith("$2b$"):
            raise Skip("this python makes no bcrypt hash")
        web = programs.file("web.yml", f"basic_auth_users:\n  alice: '{made}'\n"
                                       "http_server_config: {headers: {X-Frame-Options: deny}}\n")
        agent = Agent(programs, "--web.config.file", web)
        with_password = urllib.request.Request(f"http://{agent.address}/metrics",
                                               headers={"Authorization": "Basic YWxpY2U6c2VjcmV0"})
        with urllib.request.urlopen(with_password, timeout=10) as answer:
            assert answer.headers["X-Frame-Options"] == "deny" and b"proctor_build_info" in answer.read()
        for path in ("/metrics", "/", "/api/v1/targets", "/debug/pprof/1/goroutine", "/no-such"):
            try:
                get(f"http://{agent.address}{path}")
                raise AssertionError(f"{path} was answered")
            except urllib.error.HTTPError as error:
                assert error.code == 401 and error.headers["WWW-Authenticate"] == "Basic", path
        assert "Healthy" in get(f"http://{agent.address}/-/healthy")

        def status(request=None):
            try:
                with urllib.request.urlopen(request or f"http://{agent.address}/metrics", timeout=10) as answer:
                    return answer.status
            except urllib.error.HTTPError as error:
                return error.code

        # A bad file changes nothing, a good one is taken over.
        web.write_text("basic_auth_users: {alice: secret}\n", encoding="utf-8")
        os.kill(agent.child.pid, signal.SIGHUP)
        await_("the old one stays", lambda: "not reloaded" in agent.log())
        assert (status(), status(with_password)) == (401, 200)
        web.write_text(f"basic_auth_users:\n  bob: '{made}'\n", encoding="utf-8")
        os.kill(agent.child.pid, signal.SIGHUP)
        await_("alice is unknown", lambda: status(with_password) == 401)
        with_password.add_header("Authorization", "Basic Ym9iOnNlY3JldA==")
        assert status(with_password) == 200
        web.write_text("", encoding="utf-8")
        os.kill(agent.child.pid, signal.SIGHUP)
        await_("everybody may ask", lambda: status() == 200)
        web.write_text("basic_auth_users: {alice: secret}\n", encoding="utf-8")
        done = call("run", "--web.config.file", web)
        assert done.returncode == 2 and "web.yml:1:" in done.stderr, done


def counters_of_a_merged_target_never_fall():
    with Programs() as programs:
        agent = Agent(programs, config="targets:\n  - name: pool\n    merge: true\n"
                                       "    match: {comm: sleep, cmdline: 'sleep 1234'}\n")
        children = [programs.start(["sleep", "1234"]) for _ in range(3)]
        await_("three processes", lambda: 'proctor_target_processes{target="pool"} 3' in agent.metrics())

        def counter(name):
            values = re.findall(rf"^{name}{{target=\"pool\"[^}}]*}} (\S+)$", agent.metrics(), re.MULTILINE)
            return sum(float(value) for value in values)

        names = ("proctor_page_faults_total", "proctor_context_switches_total", "proctor_population_arrivals_total")
        await_("all are read", lambda: counter(names[0]) > 0)
        before = {name: counter(name) for name in names}
        departed = counter("proctor_population_departures_total")
        for left in (2, 1, 0):
            programs.end(children[left])
            await_("one less", lambda n=left: f'proctor_target_processes{{target="pool"}} {n}' in agent.metrics())
            for name in names:
                assert counter(name) >= before[name] > (0 if "faults" in name else -1), (name, counter(name), before)
        assert counter("proctor_population_departures_total") >= departed + 3, "their threads have left"



def the_memory_budget_is_kept_and_what_is_left_out_is_named():
    parked = BUILD / "tests" / "targets" / "parked_go"
    if not parked.exists():
        raise Skip("no Go toolchain on this machine")
    with Programs() as programs:
        child, _ = programs.start_announcing([parked, "-n", "100000"])
        agent = Agent(programs, config="sampling: {interval: 500ms, cpu_budget: 100%, memory_budget: 24MiB}\n"
                                       "targets: [{name: parked, match: {comm: parked_go}}]\n")

        def left_out():
            report = get_json(f"http://{agent.address}/api/v1/targets/{child.pid}")
            return [part["reason"] for part in report["unknown"] if part["part"] == "goroutines"] == ["limit_reached"]

        await_("the goroutines are left out", left_out)
        ratio = re.compile(r'^proctor_budget_used_ratio\{resource="memory"\} (\S+)$', re.M)
        await_("the budget is kept", lambda: float(ratio.search(agent.metrics())[1]) < 1)
        assert 'proctor_skipped_total{reason="memory_budget"} 1\n' in agent.metrics()
        report = get_json(f"http://{agent.address}/api/v1/targets/{child.pid}")
        assert "threads" in report and "memory" in report and "goroutines" not in report, list(report)


sys.exit(run_tests([
    top_shows_what_grew_first_and_ends_with_the_process, profiles_are_files_or_a_reason,
    variables_have_the_shape_of_expvar, a_command_line_of_any_length_is_no_matter,
    a_wrapper_of_ones_own_is_seen_through, users_are_asked_for_their_password,
    counters_of_a_merged_target_never_fall, the_memory_budget_is_kept_and_what_is_left_out_is_named]))

#!/usr/bin/env python3
"""Reported leaks and false alarms, all at once under one Proctor: each must be judged as its report wants it.
cases_test.py BUILD_FOLDER"""

import json
import pathlib
import subprocess
import sys
import threading
import time

from harness import Programs, Skip, await_, free_port, get_json, run_tests

BUILD = pathlib.Path(sys.argv[1]).resolve()
CASES = BUILD / "tests" / "targets" / "cases_go"
CONFIG = """\
sampling: {interval: 1s, cpu_budget: 50%}
targets:
  - {name: "{{1}}", match: {comm: cases_go, cmdline: "-case ([AC][0-9a-z]+)"}}
findings: {window: 16s, warm_up: 2s, min_arrivals: 8}
"""
LEAKS = {"A08": "main.readBlocking", "A01": "main.slowWorker", "A05": "main.watch", "A06": "main.(*stream).monitor",
         "A16": "main.rangeOver"}
# One operation starts goroutines at several places: one of them is the page, the others are its consequences.
COHORTS = {"A03": {"main.readStream": 1, "main.sendStream": 1, "main.controlStream": 1},
           "A18": {"net/http.(*persistConn).readLoop": 1, "net/http.(*persistConn).writeLoop": 1},
           "C17": {"main.readAttached": 1, "main.writeAttached": 1},
           "A22": {"main.servePartition": 4, "main.serveBroker": 3, "main.retryBroker": 3, "main.bridgeBroker": 3}}
OVERDUE = {"A28": ("main.sendAnswer", 500), "A28b": ("main.withCapturedTimeout.func1", 100)}
NO_OVERDUE = ("A05", "A28c", "A28d")
CANCELLED = {"A28c": ("main.sendAnswer", 100), "A28e": ("main.sendAnswer", 40), "A28g": ("main.waitForAnswer", 12),
             "A28i": ("main.waitForAnswer", 12)}
NO_CANCELLED = ("A28d", "A28f", "A28h")
NO_LEAKS = ("A10", "A19a", "A19b", "A24", "A31")
# Locks that a package has: who holds each is told by the code, and nobody else.
LOCKS = {"A29": ("stuck_lock", "main.readReply", "stands between locking and unlocking it"),
         "A29b": ("deadlock", "main.register", "holds it already"),
         "A29c": ("deadlock", "main.moveBack", "waits for what goroutine"),
         "A29d": ("stuck_lock", "main.changeSettings", "stands between locking and unlocking it"),
         "A29e": ("stuck_lock", "main.readSlowly", "stands between locking and unlocking it"),
         "A29f": ("stuck_lock", "main.(*cache).fill", "stands between locking and unlocking it"),
         "A29g": ("stuck_lock", "main.(*cache).update", "stands between locking and unlocking it"),
         "A29h": ("deadlock", "main.(*cache).reset", "holds it already, locked in main.(*cache).refresh"),
         "A30b": ("deadlock", "main.readSettings", "holds it already, and waits behind"),
         "A30c": ("deadlock", "main.writeSettings", "holds it already")}
PASSING = ("A26", "A35")  # that come and go, and are watched for as long


def dump(pid):
    return json.loads(subprocess.run([BUILD / "proctor", "dump", str(pid), "--format", "json", "--kind", "goroutine"],
                                     check=True, capture_output=True, timeout=60).stdout)


def members(report, function):
    return sum(site["members"] for site in report["goroutines"]["sites"] if site.get("function") == function)


def site_of(report, function):
    sites = [site for site in report["goroutines"]["sites"] if site.get("function") == function]
    assert len(sites) == 1, f"{function} is at {len(sites)} sites"
    return sites[0]


def start(programs, names):
    """The cases of these names, and the address of a Proctor that watches them."""
    children = {name: programs.start([CASES, "-case", name]) for name in dict.fromkeys(names)}
    address = f"127.0.0.1:{free_port()}"
    programs.start([BUILD / "proctor", "run", "--config.file", programs.file("cases.yaml", CONFIG),
                    "--web.listen-address", address])
    return children, address


def every_case_is_judged_as_its_report_wants():
    if not CASES.exists():
        raise Skip("no Go toolchain on this machine")
    with Programs() as programs:
        children, address = start(programs, ["A07", "A07b", "A15", "A21", *LEAKS, *COHORTS, *NO_LEAKS, *OVERDUE, *NO_OVERDUE, "A30", "A36"])

        def findings():
            return [(finding["target"], finding["kind"], finding.get("function", ""), finding["says"])
                    for finding in get_json(f"http://{address}/api/v1/findings")["findings"]
                    if finding["kind"] == "goroutine_leak"]

        for name, function in LEAKS.items():
            await_(f"{name} leaks at {function}", lambda n=name, f=function: any(
                (target, where) == (n, f) for target, _, where, _ in findings()), 60)
        # Who made the stream is named as well.
        stream = site_of(dump(children["A06"].pid), "main.(*stream).monitor")
        assert stream["created_by"]["function"] == "main.newStream" and stream["reason"] == "select", stream
        # One incident: the threads in the call and the pipes are there because of the goroutines.
        def whole_incident():
            seen = {finding["kind"]: finding.get("consequence_of", {}).get("kind")
                    for finding in get_json(f"http://{address}/api/v1/findings")["findings"] if finding["target"] == "A08"}
            return seen == {"goroutine_leak": None, "thread_leak": "goroutine_leak", "fd_leak": "goroutine_leak"}

        await_("A08 is one incident", whole_incident, 60)
        def one_cohort(name, functions):
            found = [finding for finding in get_json(f"http://{address}/api/v1/findings")["findings"]
                     if finding["target"] == name]
            leaks = [finding for finding in found if finding["kind"] == "goroutine_leak"]
            causes = [finding for finding in found if "consequence_of" not in finding]
            return {leak["function"] for leak in leaks} == set(functions) and len(leaks) == len(functions) and \
                [finding["kind"] for finding in causes] == ["goroutine_leak"]

        for name, functions in COHORTS.items():
            await_(f"{name} is one cohort", lambda n=name, f=functions: one_cohort(n, f), 60)
            report = dump(children[name].pid)
            least = min(functions, key=functions.get)
            each = members(report, least) / functions[least]
            counts = {function: members(report, function) for function in functions}
            # A look may fall into one operation.
            assert all(abs(counts[f] - each * functions[f]) <= functions[f] for f in functions), (name, counts)
        def leaks_contexts(name, cause, others):
            found = [finding for finding in get_json(f"http://{address}/api/v1/findings")["findings"]
                     if finding["target"] == name and finding["kind"] != "memory_leak"]
            causes = [finding["kind"] for finding in found if "consequence_of" not in finding]
            return causes == [cause] and {finding["kind"] for finding in found} == {cause, *others}

        await_("A07 leaks contexts", lambda: leaks_contexts("A07", "context_leak", ()), 60)
        await_("A07b leaks contexts with timers", lambda: leaks_contexts("A07b", "timer_leak", ("context_leak",)), 60)
        # A worker that is still at work sleeps elsewhere in the function.
        stuck = [site for site in dump(children["A01"].pid)["goroutines"]["sites"]
                 if site.get("function") == "main.slowWorker" and site["reason"] == "chan send"]
        assert len(stuck) == 1 and stuck[0]["created_by"]["function"] == "main.timedOutHandler", stuck
        # Of the latest the handler may still wait, or have left a word behind.
        assert stuck[0]["unreachable"] >= stuck[0]["members"] - 5, stuck
        await_("the leak of A01 says that they never go on", lambda: any(
            target == "A01" and "can never go on" in says for target, _, _, says in findings()), 40)
        report = dump(children["A10"].pid)
        assert members(report, "main.waitForCopies") == 50 and members(report, "main.copyOutput") == 100, report
        version = tuple(int(part) for part in report["target"]["runtime_version"].removeprefix("go").split(".")[:2])
        reason = site_of(report, "main.waitForCopies")["reason"]
        assert reason == ("sync.WaitGroup.Wait" if version >= (1, 24) else "semacquire"), reason
        site = site_of(dump(children["A24"].pid), "main.waitForTurn")
        assert (site["members"], site["reason"]) == (10000, "sync.Cond.Wait"), site
        site = site_of(dump(children["A31"].pid), "main.lockedCall")
        assert (site["members"], site["state"]) == (1, "syscall"), site
        # A16 counts exactly: one goroutine for each reload, all at one place.
        assert site_of(dump(children["A16"].pid), "main.rangeOver")["reason"] == "chan receive"

        for name, (function, count) in OVERDUE.items():
            await_(f"{name} waits past its deadline", lambda n=name, f=function, c=count: any(
                (finding["kind"], finding["function"], finding["members"]) == ("context_overdue", f, c)
                for finding in dump(children[n].pid)["findings"]), 30)
            assert dump(children[name].pid)["goroutines"]["contexts_overdue"] == count, name
        for name in NO_OVERDUE:
            report = dump(children[name].pid)
            assert report["goroutines"]["contexts_overdue"] == 0, (name, report["findings"])

        # A lock that is waited for while a channel is, and two locks in two orders.
        for name, functions in (("A15", {"main.(*hub).publish", "main.(*hub).receive"}), ("A21", {"main.transfer"})):
            found = await_(f"{name} is a deadlock", lambda n=name: [
                finding for finding in get_json(f"http://{address}/api/v1/findings")["findings"]
                if finding["target"] == n], 60)
            assert [finding["kind"] for finding in found] == ["deadlock"], found
            assert (found[0]["certainty"], found[0]["members"], len(found[0]["core"])) == ("suspected", 12, 2), found
            sites = json.loads(subprocess.run(
                [BUILD / "proctor", "dump", str(children[name].pid), "--format", "json", "--members"], check=True,
                capture_output=True, timeout=60).stdout)["goroutines"]["sites"]
            assert {site["function"] for site in sites if set(site["goids"]) & set(found[0]["core"])} <= functions | {
                "main.(*hub).join"}, (sites, found)

        def nested_read_lock():
            found = [finding for finding in get_json(f"http://{address}/api/v1/findings")["findings"]
                     if finding["target"] == "A30"]
            return found if [finding["kind"] for finding in found] == ["deadlock"] else None

        deadlock = await_("the nested read lock is suspected", nested_read_lock, 40)[0]
        assert (deadlock["certainty"], deadlock["members"]) == ("suspected", 32), deadlock
        waiting = {goid: site for site in json.loads(subprocess.run(
            [BUILD / "proctor", "dump", str(children["A30"].pid), "--format", "json", "--members"], check=True,
            capture_output=True, timeout=60).stdout)["goroutines"]["sites"] for goid in site["goids"]}
        creators = [waiting[goid]["frames"] for goid in deadlock["core"]]
        assert [any(frame["function"] == name for frame in frames) for name, frames in
                zip(("main.readTwice", "main.write"), creators)] == [True, True], (deadlock, creators)

        await_("the finalizer is stuck", lambda: any(
            (finding["target"], finding["kind"], finding.get("function")) ==
            ("A36", "finalizer_stuck", "main.(*file).close")
            for finding in get_json(f"http://{address}/api/v1/findings")["findings"]), 40)

        # The burst came and goes, the backlog grows and drains: at no time is one of them, or a pool, called a leak.
        children.update({name: programs.start([CASES, "-case", name]) for name in PASSING})
        begin = time.monotonic()
        seen_burst, spikes = False, set()
        pause = threading.Event()
        while time.monotonic() - begin < 30:
            false = [finding for finding in findings() if finding[0] in NO_LEAKS + PASSING]
            assert not false, false
            spikes = spikes | {finding["target"] for finding in get_json(f"http://{address}/api/v1/findings")["findings"]
                               if finding["kind"] == "goroutine_spike"}
            seen_burst = seen_burst or members(dump(children["A26"].pid), "main.burst") == 44000
            pause.wait(1)
        # The backlog may come fast enough on a slow machine.
        assert "A26" in spikes <= {"A26", "A35"}, spikes
        assert seen_burst, "the burst of 44,000 was never seen whole"
        await_("the burst is over", lambda: members(dump(children["A26"].pid), "main.burst") == 0, 30)
        await_("the backlog has drained", lambda: members(dump(children["A35"].pid), "main.send") == 0, 60)


def who_holds_a_lock_and_who_outlives_a_context_is_told():
    if not CASES.exists():
        raise Skip("no Go toolchain on this machine")
    with Programs() as programs:
        children, address = start(programs, [*LOCKS, *CANCELLED, *NO_CANCELLED])

        def told(name):
            return [finding for finding in get_json(f"http://{address}/api/v1/findings")["findings"]
                    if finding["target"] == name]

        for name, (kind, function, words) in LOCKS.items():
            found = await_(f"{name} is told", lambda n=name: told(n), 60)
            assert [finding["kind"] for finding in found] == [kind], found
            assert function in found[0]["says"] and words in found[0]["says"], found
            assert "main.hasRegistered" not in found[0]["says"], found
            # The one that was woken first waits for the lock again, but holds it no more than the other.
            assert found[0]["says"].count("stands between") == (kind == "stuck_lock"), found
        for name, (function, count) in CANCELLED.items():
            await_(f"{name} outlives its context", lambda n=name, f=function, c=count: any(
                (finding["kind"], finding.get("function"), finding["members"]) == ("context_cancelled", f, c)
                for finding in told(n)), 60)
            goroutines = dump(children[name].pid)["goroutines"]
            assert (goroutines["contexts_cancelled"], goroutines["contexts_overdue"]) == (count, 0), name
        for name in NO_CANCELLED:
            assert not [finding for finding in told(name) if finding["kind"].startswith("context")], name


sys.exit(run_tests([every_case_is_judged_as_its_report_wants, who_holds_a_lock_and_who_outlives_a_context_is_told]))

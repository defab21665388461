#!/usr/bin/env python3
"""What an agent knows outlives it: stopped, killed, with a damaged file, or with another agent at the same folder.
restart_test.py BUILD_FOLDER"""

import signal
import sys

from agent import Agent, call
from harness import Programs, await_, get, get_json, run_tests

CONFIG = """\
sampling: {interval: 200ms, cpu_budget: 50%}
targets:
  - {name: keeper, match: {cmdline: "never closed"}}
findings: {window: 16s, warm_up: 1s, min_arrivals: 8}
"""
KEEPER = """
import time
kept = []
while "never closed":
    kept.append(open("/dev/null"))
    time.sleep(0.1)
"""


def start(programs):
    agent = Agent(programs, "--storage.path", programs.folder / "kept", config=CONFIG)
    agent.log = programs.folder / f"{len(programs.children) - 1}-proctor.log"
    return agent


def leak(agent):
    found = [finding for finding in get_json(f"http://{agent.address}/api/v1/findings")["findings"]
             if finding["kind"] == "fd_leak"]
    return found[0] if found else None


def end(agent, how):
    agent.child.send_signal(how)
    agent.child.wait(timeout=30)


def looks(agent):
    return sum(float(line.rsplit(" ", 1)[1]) for line in agent.metrics().splitlines()
               if line.startswith("proctor_sample_duration_seconds_count"))


def a_leak_is_known_at_the_first_look_after_a_restart():
    with Programs() as programs:
        keeper = programs.start([sys.executable, "-c", KEEPER])
        agent = start(programs)
        before = await_("the leak is found", lambda: leak(agent), 60)
        end(agent, signal.SIGTERM)
        assert agent.child.returncode == 0, agent.child.returncode
        agent = start(programs)
        await_("it was looked at", lambda: looks(agent) > 0)
        after = leak(agent)
        assert after, agent.metrics()
        assert (after["site"], after["since"]) == (before["site"], before["since"]), (before, after)
        assert after["members"] >= 8, after
        assert "processes known from before: 1" in agent.log.read_text(), agent.log.read_text()
        # A killed agent leaves the file of the last save.
        end(agent, signal.SIGKILL)
        agent = start(programs)
        await_("it was looked at", lambda: looks(agent) > 0)
        assert leak(agent)["since"] == before["since"], (before, leak(agent))
        # The process ends: the next agent speaks of nothing.
        keeper.kill()
        keeper.wait()
        end(agent, signal.SIGTERM)
        agent = start(programs)
        await_("nothing stands", lambda: '"findings":[]' in get(f"http://{agent.address}/api/v1/findings").replace(" ", ""))


def a_damaged_file_is_set_aside_and_said():
    with Programs() as programs:
        programs.start([sys.executable, "-c", KEEPER])
        agent = start(programs)
        await_("it was looked at", lambda: looks(agent) > 0)
        end(agent, signal.SIGTERM)
        file = programs.folder / "kept" / "state"
        whole = file.read_bytes()
        for damaged in (whole[:-9], whole[:60] + bytes([whole[60] ^ 1]) + whole[61:], b"", b"something else altogether"):
            file.write_bytes(damaged)
            agent = start(programs)
            await_("it goes on without", lambda: looks(agent) > 0)
            log = agent.log.read_text()
            assert "begins without what was known before" in log and "state.unreadable" in log, log
            assert (programs.folder / "kept" / "state.unreadable").read_bytes() == damaged
            end(agent, signal.SIGKILL)
            assert not file.exists()


def a_folder_is_of_one_agent_and_one_that_cannot_be_written_is_said():
    with Programs() as programs:
        programs.start([sys.executable, "-c", KEEPER])
        start(programs)
        config = programs.file("other.yaml", CONFIG)
        second = call("run", "--config.file", config, "--storage.path", programs.folder / "kept",
                      "--web.listen-address", "127.0.0.1:0")
        assert second.returncode == 1 and "another proctor stores there" in second.stderr, second
        third = call("run", "--config.file", config, "--storage.path", "/proc/no", "--web.listen-address", "127.0.0.1:0")
        assert third.returncode == 1 and "--storage.path: /proc/no" in third.stderr, third


sys.exit(run_tests([a_leak_is_known_at_the_first_look_after_a_restart, a_damaged_file_is_set_aside_and_said,
                    a_folder_is_of_one_agent_and_one_that_cannot_be_written_is_said]))

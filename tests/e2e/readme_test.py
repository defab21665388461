#!/usr/bin/env python3
"""Every command of the README is run. readme_test.py BUILD_FOLDER"""

import pathlib
import re
import shlex
import subprocess
import sys

from harness import SOURCE, Programs, await_, free_port, get, run_tests

BUILD = pathlib.Path(sys.argv[1]).resolve()
README = (SOURCE / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)


def commands():
    return [line for block in blocks("sh") for line in block.splitlines() if line.strip()]


def every_command_runs():
    known = subprocess.run([SOURCE / "dev"], capture_output=True, text=True).stderr
    with Programs() as programs:
        target, _ = programs.start_announcing([BUILD / "tests" / "targets" / "leaky_go"])
        config = programs.file("proctor.yaml", next(block for block in blocks("yaml") if "targets:" in block))
        address = f"127.0.0.1:{free_port()}"
        programs.start([BUILD / "proctor", "run", "--config.file", config, "--web.listen-address", address])
        await_("proctor is ready", lambda: get(f"http://{address}/-/ready"))
        for line in commands():
            words = shlex.split(line.replace("PID", str(target.pid)).replace("localhost:10117", address))
            if words[0] == "./dev":
                # Running it here would run this test again: the demo and the tests are tests of their own.
                assert words[1] in re.split(r"[ |]", known), f"{line}: ./dev does not know {words[1]}"
                continue
            if words[0] == "build/proctor":
                words[0] = str(BUILD / "proctor")
            words = [str(config) if word == "proctor.yaml" else word for word in words]
            if words[1:2] == ["run"]:
                port = f"127.0.0.1:{free_port()}"
                if "--web.listen-address" in words:
                    at = words.index("--web.listen-address")
                    words = words[:at] + words[at + 2:]
                child = programs.start([*words, "--web.listen-address", port])
                await_(line, lambda p=port: get(f"http://{p}/-/ready"))
                programs.end(child)
            else:
                result = subprocess.run(words, capture_output=True, text=True, timeout=60)
                assert result.returncode == 0, f"{line}: {result.stderr}"
            print(f"         {line}")


def every_link_leads_somewhere():
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert (SOURCE / link).exists(), link


sys.exit(run_tests([every_command_runs, every_link_leads_somewhere]))

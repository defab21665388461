#!/usr/bin/env python3
"""What deploy/ holds, on real processes: its rights suffice, its filter lets pass what the agent does. deploy_test.py BUILD_FOLDER"""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys

from harness import SOURCE, Programs, Skip, await_, free_port, get, get_json, need, run_tests

BUILD = pathlib.Path(sys.argv[1]).resolve()
DEPLOY = SOURCE / "deploy"
UNIT = (DEPLOY / "systemd" / "proctor.service").read_text(encoding="utf-8")
NOBODY = 65534


def values_of(key):
    return re.findall(rf"^{key}=(.*)$", UNIT, re.M)


def need_root():
    if os.geteuid() != 0:
        raise Skip("only root can give away capabilities")


def rights_of_the_unit():
    """What setpriv makes of a command: another user, with the capabilities of the unit and no others."""
    need("setpriv")
    names = [name.removeprefix("CAP_").lower() for name in values_of("AmbientCapabilities")[0].split()]
    assert sorted(values_of("AmbientCapabilities")) == sorted(values_of("CapabilityBoundingSet"))
    sets = "-all," + ",".join(f"+{name}" for name in names)
    return ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", "--no-new-privs",
            "--inh-caps", sets, "--ambient-caps", sets, "--bounding-set", sets]


def readable_copy(programs):
    shutil.copy(BUILD / "proctor", programs.folder / "proctor")
    os.chmod(programs.folder, 0o755)
    return programs.folder / "proctor"


def the_rights_of_the_unit_show_everything_of_other_users_processes():
    need_root()
    with Programs() as programs:
        proctor = readable_copy(programs)
        go, _ = programs.start_announcing([BUILD / "tests" / "targets" / "leaky_go"])
        native, _ = programs.start_announcing([BUILD / "tests" / "targets" / "leaky_cpp"])
        for child in (go, native):
            result = subprocess.run([*rights_of_the_unit(), proctor, "dump", str(child.pid), "--format", "json"],
                                    capture_output=True, text=True, timeout=60, cwd="/")
            assert result.returncode == 0, result.stderr
            report = json.loads(result.stdout)
            missing = [entry for entry in report["unknown"] if entry["reason"] == "permission_denied"]
            assert not missing, missing
            assert report["fds"]["open"] > 0
            doctor = subprocess.run([*rights_of_the_unit(), proctor, "doctor", str(child.pid)], capture_output=True,
                                    text=True, timeout=60, cwd="/")
            assert doctor.returncode == 0, doctor.stdout
        assert any(site.get("frames") for site in report["threads"]["sites"]), report["threads"]


def calls_that_the_unit_allows():
    need("systemd-analyze")

    def members(group):
        text = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True).stdout
        names = [line.strip() for line in text.splitlines()[1:] if line.strip() and not line.strip().startswith("#")]
        return set().union(*(members(name) if name.startswith("@") else {name} for name in names))

    allowed = set()
    for value in values_of("SystemCallFilter"):
        named = set().union(*(members(word) if word.startswith("@") else {word} for word in value.lstrip("~").split()))
        allowed = allowed - named if value.startswith("~") else allowed | named
    return allowed


def all_that_the_agent_asks_of_the_kernel_passes_the_units_filter():
    need("strace")
    allowed = calls_that_the_unit_allows()
    for forbidden in ("ptrace", "process_vm_writev", "kill", "tkill"):
        assert forbidden not in allowed
    with Programs() as programs:
        go, _ = programs.start_announcing([BUILD / "tests" / "targets" / "leaky_go"])
        native, _ = programs.start_announcing([BUILD / "tests" / "targets" / "leaky_cpp"])
        config = programs.file("proctor.yaml", "".join(
            ["sampling: {interval: 1s}\n", "targets:\n",
             *(f"  - {{name: leaky, match: {{comm: {name}}}, thread_stacks: all, memory_growth: true}}\n"
               for name in ("leaky_go", "leaky_cpp"))]))
        address = f"127.0.0.1:{free_port()}"
        trace = programs.folder / "trace"
        agent = programs.start(["strace", "-f", "-qq", "-o", trace, BUILD / "proctor", "run", "--config.file", config,
                                "--storage.path", programs.folder / "state", "--web.listen-address", address])
        await_("two targets looked at", lambda: len(get_json(f"http://{address}/api/v1/targets")["targets"]) >= 2)
        for path in ("/", "/metrics", f"/api/v1/targets/{go.pid}", f"/api/v1/targets/{native.pid}",
                     f"/debug/pprof/{go.pid}/goroutine?debug=1"):
            get(f"http://{address}{path}")
        agent_pid = int(re.match(r"(\d+)", trace.read_text(encoding="utf-8", errors="replace")).group(1))
        os.kill(agent_pid, 15)
        assert agent.wait(timeout=60) == 0
        asked = set(re.findall(r"^\d+ +(?:<\.\.\. )?([a-z_0-9]+)(?:\(| resumed)", trace.read_text(errors="replace"), re.M))
        assert {"process_vm_readv", "perf_event_open", "accept4"} & asked, asked
        assert asked <= allowed | {"execve"}, asked - allowed


def the_service_manager_is_told_how_it_is():
    with Programs() as programs, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(programs.folder / "notify"))
        manager.settimeout(30)
        address = f"127.0.0.1:{free_port()}"
        config = programs.file("proctor.yaml", "sampling: {interval: 10s}\ntargets: [{match: {comm: none-such}}]\n")
        agent = programs.start([BUILD / "proctor", "run", "--config.file", config, "--web.listen-address", address],
                               env={**os.environ, "NOTIFY_SOCKET": str(programs.folder / "notify"), "WATCHDOG_USEC": "1000000"})

        def told():
            return manager.recv(4096).decode()

        first = [told(), told()]
        assert "READY=1" in first and "WATCHDOG=1" in first, first
        assert "Ready" in get(f"http://{address}/-/ready"), "it said so before it was"
        assert told() == "WATCHDOG=1", "also between two looks"
        agent.send_signal(signal.SIGHUP)
        while not (state := told()).startswith("RELOADING=1\nMONOTONIC_USEC="):
            assert state == "WATCHDOG=1", state
        while (state := told()) != "READY=1":
            assert state == "WATCHDOG=1", state
        agent.send_signal(signal.SIGTERM)
        while (state := told()) != "STOPPING=1":
            assert state == "WATCHDOG=1", state
        assert agent.wait(timeout=30) == 0


def systemd_understands_the_unit():
    need("systemd-analyze")
    with Programs() as programs:
        unit = programs.file("proctor.service", UNIT.replace("/usr/bin/proctor", str(BUILD / "proctor")))
        result = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True)
        assert result.returncode == 0 and "proctor.service" not in result.stderr, result.stderr


def check_config(programs, text):
    file = programs.file("proctor.yaml", text)
    result = subprocess.run([BUILD / "proctor", "check-config", file], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def manifests_and_configurations_are_accepted():
    try:
        import yaml
    except ImportError as error:
        raise Skip("no PyYAML on this machine") from error
    flags = subprocess.run([BUILD / "proctor", "run", "--help"], capture_output=True, text=True).stdout
    with Programs() as programs:
        check_config(programs, (DEPLOY / "proctor.yaml").read_text(encoding="utf-8"))
        seen = 0
        for file in sorted((DEPLOY / "kubernetes").glob("*.yaml")):
            for manifest in yaml.safe_load_all(file.read_text(encoding="utf-8")):
                assert {"apiVersion", "kind", "metadata"} <= manifest.keys(), file
                for text in manifest.get("data", {}).values() if manifest["kind"] == "ConfigMap" else []:
                    check_config(programs, text)
                spec = manifest.get("spec", {})
                pod = spec if manifest["kind"] == "Pod" else spec.get("template", {}).get("spec", {})
                for container in pod.get("containers", []):
                    if container["name"] != "proctor":
                        continue
                    seen += 1
                    assert container["args"][0] == "run"
                    for argument in container["args"][1:]:
                        assert argument.split("=")[0] in flags, argument
                    added = container["securityContext"]["capabilities"]["add"]
                    needed = {name.removeprefix("CAP_") for name in values_of("AmbientCapabilities")[0].split()}
                    assert set(added) <= needed and {"SYS_PTRACE", "DAC_READ_SEARCH"} <= set(added), added
        assert seen == 2, seen


def the_package_holds_what_it_promises_and_runs():
    need("dpkg-shlibdeps")
    need("cpack")
    with Programs() as programs:
        subprocess.run(["cpack", "--config", BUILD / "CPackConfig.cmake", "-B", programs.folder], cwd=programs.folder,
                       capture_output=True, check=True)
        (package,) = programs.folder.glob("proctor_*.deb")
        root = programs.folder / "root"
        subprocess.run(["dpkg-deb", "-x", package, root], check=True)
        for path in ("usr/lib/systemd/system/proctor.service", "lib/systemd/system/proctor.service"):
            if (root / path).exists():
                break
        else:
            raise AssertionError("the unit is not in the package")
        for path in ("etc/proctor/proctor.yaml", "usr/share/man/man1/proctor.1", "usr/share/zsh/vendor-completions/_proctor",
                     "usr/share/bash-completion/completions/proctor", "usr/share/fish/vendor_completions.d/proctor.fish",
                     "usr/share/proctor/dashboards/fleet.json", "usr/share/proctor/alerts/proctor.rules.yml"):
            assert (root / path).stat().st_size > 0, path
        fields = subprocess.run(["dpkg-deb", "-f", package, "Depends"], capture_output=True, text=True, check=True).stdout
        for library in ("libdw1", "libelf1", "libunwind8", "libcivetweb1", "libyaml-cpp"):
            assert library in fields, fields
        result = subprocess.run([root / "usr/bin/proctor", "check-config", root / "etc/proctor/proctor.yaml"],
                                capture_output=True, text=True)
        assert result.returncode == 0, result.stderr


def its_links_lead_somewhere():
    text = (DEPLOY / "README.md").read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (DEPLOY / link).exists(), link


sys.exit(run_tests([the_rights_of_the_unit_show_everything_of_other_users_processes,
                    all_that_the_agent_asks_of_the_kernel_passes_the_units_filter, the_service_manager_is_told_how_it_is,
                    systemd_understands_the_unit, manifests_and_configurations_are_accepted,
                    the_package_holds_what_it_promises_and_runs, its_links_lead_somewhere]))

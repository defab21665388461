#!/usr/bin/env python3
"""Prometheus, Alertmanager and Proctor together, from Debian's packages, watching every process of this machine; stays
until it is interrupted. stack.py BUILD_FOLDER"""

import contextlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

from harness import SOURCE, Programs, await_, free_port, get, need  # noqa: E402


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    with Programs() as programs:
        proctor, manager, prometheus = (f"127.0.0.1:{free_port()}" for _ in range(3))
        programs.start([build / "proctor", "run", "--web.listen-address", proctor])
        config = programs.file("alertmanager.yml", "route: {receiver: page}\nreceivers: [{name: page}]\n")
        programs.start([need("prometheus-alertmanager"), "--web.listen-address", manager, "--cluster.listen-address=",
                        "--storage.path", programs.folder / "alertmanager", "--config.file", config])
        config = programs.file("prometheus.yml", f"""\
global: {{scrape_interval: 10s, evaluation_interval: 10s}}
rule_files: [{SOURCE / "alerts" / "proctor.rules.yml"}]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ["{manager}"]}}]}}]}}
scrape_configs: [{{job_name: proctor, static_configs: [{{targets: ["{proctor}"]}}]}}]
""")
        server = programs.start([need("prometheus"), "--web.listen-address", prometheus, "--config.file", config,
                                 "--storage.tsdb.path", programs.folder / "tsdb"])
        await_("Prometheus is ready", lambda: get(f"http://{prometheus}/-/ready"))
        print(f"Proctor       http://{proctor}/\nPrometheus    http://{prometheus}/alerts\n"
              f"Alertmanager  http://{manager}/\n(Ctrl-C ends all)", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.wait()


main()

#!/usr/bin/env python3
"""From a leaking service to a page: Proctor, Debian's Prometheus with the shipped rules, and its Alertmanager with a
webhook. Then every panel of the dashboards is asked of that Prometheus. alert_test.py BUILD_FOLDER"""

import http.server
import json
import pathlib
import re
import sys
import threading
import urllib.parse

from harness import SOURCE, Programs, await_, free_port, get, get_json, need, run_tests

BUILD = pathlib.Path(sys.argv[1]).resolve()
TARGETS = BUILD / "tests" / "targets"
CONFIG = """\
sampling: {interval: 1s, cpu_budget: 25%}
targets:
  - {name: leaky-go, match: {comm: leaky_go}}
  - {name: leaky-cpp, match: {comm: leaky_cpp}}
  - {name: healthy-go, match: {comm: healthy_go}}
  - {name: unreaped, match: {comm: unreaped}}
findings: {window: 20s, warm_up: 2s, min_arrivals: 8}
"""


# A child that has ended and is never waited for: its memory cannot be read, for a reason.
UNREAPED = """
import ctypes, os, signal
ctypes.CDLL(None).prctl(15, b"unreaped", 0, 0, 0)
pid = os.fork()
if pid == 0: os._exit(0)
os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
print("ready", flush=True)
signal.pause()
"""


class Webhook:
    """Receives what Alertmanager sends."""

    def __init__(self):
        self.alerts = []
        webhook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                webhook.alerts += json.loads(body)["alerts"]
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def of(self, alert, status, target):
        return [entry for entry in self.alerts if entry["status"] == status and
                entry["labels"]["alertname"] == alert and entry["labels"].get("target") == target]


class Stack:
    """Everything, started."""

    def __init__(self, programs):
        self.webhook = Webhook()
        self.leaky, _ = programs.start_announcing([TARGETS / "leaky_go", "-every", "200ms"])
        programs.start_announcing([TARGETS / "leaky_cpp", "200"])
        programs.start_announcing([TARGETS / "healthy_go"])
        programs.start_announcing([sys.executable, "-c", UNREAPED])
        self.proctor = f"127.0.0.1:{free_port()}"
        programs.start([BUILD / "proctor", "run", "--config.file", programs.file("proctor.yaml", CONFIG),
                        "--web.listen-address", self.proctor])
        manager = f"127.0.0.1:{free_port()}"
        programs.start([need("prometheus-alertmanager"), "--web.listen-address", manager,
                        "--cluster.listen-address=", "--storage.path", programs.folder / "alertmanager",
                        "--config.file", programs.file("alertmanager.yml", f"""\
route: {{receiver: hook, group_by: [alertname, target, pid, site], group_wait: 1s, group_interval: 1s}}
receivers:
  - name: hook
    webhook_configs: [{{url: "http://127.0.0.1:{self.webhook.port}/", send_resolved: true}}]
""")])
        # The shipped rules; only the time that they wait is shortened.
        rules = (SOURCE / "alerts" / "proctor.rules.yml").read_text(encoding="utf-8")
        rules = re.sub(r"(?m)^(\s+for:) \w+$", r"\1 2s", rules)
        self.prometheus = f"127.0.0.1:{free_port()}"
        programs.start([need("prometheus"), "--web.listen-address", self.prometheus,
                        "--storage.tsdb.path", programs.folder / "tsdb",
                        "--config.file", programs.file("prometheus.yml", f"""\
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{programs.file("rules.yml", rules)}]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ["{manager}"]}}]}}]}}
scrape_configs: [{{job_name: proctor, static_configs: [{{targets: ["{self.proctor}"]}}]}}]
""")])

    def query(self, expression):
        url = f"http://{self.prometheus}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        answer = get_json(url)
        assert answer["status"] == "success", answer
        return answer["data"]["result"]


def panels(dashboard):
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for annotation in dashboard["annotations"]["list"]:
        yield annotation["name"], annotation["expr"].replace("offset 1m", "offset 10m")


def check_dashboards(stack):
    """Every query gives data for at least one of the services."""
    names = ("leaky-go", "leaky-cpp", "unreaped", "healthy-go")
    leak = stack.query('proctor_finding{target="leaky-go", kind="goroutine_leak"}')[0]["metric"]["site"]

    def gives_data(expression):
        for name in names:
            filled = expression.replace("$target", name).replace("$pid", ".*").replace("$site", leak)
            filled = filled.replace("$__rate_interval", "10s")
            if stack.query(filled):
                return True
        return False

    asked = 0
    for file in sorted((SOURCE / "dashboards").glob("*.json")):
        for title, expression in panels(json.loads(file.read_text(encoding="utf-8"))):
            await_(f"{file.name}: {title}: {expression}", lambda e=expression: gives_data(e), 40)
            asked += 1
    print(f"         {asked} queries of the dashboards give data")


def a_leak_pages_and_resolves_and_every_panel_has_data():
    with Programs() as programs:
        stack = Stack(programs)
        await_("Prometheus scrapes Proctor", lambda: stack.query('up{job="proctor"} == 1'))
        for function in ("main.leakReceive", "main.leakSend", "main.leakSelect", "main.leakMutex"):
            page = await_(f"a page for {function}", lambda f=function: [
                alert for alert in stack.webhook.of("ProctorGoroutineLeak", "firing", "leaky-go")
                if alert["labels"].get("function") == f], 90)[0]
            assert f"{function} (main.go:" in page["annotations"]["summary"], page
            assert "runbooks.md#goroutine-leak" in page["annotations"]["runbook_url"], page
        await_("a page for the threads", lambda: stack.webhook.of("ProctorThreadLeak", "firing", "leaky-cpp"), 60)
        check_dashboards(stack)
        # Its descriptors and sockets come along with the threads: one incident, one page.
        for alert in ("ProctorDescriptorLeak", "ProctorSocketLeak"):
            assert not stack.webhook.of(alert, "firing", "leaky-cpp"), alert
        pages = {alert["labels"]["alertname"] for alert in stack.webhook.alerts
                 if alert["labels"].get("target") == "healthy-go"}
        assert not pages, f"the healthy service paged: {pages}"
        programs.end(stack.leaky)
        await_("the page resolves when the service is stopped",
               lambda: len(stack.webhook.of("ProctorGoroutineLeak", "resolved", "leaky-go")) >= 4, 90)
        answer = get(f"http://{stack.proctor}/-/healthy")
        assert answer, "no answer of /-/healthy"


sys.exit(run_tests([a_leak_pages_and_resolves_and_every_panel_has_data]))

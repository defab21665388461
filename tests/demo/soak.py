#!/usr/bin/env python3
"""Watches every process of the machine amid processes that come and go, with scrapes that are broken off, and tells
whether Proctor itself grows. soak.py BUILD_FOLDER [MINUTES]"""

import pathlib
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

from harness import Programs, await_, free_port, get  # noqa: E402


def used_by(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    resident = int(status.split("VmRSS:")[1].split()[0])
    threads = int(status.split("Threads:")[1].split()[0])
    return resident, threads, len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))


def main():
    minutes = float(sys.argv[2]) if len(sys.argv) > 2 else 30
    build = pathlib.Path(sys.argv[1]).resolve()
    with Programs() as programs:
        port = free_port()
        agent = programs.start([build / "proctor", "run", "--web.listen-address", f"127.0.0.1:{port}",
                                "--sampling.interval", "200ms"])
        await_("proctor is ready", lambda: get(f"http://127.0.0.1:{port}/-/ready"))
        churn = subprocess.Popen(["sh", "-c", "while :; do for i in 1 2 3 4 5 6 7 8; do sleep 0.3 & done; wait; done"])
        programs.children.append(churn)
        begin = time.monotonic()
        pause = threading.Event()
        early = None
        while time.monotonic() - begin < minutes * 60:
            get(f"http://127.0.0.1:{port}/metrics")
            with socket.create_connection(("127.0.0.1", port)) as broken_off:
                broken_off.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            pause.wait(0.1)
            if early is None and time.monotonic() - begin > minutes * 60 / 5:
                early = used_by(agent.pid)
        late = used_by(agent.pid)
        print(f"after a fifth of the time: {early[0]} kB resident, {early[1]} threads, {early[2]} descriptors\n"
              f"at the end:                {late[0]} kB resident, {late[1]} threads, {late[2]} descriptors")
        grew = late[0] > early[0] * 1.1 + 1024 or late[1] > early[1] + 2 or late[2] > early[2] + 16
        return 1 if grew else 0


sys.exit(main())

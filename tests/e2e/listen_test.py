#!/usr/bin/env python3
"""Where the agent listens: IPv6, TLS, clients that stall, lie or leave. listen_test.py BUILD_FOLDER"""

import http.client
import os
import socket
import ssl
import subprocess
import sys
import threading
import time

from agent import PROCTOR, call
from harness import Programs, Skip, await_, free_port, need, run_tests


def certificate(programs, name, issuer=None):
    """A certificate of this name and its key, signed by `issuer` or by itself: the two files."""
    need("openssl")
    key, cert = programs.folder / f"{name}.key", programs.folder / f"{name}.crt"
    may_sign = "TRUE" if name == "authority" else "FALSE"
    extension = programs.file(f"{name}.ext", f"subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:{may_sign}\n")
    request = programs.folder / f"{name}.csr"

    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-subj", f"/CN={name}",
            "-out", request)
    signed_by = ["-CA", issuer[0], "-CAkey", issuer[1], "-CAcreateserial"] if issuer else ["-signkey", key]
    openssl("x509", "-req", "-in", request, "-days", "2", "-extfile", extension, "-out", cert, *signed_by)
    return cert, key


def start(programs, address, *arguments):
    agent = programs.start([PROCTOR, "run", "--web.listen-address", address, "--target.pid", str(os.getpid()), *arguments])
    port = int(address.rpartition(":")[2])
    return agent, port


def client(ca=None, own=None, **limits):
    context = ssl.create_default_context(cafile=ca)
    if own:
        context.load_cert_chain(*own)
    for name, value in limits.items():
        setattr(context, name, value)
    return context


def https(port, context, path="/-/healthy"):
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read(), connection.sock.getpeercert() if connection.sock else None
    finally:
        connection.close()


def plain(host, port, path="/-/healthy"):
    connection = http.client.HTTPConnection(host, port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def tls_files(programs, **more):
    pair = certificate(programs, "proctor")
    lines = ["tls_server_config:", f"  cert_file: {pair[0].name}", f"  key_file: {pair[1].name}",
             *(f"  {key}: {value}" for key, value in more.items())]
    return pair, programs.file("web.yml", "\n".join(lines) + "\n")


def ready(port, context):
    await_("proctor is ready", lambda: https(port, context, "/-/ready")[0] == 200)


def is_refused(ask):
    try:
        ask()
    except (OSError, http.client.HTTPException):
        return True
    return False


def metrics_come_encrypted_and_nothing_else_is_served():
    with Programs() as programs:
        (cert, _), web = tls_files(programs)
        agent, port = start(programs, f"127.0.0.1:{free_port()}", "--web.config.file", web)
        context = client(cert)
        ready(port, context)
        status, body, _ = https(port, context, "/metrics")
        assert status == 200 and b"proctor_build_info" in body
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            only = client(cert, minimum_version=version, maximum_version=version)
            assert https(port, only)[0] == 200, version
        assert is_refused(lambda: plain("127.0.0.1", port)), "without encryption"
        assert is_refused(lambda: https(port, client())), "a client that does not know the certificate"
        # The server behind answers nobody but the agent itself.
        others = [local for local in listening_ports(agent.pid) if local != port]
        assert others, "no server behind"
        for other in others:
            assert is_refused(lambda p=other: plain("127.0.0.1", p)), other


def listening_ports(pid):
    inodes = set()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        link = os.readlink(f"/proc/{pid}/fd/{fd}")
        if link.startswith("socket:["):
            inodes.add(link[8:-1])
    ports = []
    for row in open(f"/proc/{pid}/net/tcp", encoding="ascii").read().splitlines()[1:]:
        words = row.split()
        if words[3] == "0A" and words[9] in inodes:
            ports.append(int(words[1].rpartition(":")[2], 16))
    return ports


def a_renewed_certificate_is_served_and_a_broken_one_is_not():
    with Programs() as programs:
        (cert, key), web = tls_files(programs)
        _, port = start(programs, f"127.0.0.1:{free_port()}", "--web.config.file", web)
        first = client(cert)
        ready(port, first)
        cert.with_suffix(".old").write_bytes(cert.read_bytes())
        good = cert.read_bytes()
        cert.write_text("no certificate\n")
        assert https(port, first)[0] == 200, "the one before is served on"
        cert.write_bytes(good)
        new = certificate(programs, "renewed")
        cert.write_bytes(new[0].read_bytes())
        key.write_bytes(new[1].read_bytes())
        await_("the new one", lambda: https(port, client(new[0]))[0] == 200, 10)
        assert is_refused(lambda: https(port, client(cert.with_suffix(".old"))))


def clients_show_a_certificate_where_they_must():
    with Programs() as programs:
        authority = certificate(programs, "authority")
        good = certificate(programs, "scraper", authority)
        other = certificate(programs, "stranger")
        (cert, _), web = tls_files(programs, client_ca_file="authority.crt", client_auth_type="RequireAndVerifyClientCert")
        _, port = start(programs, f"127.0.0.1:{free_port()}", "--web.config.file", web)
        ready(port, client(cert, good))
        assert is_refused(lambda: https(port, client(cert)))
        assert is_refused(lambda: https(port, client(cert, other)))
        assert https(port, client(cert, good), "/metrics")[0] == 200


def files_that_do_not_fit_are_one_clear_line():
    with Programs() as programs:
        (_, key), web = tls_files(programs)
        other = certificate(programs, "other")
        key.write_bytes(other[1].read_bytes())
        done = call("run", "--web.config.file", web, "--web.listen-address", f"127.0.0.1:{free_port()}")
        assert done.returncode == 1 and done.stderr.count("\n") == 1, done
        assert "proctor.key" in done.stderr and "key values mismatch" in done.stderr, done.stderr
        key.unlink()
        done = call("run", "--web.config.file", web, "--web.listen-address", f"127.0.0.1:{free_port()}")
        assert done.returncode == 1 and "proctor.key" in done.stderr and "o such file" in done.stderr, done
        web.write_text("tls_server_config: {cert_file: a, key_file: b, cipher_suites: [NONE]}\n")
        done = call("run", "--web.config.file", web, "--web.listen-address", f"127.0.0.1:{free_port()}")
        assert done.returncode == 1 and done.stderr.count("\n") == 1, done


def clients_that_stall_or_send_anything_stop_nobody_for_long():
    with Programs() as programs:
        (cert, _), web = tls_files(programs)
        agent, port = start(programs, f"127.0.0.1:{free_port()}", "--web.config.file", web)
        context = client(cert)
        ready(port, context)
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(40)]
        for at, connection in enumerate(silent):
            if at % 2:
                connection.sendall(os.urandom(300))
        await_("an answer all the same", lambda: https(port, context)[0] == 200, 60)
        half = context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="127.0.0.1")
        half.sendall(b"GET /metrics HTTP/1.1\r\n")  # and no more
        gone = context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="127.0.0.1")
        gone.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        gone.close()
        assert https(port, context)[0] == 200
        agent.terminate()
        begin = time.monotonic()
        assert agent.wait(timeout=30) == 0
        assert time.monotonic() - begin < 10, "it waits for clients that say nothing"


def a_client_that_stops_within_a_record_costs_nothing():
    with Programs() as programs:
        (cert, _), web = tls_files(programs)
        agent, port = start(programs, f"127.0.0.1:{free_port()}", "--web.config.file", web)
        context = client(cert)
        ready(port, context)
        halves = []
        for _ in range(8):
            raw = socket.create_connection(("127.0.0.1", port), timeout=10)
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            session = context.wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
            while True:
                try:
                    session.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    raw.sendall(outgoing.read())
                    incoming.write(raw.recv(65536))
            raw.sendall(outgoing.read())
            session.write(b"GET /metrics HTTP/1.1\r\n")
            record = outgoing.read()
            raw.sendall(record[:len(record) // 2])
            halves.append(raw)
        before = cpu_seconds(agent.pid)
        time.sleep(2)
        used = cpu_seconds(agent.pid) - before
        assert used < 0.5, f"{used} s of CPU in 2 s"
        assert len(halves) == 8


def cpu_seconds(pid):
    words = open(f"/proc/{pid}/stat", encoding="ascii", errors="replace").read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def many_clients_at_once_all_get_their_answer():
    with Programs() as programs:
        (cert, _), web = tls_files(programs)
        _, port = start(programs, f"127.0.0.1:{free_port()}", "--web.config.file", web)
        context = client(cert)
        ready(port, context)
        answers = []

        def ask():
            for _ in range(20):
                answers.append(https(port, context, "/metrics")[0])

        threads = [threading.Thread(target=ask) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [200] * 200, answers


def ipv6_is_listened_on():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError as error:
        raise Skip("no IPv6 on this machine") from error
    with Programs() as programs:
        agent, port = start(programs, f"[::1]:{free_port()}")
        await_("proctor is ready", lambda: plain("::1", port, "/-/ready")[0] == 200)
        assert b"proctor_build_info" in plain("::1", port, "/metrics")[1]
        assert is_refused(lambda: plain("127.0.0.1", port))
        agent.terminate()
        assert agent.wait(timeout=30) == 0
        taken, port = start(programs, f":{free_port()}")
        await_("proctor is ready", lambda: plain("127.0.0.1", port, "/-/ready")[0] == 200)
        assert plain("::1", port, "/metrics")[0] == 200, "every address of the machine"
        done = call("run", "--web.listen-address", f"[::1]:{port}")
        assert done.returncode == 1 and f"[::1]:{port}" in done.stderr and "already in use" in done.stderr, done
        assert taken.poll() is None


sys.exit(run_tests([metrics_come_encrypted_and_nothing_else_is_served, a_renewed_certificate_is_served_and_a_broken_one_is_not,
                    clients_show_a_certificate_where_they_must, files_that_do_not_fit_are_one_clear_line,
                    clients_that_stall_or_send_anything_stop_nobody_for_long,
                    a_client_that_stops_within_a_record_costs_nothing, many_clients_at_once_all_get_their_answer,
                    ipv6_is_listened_on]))

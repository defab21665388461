#!/usr/bin/env python3
"""Reproduces leaks of descriptors, sockets, threads, mappings and children that users of production services have reported,
and what looks like them, each under the name of its case: cases.py C01. Each step takes 0.3 s, without end."""

import ctypes
import mmap
import os
import select
import socket
import sys
import tempfile
import threading

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.mmap.restype = ctypes.c_void_p
PAGE = 4096
kept = []
pause = threading.Event()


def name_thread(name):
    LIBC.prctl(15, name.encode(), 0, 0, 0)


def repeat(step):
    number = 0
    while not pause.wait(0.3):
        step(number)
        number += 1


def peer_closes_and_the_server_does_not():
    server = socket.create_server(("127.0.0.1", 0))

    def step(_):
        client = socket.create_connection(server.getsockname())
        kept.append(server.accept()[0])
        client.close()

    repeat(step)


def a_mix_of_descriptors(_):
    kept.append(os.eventfd(0))
    reader, writer = os.pipe()
    os.close(writer)
    kept.append(reader)
    kept.append(os.open("/proc/self/stat", os.O_RDONLY))


def a_few_temporary_files(_):
    for _ in range(5):
        file, path = tempfile.mkstemp(dir="/tmp")
        os.unlink(path)
        kept.append(file)


def an_inherited_epoll():
    kept.append(select.epoll())
    os.set_inheritable(kept[0].fileno(), True)
    os.execvp("sleep", ["sleep", "1000"])


def a_unix_listener(number):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"\0leak-{os.getpid()}-{number}")
    listener.listen(1)
    kept.append(listener)


def an_udp_socket(_):
    kept.append(socket.socket(type=socket.SOCK_DGRAM))
    kept[-1].bind(("127.0.0.1", 0))


def a_thread(number):
    def run():
        name_thread(f"pool-{number}-thread-1")
        threading.Event().wait()

    threading.Thread(target=run, daemon=True).start()


def the_same_file_mapped_again():
    file = tempfile.TemporaryFile()
    file.write(bytes(PAGE))
    file.flush()
    repeat(lambda _: LIBC.mmap(None, PAGE, mmap.PROT_READ, mmap.MAP_PRIVATE, file.fileno(), 0))


def a_child_that_nobody_waits_for(_):
    if os.fork() == 0:
        os._exit(0)


def a_lazy_pool():
    for number in range(30):
        a_thread(number)
        pause.wait(0.1)
    pause.wait()


def threads_that_come_to_wait_elsewhere():
    gates = [threading.Event() for _ in range(200)]

    def run(number):
        name_thread(f"worker-{number}")
        gates[number].wait()
        select.select([], [], [])

    for number in range(len(gates)):
        threading.Thread(target=run, args=(number,), daemon=True).start()
    repeat(lambda number: gates[number % len(gates)].set())


CASES = {
    "B08": lambda: repeat(a_thread),
    "B20": the_same_file_mapped_again,
    "B25": lambda: repeat(a_child_that_nobody_waits_for),
    "C01": peer_closes_and_the_server_does_not,
    "C04": lambda: repeat(lambda _: kept.append(socket.socket())),
    "C05": lambda: repeat(a_mix_of_descriptors),
    "C05B": lambda: repeat(a_few_temporary_files),
    "C06": lambda: repeat(lambda _: kept.append(select.epoll())),
    "C09": an_inherited_epoll,
    "C10": lambda: repeat(a_unix_listener),
    "C11": lambda: repeat(an_udp_socket),
    "E22": a_lazy_pool,
    "E22B": threads_that_come_to_wait_elsewhere,
}
name_thread(f"case-{sys.argv[1]}")
CASES[sys.argv[1]]()

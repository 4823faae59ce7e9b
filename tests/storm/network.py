"""A network of its own for each machine of a storm: a namespace whose only way out is a relay to the provider.

Databases are reached through sockets in folders, which have no network. The namespace lives as long as the process of
its relay, so that nothing of it stays. It takes the rights of an administrator; without them machines share a network.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import struct
from contextlib import suppress
from multiprocessing.connection import Connection
from threading import Thread

from tests.storm import copied
from tests.storm.company import COPIES, Member
from tests.storm.copied import CLONE_NEWNET, LIBC, enter
from workers.servers.process import dies_with

SET_FLAGS, IS_UP = 0x8914, 0x1
"""SIOCSIFFLAGS and IFF_UP (linux/sockios.h, linux/if.h)."""

LOOPBACK = "127.0.0.1"
READY_SECONDS = 10.0
AT_ONCE = 65_536


class Network(Member):
    """The network of one machine: inside of it a port leads to the same port outside."""

    def __init__(self, name: str, port: int) -> None:
        super().__init__(name)
        self._port = port
        self._ready = False

    def start(self) -> None:
        """Makes the network and waits for its relay."""
        COPIES.set_forkserver_preload([copied.__name__])
        here, there = COPIES.Pipe()
        self._relay = COPIES.Process(target=relay, args=(self._port, there), daemon=True)
        self._relay.start()
        self._ready = here.poll(READY_SECONDS) and bool(here.recv())
        here.close()

    @property
    def namespace(self) -> str:
        """Where a process finds its way in; empty when we may make no network."""
        return f"/proc/{self._relay.pid}/ns/net" if self._ready else ""

    def runs(self) -> bool:
        """Whether the relay lives, or could not be made."""
        return not self._ready or self._relay.is_alive()

    def end(self) -> None:
        """The network goes with its relay."""
        self._relay.kill()
        self._relay.join()


def relay(port: int, ready: Connection) -> None:
    """Leaves for a network of its own and carries its connections to the port outside, until it is killed."""
    dies_with(signal.SIGKILL, os.getppid())()
    outside = f"/proc/{os.getppid()}/ns/net"
    if LIBC.unshare(CLONE_NEWNET):
        ready.send(False)
        return
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        fcntl.ioctl(listener, SET_FLAGS, struct.pack("16sH14x", b"lo", IS_UP))
        listener.bind((LOOPBACK, port))
        listener.listen(128)
        ready.send(True)
        while True:
            line, _ = listener.accept()
            Thread(target=_carry, args=(line, port, outside), daemon=True).start()


def _carry(line: socket.socket, port: int, outside: str) -> None:
    """One connection, to its end on either side."""
    enter(outside)
    with line, suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=3) as other:
        other.settimeout(None)
        for one in (line, other):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        back = Thread(target=_pump, args=(other, line), daemon=True)
        back.start()
        _pump(line, other)
        back.join()


def _pump(source: socket.socket, drain: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(AT_ONCE):
            drain.sendall(part)
    for one in (source, drain):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)

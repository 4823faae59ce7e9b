"""Ports for a whole `ramu run`, which takes one and the next."""

from __future__ import annotations

import socket
from random import SystemRandom

PAIRS = range(10_000, 30_000, 2)
"""Below those that the system hands out for connections: it would take the second of a pair at any moment."""


def free_pair() -> int:
    """The first of two ports of the loopback that nobody listens on just now."""
    while True:
        port = SystemRandom().choice(PAIRS)
        with socket.socket() as one, socket.socket() as other:
            try:
                one.bind(("127.0.0.1", port))
                other.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port

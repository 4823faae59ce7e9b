"""The watch: cuts a connection that is waited for too long, and no other."""

import time
from collections.abc import Iterator
from socket import socket, socketpair

import pytest

from models.watch import LOOK_SECONDS, Watch

ROOM = LOOK_SECONDS + 1.5
"""Seconds after which the watch has certainly looked, on a busy machine too."""


@pytest.fixture
def watch() -> Iterator[Watch]:
    watch = Watch()
    yield watch
    watch.stop()


@pytest.fixture
def ends() -> Iterator[tuple[socket, socket]]:
    with (pair := socketpair())[0], pair[1]:
        yield pair


def test_who_waits_too_long_is_told_that_the_other_side_is_gone(watch, ends):
    ours, _ = ends
    ours.settimeout(5)
    began = time.monotonic()
    watch.expect(ours.fileno(), 0.2)
    assert ours.recv(1) == b""
    assert 0.2 <= time.monotonic() - began < 0.2 + ROOM
    watch.done(ours.fileno())


def test_an_answer_in_time_is_left_alone(watch, ends):
    ours, theirs = ends
    for _ in range(3):
        watch.expect(ours.fileno(), 0.1)
        watch.done(ours.fileno())
    time.sleep(ROOM)
    theirs.sendall(b"x")
    assert ours.recv(1) == b"x"


def test_a_watch_that_was_stopped_begins_anew(watch, ends):
    ours, _ = ends
    ours.settimeout(5)
    watch.expect(ours.fileno(), 60)
    watch.done(ours.fileno())
    watch.stop()
    watch.expect(ours.fileno(), 0.05)
    assert ours.recv(1) == b""
    watch.done(ours.fileno())

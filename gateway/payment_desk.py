"""The parts of a process for a command about payments."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from config.settings import load
from gateway.register import NotMigrated, url_of
from gateway.runtime import Runtime
from models.schema import standing


@contextmanager
def payment_desk() -> Iterator[Runtime]:
    """A desk without a deadline, on a database that is up to date. Raises Fault."""
    settings = load()
    if standing(url_of(settings)).missing:
        raise NotMigrated("the database is not up to date: ramu db migrate")
    runtime = Runtime.open(settings, patient=True)
    try:
        yield runtime
    finally:
        runtime.close()

"""What a server serves: `application` for any WSGI server, `front` for `ramu web`, whose event loop calls it (ASGI)."""

import gc
import os
import signal

from flask import Flask

from config.settings import load
from gateway.front import Front, front_of
from gateway.logs import configure
from gateway.runtime import Runtime
from gateway.web import make_app
from workers.servers.process import dies_with
from workers.web import MAIN_PROCESS


def application() -> Flask:
    """A new application with the settings of this process. Raises config.faults.Fault."""
    return make_app(_runtime())


def front() -> Front:
    """The same behind an event loop. Raises config.faults.Fault."""
    runtime = _runtime()
    whole = front_of(make_app(runtime), runtime.settings)
    _leave_in_peace()
    return whole


def _runtime() -> Runtime:
    # The server starts its processes; one that outlived it would hold the port.
    dies_with(signal.SIGKILL, int(os.environ.get(MAIN_PROCESS) or os.getppid()))()
    settings = load()
    configure(settings)
    return Runtime.open(settings)


def _leave_in_peace() -> None:
    # What is built at the start lives as long as the process: the collector need not walk it again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)

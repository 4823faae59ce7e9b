"""The application that a WSGI server serves: `granian --interface wsgi --factory wsgi:application`."""

import gc
import os
import signal

from flask import Flask

from config.settings import load
from gateway.logs import configure
from gateway.runtime import Runtime
from gateway.web import make_app
from workers.servers.process import dies_with
from workers.web import MAIN_PROCESS


def application() -> Flask:
    """A new application with the settings of this process. Raises config.faults.Fault."""
    # The server forks its processes; one that outlived it would hold the port.
    dies_with(signal.SIGKILL, int(os.environ.get(MAIN_PROCESS) or os.getppid()))()
    settings = load()
    configure(settings)
    app = make_app(Runtime.open(settings))
    _leave_in_peace()
    return app


def _leave_in_peace() -> None:
    # What is built at the start lives as long as the process: the collector need not walk it again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)

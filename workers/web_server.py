"""The process that `ramu web` becomes: gunicorn, which forks the web processes and keeps them, each an event loop.

The gateway is imported here, once, so that a web process is there at once and shares what it does not change. One that
ends is started again; one whose loop has not turned for twenty seconds is ended.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click
from gunicorn.app.base import BaseApplication
from gunicorn.util import import_app
from uvicorn_worker import UvicornWorker

from config.faults import Fault
from config.settings import load
from gateway.http_limits import LimitedProtocol
from gateway.runtime import Runtime

IDLE_SECONDS = 65
"""A kept connection may be silent for so long: longer than what a proxy keeps open towards us."""

GRACE_SECONDS = 5
"""For answers that are under way when the server is told to stop."""


class LoopWorker(UvicornWorker):
    """A web process."""

    CONFIG_KWARGS = {
        "interface": "asgi3",
        "lifespan": "off",
        "loop": "uvloop",
        "http": LimitedProtocol,
        "ws": "none",
        "proxy_headers": False,
        "server_header": False,
        "timeout_graceful_shutdown": GRACE_SECONDS,
    }


class WebServer(BaseApplication):
    """gunicorn with these web processes; `served` makes what each of them serves (module:factory())."""

    def __init__(self, served: str, address: str, processes: int) -> None:
        self._served = served
        self._told = {
            "bind": address,
            "workers": processes,
            "worker_class": LoopWorker,
            "timeout": 20,
            "graceful_timeout": GRACE_SECONDS + 1,
            "keepalive": IDLE_SECONDS,
            "loglevel": "error",
            "control_socket_disable": True,
        }
        super().__init__()

    def load_config(self) -> None:
        """What is not said here stays as gunicorn has it."""
        for name, value in self._told.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The application of one web process."""
        return import_app(self._served)


@click.command()
@click.argument("served")
@click.option("--bind", required=True, help="Host and port.")
@click.option("--processes", type=int, required=True)
def serve(served: str, bind: str, processes: int) -> None:
    """Serve what a factory makes, until SIGTERM or Ctrl-C.

    Example: python -m workers.web_server --bind 127.0.0.1:8000 --processes 2 "wsgi:front()"
    """
    try:
        # What would keep a web process from starting is told once, here, in a line.
        Runtime.open(load()).close()
    except Fault as fault:
        click.echo(f"ramu: {fault}", err=True)
        sys.exit(1)
    import_module(served.partition(":")[0])
    WebServer(served, bind, processes).run()


if __name__ == "__main__":
    serve()

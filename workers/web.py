"""`ramu web`: the web server in production, gunicorn and its event loops (uvicorn), in place of this process."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from pathlib import Path

import click

from config.faults import Fault
from config.settings import CHECKOUT, Settings, load, weak

FIGURES = "PROMETHEUS_MULTIPROC_DIR"
"""The environment's name for the folder of the figures: prometheus_client reads it when it is imported."""

MAIN_PROCESS = "RAMU_WEB_PROCESS"
"""Tells the server's own processes whose end is theirs too."""


@click.command()
def web() -> None:
    """Serve the callbacks and the pages until SIGTERM or Ctrl-C.

    Example: ramu web
    """
    settings = load()
    if not settings.secrets:
        raise Fault("; ".join(weak(settings)) + ". Remedy: ramu doctor")
    check_port(settings)
    environment = {**os.environ, FIGURES: str(empty_figures(settings)), MAIN_PROCESS: str(os.getpid())}
    os.chdir(CHECKOUT)
    os.execve(sys.executable, command(settings), environment)


def check_port(settings: Settings) -> None:
    """Raises Fault when somebody listens there. The server itself would share the port, and lose half of the calls."""
    _check(settings.host, settings.port, settings.port)


def check_provider_port(settings: Settings) -> None:
    """Raises Fault when the simulated provider cannot listen beside the gateway, on the port after its own."""
    _check("127.0.0.1", settings.port + 1, settings.port)


def _check(host: str, port: int, base: int) -> None:
    """The remedy is two further: a whole demonstration takes a port and the next one."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OverflowError:
            raise Fault(f"no port {port}. Remedy: PORT=8000") from None
        except PermissionError:
            raise Fault(
                f"port {port} is the system's. Remedy: PORT=8000, and a proxy in front of it"
            ) from None
        except OSError as fault:
            raise Fault(
                f"port {port} of {host}: {fault.strerror}. Remedy: end who listens there, or PORT={base + 2}"
            ) from fault


def command(settings: Settings, served: str = "wsgi:front()") -> list[str]:
    """The command line of the server; `served` makes an ASGI application."""
    told = ("--bind", f"{settings.host}:{settings.port}", "--processes", str(settings.web_processes), served)
    return [sys.executable, "-m", "workers.web_server", *told]


def empty_figures(settings: Settings) -> Path:
    """The folder in which the web processes write their figures, emptied: those of a dead process must not count."""
    folder = settings.data_folder / "figures"
    shutil.rmtree(folder, ignore_errors=True)
    settings.data_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700)
    return folder

"""The servers that are compared, each a process tree of its own: bare Flask, the gateway, ussd-menu-builder."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import Signals

from config.faults import Fault
from config.settings import CHECKOUT, load
from tests.bench.bare import PATH
from workers.servers.folders import current_user
from workers.servers.process import Server, free_port
from workers.web import command

SECRET = "0123456789abcdef0123456789abcdef"
"""Of the benchmark's own gateways, which listen on the loopback for some seconds."""

PRODUCTION = "wsgi:front()"
"""What `ramu web` serves."""

MENU_BUILDER = Path(__file__).parent / "menu_builder"


class NotMeasured(Fault):
    """A contender that cannot run on this machine; the message says why."""


@dataclass(frozen=True, slots=True)
class Size:
    """What every contender is given alike: server processes, and threads in each."""

    processes: int
    threads: int


class WebServer(Server):
    """One contender, running, on a port of its own. `path` is where the forms go."""

    farewell = Signals.SIGTERM

    def __init__(
        self,
        name: str,
        path: str,
        command: Sequence[str],
        log: Path,
        port: int,
        environment: Mapping[str, str],
    ) -> None:
        self.name = name
        self.path = path
        self.port = port
        given = [f"{key}={value}" for key, value in environment.items()]
        super().__init__(["env", "-C", str(log.parent), *given, *command], log, current_user())
        self.log.unlink(missing_ok=True)
        self.restart()

    def ready(self) -> bool:
        """Whether it takes connections."""
        with socket.socket() as line:
            return line.connect_ex(("127.0.0.1", self.port)) == 0


def bare_flask(folder: Path, size: Size, environment: Mapping[str, str]) -> WebServer:
    """The unit: a Flask view that returns a constant."""
    return _served("bare Flask", PATH, "tests.bench.bare:flask_front()", folder, size, environment)


def bare_wsgi(folder: Path, size: Size, environment: Mapping[str, str]) -> WebServer:
    """The floor: a WSGI callable that returns the same constant without Flask."""
    return _served("bare WSGI", PATH, "tests.bench.bare:floor_front()", folder, size, environment)


def gateway_environment(figures: Path, *, database_url: str, redis_url: str, keys: Path) -> dict[str, str]:
    """What a process of the gateway is told: as in production, logs in JSON and figures of several processes."""
    shutil.rmtree(figures, ignore_errors=True)
    figures.mkdir()
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "RAMU_KEY_FOLDER": str(keys),
        "RAMU_DATA_FOLDER": str(figures.parent),
        "RAMU_WEBHOOK_SECRETS": SECRET,
        "RAMU_SETTINGS": os.devnull,
        "PROMETHEUS_MULTIPROC_DIR": str(figures),
    }


def gateway(name: str, folder: Path, size: Size, environment: Mapping[str, str]) -> WebServer:
    """The gateway as production runs it, with nothing left out."""
    path = f"/hooks/africastalking/{SECRET}/ussd"
    return _served(name, path, PRODUCTION, folder, size, environment)


def menu_builder(folder: Path, size: Size, *, database_url: str, redis_socket: Path) -> WebServer:
    """The published package on Node, installed into `folder` at its pinned version. Raises NotMeasured."""
    home = installed(folder / "node")
    port = free_port()
    environment = {
        "PORT": str(port),
        "PROCESSES": str(size.processes),
        "DATABASE_URL": database_url,
        "REDIS_SOCKET": str(redis_socket),
        "NODE_ENV": "production",
    }
    return WebServer(
        "ussd-menu-builder", "/ussd", ["node", "server.js"], home / "node.log", port, environment
    )


def installed(home: Path) -> Path:
    """The folder with the package and what it needs, filled by npm when its list changed. Raises NotMeasured."""
    if not (shutil.which("node") and shutil.which("npm")):
        raise NotMeasured("node and npm are not on this machine")
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(MENU_BUILDER / "server.js", home)
    wanted = (MENU_BUILDER / "package.json").read_text()
    mark = home / "installed.json"
    if mark.exists() and mark.read_text() == wanted:
        return home
    (home / "package.json").write_text(wanted)
    install = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"]
    made = subprocess.run(install, cwd=home, capture_output=True, text=True, check=False)
    if made.returncode:
        raise NotMeasured(f"npm could not install ussd-menu-builder (exit {made.returncode})")
    mark.write_text(wanted)
    return home


def slug(name: str) -> str:
    """A name as part of a file's name."""
    return name.replace(",", "").replace(" ", "-").lower()


def _served(
    name: str, path: str, factory: str, folder: Path, size: Size, environment: Mapping[str, str]
) -> WebServer:
    """Any application under the server as production starts it (`ramu web`), with the same processes."""
    port = free_port()
    settings = load(port=port, web_processes=size.processes, web_threads=size.threads)
    log = folder / f"{slug(name)}.log"
    return WebServer(
        name, path, command(settings, factory), log, port, {"PYTHONPATH": str(CHECKOUT), **environment}
    )

"""The whole gateway as separate processes, for a measurement: web, workers, tick, and the simulated provider."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from time import monotonic, sleep

from config.faults import Fault
from config.jobs import BULK, TRANSACTIONAL
from config.settings import CHECKOUT
from tests.bench.contenders import SECRET
from tests.ports import free_pair
from workers.children import Child, Family
from workers.servers import PostgresServer, RedisServer

START_SECONDS = 60.0
WORKERS = 2
"""Of what a person waits for, as `ramu run` starts them."""


@dataclass(frozen=True, slots=True)
class Installation:
    """The running processes: where the gateway listens, and the process ids by the name of what runs there."""

    port: int
    folder: Path
    pids: dict[str, tuple[int, ...]]

    @property
    def path(self) -> str:
        """Where messages are delivered."""
        return f"/hooks/africastalking/{SECRET}/sms"


@contextmanager
def installed(
    folder: Path,
    url: str,
    postgres: PostgresServer,
    redis: RedisServer,
    keys: Path,
    delay: float,
    more: Mapping[str, str] | None = None,
) -> Iterator[Installation]:
    """Starts everything with the settings that an installation has when it sets nothing `more`, and stops it."""
    home, port = folder / "installation", free_pair()
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(mode=0o700)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("RAMU_")},
        "DATABASE_URL": url,
        "REDIS_URL": redis.url,
        "PORT": str(port),
        "RAMU_DATA_FOLDER": str(home),
        "RAMU_KEY_FOLDER": str(keys),
        "RAMU_SETTINGS": os.devnull,
        "RAMU_WEBHOOK_SECRETS": SECRET,
        "RAMU_PROVIDER": "simulated",
        "RAMU_PROVIDER_URL": f"http://127.0.0.1:{port + 1}",
        "PYTHONPATH": str(CHECKOUT),
        **(more or {}),
    }
    with (home / "gateway.log").open("ab") as output, Family(environment, output) as family:
        provider = family.start("provider", "provider", "simulate", "--faults", f"delay={delay}")
        web = family.start("web", "web")
        workers = [family.start("worker", "worker", "--lane", TRANSACTIONAL) for _ in range(WORKERS)]
        bulk = family.start("bulk", "worker", "--lane", BULK)
        tick = family.start("tick", "tick")
        _wait_until_ready(port, web)
        yield Installation(
            port,
            home,
            {
                "web": (web.process.pid,),
                "workers": tuple(worker.process.pid for worker in workers),
                "bulk_worker": (bulk.process.pid,),
                "tick": (tick.process.pid,),
                "provider": (provider.process.pid,),
                "postgresql": (postgres.pid,),
                "redis": (redis.pid,),
            },
        )


def _wait_until_ready(port: int, web: Child) -> None:
    until = monotonic() + START_SECONDS
    while not _is_ready(port):
        if web.process.poll() is not None or monotonic() > until:
            raise Fault("the gateway did not start")
        sleep(0.1)


def _is_ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()

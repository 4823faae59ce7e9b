"""Everything that runs in a storm, in a folder and on ports of its own."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import monotonic, sleep

from redis import Redis
from redis.exceptions import RedisError

from config.faults import Fault
from config.jobs import BULK, TRANSACTIONAL
from config.settings import CHECKOUT
from models.keyring import KeyRing
from tests.ports import free_pair
from tests.storm import weather
from tests.storm.company import Company, Process, Service
from tests.storm.outside import Outside
from workers.servers import PostgresServer, RedisServer
from workers.servers.folders import reachable, scratch, unprivileged_user

FAULTS = (
    "e500_before=0.012,e500_after=0.012,timeout_after=0.008,reset_before=0.01,reset_after=0.01,e429=0.01,"
    "report_twice=0.05,report_early=0.03,report_late=0.03,report_missing=0.03"
)
"""What the provider does wrong, by chance: five requests of a hundred leave it open whether they were taken."""

WORKERS = ("worker-1", "worker-2")
START_SECONDS = 60.0
LOOK_SECONDS = 0.05

DATA, LEDGER = "data", "provider"
"""Folders below the storm's own: of the gateway, and of the world outside."""


@dataclass
class Scene:
    """The running installation, and what may be done to it. `killed` counts by kind."""

    folder: Path
    company: Company
    postgres: Service
    redis: Service
    keys: KeyRing
    outside: Outside
    chance: Random
    workers: Sequence[str] = WORKERS
    """Of these one is killed when a worker is to be, and the first is the one that is stopped."""
    processes: dict[str, Process] = field(default_factory=dict)
    killed: Counter[str] = field(default_factory=Counter)
    _paused: tuple[Process, float] | None = None

    @property
    def data(self) -> Path:
        """The gateway's data folder."""
        return self.folder / DATA

    def strike(self, blow: weather.Blow) -> bool:
        """Does to the processes what is forecast; counted when there was something to do it to, and whether."""
        done = self._striking(blow)
        self.killed[blow.what] += done
        return done

    def run(self, process: Process) -> None:
        """Starts a process that stays with the others."""
        self.processes[process.name] = process
        self.company.add(process)
        process.start()

    def look(self) -> None:
        """What was killed comes back; who was stopped long enough goes on."""
        if self._paused and monotonic() >= self._paused[1]:
            self.calm()
        self.company.look()

    def calm(self) -> None:
        """Nobody is stopped any more."""
        if self._paused:
            self._paused[0].signal(signal.SIGCONT)
            self._paused = None

    def _striking(self, blow: weather.Blow) -> bool:
        if blow.what == weather.FLUSH:
            return self._flush()
        if blow.what == weather.PAUSE:
            return self._pause(self.processes[self.workers[0]], blow.rest)
        if blow.what == weather.REDIS:
            return self.redis.kill(blow.rest)
        if blow.what == weather.POSTGRES:
            return self.postgres.kill(blow.rest)
        if blow.what == weather.BACKEND:
            return self.postgres.kill_backend(self.chance)
        if blow.what == weather.WEB_PROCESS:
            return self.processes["web"].kill_child(self.chance)
        name = self.chance.choice(self.workers) if blow.what == weather.WORKER else blow.what
        member = self.processes[name]
        return not (self._paused and self._paused[0] is member) and member.kill(blow.rest)

    def _pause(self, member: Process, seconds: float) -> bool:
        """The next look after the end of its rest comes first: who rests cannot be stopped."""
        if member.resting or not member.runs():
            return False
        member.signal(signal.SIGSTOP)
        self._paused = (member, monotonic() + seconds)
        return True

    def _flush(self) -> bool:
        server = self.redis.server
        if not (self.redis.up and isinstance(server, RedisServer)):
            return False
        try:
            with Redis.from_url(server.url, socket_timeout=2) as client:
                return bool(client.flushall())
        except RedisError:
            return False

    def wait_for(self, ready: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
        """Raises Fault when it takes too long."""
        until = monotonic() + seconds
        while not ready():
            if monotonic() > until:
                raise Fault(f"{what} was not ready after {seconds:.0f} s; logs in {self.folder}")
            self.look()
            sleep(LOOK_SECONDS)


@contextmanager
def folder_of(keep: Path | None) -> Iterator[Path]:
    """The storm's folder: the one that is kept, empty or new, or one that goes. Raises Fault."""
    if keep is None:
        folder = scratch(unprivileged_user())
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return
    keep.mkdir(mode=0o711, parents=True, exist_ok=True)
    if any(keep.iterdir()):
        raise Fault(f"{keep} is not empty. Remedy: another folder, or remove it")
    if not reachable(keep / "postgres", unprivileged_user()):
        raise Fault(f"PostgreSQL's user cannot reach {keep}. Remedy: a folder open to others (chmod 711)")
    yield keep


Start = Callable[[Scene, dict[str, str]], None]
"""Starts the processes of the gateway, with an environment."""


@contextmanager
def set_scene(
    folder: Path,
    seed: int,
    settings: dict[str, str],
    fill: Callable[[str, KeyRing], None],
    start: Start | None = None,
    faults: str = FAULTS,
) -> Iterator[Scene]:
    """Starts everything; `fill` makes the register before the first process of the gateway runs. Raises Fault."""
    with ExitStack() as stack:
        company = stack.enter_context(Company())
        postgres = Service("postgres", PostgresServer.start(folder / "postgres"))
        company.add(postgres)
        redis = Service("redis", RedisServer.start(folder / "redis"))
        company.add(redis)
        data = folder / DATA
        data.mkdir(mode=0o700)
        keys = KeyRing.create(data / "keys")
        assert isinstance(postgres.server, PostgresServer)
        assert isinstance(redis.server, RedisServer)
        fill(postgres.server.url, keys)
        port = free_pair()
        environment = _environment(data, postgres.server.url, redis.server.url, port, settings)
        _copy_register(environment)
        scene = Scene(folder, company, postgres, redis, keys, Outside(port + 1), Random(seed))
        outside = ["provider", "simulate", "--port", str(port + 1), "--faults", faults, "--seed", str(seed)]
        outside += ["--folder", str(folder / LEDGER)]
        scene.run(Process("outside", outside, environment, folder / "outside.log"))
        (start or start_all)(scene, environment)
        scene.wait_for(scene.outside.ready, "the simulated provider")
        yield scene


def _copy_register(environment: dict[str, str]) -> None:
    """As every night: while the register is away its copy answers staff. Raises Fault."""
    command = [sys.executable, "-P", "-m", "gateway.command_line", "register-copy"]
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Fault(f"the register cannot be copied: {done.stderr[-300:]}")


def start_all(scene: Scene, environment: dict[str, str]) -> None:
    """One process of each kind, and two workers of what people wait for."""
    commands = {
        weather.WEB: ["web"],
        **{name: ["worker", "--lane", TRANSACTIONAL] for name in WORKERS},
        weather.BULK: ["worker", "--lane", BULK],
        weather.TICK: ["tick"],
    }
    for name, arguments in commands.items():
        scene.run(Process(name, arguments, environment, scene.folder / f"{name}.log"))


def _environment(
    data: Path, database: str, redis: str, port: int, settings: dict[str, str]
) -> dict[str, str]:
    """What the processes are told: as in production, but for the provider."""
    told = {
        "DATABASE_URL": database,
        "REDIS_URL": redis,
        "PORT": str(port),
        "RAMU_DATA_FOLDER": str(data),
        "RAMU_KEY_FOLDER": str(data / "keys"),
        "RAMU_SETTINGS": os.devnull,
        "RAMU_WEBHOOK_SECRETS": secrets.token_hex(16),
        "RAMU_PROVIDER": "simulated",
        "RAMU_PROVIDER_URL": f"http://127.0.0.1:{port + 1}",
        "PYTHONPATH": str(CHECKOUT),
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RAMU_")}
    return inherited | told | settings

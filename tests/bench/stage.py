"""Everything that must run for a measurement, started in order and stopped whatever happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import psycopg

from config.faults import Fault
from models.keyring import FILE_NAME, KeyRing
from tests.bench.calls import Calls
from tests.bench.contenders import (
    NotMeasured,
    Size,
    WebServer,
    bare_flask,
    bare_wsgi,
    gateway,
    gateway_environment,
    menu_builder,
)
from tests.bench.cpu import Meter
from tests.bench.figures import Sample
from tests.bench.load import Generator, Job, Outcome
from tests.bench.registers import Register, register_of
from tests.bench.words import tell
from workers.servers import PostgresServer, RedisServer

FLASK, WSGI, GATEWAY, FEW = "bare Flask", "bare WSGI", "gateway", "gateway, few people"
BUILDER = "ussd-menu-builder"
"""The contenders."""

SMALL_REGISTER = 1_000
COMMITS = 30

CONNECTIONS = 16
"""Forms under way at once in the closed loop: enough that no contender's processes fall asleep between two, since a
core that slept is cold, and its next request dear, for reasons that are none of the contender's."""

MOST_WRONG = 0.02
"""The share of answers that may be something else than what was asked for before the run is void."""


@dataclass(frozen=True, slots=True)
class Entrant:
    """A contender with the calls that are made to it."""

    server: WebServer
    calls: Calls


@dataclass(frozen=True, slots=True)
class Stage:
    """The running servers, the contenders among them by name, and why one is not there.

    `environment` is what a gateway's process is told.
    """

    postgres: PostgresServer
    redis: RedisServer
    generator: Generator
    entrants: dict[str, Entrant]
    absent: dict[str, str]
    environment: dict[str, str]

    def measure(
        self, name: str, forms: list[str], expected: str = "CON", *, connections: int = CONNECTIONS
    ) -> Sample:
        """Sends these forms in a closed loop. `expected` begins the answers' kind. Raises Fault for wrong ones."""
        server = self.entrants[name].server
        self.generator.prepare(Job(server.port, server.path, forms, connections))
        meter = Meter({"server": server.pid, "postgresql": self.postgres.pid, "redis": self.redis.pid})
        outcome = self.generator.go()
        used = {group: total / len(forms) for group, total in meter.used().items()}
        check(name, outcome, expected)
        return Sample(
            requests=len(forms),
            seconds=outcome.seconds,
            cpu_us=used["server"],
            postgresql_us=used["postgresql"],
            redis_us=used["redis"],
            latencies_ms=outcome.latencies_ms,
        )

    def commit_ms(self) -> float:
        """Milliseconds of one small commit as things are now: what a hop that discloses must wait for the disk."""
        times = []
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS bench_commits (at timestamptz)")
            for _ in range(COMMITS):
                began = perf_counter()
                connection.execute("INSERT INTO bench_commits VALUES (now())")
                times.append((perf_counter() - began) * 1000)
        return round(median(times), 2)

    def at_a_pace(self, name: str, forms: list[str], rate: float) -> list[float]:
        """Sends these forms at a constant pace; the times in milliseconds, each from when its form was due."""
        server = self.entrants[name].server
        self.generator.prepare(Job(server.port, server.path, forms, connections=64, rate=rate))
        outcome = self.generator.go()
        check(name, outcome, "")
        return outcome.latencies_ms


def check(name: str, outcome: Outcome, expected: str) -> None:
    """Raises Fault when the answers are not what was to be measured."""
    answers = Counter(outcome.answers)
    wrong = sum(times for kind, times in answers.items() if is_wrong(kind, expected))
    if wrong > MOST_WRONG * answers.total():
        raise Fault(f"{name} answered {dict(answers)} where {expected or 'a screen'} was expected")


def is_wrong(kind: str, expected: str) -> bool:
    """Whether an answer of this kind is not what was asked for: another screen, a status, an end at the edge."""
    return not kind.startswith(expected) or kind[:1].isdecimal() or kind.startswith(("edge.", "slow.", "END"))


@contextmanager
def set_stage(folder: Path, people: int, seed: int, size: Size, *, fresh: bool = False) -> Iterator[Stage]:
    """Starts PostgreSQL (every write on disk before it is answered), Redis, the load and the contenders."""
    folder.mkdir(parents=True, exist_ok=True)
    keys_folder = folder / "keys"
    keys = KeyRing.open(keys_folder) if (keys_folder / FILE_NAME).exists() else KeyRing.create(keys_folder)
    with ExitStack() as stack:
        tell("starting PostgreSQL and the Redis-protocol server")
        postgres = stack.enter_context(PostgresServer.start(folder / "postgres"))
        redis = stack.enter_context(RedisServer.start(folder / "redis"))
        registers = {}
        for count in (people, SMALL_REGISTER):
            tell(f"a register of {count:,} people")
            registers[count] = register_of(postgres, keys, count, seed, fresh=fresh)
        stage = Stage(postgres, redis, stack.enter_context(Generator()), {}, {}, {})

        def enter(name: str, start: Callable[[], WebServer], register: Register) -> None:
            tell(f"starting {name}")
            try:
                stage.entrants[name] = Entrant(stack.enter_context(start()), Calls(register.numbers))
            except NotMeasured as reason:
                stage.absent[name] = str(reason)

        large, small = registers[people], registers[SMALL_REGISTER]
        environments = {
            register.people: gateway_environment(
                folder / f"figures-{register.people}",
                database_url=register.url,
                redis_url=redis.url,
                keys=keys_folder,
            )
            for register in (large, small)
        }
        enter(FLASK, lambda: bare_flask(folder, size, environments[large.people]), large)
        enter(WSGI, lambda: bare_wsgi(folder, size, environments[large.people]), large)
        enter(GATEWAY, lambda: gateway(GATEWAY, folder, size, environments[large.people]), large)
        enter(FEW, lambda: gateway(FEW, folder, size, environments[small.people]), small)
        enter(
            BUILDER,
            lambda: menu_builder(folder, size, database_url=large.url, redis_socket=redis.socket),
            large,
        )
        stage.environment.update(environments[large.people])
        yield stage

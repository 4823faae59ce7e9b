"""The measurement of verifications: one at a time, then at a constant pace, timed by the provider's own ledger."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic, sleep, time

import psycopg

from config.faults import Fault
from tests.bench.cpu import Meter
from tests.bench.figures import Json, percentile
from tests.bench.installation import WORKERS, Installation, installed
from tests.bench.load import Generator, Job
from tests.bench.questions import UNKNOWN_EVERY, Answers, Asking, Found, Question, matched, waiting_at
from tests.bench.receipts import CENTRES, PHONES, register_of
from tests.bench.words import tell
from workers.servers import PostgresServer, RedisServer

RATE = 50.0
"""Verifications a second of the second part (goal of issue 3)."""

WARM_UP = 20
"""Questions that are not measured: connections open, statements are prepared, code is read."""

PROVIDER_SECONDS = 0.2
"""What the simulated provider takes for a request."""

PATIENCE_SECONDS = 60.0
"""How long is waited for answers before they are missing."""

PAUSE_SECONDS = 0.5
"""Between two questions to an idle worker, at least; twice as long at most."""

PARTS = 6
"""Moments of the second part at which the backlog is told."""

FORM = {"Content-Type": "application/x-www-form-urlencoded"}

Asked = list[tuple[float, Question]]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is asked: so many one at a time, and then for so many seconds at RATE."""

    idle: int
    seconds: float


def measure(folder: Path, people: int, plan: Plan, *, fresh: bool) -> Json:
    """Everything from the servers' start to their end; what was measured, by the names of the report."""
    folder.mkdir(parents=True, exist_ok=True)
    keys = folder / "keys"
    with PostgresServer.start(folder / "postgres") as postgres, RedisServer.start(folder / "redis") as redis:
        url = register_of(postgres, keys, people, fresh=fresh)
        tell("starting the gateway")
        with (
            installed(folder, url, postgres, redis, keys, PROVIDER_SECONDS) as running,
            Generator() as generator,
        ):
            load = round(os.getloadavg()[0], 1)
            stage = Stage(running, generator, Asking(people), Answers(running.folder / "provider"), url)
            return {**stage.measured(plan), **_conditions(people, load)}


def _conditions(people: int, load: float) -> Json:
    return {
        "receipts": people,
        "centres": CENTRES,
        "phones": PHONES,
        "unknown_receipts": f"1 in {UNKNOWN_EVERY}",
        "provider_s": PROVIDER_SECONDS,
        "settings": "as installed",
        "transactional_workers": WORKERS,
        "cores": os.cpu_count(),
        "load_before": load,
    }


@dataclass(frozen=True, slots=True)
class Stage:
    """What takes part in a measurement."""

    running: Installation
    generator: Generator
    asking: Asking
    answers: Answers
    url: str

    def measured(self, plan: Plan) -> Json:
        """Both parts, and what the database says at the end."""
        self.one_by_one(WARM_UP)
        tell(f"{plan.idle} verifications, one at a time")
        idle = self.one_by_one(plan.idle)
        tell(f"{RATE:.0f} a second for {plan.seconds:.0f} s")
        found, told = self.at_a_pace(plan.seconds)
        wrong = sum(one.wrong + one.missing + one.again for one in (idle, found))
        return {
            "idle_p95_s": round(percentile(idle.seconds, 95), 3),
            "idle_p50_s": round(percentile(idle.seconds, 50), 3),
            "idle_verifications": len(idle.seconds),
            "not_answered_once": wrong,
            **told,
            **self._rows(),
        }

    def one_by_one(self, how_many: int) -> Found:
        """So many questions, each to an idle worker."""
        asked: Asked = []
        earlier = self._earlier()
        line = HTTPConnection("127.0.0.1", self.running.port, timeout=10)
        for question in self.asking.some(how_many):
            asked.append((time(), question))
            line.request("POST", self.running.path, question.form, FORM)
            answer = line.getresponse()
            answer.read()
            if answer.status != 200:
                raise Fault(f"the gateway answered {answer.status}")
            self.answers.wait_for(self.answers.count + 1, PATIENCE_SECONDS)
            sleep(PAUSE_SECONDS * random.uniform(1, 2))  # nosec B311
        self.answers.look()
        return matched(asked, self.answers.by_phone, earlier)

    def at_a_pace(self, seconds: float, rate: float = RATE) -> tuple[Found, Json]:
        """So many questions a second, and what was seen of them."""
        questions = self.asking.some(round(rate * seconds))
        earlier, before = self._earlier(), self.answers.count
        forms = [question.form for question in questions]
        self.generator.prepare(Job(self.running.port, self.running.path, forms, connections=64, rate=rate))
        meter = Meter(self.running.pids)
        outcome = self.generator.go()
        ended = monotonic()
        self.answers.wait_for(before + len(questions), PATIENCE_SECONDS)
        drained = monotonic() - ended
        sleep(PROVIDER_SECONDS + 2)  # the last answers are written down, the last reports come
        used = meter.used()
        self.answers.look()
        dues = [outcome.began_at + place / rate for place in range(len(questions))]
        found = matched(list(zip(dues, questions, strict=True)), self.answers.by_phone, earlier)
        return found, {
            **_times(found),
            **self._backlog(dues, earlier),
            "drained_after_s": round(drained, 2),
            "webhook_p99_ms": round(percentile(outcome.latencies_ms, 99), 1),
            "webhook_answers": outcome.answers,
            "verifications": len(questions),
            "cpu_us_a_verification": {name: round(cpu / len(questions)) for name, cpu in used.items()},
        }

    def _backlog(self, dues: list[float], earlier: dict[str, int]) -> Json:
        """Asked and not sent yet: during the part, and at its end."""
        came = sorted(
            at for phone, some in self.answers.by_phone.items() for at, _ in some[earlier.get(phone, 0) :]
        )
        step = (dues[-1] - dues[0]) / PARTS
        moments = [dues[0] + step * part for part in range(1, PARTS + 1)]
        waiting = waiting_at(moments, dues, came)
        return {"waiting_at_the_end": waiting[-1], "waiting_meanwhile": waiting[:-1]}

    def _earlier(self) -> dict[str, int]:
        self.answers.look()
        return {phone: len(some) for phone, some in self.answers.by_phone.items()}

    def _rows(self) -> Json:
        with psycopg.connect(self.url) as connection:

            def states(table: str) -> dict[str, int]:
                rows = connection.execute(f"SELECT state, count(*) FROM {table} GROUP BY state").fetchall()
                return {str(state): int(count) for state, count in rows}

            inbound, messages = states("inbound"), states("messages")
        sure = {"ACCEPTED", "DELIVERED"}
        doubt = sum(times for state, times in messages.items() if state not in sure)
        held = sum(times for state, times in inbound.items() if state != "ANSWERED")
        return {"rows_in_doubt": doubt + held, "inbound": inbound, "messages": messages}


def _times(found: Found) -> Json:
    percents = {f"p{percent}_s": percentile(found.seconds, percent) for percent in (50, 95, 99)}
    return {name: round(seconds, 3) for name, seconds in percents.items()}

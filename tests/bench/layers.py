"""What each layer of the hop costs: every step of a real hop, one after the other, timed alone in one process.

Run as a program by the benchmark, with the gateway's environment; a job on standard input, one JSON line out.
The steps call what the edge calls (gateway.ussd, gateway.hops), so a layer that moves must be moved here too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

from config.settings import CHECKOUT, load
from flows import engine
from gateway.forms import body_of, fields_of
from gateway.guards import Gate
from gateway.hops import Hop
from gateway.logs import configure, hop_line
from gateway.outbox import carry_out
from gateway.runtime import Runtime
from gateway.sessions import Answer, Call
from gateway.ussd import hop_of
from models import coverage
from models.identifiers import Msisdn, recognise
from models.operators import operator_of

ABREAST = 1
"""Hops that go through a layer together. One after the other, as calls come: a layer that is repeated a hundred
times finds everything in the processor's caches and seems to cost a half to a fifth of what it costs in a hop."""

WARM_UP = 50
"""Hops before the first reading: they open connections and prepare statements."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Layer:
    """Microseconds a hop: of CPU, and on the clock (the other servers' work is in the second)."""

    name: str
    cpu_us: float
    clock_us: float


@dataclass(frozen=True, slots=True)
class Work:
    """Forms of dials and of the hops that follow them, and the secret that is shown."""

    dials: list[str]
    cards: list[str]
    secret: str


def measured(work: Work, environment: Mapping[str, str], log: Path) -> list[Layer]:
    """The layers in a process of their own, in the order of the hop; its log lines go to `log`."""
    with log.open("w") as lines:
        done = subprocess.run(
            [sys.executable, "-m", __spec__.name],
            input=json.dumps(asdict(work)),
            stdout=subprocess.PIPE,
            stderr=lines,
            text=True,
            check=True,
            cwd=CHECKOUT,
            env={**os.environ, **environment},
        )
    return [Layer(**layer) for layer in json.loads(done.stdout)]


class Watch:
    """Adds up what each layer used."""

    def __init__(self) -> None:
        self._rounds: dict[str, list[tuple[float, float]]] = defaultdict(list)

    @contextmanager
    def layer(self, name: str, hops: int) -> Iterator[None]:
        """One round of a layer."""
        cpu, clock = process_time(), perf_counter()
        yield
        self._rounds[name].append(
            ((process_time() - cpu) / hops * 1e6, (perf_counter() - clock) / hops * 1e6)
        )

    def layers(self) -> list[Layer]:
        """The median hop of each layer, in the order in which they were first seen."""
        return [
            Layer(name, *(round(median(column), 1) for column in zip(*rounds, strict=True)))
            for name, rounds in self._rounds.items()
        ]


class Steps:
    """The steps of a hop, each for a round of hops at once."""

    def __init__(self, runtime: Runtime, secret: str) -> None:
        self._runtime = runtime
        self._gate = Gate(runtime.settings)
        self._tell = hop_line(runtime.settings)
        self._secret = secret
        self._watch = Watch()

    def walk(self, forms: list[str], watch: Watch) -> None:
        """These hops, layer by layer."""
        self._watch = watch
        hops = self._read(forms)
        calls = self._opened(hops)
        steps = self._advanced(calls, hops)
        self._written(calls, hops, steps)

    def _read(self, forms: list[str]) -> list[Hop]:
        environs = [
            {
                "REMOTE_ADDR": "127.0.0.1",
                "CONTENT_LENGTH": str(len(form)),
                "wsgi.input": BytesIO(form.encode()),
            }
            for form in forms
        ]
        with self._watch.layer("secret compared", len(forms)):
            for environ in environs:
                self._gate.lets_in(environ, self._secret)
        with self._watch.layer("form read", len(forms)):
            fields = [fields_of(body_of(environ, 16_384)) for environ in environs]
        with self._watch.layer("of it, phone number", len(forms)):
            for field in fields:
                Msisdn.parse(field["phoneNumber"])
        with self._watch.layer("fields checked", len(forms)):
            return [hop_of(field) for field in fields]

    def _opened(self, hops: list[Hop]) -> list[Call]:
        sessions = self._runtime.sessions
        with self._watch.layer("session held and loaded (Redis)", len(hops)):
            opened = [sessions.open(hop.session_id, hop.phone, hop.service_code, hop.text) for hop in hops]
        calls = [call for call in opened if isinstance(call, Call)]
        assert len(calls) == len(hops)
        return calls

    def _advanced(self, calls: list[Call], hops: list[Hop]) -> list[engine.Step]:
        runtime, now = self._runtime, self._runtime.clock()
        contexts = [
            runtime.context(hop.phone, hop.service_code, call.seed, now, call.left)
            for call, hop in zip(calls, hops, strict=True)
        ]
        if hops[0].text:
            cards = [recognise(hop.text, contexts[0].today) for hop in hops]
            since, today = contexts[0].misses_since, contexts[0].today
            with self._watch.layer("of it, register read (SQL)", len(hops)):
                for card, hop in zip(cards, hops, strict=True):
                    assert card
                    coverage.by_number(runtime.database.reader(), runtime.keys, card, hop.phone, since, today)
        with self._watch.layer("conversation, register read", len(hops)):
            steps = [
                engine.hop(call.session, hop.text, context)
                for call, hop, context in zip(calls, hops, contexts, strict=True)
            ]
        with self._watch.layer("disclosure noted (audit, SQL)", len(hops)):
            for step, context in zip(steps, contexts, strict=True):
                carry_out(runtime.database, step.effects, context)
        return steps

    def _written(self, calls: list[Call], hops: list[Hop], steps: list[engine.Step]) -> None:
        runtime, count, now = self._runtime, len(hops), self._runtime.clock()
        keys, today = runtime.keys, now.date()
        with self._watch.layer("of it, session and answer sealed", count):
            for step in steps:
                keys.seal_bytes(step.session.encode(), "session")
                keys.seal(step.screen.text, "answer")
        with self._watch.layer("session saved, hop counted (Redis)", count):
            for call, hop, step in zip(calls, hops, steps, strict=True):
                answer = Answer(step.screen.name, f"CON {step.screen.text}")
                row = f"{answer.screen}|fr|{operator_of(hop.phone, today)}|1.0|answered"
                runtime.sessions.save(call, step.session, answer, over=False, left=step.resumable, hop=row)
        with self._watch.layer("log line", count):
            for call, step in zip(calls, steps, strict=True):
                self._tell(
                    screen=step.screen.name,
                    outcome="answered",
                    ms=1.0,
                    language="fr",
                    operator="ORANGE",
                    hop=step.session.hop,
                    call=call.name.hex()[:8],
                    caller=call.caller.hex()[:8],
                )
        with self._watch.layer("figures (metrics)", count):
            for step in steps:
                runtime.metrics.hop(step.screen.name, "answered", 0.001)


def main() -> None:
    """Walks the hops of standard input."""
    work = Work(**json.load(sys.stdin))
    settings = load()
    configure(settings)
    runtime = Runtime.open(settings)
    steps, watch = Steps(runtime, work.secret), Watch()
    for start in range(0, len(work.dials), ABREAST):
        steps.walk(work.dials[start : start + ABREAST], Watch())
        steps.walk(work.cards[start : start + ABREAST], watch if start >= WARM_UP else Watch())
    json.dump([asdict(layer) for layer in watch.layers()], sys.stdout)
    runtime.close()


if __name__ == "__main__":
    main()

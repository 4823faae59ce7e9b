"""`ramu bench throughput`: messages a second of processor time, beside one job and one library call a message."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import monotonic, perf_counter, sleep

import click
import psycopg
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import insert

from config.jobs import BULK
from config.settings import CHECKOUT
from models.campaign_tables import campaign_texts, campaigns, recipients
from models.chunks import chunks
from models.database import Database
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.phones import PHONE, phone_index
from models.schema import migrate
from tests.bench.cpu import seconds_of
from tests.bench.figures import Goal, Json
from tests.bench.fill import fill
from tests.bench.noon import NOON
from tests.bench.words import tell
from tests.ports import free_pair
from workers.children import Family
from workers.servers import PostgresServer, RedisServer

PEOPLE = 2_000
"""In the register: of them the personalised texts tell."""

CHUNK = 50
SAME_TEXT = "Droits RAMED : apportez votre carte au CSCom, les soins sont payes par le RAMU. STOP au 36212"
PERSONAL = "{prenom|cher assure}, votre droit va jusqu'au {jour_fin|31/12}. Renouvelez a temps. STOP au 36212"
PATIENCE_SECONDS = 600.0
WARM_UP = 100

GOALS = {"same_text_times": Goal(at_least=100.0), "personalised_times": Goal(at_least=25.0)}
"""Times the messages of the naive design, for the same processor time of the worker's process."""


@dataclass(slots=True)
class Stage:
    """What a round needs."""

    url: str
    keys: KeyRing
    queue: Queue
    worker: int
    person_ids: Sequence[int]
    next_number: int = 10_000  # behind the magic numbers of the simulated provider


@dataclass(slots=True)
class Contender:
    """One way to send, its messages in a round, and what each round took: CPU microseconds a message, and seconds."""

    name: str
    messages: int
    personalised: bool = False
    cpu_us: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    @property
    def is_naive(self) -> bool:
        """Whether it is one job a message."""
        return self.name.startswith("naive")


@click.command("throughput")
@click.option("--rounds", type=click.IntRange(1, 20), default=3, show_default=True)
@click.option(
    "--same", type=click.IntRange(1_000, 200_000), default=20_000, show_default=True, help="Messages."
)
@click.option("--personalised", type=click.IntRange(100, 50_000), default=3_000, show_default=True)
@click.option("--naive", type=click.IntRange(50, 5_000), default=300, show_default=True)
@click.option("--json", "bare", is_flag=True, help="The JSON line alone.")
def throughput(rounds: int, same: int, personalised: int, naive: int, bare: bool) -> None:
    """Campaigns of one text and personalised ones, and the naive design, in turns, to one simulated provider.

    The whole protocol is on: claims that wait for the disk, checks of every recipient, journal, outcome. Counted is
    the processor time of the worker's process. The last line is one JSON object; exit 0 when the goals are met.

    Example: ramu bench throughput --rounds 1
    """
    contenders = (
        Contender("naive_same_text", naive),
        Contender("same_text", same),
        Contender("naive_personalised", naive, personalised=True),
        Contender("personalised", personalised, personalised=True),
    )
    with _stage() as stage:
        for contender in contenders:
            _run(stage, contender, WARM_UP)
            contender.cpu_us.clear()
            contender.seconds.clear()
        for place in range(rounds):
            for contender in contenders:
                _run(stage, contender, contender.messages)
                tell(f"round {place + 1}: {contender.name} {contender.cpu_us[-1]:,.0f} us a message")
    outcome = judged(contenders)
    if not bare:
        for name, goal in outcome["goal"].items():
            tell(f"{name}: {outcome['measured'][name]}, goal {goal}")
    click.echo(json.dumps(outcome))
    sys.exit(0 if outcome["ok"] else 1)


def judged(contenders: Sequence[Contender]) -> Json:
    """The figures beside their goals: medians of the ratios within a round."""
    naive, same, naive_personal, personal = contenders
    found = {
        "same_text_times": round(_times(naive, same), 1),
        "personalised_times": round(_times(naive_personal, personal), 1),
    }
    goals = {name: goal.as_json(found[name]) for name, goal in GOALS.items()}
    told = {
        f"{one.name}_{what}": figure
        for one in contenders
        for what, figure in (
            ("cpu_us", round(median(one.cpu_us), 1)),
            ("a_second", round(one.messages / median(one.seconds))),
            ("messages", one.messages),
        )
    }
    return {
        "measured": {**found, **told},
        "goal": goals,
        "rounds": len(naive.cpu_us),
        "load": round(os.getloadavg()[0], 1),
        "ok": all(goal["met"] for goal in goals.values()),
    }


def _times(naive: Contender, other: Contender) -> float:
    return median(one / two for one, two in zip(naive.cpu_us, other.cpu_us, strict=True))


@contextmanager
def _stage() -> Iterator[Stage]:
    with (
        tempfile.TemporaryDirectory(prefix="ramu-bench-") as scratch,
        PostgresServer.start() as postgres,
        RedisServer.start(Path(scratch) / "redis") as redis,
    ):
        folder, port = Path(scratch), free_pair()
        keys = KeyRing.create(folder / "keys")
        migrate(postgres.url)
        fill(postgres.url, keys, PEOPLE, 1)
        postgres.order("ANALYZE")
        surroundings = {
            **{name: value for name, value in os.environ.items() if not name.startswith("RAMU_")},
            "DATABASE_URL": postgres.url,
            "REDIS_URL": redis.url,
            "PORT": str(port),
            "RAMU_DATA_FOLDER": str(folder),
            "RAMU_KEY_FOLDER": str(folder / "keys"),
            "RAMU_SETTINGS": os.devnull,
            "RAMU_PROVIDER": "simulated",
            "RAMU_PROVIDER_URL": f"http://127.0.0.1:{port + 1}",
            "RAMU_PACES": "ORANGE=1000000/1000000",
            "PYTHONPATH": str(CHECKOUT),
        }
        with (
            (folder / "log").open("ab") as output,
            Family(surroundings, output) as family,
            Redis.from_url(redis.url) as client,
        ):
            family.start("provider", "provider", "simulate", "--faults", "report_missing=1")
            worker = family.start("worker", "worker", "--lane", BULK)
            with psycopg.connect(postgres.url) as connection:
                ids = [row[0] for row in connection.execute("SELECT id FROM persons ORDER BY id")]
            queue = Queue(BULK, connection=client, serializer=JSONSerializer)
            sleep(3)
            yield Stage(postgres.url, keys, queue, worker.process.pid, ids)
        if kept := os.environ.get("RAMU_BENCH_LOG"):
            shutil.copy(folder / "log", kept)


def _run(stage: Stage, contender: Contender, messages: int) -> None:
    """One campaign, from the moment it may be sent until all of it is settled."""
    campaign_id, keys = _campaign(stage, contender, messages)
    before, began = seconds_of(stage.worker), perf_counter()
    if contender.is_naive:
        jobs = [
            Queue.prepare_data(
                "tests.bench.naive.send_one",
                args=(campaign_id, key, contender.personalised),
                timeout=60,
                result_ttl=0,
                description="naive",
            )
            for key in keys
        ]
        stage.queue.enqueue_many(jobs)
    else:
        stage.queue.enqueue("tests.bench.noon.send", description="noon", result_ttl=0)
    _wait(stage, campaign_id, messages)
    contender.cpu_us.append((seconds_of(stage.worker) - before) / messages * 1e6)
    contender.seconds.append(perf_counter() - began)


def _wait(stage: Stage, campaign_id: int, messages: int) -> None:
    asked = "SELECT count(*) FROM recipients WHERE campaign_id = %s AND state IN ('ACCEPTED', 'UNKNOWN')"
    until = monotonic() + PATIENCE_SECONDS
    with psycopg.connect(stage.url, autocommit=True) as connection:
        while True:
            (taken,) = connection.execute(asked, [campaign_id]).fetchone() or (0,)
            if taken == messages:
                return
            if monotonic() > until:
                raise click.ClickException(f"only {taken} of {messages} messages are settled")
            sleep(0.2)


def _campaign(stage: Stage, contender: Contender, messages: int) -> tuple[int, list[str]]:
    """A campaign's rows, as planning makes them; its id and the keyed indexes of its people."""
    size = 1 if contender.personalised else CHUNK
    first = stage.next_number
    stage.next_number += messages
    numbers = [f"+22370{place:06d}" for place in range(first, stage.next_number)]
    indexes = [phone_index(stage.keys, Msisdn(number)) for number in numbers]
    database = Database.open(stage.url, deadline_ms=None)
    with database.begin() as conn:
        row = {
            "name": contender.name,
            "author": "bench",
            "policy": "at_most_once",
            "hold_out_percent": 0,
            "state": "CHECKED" if contender.is_naive else "SENDING",
            "max_segments": 1,
            "personalised": contender.personalised,
            "chunk_size": CHUNK,
            "created_at": NOON,
            "approval_tries": 0,
            "planned_to": 0,
            "content_hash": b"bench",
        }
        campaign_id = int(conn.execute(insert(campaigns).values(row).returning(campaigns.c.id)).scalar_one())
        text = PERSONAL if contender.personalised else SAME_TEXT
        words = {"campaign_id": campaign_id, "language": "fr", "text": text, "charset": "GSM7"}
        conn.execute(insert(campaign_texts).values(words))
        told = {"lane": BULK, "kind": "campaign", "policy": "at_most_once", "n": size, "attempt": 1}
        told |= {"claims": 0, "state": "READY", "campaign_id": campaign_id, "operator": "ORANGE"}
        made = insert(chunks).returning(chunks.c.id, sort_by_parameter_order=True)
        ids = conn.execute(made, [told] * -(-messages // size)).scalars().all()
        common = {"campaign_id": campaign_id, "language": "fr", "operator": "ORANGE", "hold_out": False}
        common |= {"state": "PENDING", "attempt": 1, "dup_risk": False}
        conn.execute(
            insert(recipients),
            [
                {
                    **common,
                    "phone_index": indexes[place],
                    "phone_sealed": stage.keys.seal(numbers[place], PHONE),
                    "person_id": stage.person_ids[place % len(stage.person_ids)],
                    "chunk_id": ids[place // size],
                }
                for place in range(messages)
            ],
        )
    with psycopg.connect(stage.url, autocommit=True) as connection:
        connection.execute("ANALYZE recipients, chunks, campaigns")
    database.dispose()
    return campaign_id, [index.hex() for index in indexes]

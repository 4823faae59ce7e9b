"""`ramu doctor`: what is wrong with this installation, in one line each with its remedy. It changes nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.serializers import JSONSerializer
from sqlalchemy import func, literal, select

from config.faults import Fault
from config.jobs import ANSWER_OWED, ERASE, LANES, SEAL_AUDIT
from config.settings import BadSettings, Settings, load, weak
from gateway import doctor_money
from gateway.copies import Copies
from gateway.providers import provider_of
from gateway.runtime import REFUSALS, redis_client
from gateway.spool import FOLDER, PROMISES, Spool
from models import owed_answers
from models.database import Database
from models.keyring import FILE_NAME, KeyRing
from models.schema import standing

OK, DOUBT, BAD = "ok", "doubt", "BAD"

OLDEST_REDIS = (7, 0)
DEADLINE_MS = 2_000
FREE_BYTES = 1_000_000_000
FREQUENT = (ANSWER_OWED, ERASE, SEAL_AUDIT)
"""Jobs that are due every few seconds while somebody ticks."""

CLOCK_SECONDS = 2.0
"""More than so far apart, leases and expiries of two machines disagree."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: its part, `ok`, `doubt` or `BAD`, what was found, and what to do."""

    part: str
    state: str
    found: str
    remedy: str = ""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def doctor(as_json: bool) -> None:
    """Say what is wrong with this installation. Exit code 1 when something is bad.

    Example: ramu doctor --json
    """
    findings = tuple(examine())
    bad = any(finding.state == BAD for finding in findings)
    if as_json:
        click.echo(json.dumps({"ok": not bad, "findings": [asdict(finding) for finding in findings]}))
    else:
        for finding in findings:
            click.echo(f"{finding.state:6}{finding.part:10}{finding.found}")
            if finding.remedy:
                click.echo(f"{'':16}-> {finding.remedy}")
    raise SystemExit(1 if bad else 0)


def examine() -> Iterator[Finding]:
    """Every finding about the installation that the environment and the settings file describe."""
    try:
        settings = load()
    except BadSettings as fault:
        yield Finding("settings", BAD, str(fault), "correct the environment or ramu.toml")
        return
    yield Finding("settings", OK, "read")
    for check in (_secrets, _keys, _folder, _provider, _money, _database, _copy, _redis):
        yield from check(settings)


def _secrets(settings: Settings) -> Iterator[Finding]:
    remedy = "RAMU_WEBHOOK_SECRETS=$(openssl rand -hex 32), and register the address with the provider"
    for reason in weak(settings):
        yield Finding("secrets", DOUBT if settings.demo else BAD, reason, remedy)
    if not weak(settings):
        yield Finding("secrets", OK, f"{len(settings.webhook_secrets)} accepted")


def _keys(settings: Settings) -> Iterator[Finding]:
    try:
        keys = KeyRing.open(settings.key_folder)
    except Fault as fault:
        file = settings.key_folder / FILE_NAME
        if file.exists() and file.stat().st_mode & 0o077:
            remedy = f"chmod 600 {file}"
        else:
            remedy = "restore the key file from its backup; on a new installation: ramu db migrate"
        yield Finding("keys", BAD, str(fault), remedy)
        return
    yield Finding("keys", OK, f"key {keys.primary} seals, {len(keys.key_ids)} in the ring")


def _folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_folder
    if not folder.is_dir():
        yield Finding("disk", DOUBT, f"{folder} is not there", "ramu run or ramu db migrate makes it")
        return
    if folder.stat().st_mode & 0o077:
        yield Finding("disk", BAD, f"{folder} can be read by others", f"chmod 700 {folder}")
    free = shutil.disk_usage(folder).free
    state, remedy = (OK, "") if free > FREE_BYTES else (BAD, "make room: without it nothing can be stored")
    yield Finding("disk", state, f"{free // 1_000_000} MB free", remedy)
    for name, what in ((FOLDER, "callbacks"), (PROMISES, "promised answers")):
        waiting, aside = Spool.standing(folder / name)
        if waiting:
            yield Finding(
                name, DOUBT, f"{waiting} {what} wait on disk", "a worker of this machine stores them"
            )
        if aside:
            yield Finding(name, BAD, f"{aside} {what} could not be stored", "read the worker's log")


def _provider(settings: Settings) -> Iterator[Finding]:
    """Whether SMS can leave. The provider is not called: that would cost money, or be counted as misuse."""
    try:
        provider = provider_of(settings)
    except Fault as fault:
        found, _, remedy = str(fault).partition(" Remedy: ")
        yield Finding("provider", BAD, found, remedy)
        return
    if provider is None:
        yield Finding("provider", DOUBT, "none is set: SMS wait", "RAMU_PROVIDER, see docs/providers.md")
        return
    provider.close()
    if settings.provider == "simulated":
        yield Finding("provider", DOUBT, "simulated: no SMS reaches a phone", "RAMU_PROVIDER=<a real one>")
    elif not settings.sender:
        yield Finding("provider", DOUBT, f"{provider.name}, without a sender of ours", "RAMU_SENDER")
    else:
        yield Finding("provider", OK, f"{provider.name}, configured")


def _money(settings: Settings) -> Iterator[Finding]:
    """Whether a payment by mobile money can be asked for."""
    for said in doctor_money.money(settings):
        yield Finding("money", said.state, said.found, said.remedy)


def _database(settings: Settings) -> Iterator[Finding]:
    url = settings.database_url.get_secret_value()
    try:
        dialect, now = _asked(url)
        missing = standing(url).missing
    except Fault as fault:
        yield Finding("database", BAD, str(fault), "start it, or correct DATABASE_URL")
        return
    if missing:
        yield Finding("database", BAD, f"{len(missing)} steps behind this version", "ramu db migrate")
    elif dialect == "sqlite" and not settings.demo:
        yield Finding("database", DOUBT, "SQLite, up to date", "PostgreSQL for a service: DATABASE_URL")
    else:
        yield Finding("database", OK, f"{dialect}, up to date")
    if not missing:
        yield from _promised(url)
        yield from (
            Finding("money", said.state, said.found, said.remedy) for said in doctor_money.unmatched(settings)
        )
    if now is not None:
        yield _clock("database", now)


def _asked(url: str) -> tuple[str, datetime | None]:
    """The database's dialect, and the time on its own machine when it has one. Raises Fault."""
    database = Database.open(url, deadline_ms=DEADLINE_MS)
    try:
        with database.begin(reading=True) as conn:
            if database.dialect == "sqlite":
                conn.execute(select(literal(1)))
                return database.dialect, None
            return database.dialect, conn.execute(select(func.now())).scalar_one()
    finally:
        database.dispose()


def _promised(url: str) -> Iterator[Finding]:
    """Answers that were promised by SMS and are not given yet. Raises Fault."""
    database = Database.open(url, deadline_ms=DEADLINE_MS)
    try:
        if waiting := owed_answers.how_many(database.reader()):
            remedy = "they follow: see workers and tick"
            yield Finding(PROMISES, DOUBT, f"{waiting} promised answers are not given yet", remedy)
    finally:
        database.dispose()


def _copy(settings: Settings) -> Iterator[Finding]:
    """How old the copy is that stands in for a PostgreSQL register. It is not opened: that is for who has to."""
    if settings.database_url.get_secret_value().startswith("sqlite"):
        return
    remedy = "ramu register-copy (a job does it every night)"
    made_at = Copies(settings.data_folder).newest_at()
    if made_at is None:
        yield Finding("copy", DOUBT, "none: while the database is away, staff waits", remedy)
        return
    age = datetime.now(UTC) - made_at
    if age > timedelta(days=settings.copy_days):
        yield Finding("copy", BAD, f"{age.days} days old: it is not asked any more", remedy)
    else:
        yield Finding("copy", OK, f"{age.total_seconds() / 3600:.0f} hours old")


def _redis(settings: Settings) -> Iterator[Finding]:
    client = redis_client(settings)
    try:
        told: dict[str, Any] = client.info()
        yield from _redis_settings(told)
        seconds, microseconds = client.time()
        yield _clock("redis", datetime.fromtimestamp(seconds + microseconds / 1e6, UTC))
        yield from _work(client)
    except REFUSALS as fault:
        yield Finding(
            "redis", BAD, f"refuses us: {type(fault).__name__}", "correct the password in REDIS_URL"
        )
    except RedisError as fault:
        yield Finding(
            "redis", BAD, f"does not answer: {type(fault).__name__}", "start it, or correct REDIS_URL"
        )
    finally:
        client.close()


def _redis_settings(told: dict[str, Any]) -> Iterator[Finding]:
    version = str(told.get("valkey_version") or told.get("redis_version", "0"))
    numbers = tuple(int(part) for part in version.split(".")[:2])
    demands: tuple[tuple[bool, str, str], ...] = (
        (numbers >= OLDEST_REDIS, f"version {version}", "version 7 or later"),
        (told.get("aof_enabled") == 1, "no append-only file: a crash loses calls", "appendonly yes"),
        (
            told.get("maxmemory_policy") == "noeviction",
            f"forgets jobs when memory is short ({told.get('maxmemory_policy')})",
            "maxmemory-policy noeviction",
        ),
    )
    wrong = [Finding("redis", BAD, found, remedy) for well, found, remedy in demands if not well]
    yield from wrong or [Finding("redis", OK, f"version {version}, append-only, no eviction")]


def _work(client: Redis) -> Iterator[Finding]:
    for lane in LANES:
        queue = Queue(lane, connection=client, serializer=JSONSerializer)
        workers = Worker.all(queue=queue)
        if not workers:
            yield Finding("workers", BAD, f"nobody works on {lane}", f"ramu worker --lane {lane}")
        else:
            yield Finding("workers", OK, f"{len(workers)} on {lane}, {queue.count} waiting")
        if failed := queue.failed_job_registry.count:
            yield Finding("workers", DOUBT, f"{failed} failed on {lane}", "read the worker's log")
    # Each turn of the tick is kept in Redis while its period lasts; they do not all end in the same moment.
    if not client.exists(*(f"due:{job}" for job in FREQUENT)):
        yield Finding("tick", BAD, "nobody asks for the jobs that are due", "ramu tick")


def _clock(whose: str, now: datetime) -> Finding:
    apart = abs((datetime.now(UTC) - now).total_seconds())
    if apart > CLOCK_SECONDS:
        return Finding("clock", BAD, f"{apart:.0f} s from the {whose}'s", "set both clocks by NTP")
    return Finding("clock", OK, f"agrees with the {whose}'s")

"""A full run: all that the canaries say and do, with real processes, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from gateway.spool import FOLDER, PROMISES, Spool
from models.callbacks import callbacks
from models.coverage import NUMBER, coverages
from models.erasures import erasures
from models.inbound import INBOUND, inbound
from models.keyring import KeyRing
from models.messages import TEXT, messages
from models.people import NAMES, opened_names, persons
from models.phones import PHONE, phones
from tests.e2e.outside import Outside
from tests.privacy import breakage, conversations, texts
from tests.privacy.canaries import CANARIES, register
from tests.privacy.conversations import Line
from tests.privacy.installation import (
    Found,
    Installation,
    in_redis,
    postgres_dump,
    postgres_files,
    sqlite_dump,
)
from tests.privacy.search import search
from workers.servers import PostgresServer

CALLERS = 4
"""Connections at the same time."""


@dataclass
class Run:
    """What a full run left behind: the dump, every place with its content, and the screens that were shown."""

    keys: KeyRing
    dump: bytes
    places: list[Found]
    screens: set[str] = field(default_factory=set)
    rows: dict[str, int] = field(default_factory=dict)
    sealed: dict[str, set[str]] = field(default_factory=dict)


def on_sqlite(folder: Path) -> Run:
    """The run on a SQLite file, with logs for people."""
    file = folder / "ramu.sqlite"
    installation = Installation(folder, f"sqlite:///{file}", "text")
    held: list[Found] = []

    @contextmanager
    def away() -> Iterator[None]:
        """The file is locked by somebody else: nothing can be written."""
        with installation.register() as database, database.begin():
            yield

    run = full_run(installation, away, held)
    held.extend(installation.files())
    run.dump = sqlite_dump(file)
    return run


def on_postgresql(folder: Path) -> Run:
    """The run on a PostgreSQL of its own, with logs in JSON."""
    with PostgresServer.start(forgetful=True) as server:
        return _on_postgresql(folder, server)


def _on_postgresql(folder: Path, server: PostgresServer) -> Run:
    installation = Installation(folder, server.create_database("canaries"), "json")
    held: list[Found] = []

    @contextmanager
    def away() -> Iterator[None]:
        """First it hangs, then it is killed."""
        server.pause()
        yield
        server.resume()
        server.kill()
        server.restart()

    run = full_run(installation, away, held)
    run.dump = postgres_dump(installation.database_url)
    held.extend(installation.files())
    held.extend(postgres_files(server, "canaries"))
    return run


def full_run(
    installation: Installation, away: Callable[[], AbstractContextManager[None]], held: list[Found]
) -> Run:
    """Everything that is said and done, from the start of the processes to their end."""
    try:
        installation.wait_until_ready()
        with installation.register() as database, database.begin() as conn:
            register(conn, installation.keys, datetime.now(UTC))
            texts.appoint(conn, installation.keys, datetime.now(UTC))
        run = Run(installation.keys, b"", held)
        talk(installation, run.screens)
        texts.everybody(Outside(installation.port))
        run.screens |= breakage.everything(installation)
        outage(installation, away, run.screens, held)
        settle(installation)
        held.append(("/metrics", installation.get("/metrics")))
        held.append(("/health/ready", installation.get("/health/ready")))
        held.extend(in_redis(installation.redis))
        opened(installation, run)
        # Once while all is open: SQLite's log of writes goes with the last process.
        held.extend(installation.files())
    finally:
        installation.stop()
    return run


def talk(installation: Installation, screens: set[str]) -> None:
    """All canaries, several at a time; then those who behave badly."""

    def some(first: int) -> set[str]:
        line = Line(installation.port)
        for one in CANARIES[first::CALLERS]:
            conversations.everybody(line, one)
        line.close()
        return line.screens

    with ThreadPoolExecutor(CALLERS) as callers:
        screens.update(*callers.map(some, range(CALLERS)))
    for one in CANARIES[::40]:
        texts.callbacks(Outside(installation.port), one)
        for method, path, body, headers in (*conversations.ill_behaved(one), *texts.ill_behaved(one)):
            line = Line(installation.port)
            status = line.send(path, body, headers, method)
            assert status < 500, f"{method} {path}: {status}"
            assert not search(line.last.encode()) or status == 200, line.last
            line.close()
        conversations.broken_lines(installation.port, one)


def outage(
    installation: Installation,
    away: Callable[[], AbstractContextManager[None]],
    screens: set[str],
    held: list[Found],
) -> None:
    """The database is away for a moment: answers are owed, jobs wait, errors are logged."""
    with away():
        line = Line(installation.port)
        for one in CANARIES[1:40:13]:
            line.call(one.second, tail=f"1*1*3*{one.name}*1903*{conversations.COMMUNE}")
            assert texts.writes(Outside(installation.port), one) == (200, "OK\n")
        for folder in (FOLDER, PROMISES):
            spooled = [file for file in (installation.folder / folder).rglob("*") if file.is_file()]
            assert spooled
            held.extend((f"{folder} {file.name}", file.read_bytes()) for file in spooled)
        held.extend(in_redis(installation.redis))
    screens |= line.screens
    line.close()


def settle(installation: Installation) -> None:
    """Until the workers have nothing left to do."""
    client = installation.redis

    def done() -> bool:
        client.delete(*(key for key in client.scan_iter("due:*")), "due:none")
        waiting = (
            client.xlen("hops") + client.xlen("ends") + sum(Spool.standing(installation.folder / PROMISES))
        )
        left = installation.rows(
            "SELECT (SELECT count(*) FROM owed_answers WHERE state = 'OWED')"
            " + (SELECT count(*) FROM erasures WHERE state = 'REQUESTED')"
            " + (SELECT count(*) FROM audit) - (SELECT count(*) FROM audit_chain)"
            " + (SELECT count(*) FROM inbound WHERE state = 'WAITING')"
            " + (SELECT count(*) FROM messages WHERE state = 'PENDING' AND kind <> 'after_visit')"
        )
        return not waiting and left == [(0,)]

    installation.wait_for(done)


TABLES = (
    *("persons", "coverages", "phones", "phone_links", "consents", "callbacks", "erasures", "visit_codes"),
    *("messages", "owed_answers", "lookup_misses", "hops", "session_ends", "applied", "audit", "audit_chain"),
    *("inbound", "chunks", "reports", "day_counts", "staff_phones", "verifications", "acts", "incidents"),
    *("complaints", "threads", "lookup_hits"),
)
"""Every table that a conversation writes, or that names somebody."""


def opened(installation: Installation, run: Run) -> None:
    """What the key ring gives back, by purpose, and how many rows each table has."""
    keys = run.keys
    for table in TABLES:
        run.rows[table] = int(str(installation.rows(f"SELECT count(*) FROM {table}")[0][0]))
    with installation.register() as database, database.begin() as conn:
        named = conn.execute(select(persons.c.identity_sealed)).scalars()
        run.sealed["names"] = {" ".join(opened_names(keys, sealed)) for sealed in named}
        for purpose, column in (
            (NUMBER, coverages.c.number_sealed),
            ("nina", persons.c.nina_sealed),
            (PHONE, phones.c.phone_sealed),
            (TEXT, messages.c.text_sealed),
            (NAMES, callbacks.c.names_sealed),
        ):
            found = conn.execute(select(column).where(column.is_not(None))).scalars()
            run.sealed[purpose if purpose != NAMES else "callbacks"] = {
                keys.unseal(one, purpose) for one in found
            }
        written = conn.execute(select(inbound.c.text_sealed).where(inbound.c.text_sealed.is_not(None)))
        run.sealed["written"] = {keys.unseal(one, INBOUND) for one in written.scalars()}
        told = conn.execute(select(messages.c.to_sealed)).scalars()
        run.sealed["recipients"] = {keys.unseal(one, PHONE) for one in told}
        run.rows["erased"] = len(conn.execute(select(erasures).where(erasures.c.state == "DONE")).all())

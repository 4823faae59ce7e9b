"""Exceptions in the middle of hops and of jobs, as damage to a real installation makes them."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
from sqlalchemy import select

from gateway.spool import PROMISES, Spool
from models.people import persons
from tests.e2e.outside import Mobile, Outside
from tests.privacy.canaries import Canary, canary
from tests.privacy.conversations import COMMUNE, Line
from tests.privacy.installation import Installation, in_redis
from tests.privacy.search import unpacked
from tests.privacy.texts import NURSES

REFUSE_ON_SQLITE = (
    "CREATE TRIGGER refused BEFORE INSERT ON callbacks BEGIN SELECT RAISE(ABORT, 'refused'); END",
    "DROP TRIGGER refused",
)
REFUSE_ON_POSTGRESQL = (
    "ALTER TABLE callbacks ADD CONSTRAINT refused CHECK (slot = 'NEVER') NOT VALID",
    "ALTER TABLE callbacks DROP CONSTRAINT refused",
)


def everything(installation: Installation) -> set[str]:
    """One kind of damage after the other, each repaired; the screens that were shown meanwhile."""
    line, one, other = Line(installation.port), canary(31), canary(32)
    damaged_name(installation, line, one, other)
    damaged_answer(installation, line, other)
    missing_tables(installation, line, other)
    forbidden_row(installation, line, one)
    line.close()
    return line.screens


def damaged_name(installation: Installation, line: Line, one: Canary, asker: Canary) -> None:
    """A person's sealed identity belongs to something else."""
    person = persons.c.id == one.person_id
    damaged = installation.keys.seal(one.name, "something else")
    with installation.register() as database, database.begin() as conn:
        whole = conn.execute(select(persons.c.identity_sealed).where(person)).scalar_one()
        conn.execute(persons.update().where(person).values(identity_sealed=damaged))
    line.call(asker.phone, tail=f"1*{one.number}")
    outside, phone = Outside(installation.port), NURSES[-1].second
    nurse = Mobile(outside, phone, read=len(outside.received(phone)))
    assert "Un agent vous appelle" in nurse.writes(one.number)
    with installation.register() as database, database.begin() as conn:
        conn.execute(persons.update().where(person).values(identity_sealed=whole))


def damaged_answer(installation: Installation, line: Line, one: Canary) -> None:
    """The answer kept for a repeated hop cannot be opened any more, as after the end of a key."""
    client = installation.redis
    before = set(client.scan_iter("ussd:*"))
    line.call(one.phone, tail=f"1*{one.number}")
    (call,) = set(client.scan_iter("ussd:*")) - before
    (answer,) = (name for name in client.hkeys(call) if name.startswith(b"a"))
    client.hset(call, answer, installation.keys.seal(one.name, "something else"))
    line.repeat()


def missing_tables(installation: Installation, line: Line, one: Canary) -> None:
    """A hop and a job meet a table that is not there; what the queue keeps of the job is waited for."""
    installation.order("ALTER TABLE callbacks RENAME TO elsewhere", "ALTER TABLE owed_answers RENAME TO gone")
    question = {"phone": one.phone, "text": one.name, "seed": one.number.zfill(32), "service_code": "*1#"}
    now = datetime.now(UTC)
    told = orjson.dumps({**question, "left": None, "session": None, "at": now})
    Spool(installation.folder / PROMISES, installation.keys).put(told, now)
    line.call(one.second, one.name, COMMUNE, tail="5*6")
    installation.wait_for(lambda: b"owed_answers" in kept_of_jobs(installation))
    for kept in (installation.folder / PROMISES).glob("*.kept"):
        kept.unlink()
    installation.order("ALTER TABLE elsewhere RENAME TO callbacks", "ALTER TABLE gone RENAME TO owed_answers")


def kept_of_jobs(installation: Installation) -> bytes:
    """What the queue keeps packed: jobs, and the traces of those that failed."""
    return unpacked(b"\n".join(content for _, content in in_redis(installation.redis)))


def forbidden_row(installation: Installation, line: Line, one: Canary) -> None:
    """The database refuses a row, and PostgreSQL says which."""
    on_sqlite = installation.database_url.startswith("sqlite")
    refuse, allow = REFUSE_ON_SQLITE if on_sqlite else REFUSE_ON_POSTGRESQL
    installation.order(refuse)
    line.call(one.second, one.name, COMMUNE, tail="5*6")
    installation.order(allow)

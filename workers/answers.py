"""Answers that are owed: a hop met the database away and promised its answer by SMS. It follows, once.

The edge leaves the sealed question in a Redis stream. It is moved into the database as soon as that answers,
then the hop is worked on again under its own key and one SMS is owed, in the transaction that keeps the promise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import structlog
from sqlalchemy import Connection

from config.jobs import SEND_READY, TRANSACTIONAL
from flows import later
from flows.context import Context
from flows.effects import Effect
from flows.session import Session
from gateway.outbox import apply
from gateway.runtime import Runtime
from gateway.sessions import OWED
from gateway.wake import wake
from models import messages, owed_answers
from models.database import DatabaseAway
from models.identifiers import Msisdn
from models.keyring import KeyRingError
from models.locks import Overtaken
from models.owed_answers import OwedAnswer
from workers.desk import runtime

log = structlog.get_logger(__name__)

BATCH = 100


def answer_all() -> int:
    """The job: keeps every promise that can be kept; how many."""
    return keep_promises(runtime())


def keep_promises(desk: Runtime) -> int:
    """Moves questions into the database and answers them; when it is away they wait. How many were answered."""
    kept = 0
    try:
        _write_down(desk)
        for promise in owed_answers.waiting(desk.database.reader(), desk.keys, BATCH):
            kept += _kept_or_excused(desk, promise)
    except DatabaseAway as away:
        log.warning("owed answers wait", reason=str(away))
    if kept:
        wake(desk.redis, SEND_READY)
    return kept


def _write_down(desk: Runtime) -> None:
    """From the stream to the table: stored first, then taken out, so that a crash repeats and loses nothing."""
    while entries := desk.lines.ask("XRANGE", OWED, "-", "+", "COUNT", BATCH):
        with desk.database.begin() as conn:
            for _entry_id, fields in entries:
                _promise(desk, conn, fields[1])
        desk.lines.ask("XDEL", OWED, *(entry_id for entry_id, _fields in entries))


def _promise(desk: Runtime, conn: Connection, sealed: bytes) -> None:
    try:
        question = desk.keys.unseal_bytes(sealed, owed_answers.QUESTION)
    except KeyRingError:
        # The key is gone for good: nobody can read whom to answer. It must not stand in the way of the others.
        log.error("an owed question cannot be read")
        return
    context = _context(desk, orjson.loads(question))
    owed_answers.promise(
        conn, desk.keys, once=context.seed, reference=context.reference(), question=question, now=context.now
    )


def _kept_or_excused(desk: Runtime, promise: OwedAnswer) -> bool:
    """Keeps one promise; a question that cannot be worked on any more is answered by an invitation to call again."""
    asked = orjson.loads(promise.question)
    context = _context(desk, asked)
    try:
        step, text = later.answer(_session(asked["session"]), asked["text"], context)
        return _keep(desk, promise, context, step.effects, text)
    except DatabaseAway:
        raise
    except Overtaken:
        # Another call did the same meanwhile: the next run looks again.
        return False
    except (
        Exception
    ):  # an erased person, a menu of another version: the next one's answer must not wait for it
        log.exception("an owed answer failed")
        return _keep(desk, promise, context, (), later.call_again(context))


def _keep(desk: Runtime, promise: OwedAnswer, context: Context, effects: Sequence[Effect], text: str) -> bool:
    """The effects and the SMS in the transaction that marks the promise as kept; False when it was kept before."""
    with desk.database.begin() as conn:
        if not owed_answers.answered(conn, promise.owed_id, context.now):
            return False
        apply(conn, effects, context)
        messages.owe(
            conn,
            desk.keys,
            to=context.phone,
            text=text,
            kind="late_answer",
            lane=TRANSACTIONAL,
            once=b"late:" + promise.once,
            now=context.now,
        )
    return True


def _context(desk: Runtime, asked: dict[str, Any]) -> Context:
    return desk.context(
        Msisdn.parse(asked["phone"]),
        asked["service_code"],
        bytes.fromhex(asked["seed"]),
        desk.clock(),
        _session(asked["left"]),
    )


def _session(record: str | None) -> Session | None:
    return Session.decode(record.encode()) if record else None

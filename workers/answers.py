"""Answers that are owed: a hop met the database away and promised its answer by SMS. It follows, once.

The edge leaves the question on its machine's disk before it says so. A worker of that machine moves it into the
database as soon as that answers; then the hop is worked on again under its own key, by whichever worker, and one SMS is
owed in the transaction that keeps the promise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any

import orjson
import structlog
from redis.exceptions import RedisError
from sqlalchemy import Connection

from config import facts
from config.jobs import ANSWER_OWED, SEND_READY, TRANSACTIONAL
from flows import later
from flows.context import Context
from flows.effects import Effect, PaymentAsked
from flows.session import Session
from gateway.crash_points import reached
from gateway.outbox import apply
from gateway.runtime import Runtime
from gateway.spool import PROMISES, REFUSALS, Spool
from gateway.wake import awake, wake
from models import messages, owed_answers
from models.database import DatabaseAway
from models.identifiers import Msisdn
from models.locks import Overtaken
from models.owed_answers import OwedAnswer
from workers.desk import runtime

log = structlog.get_logger(__name__)

BATCH = 100
"""Promises that are held in memory."""

WORK_SECONDS = 2.0
"""For moving, and for answering: then the worker's other jobs have their turn, and this one is asked for again."""

TURN, TURN_MS = "owed:turn", 10_000
"""In Redis while somebody answers: a second one would work out the same answers for nothing. It outlives a killed
worker for ten seconds. Without Redis the rows decide whose answer counts."""


def answer_all() -> int:
    """The job: keeps every promise that can be kept; how many."""
    return keep_promises(runtime())


def keep_promises(desk: Runtime, seconds: float = WORK_SECONDS) -> int:
    """Moves questions into the database and answers them for about `seconds`; how many. When it is away they wait."""
    awake(desk.redis, ANSWER_OWED)
    kept = 0
    try:
        bring_over(desk)
        with _turn(desk) as ours:
            until = monotonic() + seconds
            for promise in _waiting(desk) if ours else ():
                kept += _kept_or_excused(desk, promise)
                if monotonic() >= until:
                    break
        if ours and monotonic() >= until:
            wake(desk.redis, ANSWER_OWED)
    except DatabaseAway as away:
        log.warning("owed answers wait", reason=str(away))
    if kept:
        reached(64)
        wake(desk.redis, SEND_READY)
    return kept


@contextmanager
def _turn(desk: Runtime) -> Iterator[bool]:
    """Whether nobody else answers meanwhile."""
    try:
        ours = bool(desk.redis.set(TURN, b"", nx=True, px=TURN_MS))
    except RedisError:
        ours = True
    try:
        yield ours
    finally:
        if ours:
            with suppress(RedisError):
                desk.redis.delete(TURN)


def bring_over(desk: Runtime) -> int:
    """From this machine's disk into the table: stored first, then let go, so that a crash repeats and loses nothing.

    How many, in about WORK_SECONDS. Raises gateway.spool.REFUSALS: the rest waits.
    """
    spool = Spool(desk.settings.data_folder / PROMISES, desk.keys)
    return spool.drain(partial(_write_down, desk), seconds=WORK_SECONDS)


def store_promised(desk: Runtime) -> int:
    """What a worker does first: moves what was promised while nobody worked; how many. Without the database: none.

    Who was killed while she answered left a job that nobody takes for a minute: another is asked for.
    """
    wake(desk.redis, ANSWER_OWED)
    try:
        return bring_over(desk)
    except REFUSALS as fault:
        log.warning("promises wait on disk", reason=type(fault).__name__)
        return 0


def _waiting(desk: Runtime) -> Iterator[OwedAnswer]:
    """Every promise, the oldest first, read some at a time. One that was overtaken is looked at by the next turn."""
    last = 0
    while some := owed_answers.waiting(desk.database.reader(), desk.keys, BATCH, after=last):
        yield from some
        last = some[-1].owed_id


def _write_down(desk: Runtime, records: Sequence[bytes]) -> None:
    with desk.database.begin(durable=True) as conn:
        for question in records:
            _promise(desk, conn, question)
    reached(62)


def _promise(desk: Runtime, conn: Connection, question: bytes) -> None:
    asked = orjson.loads(question)
    context = _context(desk, asked)
    owed_answers.promise(
        conn,
        desk.keys,
        once=context.seed,
        reference=context.reference(),
        question=question,
        now=datetime.fromisoformat(asked["at"]),
    )


def _kept_or_excused(desk: Runtime, promise: OwedAnswer) -> bool:
    """Keeps one promise; a question that cannot be worked on any more is answered by an invitation to call again."""
    asked = orjson.loads(promise.question)
    context = _context(desk, asked)
    try:
        context = replace(context, left=_session(asked["left"]))
        step, text = later.answer(_session(asked["session"]), asked["text"], context)
        if _too_late(promise, step.effects, context):
            return _keep(desk, promise, context, (), later.call_again(context))
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


def _too_late(promise: OwedAnswer, effects: Sequence[Effect], context: Context) -> bool:
    """Whether she said yes to a payment so long ago that the question for her code is not to pop up any more."""
    minutes = int(facts.parameter("payment_ask_minutes", context.today))
    old = context.now - promise.created_at > timedelta(minutes=minutes)
    return old and any(isinstance(effect, PaymentAsked) for effect in effects)


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
        reached(63)
    return True


def _context(desk: Runtime, asked: dict[str, Any]) -> Context:
    return desk.context(
        Msisdn.parse(asked["phone"]),
        asked["service_code"],
        bytes.fromhex(asked["seed"]),
        desk.clock(),
    )


def _session(record: str | None) -> Session | None:
    return Session.decode(record.encode()) if record else None

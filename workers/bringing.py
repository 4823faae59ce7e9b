"""Brings over to the register what its copy told while it was away, each answer under a key of its own.

What was never sent was never told: it is withdrawn, and the register alone answers.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any

import orjson
import structlog
from sqlalchemy import Row

from flows.context import SMS, Context
from flows.effects import Effect, Verified, VisitBound, VisitCodeIssued
from flows.sms.confirming import OF_A_COPY, PAID, Given
from gateway.copies import Copy
from gateway.crash_points import reached
from gateway.outbox import apply
from gateway.runtime import Runtime
from models import copied_answers, inbound, visit_codes
from models.copied_answers import CopiedAnswer
from models.database import DatabaseAway
from models.identifiers import Msisdn
from models.phones import PHONE
from models.visit_codes import BoundElsewhere, CodeTaken, HasCode

log = structlog.get_logger(__name__)

KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in OF_A_COPY}


@dataclass(frozen=True, slots=True)
class Record:
    """What an answer from a copy did: when (aware), at which facility."""

    at: datetime
    facility_id: int
    effects: tuple[Effect, ...]

    def encode(self) -> bytes:
        """As the copy keeps it, sealed."""
        done = [[type(effect).__name__, asdict(effect)] for effect in self.effects]
        return orjson.dumps([self.at, self.facility_id, done])

    @classmethod
    def decode(cls, content: bytes) -> Record:
        """What `encode` made."""
        at, facility_id, done = orjson.loads(content)
        effects = tuple(KINDS[name](**fields) for name, fields in done)
        return cls(datetime.fromisoformat(at), facility_id, effects)


def surroundings(desk: Runtime, phone: Msisdn, once: bytes, now: datetime, copy: Copy) -> Context:
    """In which the SMS `once` is answered from a copy, and what that did is brought over: under a key of its own."""
    seed = blake2b(b"copied", key=once, digest_size=16).digest()
    context = desk.context(phone, desk.settings.service_code, seed, now, channel=SMS)
    return replace(context, copied_on=copy.made_on)


def answer_key(once: bytes) -> bytes:
    """The key of the message that answers the SMS `once` from a copy."""
    return b"copied:" + once


def bring_over(desk: Runtime, copy: Copy) -> int:
    """Tells the register everything that it does not know; how many answers. Raises DatabaseAway."""
    brought = 0
    while answers := copied_answers.owed(copy.desk.database.reader()):
        for answer in answers:
            try:
                brought += _bring(desk, copy, answer)
            except DatabaseAway:
                raise
            except Exception:
                # It must not stand in the way of the others; a person looks at it.
                log.exception("what a copy told cannot be brought over", answer=answer.inbound_id)
                with copy.desk.database.begin(durable=True) as conn:
                    copied_answers.set_aside(conn, answer.inbound_id)
    return brought


def bring_messages(desk: Runtime, copy: Copy, at_once: int = 100) -> int:
    """Gives the register every message whose sending has ended, `at_once` in memory; how many. Raises DatabaseAway."""
    brought = 0
    while rows := _settled(copy, at_once):
        for row in rows:
            with desk.database.begin() as conn:
                copied_answers.bring(conn, row)
            reached(45)
            with copy.desk.database.begin(durable=True) as conn:
                copied_answers.drop(conn, row.id)
        brought += len(rows)
    return brought


def _settled(copy: Copy, most: int) -> list[Row[Any]]:
    with copy.desk.database.begin(reading=True) as conn:
        return copied_answers.settled(conn, most)


def _bring(desk: Runtime, copy: Copy, answer: CopiedAnswer) -> bool:
    """False when it was never sent."""
    record = Record.decode(copied_answers.opened(desk.keys, answer))
    with copy.desk.database.begin(durable=True) as conn:
        if copied_answers.withdraw(conn, answer_key(answer.once), desk.clock()):
            _close_codes(desk, conn, record)
            copied_answers.forget(conn, answer.inbound_id)
            return False
    phone = Msisdn(desk.keys.unseal(answer.from_sealed, PHONE))
    context = surroundings(desk, phone, answer.once, record.at, copy)
    _take_over(desk, answer, record, replace(context, limits=replace(context.limits, budgets=PAID)))
    reached(44)
    with copy.desk.database.begin(durable=True) as conn:
        copied_answers.forget(conn, answer.inbound_id)
    return True


def _close_codes(desk: Runtime, conn: Any, record: Record) -> None:
    """The copy's next answers must not lean on codes that nobody was told."""
    for effect in record.effects:
        if isinstance(effect, VisitCodeIssued):
            visit = visit_codes.at_facility(conn, effect.code, record.facility_id, record.at)
            if visit is not None:
                visit_codes.cancel(conn, visit.visit_id, desk.clock())


def _take_over(desk: Runtime, answer: CopiedAnswer, record: Record, context: Context) -> None:
    """One transaction; where the register gave another code meanwhile, or to another person, its own holds."""
    # One question is one verification, with the verdict that the register comes to.
    effects: list[Effect] = [effect for effect in record.effects if not isinstance(effect, Verified)]
    lost: list[str] = []
    while True:
        try:
            _commit(desk, answer, record.facility_id, effects, lost, context)
            return
        except (HasCode, CodeTaken, BoundElsewhere) as met:
            gone = next(effect for effect in effects if _is_about(effect, met))
            effects.remove(gone)
            lost += [gone.code] if isinstance(gone, VisitCodeIssued) else []


def _is_about(effect: Effect, met: HasCode | CodeTaken | BoundElsewhere) -> bool:
    (about,) = met.args
    if isinstance(effect, VisitBound):
        return isinstance(met, BoundElsewhere) and effect.visit_id == about
    return isinstance(effect, VisitCodeIssued) and about in (effect.person_id, effect.code)


def _commit(
    desk: Runtime,
    answer: CopiedAnswer,
    facility_id: int,
    effects: list[Effect],
    lost: list[str],
    context: Context,
) -> None:
    codes = tuple(effect.code for effect in effects if isinstance(effect, VisitCodeIssued))
    with desk.database.begin() as conn:
        if not apply(conn, effects, context):
            return
        inbound.bring(
            conn,
            once=answer.once,
            from_index=answer.from_index,
            from_sealed=answer.from_sealed,
            text_sealed=answer.text_sealed,
            service_code=answer.service_code,
            received_at=answer.received_at,
            provisional=Given(facility_id, codes, tuple(lost)).encode(),
        )
        reached(43)

"""A person says what a callback is that fits no payment: a payment of ours, a household's money, or none of ours."""

from __future__ import annotations

from datetime import datetime
from secrets import randbelow

from sqlalchemy import Connection, select

from config.faults import Fault
from gateway.payments.settling import Settling
from gateway.runtime import Runtime
from models import memberships, payment_callbacks, payment_steps, payments
from models.coverage import coverages, number_index
from models.identifiers import Msisdn
from models.payment_callbacks import DROPPED, MATCHED, Unmatched
from models.payments import CONFIRMED, OPEN, REFUSED

MUTUELLE = "MUTUELLE"
OTHER = "AUTRE"
"""The reason of a refusal that an operator told in a word that fits nothing."""


class BadMatch(Fault):
    """A callback cannot be matched so; the message says why."""


class Matching:
    """Matches at one desk. `by` is who does it; each is one transaction, and done once."""

    def __init__(self, desk: Runtime, by: str) -> None:
        self._desk = desk
        self._by = by
        self._settling = Settling(desk)

    def to_payment(self, conn: Connection, callback_id: int, payment_id: int, why: str) -> int:
        """The callback is about this payment: what it says is done, with its own amount. FCFA that are booked.

        Raises BadMatch.
        """
        now = self._desk.clock()
        told = self._told(conn, callback_id)
        held = payment_steps.hold_payment(conn, self._desk.keys, payment_id)
        if held is None:
            raise BadMatch(f"there is no payment P{payment_id}")
        if told.outcome == CONFIRMED:
            if held.state == CONFIRMED:
                raise BadMatch("that payment is booked. Remedy: --member, for money that came twice")
            amount = told.amount or held.amount
            self._settling.confirm(conn, held, now, amount=amount, provider_ref=told.provider_ref)
        elif told.outcome == REFUSED and held.state in OPEN:
            self._settling.refuse(conn, held, now, OTHER)
            amount = 0
        else:
            raise BadMatch(f"it says {told.outcome}, which changes nothing. Remedy: ramu payments drop")
        self._done(conn, callback_id, MATCHED, now, why, held.payment_id)
        return amount

    def to_member(
        self, conn: Connection, callback_id: int, number: str, why: str, payer: Msisdn | None = None
    ) -> tuple[int, str]:
        """The money is for a member's household: a payment is made of it and booked. (FCFA, its reference).

        `payer` when the operator did not say who paid. Raises BadMatch.
        """
        now = self._desk.clock()
        told = self._told(conn, callback_id)
        if told.outcome != CONFIRMED or not told.amount:
            raise BadMatch("no money is said to have come. Remedy: ramu payments drop")
        paid_by = told.payer or payer
        if paid_by is None:
            raise BadMatch("the operator did not say who paid. Remedy: --payer <number>")
        reference = str(100_000 + randbelow(900_000))
        payment_id = payments.ask(
            conn,
            self._desk.keys,
            membership_id=self._membership(conn, number),
            payer=paid_by,
            operator=told.operator,
            amount=told.amount,
            reference=reference,
            once=f"callback:{callback_id}".encode(),
            now=now,
        )
        held = payment_steps.hold_payment(conn, self._desk.keys, payment_id)
        if held is None:
            raise BadMatch("the payment that was just made is gone")
        self._settling.confirm(conn, held, now, amount=told.amount, provider_ref=told.provider_ref)
        self._done(conn, callback_id, MATCHED, now, why, payment_id)
        return told.amount, reference

    def drop(self, conn: Connection, callback_id: int, why: str) -> None:
        """It is no money of ours. Raises BadMatch."""
        self._told(conn, callback_id)
        self._done(conn, callback_id, DROPPED, self._desk.clock(), why, None)

    def _told(self, conn: Connection, callback_id: int) -> Unmatched:
        found = payment_callbacks.take(conn, self._desk.keys, callback_id)
        if found is None:
            raise BadMatch(f"no callback {callback_id} waits. Remedy: ramu payments unmatched")
        return found

    def _membership(self, conn: Connection, number: str) -> int:
        index = number_index(self._desk.keys, MUTUELLE, number)
        asked = select(coverages.c.person_id).where(
            coverages.c.scheme == MUTUELLE, coverages.c.number_index == index
        )
        person_id = conn.execute(asked).scalar()
        found = memberships.of_person(conn, person_id) if person_id else None
        if found is None:
            raise BadMatch("nobody with that number is in a mutuelle")
        return found.id

    def _done(
        self, conn: Connection, callback_id: int, state: str, now: datetime, why: str, payment_id: int | None
    ) -> None:
        payment_callbacks.settle(conn, callback_id, state, now, by=self._by, why=why, payment_id=payment_id)

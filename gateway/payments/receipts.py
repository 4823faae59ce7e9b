"""Who is told what about joining and paying: SMS to payer and member, owed in the transaction of their cause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from config.jobs import TRANSACTIONAL
from flows import contribution_texts, payment_texts
from flows.payment_texts import About, Translate
from flows.texts import Catalogues
from models import contributions, households, member_numbers, memberships, messages, phones
from models.contributions import Paid
from models.days import day_of
from models.identifiers import Msisdn
from models.keyring import KeyRing
from models.money_operators import money_operator, refusal
from models.payment_steps import Held

RECEIPT, REFUSAL, JOINED = "receipt", "payment_refused", "joined"
"""Kinds of these messages."""


class Receipts:
    """Owes messages about payments; `catalogues` give the words of each phone's language."""

    def __init__(self, keys: KeyRing, catalogues: Catalogues) -> None:
        self._keys = keys
        self._catalogues = catalogues

    def confirmed(self, conn: Connection, held: Held, paid: Paid, now: datetime) -> None:
        """The receipt, to payer and member."""
        about, members = self._about(conn, held, paid.amount, now)
        self._owe(
            conn,
            _key(held, f"paid:{held.bookings}"),
            (held.payer, *members),
            RECEIPT,
            now,
            lambda t: payment_texts.confirmed(t, about, paid),
        )

    def refused(self, conn: Connection, held: Held, reason: str, now: datetime) -> None:
        """Nothing was taken, and why: to the payer alone."""
        about, _ = self._about(conn, held, held.amount, now)
        why = refusal(reason, about.day)
        self._owe(
            conn,
            _key(held, f"refused:{held.bookings}"),
            (held.payer,),
            REFUSAL,
            now,
            lambda t: payment_texts.refused(t, about, why),
        )

    def taken_back(self, conn: Connection, held: Held, now: datetime) -> None:
        """The receipt is no longer true: to payer and member."""
        about, members = self._about(conn, held, held.amount, now)
        account = contributions.account(conn, held.membership_id, about.day)
        paid, due = (account.season_paid, account.season_due) if account else (0, 0)
        self._owe(
            conn,
            _key(held, f"back:{held.bookings}"),
            (held.payer, *members),
            RECEIPT,
            now,
            lambda t: payment_texts.taken_back(t, about, paid, due),
        )

    def in_cash(
        self, conn: Connection, membership_id: int, agent: int, paid: Paid, once: bytes, now: datetime
    ) -> None:
        """The receipt for cash that an agent received, to the member."""
        about, people = self._named(conn, membership_id, paid.reference, paid.amount, now)
        told = replace(about, agent=agent)
        to = self._first_phone(conn, people)
        self._owe(conn, b"cash:" + once, to, RECEIPT, now, lambda t: payment_texts.confirmed(t, told, paid))

    def corrected(
        self,
        conn: Connection,
        membership_id: int,
        agent: int,
        reference: str,
        amount: int,
        once: bytes,
        now: datetime,
    ) -> None:
        """A receipt for cash was a slip: to the member."""
        about, people = self._named(conn, membership_id, reference, amount, now)
        told = replace(about, agent=agent)
        account = contributions.account(conn, membership_id, about.day)
        paid, due = (account.season_paid, account.season_due) if account else (0, 0)
        to = self._first_phone(conn, people)
        self._owe(
            conn, b"cash:" + once, to, RECEIPT, now, lambda t: payment_texts.corrected(t, told, paid, due)
        )

    def joined(self, conn: Connection, membership_id: int, now: datetime) -> None:
        """Its member number, to a household that joined at a desk. Raises LookupError."""
        joined = memberships.by_id(conn, membership_id)
        if joined is None:
            raise LookupError(f"no membership {membership_id}")
        kin = households.members(conn, self._keys, joined.household_id, day_of(now))
        number = member_numbers.of_household(conn, self._keys, joined.household_id)
        self._owe(
            conn,
            f"joined:{membership_id}:".encode(),
            self._first_phone(conn, [member.person_id for member in kin]),
            JOINED,
            now,
            lambda t: contribution_texts.joined(t, joined.mutuelle, number),
        )

    def _about(
        self, conn: Connection, held: Held, amount: int, now: datetime
    ) -> tuple[About, tuple[Msisdn, ...]]:
        """What the texts name, and the member's phone: the one that was told, else the first of the household's."""
        about, people = self._named(conn, held.membership_id, held.reference, amount, now)
        own = (held.member_phone,) if held.member_phone else self._first_phone(conn, people)
        return replace(about, operator=_name(held.operator, now)), own

    def _named(
        self, conn: Connection, membership_id: int, reference: str, amount: int, now: datetime
    ) -> tuple[About, list[int]]:
        """What the texts name of a household, and its people."""
        day = day_of(now)
        account = contributions.account(conn, membership_id, day)
        kin = households.members(conn, self._keys, account.household_id, day) if account else ()
        about = About(
            reference=reference,
            amount=amount,
            day=day,
            operator="",
            mutuelle=account.mutuelle if account else "",
            given=kin[0].given if kin else "",
            family=kin[0].family if kin else "",
        )
        return about, [member.person_id for member in kin]

    def _first_phone(self, conn: Connection, people: list[int]) -> tuple[Msisdn, ...]:
        for person_id in people:
            if found := phones.linked_phones(conn, self._keys, person_id):
                return found[:1]
        return ()

    def _owe(
        self,
        conn: Connection,
        key: bytes,
        to: tuple[Msisdn | None, ...],
        kind: str,
        now: datetime,
        text: Callable[[Translate], str],
    ) -> None:
        """One message to each of these phones, in its own language; the same cause owes none twice."""
        for phone in dict.fromkeys(filter(None, to)):
            language = phones.caller(conn, self._keys, phone, day_of(now)).language
            messages.owe(
                conn,
                self._keys,
                to=phone,
                text=text(self._catalogues.translator(language or "fr")),
                kind=kind,
                lane=TRANSACTIONAL,
                once=key + phones.phone_index(self._keys, phone),
                now=now,
            )


def _key(held: Held, what: str) -> bytes:
    return f"payment:{held.payment_id}:{what}:".encode()


def _name(operator: str, now: datetime) -> str:
    try:
        return money_operator(operator, day_of(now)).name
    except LookupError:  # no longer in force, and still settling
        return operator

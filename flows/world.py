"""A small world to try the menu in: the demo register in a database of its own, and the same with the longest values.

Used by the explorer and by tests. Nothing here is ever near a real register.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from pathlib import Path

from flows.context import USSD, Context, Limits
from flows.engine import Step, hop
from flows.session import Session
from flows.texts import Catalogues
from models import (
    demo,
    demo_longest,
    demo_world,
    dossiers,
    memberships,
    payment_requests,
    payment_steps,
    payments,
    phones,
    schema,
)
from models.database import Connection, Database
from models.dossier_records import Candidate, Owner
from models.dossier_tables import CITIZEN
from models.identifiers import Msisdn
from models.keyring import KeyRing

UNKNOWN = Msisdn.parse("+22370999999")
"""A phone that no household of the demo world has."""

WAITED_FOR = Msisdn.parse("+22370999998")
"""A phone without a household whose owner has a file, once `World.make_card` has made her card."""

LIMITS = Limits(
    misses=5, lock_minutes=30, resume_minutes=60, visit_code_hours=24, callback_hours=48, messages_a_day=10
)
"""As an installation has them when it sets nothing."""


@dataclass(frozen=True, slots=True)
class Told:
    """A payment that a phone has asked for three minutes ago: under way, or with the `reason` why nothing was taken.

    With `asks` nothing was asked of an operator, but of that phone's owner.
    """

    phone: str
    operator: str
    amount: int
    reference: str
    reason: str = ""
    asks: str = ""


PAYMENTS = (
    Told("+22370000021", "OM", 2_750, "713482"),
    Told("+22370000023", "OM", 1_650, "713490", reason="SOLDE"),
    Told("+22366000022", "MOOV", 1_000, "713508", asks=UNKNOWN.e164),
)


@dataclass(frozen=True, slots=True)
class World:
    """A register with its keys, the day on which it is asked, and the demo phones by what they show."""

    register: Database
    keys: KeyRing
    catalogues: Catalogues
    limits: Limits
    now: datetime
    phones: dict[str, Msisdn]

    @classmethod
    def build(cls, folder: Path, now: datetime) -> World:
        """The demo world in `folder`, which must be new or empty."""
        folder.mkdir(parents=True, exist_ok=True)
        schema.migrate(_url(folder))
        KeyRing.create(folder / "keys")
        world = cls.found(folder, now)
        with world.register.begin() as conn:
            demo.load(conn, world.keys, now.date(), now)
            world.pay(conn)
        return world

    @classmethod
    def found(cls, folder: Path, now: datetime) -> World:
        """A world that was built in `folder`, or copied there."""
        known = {person.phone: Msisdn.parse(person.phone) for person in demo_world.expected() if person.phone}
        register, keys = Database.open(_url(folder)), KeyRing.open(folder / "keys")
        return cls(register, keys, Catalogues.load(), LIMITS, now, known)

    def pay(self, conn: Connection) -> None:
        """Some phones have asked for a payment: one is under way, one was refused, one is asked of a relative."""
        for row in PAYMENTS:
            phone = Msisdn.parse(row.phone)
            (right, *_) = phones.caller(conn, self.keys, phone, self.now.date()).rights
            membership = memberships.of_household(conn, right.household_id)
            assert membership is not None, f"{row.phone} has no account"  # nosec B101: our own demonstration
            if row.asks:
                asked = Msisdn.parse(row.asks)
                payment_requests.request(
                    conn, self.keys, row.reference, membership.id, row.amount, asked, self.now
                )
                continue
            payment_id = payments.ask(
                conn,
                self.keys,
                membership_id=membership.id,
                payer=phone,
                operator=row.operator,
                amount=row.amount,
                reference=row.reference,
                once=row.reference.encode(),
                now=self.now - timedelta(minutes=3),
            )
            held = payment_steps.hold_payment(conn, self.keys, payment_id)
            if held and row.reason:
                payment_steps.finish(conn, held, payments.REFUSED, self.now, reason=row.reason)

    def make_card(self) -> None:
        """The card of WAITED_FOR lies at the town hall."""
        who = Candidate("Awa", "Traoré", "F", 1990, "ML-C02040101", "RAMED", 4)
        owner = Owner(CITIZEN, WAITED_FOR)
        with self.register.begin() as conn:
            file = dossiers.open_dossier(conn, self.keys, "482239", owner, who, "demo", self.now)
            dossiers.make_ready(conn, file, "la mairie de Kati, lun-ven 8h-15h", None, self.now)

    def context(
        self, phone: Msisdn, key: str = "", left: Session | None = None, channel: str = USSD
    ) -> Context:
        """A hop's context: the same `key` gives the same references and codes."""
        seed = blake2b(key.encode(), digest_size=16).digest()
        return Context(
            self.register,
            self.keys,
            self.catalogues,
            self.limits,
            phone,
            self.now,
            "*212#",
            seed,
            left,
            channel,
        )

    def dial(self, phone: Msisdn, tail: str = "") -> Step:
        """The first hop of a call."""
        return hop(None, tail, self.context(phone))

    def stretch(self) -> None:
        """Gives everybody the longest names, places and amounts that real life may bring."""
        with self.register.begin() as conn:
            demo_longest.stretch(conn, self.keys)

    def moved(self, **changes: object) -> World:
        """The same world at another time, or with other limits."""
        return replace(self, **changes)  # type: ignore[arg-type]


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'world.sqlite'}"

"""What `ramu doctor` says of mobile money: whether a payment can be asked for, and what waits for a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select

from config.faults import Fault
from config.money import weak_keys
from config.settings import Settings
from gateway.payments import operators_of
from models.database import Database
from models.payment_callbacks import UNMATCHED, payment_callbacks

DEADLINE_MS = 2_000


@dataclass(frozen=True, slots=True)
class Said:
    """One thing: how bad it is (`ok`, `doubt`, `BAD`), what was found, and what to do."""

    state: str
    found: str
    remedy: str = ""


def money(settings: Settings) -> Iterator[Said]:
    """The settings of mobile money. No operator is called."""
    try:
        operators = operators_of(settings, datetime.now(UTC).date())
    except Fault as fault:
        found, _, remedy = str(fault).partition(" Remedy: ")
        yield Said("BAD", found, remedy)
        return
    if not operators:
        yield Said("doubt", "no operator: payments are given up", "RAMU_MONEY, see docs/payments.md")
        return
    for code in operators:
        operators[code].close()
    for reason in weak_keys(settings):
        yield Said("BAD", reason, "agree on a longer one with the operator")
    if settings.money == "simulated":
        # Everybody knows what it signs with: in a service anybody could confirm a payment.
        state = "doubt" if settings.demo else "BAD"
        yield Said(state, "simulated: no money moves", "RAMU_MONEY=operators")
    elif not settings.payment_secrets:
        yield Said("BAD", "operators have no address to call", "RAMU_PAYMENT_WEBHOOK_SECRETS")
    else:
        yield Said("ok", f"{', '.join(operators)}, configured")


def unmatched(settings: Settings) -> Iterator[Said]:
    """Callbacks that wait for a person, on a database that is up to date. Raises Fault."""
    database = Database.open(settings.database_url.get_secret_value(), deadline_ms=DEADLINE_MS)
    try:
        with database.begin(reading=True) as conn:
            waiting = select(func.count()).where(payment_callbacks.c.state == UNMATCHED)
            count = conn.execute(waiting).scalar_one()
    finally:
        database.dispose()
    if count:
        yield Said("doubt", f"{count} callbacks fit no payment", "ramu payments unmatched")

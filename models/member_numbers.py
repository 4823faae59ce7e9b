"""Member numbers of mutuelles: one for each household, held by who stands for it, drawn and never counted up.

Eight digits leave 600,000 numbers (table number_shapes, an assumption): a household keeps the one that it has, whoever
issued it and wherever it goes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from hashlib import blake2b
from itertools import count, islice

from sqlalchemy import Connection, bindparam, case, select, update

from config import facts
from config.faults import Fault
from models.coverage import LIVING, NUMBER, coverages, number_index
from models.database import Db, Prepared
from models.identifiers import is_example, with_check_digit
from models.keyring import KeyRing
from models.locks import Overtaken, hold
from models.mutuelle_tables import memberships
from models.people import persons

SCHEME = "MUTUELLE"
MOST_DRAWS = 500
"""Draws before it is said that no number is left: with nine of ten taken, one household in 10^22 would hear it."""

_hers = persons.join(coverages, (coverages.c.person_id == persons.c.id) & (coverages.c.scheme == SCHEME))
_NUMBER = Prepared(
    select(coverages.c.number_sealed)
    .select_from(_hers)
    .where(
        persons.c.household_id == bindparam("household_id"), LIVING, coverages.c.number_sealed.is_not(None)
    )
    .order_by(persons.c.id)
    .limit(1)
)
_TAKEN = Prepared(select(coverages.c.id).where(coverages.c.number_index == bindparam("number")))


class NoneLeft(Fault):
    """The shapes of member numbers leave no number that nobody has."""


def of_household(db: Db, keys: KeyRing, household_id: int) -> str:
    """The member number by which a household is known, "" without one. Raises DatabaseAway."""
    row = _NUMBER.first(db, household_id=household_id)
    return keys.unseal(row[0], NUMBER) if row else ""


def free(db: Db, keys: KeyRing, seed: bytes, day: date, most: int = MOST_DRAWS) -> str:
    """A number that nobody has, the same for the same seed (16 bytes) until it is given. Raises NoneLeft."""
    for number in islice(numbers_from(seed, day), most):
        if _is_free(db, keys, number):
            return number
    raise NoneLeft("no member number is left: number_shapes needs other digits for mutuelles")


def give(conn: Connection, keys: KeyRing, household_id: int, day: date, wanted: str = "") -> str:
    """Give a household a number unless it has one; the number it has. Somebody of it lives and has a right.

    `wanted`: one that it was shown. Two who draw the same one wait for each other, and the second draws again. Raises
    Overtaken (`wanted` is another household's by now), NoneLeft.
    """
    hold(conn, "member number of", str(household_id).encode())
    known = of_household(conn, keys, household_id)
    if known:
        return known
    number = wanted or free(conn, keys, os.urandom(16), day)
    hold(conn, "member number", number.encode())
    while not _is_free(conn, keys, number):
        if wanted:
            raise Overtaken
        number = free(conn, keys, os.urandom(16), day)
        hold(conn, "member number", number.encode())
    holder = (
        select(coverages.c.id)
        .select_from(_hers)
        .where(persons.c.household_id == household_id, LIVING)
        .order_by(case((persons.c.relation == "SOI", 0), else_=1), persons.c.id, coverages.c.id)
        .limit(1)
    )
    values = {
        "number_index": number_index(keys, SCHEME, number),
        "number_sealed": keys.seal(number, NUMBER),
    }
    conn.execute(update(coverages).where(coverages.c.id == holder.scalar_subquery()).values(values))
    return number


def without(conn: Connection) -> tuple[int, ...]:
    """Households of running memberships in which no living person holds a number, the longest joined first."""
    hers = select(persons.c.id).select_from(_hers)
    hers = hers.where(persons.c.household_id == memberships.c.household_id, LIVING)
    asked = (
        select(memberships.c.household_id)
        .where(
            memberships.c.ended_on.is_(None),
            hers.exists(),
            ~hers.where(coverages.c.number_index.is_not(None)).exists(),
        )
        .order_by(memberships.c.id)
    )
    return tuple(int(one) for one in conn.execute(asked).scalars())


def numbers_from(seed: bytes, day: date) -> Iterator[str]:
    """Numbers of the shape that members have on `day`, without end and the same for the same seed.

    Never one that posters print as an example.
    """
    shape = next(row for row in facts.SHIPPED.in_force("number_shapes", day) if row["scheme"] == SCHEME)
    starts = shape["starts"].split("|")
    drawn_digits = int(shape["length"]) - 1 - len(starts[0])
    for turn in count():
        drawn = int.from_bytes(blake2b(turn.to_bytes(4), key=seed, digest_size=16).digest())
        rest = drawn // len(starts) % 10**drawn_digits
        number = with_check_digit(f"{starts[drawn % len(starts)]}{rest:0{drawn_digits}}")
        if not is_example(number):
            yield number


def _is_free(db: Db, keys: KeyRing, number: str) -> bool:
    return _TAKEN.first(db, number=number_index(keys, SCHEME, number)) is None

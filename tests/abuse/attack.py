"""Attackers who guess receipts' numbers by SMS, in simulated time: what each message asks for is really done."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import func, insert, select

from flows.context import SMS
from flows.sms.conversation import Reply, reply
from flows.world import World
from gateway.outbox import carry_out
from models.coverage import NUMBER, coverages, number_index
from models.households import households
from models.identifiers import Msisdn
from models.lookups import lookup_misses
from models.people import identity_columns, persons

FIRST_NUMBER = 4_100_000_000_000
RANGE = 100_000
"""Numbers among which the attacker knows the receipts to be."""

HOLDERS = 2_000
"""One number in fifty is somebody's: as dense as two million holders among all numbers of eight digits."""

GIVEN, FAMILY = "Ouleymatou", "Kanakomo"
"""Names that no text of ours has in it: one of them in an answer is a record disclosed."""

YEARS = range(1951, 2001)
"""Years of birth of holders, all alike often."""


@dataclass(frozen=True, slots=True)
class Victims:
    """The register's holders: `density` of their numbers, and the chance that a guessed year of birth is right."""

    numbers: tuple[str, ...]
    density: float = HOLDERS / RANGE
    second_fact: float = 1 / len(YEARS)


def enrolled(world: World) -> Victims:
    """Writes HOLDERS people with valid receipts, each the head of nobody else."""
    chance = random.Random(1)
    numbers = [str(FIRST_NUMBER + place) for place in sorted(chance.sample(range(RANGE), HOLDERS))]
    keys, today = world.keys, world.now.date()
    with world.register.begin() as conn:
        person_id = (conn.execute(select(func.max(persons.c.id))).scalar() or 0) + 1
        home_id = (conn.execute(select(func.max(households.c.id))).scalar() or 0) + 1
        commune = conn.execute(select(persons.c.commune_code).limit(1)).scalar_one()
        homes, people, rights = [], [], []
        for place, number in enumerate(numbers):
            year = chance.choice(YEARS)
            homes.append({"id": home_id + place, "commune_code": commune})
            people.append(
                {
                    "id": person_id + place,
                    "household_id": home_id + place,
                    "relation": "SOI",
                    "sex": "F",
                    "birth_year": year,
                    "commune_code": commune,
                    **identity_columns(keys, GIVEN, FAMILY, date(year, 5, 1)),
                }
            )
            rights.append(
                {
                    "person_id": person_id + place,
                    "scheme": "RAMED",
                    "role": "OUVRANT_DROIT",
                    "status": "ACTIF",
                    "valid_from": today - timedelta(days=100),
                    "valid_to": today + timedelta(days=900),
                    "number_index": number_index(keys, "RAMED", number),
                    "number_sealed": keys.seal(number, NUMBER),
                }
            )
        conn.execute(insert(households), homes)
        conn.execute(insert(persons), people)
        conn.execute(insert(coverages), rights)
    return Victims(tuple(numbers))


@dataclass
class Gang:
    """Phones that guess, and what they have learnt: answers that were looked up, and those that name somebody."""

    world: World
    phones: list[Msisdn]
    tries: int = 0
    looked_up: int = 0
    found: int = 0
    named: int = 0

    def guesses(self, phone: Msisdn, text: str, at: datetime) -> str:
        """One SMS at a moment, and its answer."""
        self.tries += 1
        world = self.world.moved(now=at)
        context = world.context(phone, f"{phone.e164} {self.tries}", channel=SMS)
        answer = reply(text, context)
        carry_out(world.register, answer.effects, context)
        self._reads(answer)
        return answer.text

    def _reads(self, answer: Reply) -> None:
        text = answer.text.lower()
        self.looked_up += not text.startswith(("e71", "e61"))
        self.found += "valide" in text
        self.named += GIVEN.lower()[:5] in text or FAMILY.lower()[:5] in text

    def days(self, days: float, each_hour: int, what: Callable[[random.Random], str]) -> Gang:
        """Every phone guesses so often each hour, one after the other; `what` makes a message."""
        chance = random.Random(7)
        for hour in range(round(days * 24)):
            for turn in range(each_hour):
                at = self.world.now + timedelta(hours=hour, minutes=turn * 60 / each_hour)
                for place, phone in enumerate(self.phones):
                    self.guesses(phone, what(chance), at + timedelta(milliseconds=place))
        return self


def phones(how_many: int) -> list[Msisdn]:
    """SIM cards that the register does not know."""
    return [Msisdn.parse(f"+223{77_000_000 + place}") for place in range(how_many)]


def any_number(chance: random.Random) -> str:
    """A number of the range, without a second fact."""
    return str(FIRST_NUMBER + chance.randrange(RANGE))


def with_a_year(chance: random.Random) -> str:
    """A number of the range and a year of birth."""
    return f"DROITS {any_number(chance)} {chance.choice(YEARS)}"


@dataclass(frozen=True, slots=True)
class Misses:
    """Every budgeted miss that the database holds: when, by whom, at which centre."""

    rows: tuple[tuple[datetime, bytes, int | None], ...]

    @classmethod
    def of(cls, world: World) -> Misses:
        """Read from the table that the budgets are held by."""
        with world.register.begin(reading=True) as conn:
            found = conn.execute(
                select(lookup_misses.c.at, lookup_misses.c.asker_index, lookup_misses.c.facility_id)
                .where(lookup_misses.c.budgeted)
                .order_by(lookup_misses.c.at)
            )
            return cls(tuple((row.at, row.asker_index, row.facility_id) for row in found))

    def most_within(self, window: timedelta) -> int:
        """The most in any such time."""
        return _most((at for at, _, _ in self.rows), window)

    def most_of_one_within(self, window: timedelta) -> int:
        """The most of one phone in any such time."""
        askers = {asker for _, asker, _ in self.rows}
        return max(_most((at for at, who, _ in self.rows if who == asker), window) for asker in askers)

    def most_of_a_centre_within(self, window: timedelta) -> int:
        """The most of one centre in any such time."""
        centres = {centre for _, _, centre in self.rows if centre is not None}
        return max(_most((at for at, _, where in self.rows if where == centre), window) for centre in centres)


def _most(moments: Iterable[datetime], window: timedelta) -> int:
    some = list(moments)
    first, most = 0, 0
    for last, at in enumerate(some):
        while at - some[first] >= window:
            first += 1
        most = max(most, last - first + 1)
    return most


def limited(world: World, **changes: int) -> World:
    """The world with other budgets."""
    return world.moved(limits=replace(world.limits, budgets=replace(world.limits.budgets, **changes)))

"""Who writes what, and what must come of it: made from a seed, before anything runs. Pure.

Each message carries the effects that must be counted once it is worked on, so that afterwards nothing is guessed. A
phone writes at most as often as it is answered in ten minutes; a few write more, whose answers are held as often as is
known. Staff write more than the public may, and are answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

Key = tuple[str, ...]
"""One thing that can be counted: what it is, and whose."""

VERIFIED, UNKNOWN, VISIT, MISS, HIT = "verified", "unknown", "visit", "miss", "hit"
ACT, INCIDENT, CONSENT, COMPLAINT, REQUEST, TOLD = (
    "act",
    "incident",
    "consent",
    "complaint",
    "request",
    "told",
)
AUDIT = "audit"

MOST = {VISIT: 1, ACT: 1, INCIDENT: 1, REQUEST: 1, MISS: 5}
"""How often a thing happens at most, however often it is asked for: acts and codes are unique, misses have a budget."""

ANSWERS = 5
"""SMS that a number is answered in ten minutes (setting answers_in_ten_minutes)."""

STAFF_ANSWERS = 40
"""The same for staff (setting staff_answers_in_ten_minutes)."""

LOOP, NAME, SHORT_CODE = "BOUCLE", "ALPHANUMERIQUE", "NUMERO_COURT"
"""Why a message is held."""

MOST_COPIES, SPREAD_SECONDS = 5, 4.0
"""A message is delivered up to so often, each copy at any moment of so many seconds."""

IN_A_LOOP = 8
"""Messages of a phone that writes without end."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message of a person. `effects` are counted when it is worked on; `says` begins its answer (an expression).

    `at` in seconds from the start. `held` is why nobody looks at it, when that is certain. `by_staff`: of a phone that
    is answered as often as staff are.
    """

    name: str
    sender: str
    text: str
    effects: tuple[Key, ...] = ()
    says: str = ""
    held: str = ""
    at: float = 0.0
    copies: int = 1
    by_staff: bool = False


@dataclass(frozen=True, slots=True)
class Visit:
    """A code that was given before the storm."""

    visit_id: int
    code: str
    facility_id: int


@dataclass(frozen=True, slots=True)
class Centre:
    """A facility with its activation code and its chief."""

    facility_id: int
    activation: str
    chief: str


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part: centres, phones of staff by centre, citizens' phones, people by card number, open codes."""

    centres: Sequence[Centre]
    staff: dict[int, list[str]]
    citizens: Sequence[str]
    cards: Sequence[tuple[int, str]]
    visits: dict[int, list[Visit]]
    strangers: Sequence[str]


def written(cast: Cast, seed: int, count: int, rate: float) -> list[Letter]:
    """`count` messages, `rate` a second, in their order. Raises IndexError when the cast is too small."""
    return _Author(cast, seed).write(count, rate)


class _Author:
    def __init__(self, cast: Cast, seed: int) -> None:
        self._cast = cast
        self._chance = Random(seed)
        self._seed = seed
        self._written = 0
        self._crew = {phone for phones in cast.staff.values() for phone in phones}
        self._citizens = list(cast.citizens)
        self._strangers = list(cast.strangers)
        self._staff = [(centre, phone) for centre in cast.centres for phone in cast.staff[centre.facility_id]]
        self._visits = {place: list(visits) for place, visits in cast.visits.items()}
        self._chance.shuffle(self._staff)

    def write(self, count: int, rate: float) -> list[Letter]:
        single: list[Letter] = []
        loops: list[list[Letter]] = []
        while len(single) + sum(map(len, loops)) < count:
            some = self._somebody()
            if len(some) == IN_A_LOOP:
                loops.append(some)
            else:
                single += some
        self._chance.shuffle(single)
        for some in loops:
            # Together, so that the ten minutes of the guard are never over between two of them.
            place = self._chance.randrange(len(single) + 1)
            single[place:place] = some
        return [
            replace(one, at=place / rate, copies=self._chance.randint(1, MOST_COPIES))
            for place, one in enumerate(single[:count])
        ]

    def _somebody(self) -> list[Letter]:
        """All that one phone writes."""
        drawn = self._chance.random()
        if drawn < 0.60:
            return list(self._nurse())
        if drawn < 0.615:
            return list(self._guesser())
        if drawn < 0.63:
            phone = self._citizens.pop()
            return [self._complaint(phone) for _ in range(IN_A_LOOP)]
        if drawn < 0.65:
            return [self._robot()]
        return list(self._citizen())

    def _nurse(self) -> Iterator[Letter]:
        centre, phone = self._staff.pop()
        for _ in range(self._chance.randint(2, ANSWERS)):
            drawn = self._chance.random()
            visits = self._visits[centre.facility_id]
            if drawn < 0.50 or len(visits) < 2:
                yield self._verify(phone, centre)
            elif drawn < 0.75:
                yield self._act(phone, visits.pop())
            elif drawn < 0.83:
                yield self._not_holder(phone, visits.pop())
            elif drawn < 0.93:
                yield self._unknown(phone)
            else:
                yield self._complaint(phone)
        if self._chance.random() < 0.4 and self._visits[centre.facility_id]:
            # The same act told in a second message: noted once all the same.
            visit = self._visits[centre.facility_id].pop()
            yield self._act(phone, visit)
            yield self._act(phone, visit)

    def _guesser(self) -> Iterator[Letter]:
        """More unknown numbers than the budget allows."""
        _, phone = self._staff.pop()
        for _ in range(2):
            numbers = [self._strangers.pop() for _ in range(8)]
            yield self._letter(phone, " ".join(numbers), [(MISS, phone)] * 8, "8 lus:|E71")

    def _citizen(self) -> Iterator[Letter]:
        phone = self._citizens.pop()
        if self._chance.random() < 0.15:
            yield self._activation(phone)
        for _ in range(self._chance.randint(2, ANSWERS - 1)):
            drawn = self._chance.random()
            if drawn < 0.40:
                _, number = self._chance.choice(self._cast.cards)
                yield self._letter(phone, number, [(HIT, phone)], "RAMED ", audited=True)
            elif drawn < 0.65:
                yield self._complaint(phone)
            elif drawn < 0.82:
                yield self._letter(phone, "STOP", [(CONSENT, phone)] * 2, "C'est fait")
            elif drawn < 0.92:
                number = self._strangers.pop()
                yield self._letter(phone, number, [(MISS, phone)], "E12 ", audited=True)
            else:
                yield self._letter(phone, "AIDE", [], "")

    def _verify(self, phone: str, centre: Centre) -> Letter:
        person, number = self._chance.choice(self._cast.cards)
        effects = [
            (VERIFIED, phone, str(person)),
            (VISIT, str(person), str(centre.facility_id)),
            (HIT, phone),
        ]
        return self._letter(phone, number, effects, "OK RAMED", audited=True)

    def _unknown(self, phone: str) -> Letter:
        number = self._strangers.pop()
        return self._letter(phone, number, [(MISS, phone), (UNKNOWN, phone)], "E12 ", audited=True)

    def _act(self, phone: str, visit: Visit) -> Letter:
        return self._letter(phone, f"S {visit.code} CON", [(ACT, str(visit.visit_id))], "Note: |E31 ")

    def _not_holder(self, phone: str, visit: Visit) -> Letter:
        effects = [(INCIDENT, str(visit.visit_id))]
        return self._letter(phone, f"NON {visit.code}", effects, f"Code {visit.code} annule", audited=True)

    def _complaint(self, phone: str) -> Letter:
        case = f"cas {self._written:06}"
        text = f"PLAINTE on m'a fait payer les soins ({case})"
        return self._letter(phone, text, [(COMPLAINT, phone, case)], r"Plainte \d{6} notee")

    def _activation(self, phone: str) -> Letter:
        centre = self._chance.choice(self._cast.centres)
        text = f"ACT {centre.activation} {centre.activation}"
        return self._letter(
            phone, text, [(REQUEST, phone), (TOLD, centre.chief)], "Demande envoyee", audited=True
        )

    def _robot(self) -> Letter:
        sender, why = self._chance.choice((("OrangeMali", NAME), ("36555", SHORT_CODE)))
        return replace(self._letter(sender, "Votre solde est de 0 F", [], ""), held=why)

    def _letter(
        self, sender: str, text: str, effects: Sequence[Key], says: str, *, audited: bool = False
    ) -> Letter:
        name = f"storm-{self._seed}-{self._written:06}"
        self._written += 1
        audits: list[Key] = [(AUDIT, name)] if audited else []
        return Letter(name, sender, text, (*effects, *audits), says, by_staff=sender in self._crew)

"""Who wants to pay what, when and how: made from a seed, before anything runs. Pure.

No household is paid the same amount twice, so that each payment is one person's wish and no other's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from random import Random

DIAL, DIAL_FOR_OTHER, BY_SMS, CASH = "dialled", "dialled_for_another", "by_sms", "in_cash"
WAYS = {DIAL: 55, DIAL_FOR_OTHER: 10, BY_SMS: 15, CASH: 20}
"""How people pay, and how often beside the others."""

EACH = 3
"""Payments that a household which dials asks for, on the average."""

RECEIPTS = 25
"""Receipts in cash that a collector writes: fewer than her phone is answered."""

AGENTS = 6
"""Collectors of a mutuelle."""

HANDED_OVER = 0.2
"""Share of the receipts in cash whose amount the collector then hands over."""

IMPATIENT = 0.3
"""Share of those who dial again although an answer by SMS was promised."""

LEAST, STEP, STEPS = 200, 5, 300
"""FCFA of a payment: 200 to 1,695."""

MOST_COPIES = 3


@dataclass(frozen=True, slots=True)
class Home:
    """A household that is in a mutuelle: its member's number and its phone."""

    membership_id: int
    mutuelle_id: int
    number: str
    phone: str


@dataclass(frozen=True, slots=True)
class Agent:
    """A collector, and the phone of the treasurer who counts what she hands over."""

    number: int
    mutuelle_id: int
    phone: str
    treasurer: str


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who takes part. Of `writers` each asks by SMS once; `relatives` are phones that nobody knows."""

    homes: Sequence[Home]
    writers: Sequence[Home]
    agents: Sequence[Agent]
    relatives: Sequence[str]


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody wants a household's amount (FCFA) to be paid, `at` seconds from the start.

    `payer` is the phone that asks: of who pays, or of the collector who has the cash. `copies`: how often each of its
    SMS is delivered; at the most its hops come twice, too. `then`: she hands the cash over; she dials again although
    an answer was promised.
    """

    name: str
    at: float
    way: str
    home: Home
    payer: str
    amount: int
    copies: int
    then: bool
    agent: int = 0


@dataclass(frozen=True, slots=True)
class Needed:
    """How many of whom so many wishes take."""

    homes: int
    writers: int
    agents: int
    relatives: int

    @classmethod
    def of(cls, wishes: int) -> Needed:
        """Enough, with some to spare."""
        share = {way: wishes * often / sum(WAYS.values()) for way, often in WAYS.items()}
        agents = ceil(share[CASH] / RECEIPTS / AGENTS + 0.2) * AGENTS
        return cls(
            ceil(share[DIAL] / EACH) + 20,
            ceil(share[BY_SMS] * 1.3) + 20,
            agents,
            ceil(share[DIAL_FOR_OTHER] * 1.5) + 20,
        )


def wished(crowd: Crowd, seed: int, count: int, rate: float) -> list[Wish]:
    """`count` wishes, `rate` a second, in their order. Raises IndexError when the crowd is too small."""
    chance = Random(seed)
    everybody = [*crowd.homes, *crowd.writers]
    writers, relatives = list(crowd.writers), list(crowd.relatives)
    paid: set[tuple[int, int]] = set()
    made = []
    for place in range(count):
        (way,) = chance.choices(list(WAYS), list(WAYS.values()))
        agent = chance.choice(crowd.agents)
        home = chance.choice(everybody)
        payer = home.phone
        if way == DIAL:
            home = chance.choice(crowd.homes)
            payer = home.phone
        elif way == DIAL_FOR_OTHER:
            payer = relatives.pop()
        elif way == BY_SMS:
            home = writers.pop()
            payer = home.phone
        else:
            home = chance.choice([one for one in everybody if one.mutuelle_id == agent.mutuelle_id])
            payer = agent.phone
        amount = _new_amount(chance, home, paid)
        then = chance.random() < (HANDED_OVER if way == CASH else IMPATIENT)
        made.append(
            Wish(
                f"wish-{seed}-{place}",
                place / rate,
                way,
                home,
                payer,
                amount,
                chance.randint(1, MOST_COPIES),
                then,
                agent.number if way == CASH else 0,
            )
        )
    return made


def _new_amount(chance: Random, home: Home, paid: set[tuple[int, int]]) -> int:
    while True:
        amount = LEAST + STEP * chance.randrange(STEPS)
        key = (home.membership_id, amount)
        if key not in paid:
            paid.add(key)
            return amount

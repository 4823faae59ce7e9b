"""Makes up a register of any size: households, ages, places and rights that are plausible together.

What is known sets the proportions; the rest is an assumption, written in config/demo/sample.toml:
- a household belongs to the scheme that aims at it: AMO 17, RAMED 5, mutuelles 78 in a hundred (the target shares);
- where a mutuelle's household lives follows the beneficiaries of 2019 by region (Table 1 of the national strategy);
  regions without data had no mutuelle at work, so they get none, although "no data" is not zero;
- where AMO and RAMED households live follows the number of communes by region, for want of a better figure.

The same seed, size and starting point give the same people. No clock: days count from the day that is given.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import Any

from config import facts
from models.demo_world import FOLDER, table

DAYS_OF_A_YEAR = 365


@dataclass(slots=True)
class Person:
    """A person made up. `phone` and `nina` say whether she has one; the numbers come with the row."""

    relation: str
    sex: str
    given: str
    family: str
    born: date
    pupil: bool
    disabled: bool
    phone: bool
    nina: bool


@dataclass(slots=True)
class Cover:
    """The household's right under one scheme."""

    scheme: str
    status: str
    valid_from: date
    valid_to: date | None
    covered_from: date | None = None
    organism: str | None = None
    missing_fcfa: int = 0
    late_since: date | None = None


@dataclass(slots=True)
class Family:
    """A household made up: where it lives, who is in it, what covers it. `cercle` is a code of the 2021 division."""

    commune_code: str
    cercle: str
    people: list[Person]
    covers: list[Cover] = field(default_factory=list)


def families(seed: int, part: int, people: int, today: date) -> Iterator[Family]:
    """Families of exactly `people` people together; the same for the same seed and part."""
    chance = random.Random(f"{seed}/{part}")  # nosec B311: chance, not secrecy
    left = people
    while left > 0:
        family = _family(chance, left, today)
        left -= len(family.people)
        yield family


def _family(chance: random.Random, most: int, today: date) -> Family:
    composition = _composition()
    scheme = _drawn(chance, composition["schemes"])
    commune, cercle = _home(chance, scheme)
    people = _people(chance, composition["household"], today)[:most]
    covers = [_cover(chance, scheme, today)]
    if scheme == "AMO" and chance.random() * 100 < composition["household"]["also_mutuelle_percent_of_amo"]:
        covers.append(_cover(chance, "MUTUELLE", today))
    return Family(commune, cercle, people, covers)


def _people(chance: random.Random, rules: dict[str, Any], today: date) -> list[Person]:
    """An opener of 22 to 75, who comes first, spouses, children and now and then a parent."""
    woman = chance.random() < 0.3
    age = min(75, int(chance.triangular(22, 75, 38)))
    family = chance.choice(_names()["families"])
    head = _person(chance, rules, "SOI", "F" if woman else "M", family, age, today)
    people = [head]
    if chance.random() * 100 < rules["spouse_percent"]:
        people.append(_spouse(chance, rules, head, age, today))
        if not woman and chance.random() * 100 < rules["second_spouse_percent"]:
            people.append(_spouse(chance, rules, head, age - 8, today))
    for _ in range(chance.choice(rules["children"])):
        child_age = int(chance.random() * min(21, age - 17))
        people.append(_person(chance, rules, "ENFANT", chance.choice("FM"), family, child_age, today))
    if chance.random() * 100 < rules["ascendant_percent"]:
        people.append(_person(chance, rules, "ASCENDANT", chance.choice("FM"), family, age + 22, today))
    return people


def _spouse(chance: random.Random, rules: dict[str, Any], head: Person, age: int, today: date) -> Person:
    sex = "M" if head.sex == "F" else "F"
    family = chance.choice(_names()["families"])
    return _person(chance, rules, "CONJOINT", sex, family, max(18, age - chance.randrange(10)), today)


def _person(
    chance: random.Random, rules: dict[str, Any], relation: str, sex: str, family: str, age: int, today: date
) -> Person:
    draw = chance.random
    adult = age >= 18
    return Person(
        relation=relation,
        sex=sex,
        given=chance.choice(_names()["women" if sex == "F" else "men"]),
        family=family,
        born=today - timedelta(days=age * DAYS_OF_A_YEAR + age // 4 + int(draw() * DAYS_OF_A_YEAR)),
        pupil=6 <= age <= 21 and draw() * 100 < rules["pupil_percent_of_school_age"],
        disabled=draw() * 100 < rules["disabled_percent"],
        phone=adult and draw() * 100 < rules["phone_percent_of_adults"],
        nina=adult and draw() * 100 < rules["nina_percent_of_adults"],
    )


def _cover(chance: random.Random, scheme: str, today: date) -> Cover:
    if scheme == "MUTUELLE":
        return _membership(chance, today)
    if scheme == "RAMED":
        # Three years from any day of the last five: two in five are over, as in a register that nobody clears.
        start = today - timedelta(days=int(chance.random() * 5 * DAYS_OF_A_YEAR) - 30)
        return Cover("RAMED", "ACTIF", start, start + timedelta(days=3 * DAYS_OF_A_YEAR))
    start = today - timedelta(days=int(chance.random() * 15 * DAYS_OF_A_YEAR))
    opened = start + timedelta(days=DAYS_OF_A_YEAR // 2)
    return Cover("AMO", "ACTIF", start, None, covered_from=opened, organism=chance.choice(("CMSS", "INPS")))


def _membership(chance: random.Random, today: date) -> Cover:
    """Paid by the year: the state says where in the year, or how long after it, the household stands."""
    status = _drawn(chance, _composition()["mutuelle_states"])
    first, last = _DAYS_PAST_DUE[status]
    due = today - timedelta(days=chance.randint(first, last))
    cover = Cover("MUTUELLE", status, due - timedelta(days=DAYS_OF_A_YEAR * chance.randint(1, 6)), due)
    if status == "EN_OBSERVATION":
        cover.valid_from = due - timedelta(days=DAYS_OF_A_YEAR)
        cover.covered_from = cover.valid_from + timedelta(days=30)
    elif status != "A_JOUR":
        cover.missing_fcfa = 3_300 * chance.randint(1, 6)
        cover.late_since = due
    return cover


_DAYS_PAST_DUE = {
    "A_JOUR": (-364, 0),
    "EN_OBSERVATION": (-364, -336),
    "EN_RETARD": (1, 30),
    "SUSPENDU": (31, 365),
    "RADIE": (366, 1_500),
}
"""How many days ago the contribution was due, from and to; below zero: it is paid until then."""


def _home(chance: random.Random, scheme: str) -> tuple[str, str]:
    weights = _weights()["MUTUELLE" if scheme == "MUTUELLE" else "OTHERS"]
    return chance.choice(_homes()[_drawn(chance, weights)])


def _drawn(chance: random.Random, weights: dict[str, int]) -> str:
    (drawn,) = chance.choices(list(weights), cum_weights=list(accumulate(weights.values())))
    return drawn


@lru_cache(maxsize=1)
def _weights() -> dict[str, dict[str, int]]:
    beneficiaries = {row["region"]: row["beneficiaries"] for row in table("regions")}
    counted = {region: int(people) for region, people in beneficiaries.items() if people.isdigit()}
    return {"MUTUELLE": counted, "OTHERS": {region: len(homes) for region, homes in _homes().items()}}


@lru_cache(maxsize=1)
def _homes() -> dict[str, list[tuple[str, str]]]:
    """(commune, cercle of the 2021 division) by region of that division, which is the strategy's."""
    cercles = {(row["region"], row["cercle"]): row for row in facts.reference("mali_admin")}
    any_cercle = {row["region_before_2023"]: row["pcode"] for row in cercles.values() if row["pcode"]}
    homes: dict[str, list[tuple[str, str]]] = {}
    for row in facts.reference("mali_communes_2023"):
        cercle = cercles.get((row["region"], row["cercle"] or row["commune"]))
        if cercle is None:
            continue
        region = cercle["region_before_2023"]
        mutuelle = cercle["pcode"] or any_cercle.get(region, "")
        homes.setdefault(region, []).append((row["code_2023"] or cercle["pcode"], mutuelle))
    return homes


@lru_cache(maxsize=1)
def _composition() -> dict[str, Any]:
    return tomllib.loads((FOLDER / "sample.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _names() -> dict[str, list[str]]:
    return tomllib.loads((FOLDER / "names.toml").read_text(encoding="utf-8"))

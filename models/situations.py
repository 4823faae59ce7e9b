"""What is known of the person who asks which scheme covers her: answers of a phone call or of a file, all checked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from config import vocabulary as words
from config.facts import Facts

OLDEST = 130
"""Years. Beyond it an age is a slip of the keys."""

DAYS_A_YEAR = 366

CONTEXT = frozenset({"cercle", "commune", "region", "sexe", "ouvrant_mutuelle"})
"""Answers that a file may carry and that decide nothing."""

ALMOST = 0.85
"""From this likeness on, an unknown word is taken for a misspelt one and refused."""


class BadCase(ValueError):
    """A situation cannot be used. `faults` has one French sentence for each field that is wrong."""

    def __init__(self, faults: Collection[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """One person's answers; what was not said keeps its default. Raises BadCase.

    `ouvrant_...` is said of the one who opens the right when `relation` is not SOI. `age` is in whole years on the
    day of the question, `jours_apres_accouchement` in days. `caisse` pays the pension of a PENSIONNE; for a
    pensioner's dependant it is read as the opener's when `ouvrant_caisse` is not said.
    """

    relation: str = "SOI"
    age: int | None = None
    emploi: str = "INCONNU"
    eleve: bool = False
    etudes: bool = False
    handicap_total: bool = False
    ouvrant_emploi: str = "INCONNU"
    ouvrant_indigence: str = "NON"
    assurance_volontaire_inps: bool = False
    ouvrant_assurance_volontaire_inps: bool = False
    residence: str = "DOMICILE"
    indigence: str = "NON"
    enceinte: bool = False
    jours_apres_accouchement: int | None = None
    service: str | None = None
    souhait: str | None = None
    caisse: str | None = None
    ouvrant_caisse: str | None = None

    def __post_init__(self) -> None:
        faults = [fault for name in FIELDS if (fault := _fault(name, getattr(self, name)))]
        if faults:
            raise BadCase(faults)

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Situation:
        """The situation in a JSON object; null is "not said". Raises BadCase with every fault, not the first alone."""
        said = {name: value for name, value in given.items() if value is not None}
        faults = [
            fault
            for name, value in said.items()
            if (fault := _fault(name, value) if name in FIELDS else _misspelt(name))
        ]
        if faults:
            raise BadCase(faults)
        return cls(**{name: value for name, value in said.items() if name in FIELDS})


FIELDS = tuple(field.name for field in fields(Situation))

_WORDS: dict[str, tuple[str, ...]] = {
    "relation": words.RELATIONS,
    "emploi": words.WORK,
    "ouvrant_emploi": words.WORK,
    "residence": words.RESIDENCES,
    "indigence": words.INDIGENCE,
    "ouvrant_indigence": words.INDIGENCE,
    "service": words.SERVICES,
    "souhait": words.SCHEMES,
    "caisse": words.FUNDS,
    "ouvrant_caisse": words.FUNDS,
}
_COUNTS = {"age": OLDEST, "jours_apres_accouchement": DAYS_A_YEAR}
_OPTIONAL = frozenset(field.name for field in fields(Situation) if field.default is None)


def unread(given: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields of a JSON object that decide nothing and that nobody knows."""
    return tuple(name for name in given if name not in FIELDS and name not in CONTEXT)


def _fault(name: str, value: object) -> str | None:
    if value is None and name in _OPTIONAL:
        return None
    if name in _WORDS:
        return (
            None
            if value in _WORDS[name]
            else f"{name} : {_shown(value)} n'est pas dans {', '.join(_WORDS[name])}"
        )
    if name in _COUNTS:
        return _count_fault(name, value, _COUNTS[name])
    return None if isinstance(value, bool) else f"{name} : {_shown(value)} n'est ni true ni false"


def _count_fault(name: str, value: object, most: int) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most:
        return None
    return f"{name} : {_shown(value)} n'est pas un nombre entier de 0 à {most}"


def _shown(value: object) -> str:
    """A value as the file has it, cut: a slip may be a whole page."""
    written = repr(value)
    return written if len(written) <= 40 else f"{written[:40]}..."


def _misspelt(name: str) -> str | None:
    near = [] if name in CONTEXT else get_close_matches(name, FIELDS, n=1, cutoff=ALMOST)
    return f"{name} : champ inconnu ; est-ce {near[0]} ?" if near else None


def link(situation: Situation, scheme: str, day: date, rules: Facts) -> str:
    """The relation made exact by the scheme's ages on `day`, one of vocabulary.LINKS.

    A child below the first age needs nothing more. From then on a total disability counts before studies, at any age
    (loi 09-030 art. 5); studies count until the day before the birthday that ends the right (assumption).
    """
    if situation.relation != "ENFANT":
        return situation.relation
    young, over = _ages(rules, scheme, day)
    age = situation.age
    if age is not None and age < young:
        return "ENFANT"
    if situation.handicap_total:
        return "HANDICAP"
    if age is None:
        return "ENFANT_AGE_INCONNU"
    return "ELEVE" if age < over and (situation.eleve or situation.etudes) else "ENFANT_AUTRE"


@lru_cache(maxsize=64)
def _ages(rules: Facts, scheme: str, day: date) -> tuple[int, int]:
    """(age from which studies are needed, age at which the right ends); a scheme without ages has no young child."""
    ages = {
        row["needs"]: int(row["age"])
        for row in rules.in_force("dependant_ages", day)
        if row["scheme"] == scheme
    }
    return ages.get("CERTIFICAT_SCOLAIRE", 0), ages.get("FIN_DE_DROIT", 0)

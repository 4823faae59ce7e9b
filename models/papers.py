"""The papers that a scheme asks for, and how they are called on a phone. Rows of papers and documents."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from config import facts
from config.columns import SEPARATOR
from config.facts import Facts, NotInForce


def of_set(scheme: str, papers_set: str, day: date, rules: Facts = facts.SHIPPED) -> tuple[str, ...]:
    """The codes of one set (vocabulary.PAPER_SETS) of a scheme, in the order to bring them. Raises NotInForce."""
    for row in rules.in_force("papers", day):
        if row["scheme"] == scheme and row["set"] == papers_set:
            return tuple(row["documents"].split(SEPARATOR))
    raise NotInForce(f"no papers {papers_set} of {scheme} on {day}")


def papers(
    scheme: str, *, spouse: bool, child_under: bool, pupil: bool, disabled: bool, admis: bool, day: date
) -> tuple[str, ...]:
    """Codes of everything a household brings to `scheme`, each once: the head's own papers, then each dependant's kind.

    `child_under` is a child below the age at which studies are asked for, `pupil` an older one who studies. `admis` is
    an admis de droit of the RAMED, who opens no right for others and brings that one paper alone. A mutuelle asks for
    the same papers whoever is in the household. Raises NotInForce.
    """
    if admis:
        return of_set(scheme, "ADMIS", day)
    if scheme == "MUTUELLE":
        return of_set(scheme, "ADHERENT", day)
    asked = (("CONJOINT", spouse), ("ENFANT", child_under), ("ELEVE", pupil), ("HANDICAP", disabled))
    sets = ["OUVRANT", *(name for name, there in asked if there)]
    return tuple(dict.fromkeys(code for name in sets for code in of_set(scheme, name, day)))


def child_age(day: date, scheme: str = "RAMED") -> int:
    """The age in whole years from which a child of `scheme` must study to be covered. Raises NotInForce."""
    for row in facts.SHIPPED.in_force("dependant_ages", day):
        if row["scheme"] == scheme and row["needs"] == "CERTIFICAT_SCOLAIRE":
            return int(row["age"])
    raise NotInForce(f"no age of studies for {scheme} on {day}")


def label(code: str, day: date) -> str:
    """The paper's whole French name. Raises NotInForce."""
    return _document(code, day)["label"]


def short_label(code: str, day: date) -> str:
    """The paper's French name in at most 28 septets. Raises NotInForce."""
    return _document(code, day)["short"]


@lru_cache(maxsize=256)
def _document(code: str, day: date) -> facts.Row:
    for row in facts.SHIPPED.in_force("documents", day):
        if row["code"] == code:
            return row
    raise NotInForce(f"no document {code} on {day}")

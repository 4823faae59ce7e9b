"""What a pre-registration needs: the scheme and the number of files of a role, the papers that lack, who may belong.

Rows of enrolment_roles, paper_codes, papers, dependant_ages and pickup_places; nothing is decided by name here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from functools import lru_cache

from config import facts
from config.columns import SEPARATOR
from config.vocabulary import YES
from models import papers
from models.dossier_records import Dependant
from models.dossier_tables import CHILD, DISABLED, PARENT, SPOUSE
from models.households import END_OF_RIGHT


def default_scheme(role: str, day: date) -> str:
    """The scheme of a file when nobody says one. Raises facts.NotInForce."""
    return _role(role, day)["scheme"]


def most_files(role: str, day: date) -> tuple[int, int]:
    """(how many files one owner of this role may make, in how many days). Raises facts.NotInForce."""
    row = _role(role, day)
    return int(row["most"]), int(row["days"])


def meant(word: str, kind: str, day: date) -> str | None:
    """What a typed word stands for: kind SEX, LINK, SCHEME or LABEL of enrolment_words; None for any other word."""
    row = _words(day).get(word)
    return row[1] if row and row[0] == kind else None


def documents_of(code: str, day: date) -> tuple[str, ...]:
    """The documents that a typed code (CI, AN, CR ...) may mean; () for a code that is none."""
    for row in facts.SHIPPED.in_force("paper_codes", day):
        if row["code"] == code:
            return tuple(row["documents"].split(SEPARATOR))
    return ()


def codes(day: date) -> tuple[str, ...]:
    """The codes of papers that may be typed."""
    return tuple(row["code"] for row in facts.SHIPPED.in_force("paper_codes", day) if row["asked"] == YES)


def lacking(
    scheme: str, members: Sequence[Dependant], seen: Collection[str], day: date
) -> tuple[tuple[str, str], ...]:
    """(code, word for an SMS) of the papers that a file still needs, each once, in the order to bring them."""
    wanted = [document for document in _wanted(scheme, members, day) if document not in seen]
    rows = facts.SHIPPED.in_force("paper_codes", day)
    asked = [
        (row["code"], row["sms"])
        for document in wanted
        for row in rows
        if row["asked"] == YES and document in row["documents"].split(SEPARATOR)
    ]
    return tuple(dict.fromkeys(asked))


def not_covered(scheme: str, one: Dependant, day: date) -> str:
    """Why a scheme does not take a dependant: `ASC` parents of a RAMED file, `AGE` a child past the age, or nothing."""
    if scheme == "RAMED" and one.link == PARENT:
        return PARENT
    end = _age(scheme, END_OF_RIGHT, day)
    if one.link != CHILD or end is None or one.birth_year is None:
        return ""
    # With a year alone she may not have reached the age yet.
    return "AGE" if day.year - one.birth_year > end else ""


def last_age(scheme: str, day: date) -> int:
    """The age in whole years from which no child of a scheme is covered; 0 when the scheme has no such age."""
    return _age(scheme, END_OF_RIGHT, day) or 0


def must_study(scheme: str, one: Dependant, day: date) -> bool:
    """Whether a child is of an age at which a scheme asks for studies."""
    age = _age(scheme, "CERTIFICAT_SCOLAIRE", day)
    return bool(age and one.link == CHILD and one.birth_year and day.year - one.birth_year >= age)


def pickup(scheme: str, day: date) -> tuple[str, str]:
    """(kind of place, hours) where a card of a scheme is handed over. Raises facts.NotInForce."""
    for row in facts.SHIPPED.in_force("pickup_places", day):
        if row["scheme"] == scheme:
            return row["place"], row["hours"]
    raise facts.NotInForce(f"no place where cards of {scheme} wait on {day}")


def _wanted(scheme: str, members: Sequence[Dependant], day: date) -> tuple[str, ...]:
    return papers.papers(
        scheme,
        spouse=any(one.link == SPOUSE for one in members),
        child_under=any(one.link == CHILD and not must_study(scheme, one, day) for one in members),
        pupil=any(must_study(scheme, one, day) for one in members),
        disabled=any(one.link == DISABLED for one in members),
        admis=False,
        day=day,
    )


def _age(scheme: str, needs: str, day: date) -> int | None:
    for row in facts.SHIPPED.in_force("dependant_ages", day):
        if row["scheme"] == scheme and row["needs"] == needs:
            return int(row["age"])
    return None


def _role(role: str, day: date) -> facts.Row:
    for row in facts.SHIPPED.in_force("enrolment_roles", day):
        if row["role"] == role:
            return row
    raise facts.NotInForce(f"no rule for who registers as {role} on {day}")


@lru_cache(maxsize=8)
def _words(day: date) -> dict[str, tuple[str, str]]:
    rows = facts.SHIPPED.in_force("enrolment_words", day)
    return {row["word"]: (row["kind"], row["value"]) for row in rows}

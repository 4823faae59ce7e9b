"""Files whose person came into the register with a card since: found set by set, by her NINA or by who she is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Date, and_, cast, or_, select, update

from config import facts
from models.coverage import LIVING, coverages
from models.database import Connection
from models.dossier_tables import OPEN, dossiers
from models.people import persons

MOST = 500
"""Files that one look brings."""


@dataclass(frozen=True, slots=True)
class Match:
    """A file and the person of the register whom it was made for."""

    dossier_id: int
    person_id: int
    commune_code: str


def found(conn: Connection, day: date) -> tuple[Match, ...]:
    """Open files of whom exactly one person holds a card of the scheme, begun since the file was made.

    A NINA decides alone. A name does together with year, sex and commune, and only while nobody else is called so: two
    files or two people of one name are left to a person (`ramu dossier list`).
    """
    by_name = and_(
        or_(dossiers.c.nina_index.is_(None), persons.c.nina_index.is_(None)),
        dossiers.c.family_key == persons.c.family_key,
        dossiers.c.given_key == persons.c.given_key,
        dossiers.c.birth_year == persons.c.birth_year,
        dossiers.c.commune_code == persons.c.commune_code,
        dossiers.c.sex == persons.c.sex,
    )
    early = day - timedelta(days=_most_age(day))
    rows = conn.execute(
        select(
            dossiers.c.id,
            persons.c.id,
            dossiers.c.commune_code,
            dossiers.c.created_at,
            coverages.c.valid_from,
        )
        .select_from(
            dossiers.join(persons, or_(dossiers.c.nina_index == persons.c.nina_index, by_name)).join(
                coverages, coverages.c.person_id == persons.c.id
            )
        )
        .where(
            dossiers.c.state == OPEN,
            dossiers.c.person_id.is_(None),
            coverages.c.scheme == dossiers.c.scheme,
            coverages.c.number_index.is_not(None),
            coverages.c.valid_from >= cast(early, Date),
            or_(coverages.c.valid_to.is_(None), coverages.c.valid_to >= day),
            LIVING,
        )
        .order_by(dossiers.c.id)
        .limit(MOST)
    ).all()
    before = timedelta(days=int(facts.parameter("card_match_days", day)))
    pairs = {(row[0], row[1], row[2]) for row in rows if row.valid_from >= row.created_at.date() - before}
    files, people = Counter(pair[0] for pair in pairs), Counter(pair[1] for pair in pairs)
    return tuple(Match(*pair) for pair in sorted(pairs) if files[pair[0]] == 1 and people[pair[1]] == 1)


def note(conn: Connection, match: Match) -> bool:
    """Tie a file to its person; False when somebody did."""
    mine = (dossiers.c.id == match.dossier_id, dossiers.c.person_id.is_(None))
    return conn.execute(update(dossiers).where(*mine).values(person_id=match.person_id)).rowcount == 1


def _most_age(day: date) -> int:
    """Files are dropped after so many days, and a right may begin a little before its file."""
    kept = next(
        int(row["days"]) for row in facts.SHIPPED.in_force("retention", day) if row["subject"] == "dossier"
    )
    return kept + int(facts.parameter("card_match_days", day))

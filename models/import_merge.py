"""Merges staged lines into the register, set by set: the same statements on both databases.

A line is new, changed or unchanged by the right that its number (or who the dependant is) leads to. A person who has a
right under another scheme already is found by her NINA, never by her name.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, insert, literal, or_, select, text, update
from sqlalchemy.dialects import postgresql

from models.coverage import coverages
from models.database import Connection
from models.households import households
from models.import_references import by_construction
from models.import_stage import COVERAGE_COLUMNS, PERSON_COLUMNS, RECEIPT_COLUMNS, stage
from models.imports import Counts, import_seen
from models.mutuelle_tables import memberships
from models.people import persons
from models.receipts import receipts

ERASED, NO_OPENER, OTHERS_NINA, RIGHT_ELSEWHERE = "ERASED", "NO_OPENER", "OTHERS_NINA", "RIGHT_ELSEWHERE"
REFUSALS = {
    ERASED: ("cette personne a été effacée", "ne renvoyez pas cette ligne"),
    NO_OPENER: (
        "l'ouvrant droit n'est pas dans le registre",
        "corrigez son numéro, ou ajoutez sa ligne au fichier",
    ),
    OTHERS_NINA: ("ce NINA est celui d'une autre personne", "comparez le NINA avec la carte"),
    RIGHT_ELSEWHERE: (
        "cette personne (même NINA) a déjà un droit en cours sous un autre numéro",
        "terminez l'ancien droit par sa date de fin, ou corrigez le NINA",
    ),
}
"""Why the register refuses a line that is well written: what is wrong, what to do."""

_COLUMNS_OF = {
    "relation": ("relation", "role"),
    "role": ("role",),
    "commune": ("commune_code",),
    "mutuelle": ("mutuelle_id",),
    "reference": ("reference_sealed",),
}
"""The columns that a field of the file fills, where they are not called alike."""

_ALWAYS = {"birth_year", "identity_sealed", "given_key", "family_key", "fingerprint"}

_taken = stage.c.refused.is_(None)
_is_new = and_(_taken, stage.c.known_coverage.is_(None))
_is_changed = and_(_taken, stage.c.known_coverage.is_not(None), ~stage.c.same)


@dataclass(frozen=True, slots=True)
class Found:
    """What the register knows of staged lines: how many have a right in it, or are refused or joined by their NINA.

    `refused`: by line, a key of REFUSALS.
    """

    rights: int
    people: int
    refused: dict[int, str]


@dataclass(frozen=True, slots=True)
class Merge:
    """How one file's lines are merged: under which scheme, and what the file has columns for."""

    scheme: str
    fields: frozenset[str]

    def find(self, conn: Connection, *, dependants: bool) -> Found:
        """Find what the register knows of each staged line: all of them are dependants' lines, or none is."""
        _look_up_by_index(conn)
        rights = self._find_rights(conn, dependants)
        if dependants:
            self._find_openers(conn)
        people = self._find_people(conn) if "nina" in self.fields else 0
        refused = {}
        if rights or people or dependants:
            rows = conn.execute(select(stage.c.line, stage.c.refused).where(~_taken))
            refused = {row.line: row.refused for row in rows}
        return Found(rights, people, refused)

    def count(self, conn: Connection) -> Counts:
        """What `write` would do, once `find` has looked."""
        kinds = (_is_new, _is_changed, and_(_taken, stage.c.known_coverage.is_not(None), stage.c.same))
        sums = [func.count().filter(kind) for kind in kinds]
        row = conn.execute(select(*sums).select_from(stage)).one()
        return Counts(added=row[0], changed=row[1], unchanged=row[2])

    def write(self, conn: Connection, found: Found) -> Counts:
        """Write what is new or changed, once `find` has looked."""
        counts = self.count(conn)
        if counts.added:
            with by_construction(conn):
                self._add(conn, found)
        if counts.changed:
            self._change(conn)
        return counts

    def _find_rights(self, conn: Connection, dependants: bool) -> int:
        found = {
            "known_coverage": coverages.c.id,
            "known_person": coverages.c.person_id,
            "known_household": persons.c.household_id,
            "same": func.coalesce(coverages.c.fingerprint == stage.c.fingerprint, literal(False)),
            "refused": _erased(),
        }
        rights = 0
        for index in ("number_index", "dependant_index") if dependants else ("number_index",):
            hers = coverages.c[index] == stage.c[index]
            theirs = update(stage).values(found).where(hers, persons.c.id == coverages.c.person_id)
            rights += conn.execute(theirs).rowcount
        return rights

    def _find_openers(self, conn: Connection) -> None:
        conn.execute(
            update(stage)
            .values(known_household=persons.c.household_id)
            .where(
                coverages.c.number_index == stage.c.opener_index,
                persons.c.id == coverages.c.person_id,
                stage.c.known_household.is_(None),
            )
        )
        lost = and_(stage.c.opener_index.is_not(None), stage.c.known_household.is_(None))
        conn.execute(update(stage).values(refused=NO_OPENER).where(_taken, lost))

    def _find_people(self, conn: Connection) -> int:
        unknown = stage.c.known_person.is_(None)
        another = or_(
            and_(~unknown, persons.c.id != stage.c.known_person),
            and_(unknown, persons.c.birth_year != stage.c.birth_year),
        )
        found = {
            "known_person": case((another, stage.c.known_person), else_=persons.c.id),
            "known_household": case((another, stage.c.known_household), else_=persons.c.household_id),
            "refused": case((another, OTHERS_NINA), else_=_erased()),
        }
        told = and_(_taken, stage.c.nina_index.is_not(None))
        hers = and_(told, persons.c.nina_index == stage.c.nina_index, or_(another, unknown))
        people = conn.execute(update(stage).values(found).where(hers)).rowcount
        if people:
            self._refuse_second_rights(conn)
        return people

    def _refuse_second_rights(self, conn: Connection) -> None:
        runs_on = or_(coverages.c.valid_to.is_(None), coverages.c.valid_to >= stage.c.valid_from)
        conn.execute(
            update(stage)
            .values(refused=RIGHT_ELSEWHERE)
            .where(
                _is_new,
                coverages.c.person_id == stage.c.known_person,
                coverages.c.scheme == self.scheme,
                runs_on,
            )
        )

    def _add(self, conn: Connection, found: Found) -> None:
        new_person = and_(_taken, stage.c.known_person.is_(None))
        new_household = and_(new_person, stage.c.known_household.is_(None))
        _insert(
            conn,
            households,
            {name: stage.c[source] for name, source in _HOUSEHOLD.items()},
            new_household,
        )
        household = func.coalesce(stage.c.known_household, stage.c.household_id)
        _insert(
            conn,
            persons,
            {"id": stage.c.person_id, "household_id": household, **_own(PERSON_COLUMNS)},
            new_person,
        )
        whose = {
            "id": stage.c.coverage_id,
            "person_id": func.coalesce(stage.c.known_person, stage.c.person_id),
            "scheme": literal(self.scheme),
        }
        _insert(conn, coverages, {**whose, **_own(COVERAGE_COLUMNS)}, _is_new)
        if self.fields & _RECEIPT_FIELDS:
            _insert(
                conn,
                receipts,
                {"coverage_id": stage.c.coverage_id, **_own(RECEIPT_COLUMNS)},
                and_(_is_new, _paper),
            )
        if found.people:
            # A person of another scheme who is found by her NINA: this file tells of her now, too.
            elsewhere = and_(_is_new, persons.c.id == stage.c.known_person)
            conn.execute(update(persons).values(self._told(PERSON_COLUMNS)).where(elsewhere))

    def _change(self, conn: Connection) -> None:
        for table, columns, identity in (
            (persons, PERSON_COLUMNS, stage.c.known_person),
            (coverages, COVERAGE_COLUMNS, stage.c.known_coverage),
        ):
            conn.execute(update(table).values(self._told(columns)).where(_is_changed, table.c.id == identity))
        receipt = self._told(RECEIPT_COLUMNS)
        if not receipt:
            return
        content = {"coverage_id": stage.c.known_coverage, **receipt}
        changed = select(*content.values()).where(_is_changed, _paper)
        put = postgresql.insert(receipts).from_select(list(content), changed, include_defaults=False)
        conn.execute(
            put.on_conflict_do_update(
                index_elements=["coverage_id"], set_={name: put.excluded[name] for name in receipt}
            )
        )

    def _told(self, columns: Collection[str]) -> dict[str, Any]:
        """The columns that the file fills, with what it says; a NINA that was known is never lost."""
        filled = _ALWAYS.union(*(_COLUMNS_OF.get(field, (field,)) for field in self.fields))
        told: dict[str, Any] = {name: stage.c[name] for name in columns if name in filled}
        if "nina" in self.fields and "nina_index" in columns:
            for name in ("nina_index", "nina_sealed"):
                told[name] = func.coalesce(stage.c[name], persons.c[name])
        return told


def note_seen(conn: Connection, import_id: int) -> None:
    """Remember which rights the staged lines speak of, refused ones included, for `missing` and `end_missing`."""
    spoken_of = select(literal(import_id), func.coalesce(stage.c.known_coverage, stage.c.coverage_id)).where(
        or_(_taken, stage.c.known_coverage.is_not(None))
    )
    put = postgresql.insert(import_seen).from_select(["import_id", "coverage_id"], spoken_of)
    conn.execute(put.on_conflict_do_nothing(index_elements=["import_id", "coverage_id"]))


def missing(conn: Connection, merge: Merge, import_id: int, day: date) -> tuple[int, int]:
    """(rights that a complete file no longer speaks of, rights that it could have spoken of) on `day`."""
    within = _running_within(merge, import_id, day)
    gone = func.count().filter(~_seen(import_id))
    row = conn.execute(select(gone, func.count()).select_from(coverages).where(within)).one()
    return int(row[0]), int(row[1])


def end_missing(conn: Connection, merge: Merge, import_id: int, day: date) -> int:
    """End the rights of which a complete file no longer speaks: `day` is their last. How many."""
    gone = and_(_running_within(merge, import_id, day), ~_seen(import_id))
    # Without its fingerprint, a line that comes back one day is a change again.
    return conn.execute(update(coverages).values(valid_to=day, fingerprint=None).where(gone)).rowcount


def _running_within(merge: Merge, import_id: int, day: date) -> ColumnElement[bool]:
    """The rights that a file could speak of: its scheme's, of the organisms and mutuelles that it does speak of."""
    told = coverages.alias("told")
    spoken_of = [
        or_(
            coverages.c[name].is_(None),
            coverages.c[name].in_(
                select(told.c[name]).where(
                    told.c.id == import_seen.c.coverage_id, import_seen.c.import_id == import_id
                )
            ),
        )
        for name in ("organism", "mutuelle_id")
    ]
    findable: ColumnElement[bool] = coverages.c.number_index.is_not(None)
    if "opener" in merge.fields:
        findable = or_(findable, coverages.c.dependant_index.is_not(None))
    runs = or_(coverages.c.valid_to.is_(None), coverages.c.valid_to > day)
    return and_(coverages.c.scheme == merge.scheme, findable, runs, ~_kept_here(), *spoken_of)


def _kept_here() -> ColumnElement[bool]:
    """A right that follows an account of this register, which no file ends by its silence."""
    return (
        select(memberships.c.id)
        .where(
            persons.c.id == coverages.c.person_id,
            memberships.c.household_id == persons.c.household_id,
            memberships.c.mutuelle_id == coverages.c.mutuelle_id,
            memberships.c.ended_on.is_(None),
        )
        .correlate(coverages)
        .exists()
    )


def _seen(import_id: int) -> ColumnElement[bool]:
    return (
        select(import_seen.c.coverage_id)
        .where(import_seen.c.import_id == import_id, import_seen.c.coverage_id == coverages.c.id)
        .exists()
    )


_HOUSEHOLD = {"id": "household_id", "commune_code": "commune_code", "mutuelle_id": "mutuelle_id"}
_RECEIPT_FIELDS = frozenset({"reference", "issue_place", "issue_date"})
_paper = or_(*(stage.c[name].is_not(None) for name in RECEIPT_COLUMNS))


def _own(columns: Collection[str]) -> dict[str, Any]:
    return {name: stage.c[name] for name in columns}


def _erased() -> ColumnElement[Any]:
    return case((persons.c.erased_at.is_not(None), ERASED))


def _insert(conn: Connection, table: Any, content: dict[str, Any], which: ColumnElement[bool]) -> None:
    rows = select(*content.values()).select_from(stage).where(which)
    conn.execute(insert(table).from_select(list(content), rows, include_defaults=False))


def _look_up_by_index(conn: Connection) -> None:
    """A fresh table has no statistics: without this PostgreSQL may read the whole register for a few lines."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"))

"""Lines of a register as rows of a staging table, sealed and indexed, before they are merged into the register.

The table is temporary: its rows are in no log, no backup and no other session. PostgreSQL gets them by COPY and gives
each the ids that a new household, person and right would have; SQLite gets both by INSERT.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    func,
    insert,
    select,
    text,
)

from models.coverage import NUMBER, coverages, number_index
from models.database import Connection
from models.households import households
from models.import_lines import fingerprint, right_key, role_of
from models.keyring import KeyRing
from models.names import name_keys
from models.people import persons, seal_identity
from models.receipts import REFERENCE

PERSON_COLUMNS = (
    "relation",
    "sex",
    "birth_year",
    "commune_code",
    "pupil",
    "disabled",
    "died_on",
    "identity_sealed",
    "given_key",
    "family_key",
    "nina_index",
    "nina_sealed",
)
COVERAGE_COLUMNS = (
    "role",
    "status",
    "valid_from",
    "valid_to",
    "covered_from",
    "number_index",
    "number_sealed",
    "organism",
    "mutuelle_id",
    "missing_fcfa",
    "late_since",
    "dependant_index",
    "fingerprint",
)
RECEIPT_COLUMNS = ("reference_sealed", "issue_place", "issue_date")
LOADED = ("line", "opener_index", *PERSON_COLUMNS, *COVERAGE_COLUMNS, *RECEIPT_COLUMNS)
"""What a row is made of, in the order in which it is loaded."""

_KINDS: Mapping[str, Any] = {
    "line": Integer,
    "birth_year": SmallInteger,
    "mutuelle_id": BigInteger,
    "missing_fcfa": Integer,
    **dict.fromkeys(("pupil", "disabled"), Boolean),
    **dict.fromkeys(("died_on", "valid_from", "valid_to", "covered_from", "late_since", "issue_date"), Date),
}


_DEFAULTS = {"pupil": text("false"), "disabled": text("false"), "missing_fcfa": text("0")}


def _kind(name: str) -> Any:
    sealed_or_keyed = name.endswith(("_index", "_sealed", "_key")) or name == "fingerprint"
    return LargeBinary if sealed_or_keyed else _KINDS.get(name, String)


def _fresh(name: str, table: Table) -> Column[Any]:
    # SQLite has no sequences: there `load` numbers the rows.
    return Column(name, BigInteger, server_default=text(f"nextval('{table.name}_id_seq')"))


stage = Table(
    "import_stage",
    MetaData(),
    *(Column(name, _kind(name), server_default=_DEFAULTS.get(name)) for name in LOADED),
    _fresh("household_id", households),
    _fresh("person_id", persons),
    _fresh("coverage_id", coverages),
    Column("known_coverage", BigInteger),
    Column("known_person", BigInteger),
    Column("known_household", BigInteger),
    Column("same", Boolean),
    Column("refused", String),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)
"""The columns behind the loaded ones: ids for what is new, then what the merge finds of a line in the register."""

_FOR_SQLITE = Table(
    "import_stage",
    MetaData(),
    *(Column(column.name, column.type) for column in stage.columns),
    prefixes=["TEMPORARY"],
)

Row = tuple[Any, ...]


class Stager:
    """Makes rows of what lines say."""

    def __init__(self, keys: KeyRing, register: str, scheme: str, mutuelles: Mapping[str, int]) -> None:
        self._keys = keys
        self._register = register
        self._scheme = scheme
        self._mutuelles = mutuelles
        self._default_status = "ACTIF"
        self._name_keys: dict[tuple[str, str], tuple[bytes, bytes]] = {}

    def row(self, line: int, said: Mapping[str, Any]) -> Row:
        """The row of a line, in the order of LOADED. Raises ValueError for a name with a tab."""
        keys, scheme, get = self._keys, self._scheme, said.get
        number, opener, nina, reference = get("number"), get("opener"), get("nina"), get("reference")
        given, family = said["given"], said["family"]
        given_key, family_key = self._keys_of(given, family)
        return (
            line,
            number_index(keys, scheme, opener) if opener else None,
            said["relation"],
            said["sex"],
            said["birth_year"],
            said["commune"],
            get("pupil", False),
            get("disabled", False),
            get("died_on"),
            seal_identity(keys, given, family, get("born")),
            given_key,
            family_key,
            keys.index(nina, "nina") if nina else None,
            keys.seal(nina, "nina") if nina else None,
            role_of(scheme, said),
            get("status", self._default_status),
            said["valid_from"],
            get("valid_to"),
            get("covered_from"),
            number_index(keys, scheme, number) if number else None,
            keys.seal(number, NUMBER) if number else None,
            get("organism"),
            self._mutuelles[said["mutuelle"]] if "mutuelle" in said else None,
            get("missing_fcfa", 0),
            get("late_since"),
            None if number else keys.index(f"{scheme}:{right_key(said)}", "dependant"),
            fingerprint(keys, self._register, said),
            keys.seal(reference, REFERENCE) if reference else None,
            get("issue_place"),
            get("issue_date"),
        )

    def _keys_of(self, given: str, family: str) -> tuple[bytes, bytes]:
        """The keyed indexes of a name; the same few thousand names come again and again."""
        known = self._name_keys.get((given, family))
        if known is None:
            if len(self._name_keys) > 20_000:
                self._name_keys.clear()
            known = self._name_keys[given, family] = name_keys(self._keys, given, family)
        return known


ONLY_WITH = {
    "opener_index": "opener",
    "dependant_index": "opener",
    "pupil": "pupil",
    "disabled": "disabled",
    "died_on": "died_on",
    "nina_index": "nina",
    "nina_sealed": "nina",
    "covered_from": "covered_from",
    "valid_to": "valid_to",
    "organism": "organism",
    "mutuelle_id": "mutuelle",
    "missing_fcfa": "missing_fcfa",
    "late_since": "late_since",
    "reference_sealed": "reference",
    "issue_place": "issue_place",
    "issue_date": "issue_date",
}
"""Columns that stay empty when the file has no column for this field."""


@dataclass(frozen=True, slots=True)
class Copy:
    """Rows as PostgreSQL's COPY reads them (text format), in these columns."""

    columns: tuple[str, ...]
    content: bytes


class Copier:
    """Writes rows of a file with these fields for COPY, without the columns that it cannot fill."""

    def __init__(self, fields: Collection[str]) -> None:
        places = [place for place, name in enumerate(LOADED) if ONLY_WITH.get(name) in (None, *fields)]
        self._pick = itemgetter(*places)
        self.columns = tuple(LOADED[place] for place in places)

    def line(self, row: Row) -> str:
        """One row, with the end of its line."""
        forms = _FORMS
        return "\t".join([forms[value.__class__](value) for value in self._pick(row)]) + "\n"


def _escaped(value: str) -> str:
    if value.isalnum():
        return value
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


_FORMS: dict[type, Callable[[Any], str]] = {
    bytes: lambda value: "\\\\x" + value.hex(),
    str: _escaped,
    date: date.isoformat,
    int: str,
    bool: str,
    type(None): lambda _: "\\N",
}


def load(conn: Connection, rows: Copy | Sequence[Row]) -> None:
    """Make the staging table of this transaction and fill it: by COPY, or from rows."""
    if isinstance(rows, Copy):
        stage.create(conn)
        cursor: Any = conn.connection.cursor()
        with cursor.copy(f"COPY import_stage ({', '.join(rows.columns)}) FROM STDIN") as copy:
            copy.write(rows.content)
        return
    _FOR_SQLITE.drop(conn, checkfirst=True)
    _FOR_SQLITE.create(conn)
    tables = {"household_id": households, "person_id": persons, "coverage_id": coverages}
    last = {
        name: conn.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()
        for name, table in tables.items()
    }
    numbered = [
        {**dict(zip(LOADED, row, strict=True)), **{name: top + place for name, top in last.items()}}
        for place, row in enumerate(rows, start=1)
    ]
    if numbered:
        conn.execute(insert(_FOR_SQLITE), numbered)


def refresh_statistics(conn: Connection) -> None:
    """Let PostgreSQL count what is there now, so that look-ups go on being planned for the register as it is."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("ANALYZE households, persons, coverages, receipts"))

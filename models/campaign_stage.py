"""The stage of a campaign's planning: who gets it, asked once of the whole register and kept while slices are written.

A temporary table: it goes with the connection, and whoever goes on after a kill asks again. It holds neither numbers
nor their indexes. Those are read when a slice is written, so that nobody is written down who was erased meanwhile.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Executable,
    Index,
    MetaData,
    Select,
    String,
    Table,
    cast,
    inspect,
    null,
    select,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ClauseElement

from models.audiences import Asked, by_sets, people
from models.campaign_tables import lines
from models.database import Connection
from models.phones import phones


class _Made(Executable, ClauseElement):
    """A temporary table made of what is selected: PostgreSQL asks with several processes, as it does not to insert."""

    inherit_cache = False

    def __init__(self, name: str, rows: Select[Any]) -> None:
        self.name = name
        self.rows = rows


@compiles(_Made)
def _made(element: _Made, compiler: Any, **options: Any) -> str:
    return f"CREATE TEMPORARY TABLE {element.name} AS {compiler.process(element.rows, **options)}"


def staged(conn: Connection, whole: Asked, low: int, high: int) -> Select[Any]:
    """Who stays of an audience, from a position (left out) to another (let in), as far as their numbers are kept now.

    The stage is made for the first slice, and when this connection has none. Raises BadFilter.
    """
    stage = _stage(whole)
    there = stage.name in inspect(conn).get_temp_table_names()
    if there and not low:
        # Of a run that did not come to its end: the audience may have been changed since.
        stage.drop(conn)
    if not (there and low):
        _make(conn, stage, whole)
    source = phones if whole.filters is not None else lines
    values = cast(null(), lines.c.values_sealed.type) if whole.filters is not None else lines.c.values_sealed
    bounds = [place > low for place in (stage.c.position, source.c.id)]
    bounds += [place <= high for place in (stage.c.position, source.c.id)]
    return (
        select(*stage.c, source.c.phone_index, source.c.phone_sealed, values.label("values_sealed"))
        .select_from(stage.join(source, source.c.id == stage.c.position))
        .where(*bounds, source.c.phone_sealed.is_not(None))
    )


def drop_stage(conn: Connection, whole: Asked) -> None:
    """Take the stage away, if this connection has one."""
    _stage(whole).drop(conn, checkfirst=True)


def _make(conn: Connection, stage: Table, whole: Asked) -> None:
    by_sets(conn)
    found = people(whole).subquery("audience")
    stay = select(*(found.c[column.name] for column in stage.columns)).where(found.c.excluded.is_(None))
    conn.execute(_Made(stage.name, stay))
    Index(f"ix_{stage.name}", stage.c.position).create(conn)
    conn.execute(text(f"ANALYZE {stage.name}"))


def _stage(whole: Asked) -> Table:
    return Table(
        f"campaign_stage_{whole.campaign_id}",
        MetaData(),
        Column("position", BigInteger),
        Column("phone_id", BigInteger),
        Column("person_id", BigInteger),
        Column("language", String(8)),
        Column("operator", String(12)),
        Column("region", String(12)),
        Column("sex", String(1)),
        Column("hold_out", Boolean),
    )

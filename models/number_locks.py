"""One at a time for a phone's number: who refuses messages, and who is about to send one to her.

A claim holds the numbers of its chunk and then looks who has refused; a refusal holds its number until it is
committed. So whoever was told that she is left alone is in no claim that is committed after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, bindparam, func, literal, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from models.campaign_tables import recipients
from models.database import Db, Prepared
from models.json_rows import JsonRows, packed
from models.messages import PENDING
from models.phones import phones
from models.prepared import dialect_of

NUMBERS = 4
"""The first of a lock's two keys: locks of numbers. The second is the beginning of the number's keyed index."""


class _Beginning(FunctionElement[int]):
    """The first four bytes of a value as a whole number. Two numbers with one beginning wait for each other in vain."""

    type = Integer()
    inherit_cache = True


@compiles(_Beginning, "postgresql")
def _beginning(element: _Beginning, compiler: Any, **options: Any) -> str:
    value = compiler.process(element.clauses, **options)
    return f"CAST(CAST('x' || encode(substring({value} from 1 for 4), 'hex') AS BIT(32)) AS INTEGER)"


_chunks = JsonRows("chunk_ids")
# In one order for everybody, so that two claims never wait for each other.
_theirs = (
    select(_Beginning(recipients.c.phone_index).label("key"))
    .where(recipients.c.chunk_id == _chunks.whole(0), recipients.c.state == PENDING)
    .order_by("key")
    .subquery("theirs")
)
_HOLD_CHUNKS = Prepared(
    select(func.count(func.pg_advisory_xact_lock(literal(NUMBERS, Integer), _theirs.c.key)))
)
_HOLD_PHONE = Prepared(
    select(func.pg_advisory_xact_lock(literal(NUMBERS, Integer), _Beginning(phones.c.phone_index))).where(
        phones.c.id == bindparam("phone_id")
    )
)


def hold_chunks(conn: Db, chunk_ids: Sequence[int]) -> None:
    """Hold the numbers of these chunks until the transaction ends. On SQLite a writer is alone anyhow."""
    if dialect_of(conn) != "sqlite":
        _HOLD_CHUNKS.all(conn, chunk_ids=packed([[chunk_id] for chunk_id in chunk_ids]))


def hold_phone(conn: Db, phone_id: int) -> None:
    """Hold a phone's number until the transaction ends."""
    if dialect_of(conn) != "sqlite":
        _HOLD_PHONE.all(conn, phone_id=phone_id)

"""What becomes of a campaign's recipients, many of them in one statement each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, update

from models.campaign_tables import recipients
from models.database import Db, Prepared
from models.json_rows import Hex, JsonRows, packed
from models.messages import PENDING, UNKNOWN, UNSETTLED
from models.prepared import among

Row = tuple[int, str, str, str | None, str | None, str | None]
"""A chunk, the recipient's keyed index in hexadecimal, and what she gets: state, code, cost, the provider's id."""

_said = JsonRows("said")
_SETTLE = Prepared(
    update(recipients)
    .where(
        recipients.c.chunk_id == _said.whole(0),
        Hex(recipients.c.phone_index) == _said.word(1),
        among(recipients.c.state, UNSETTLED),
    )
    .values(
        state=_said.word(2),
        code=_said.word(3),
        cost=_said.word(4),
        provider_id=_said.word(5),
        settled_at=bindparam("now"),
    )
)
_DOUBT = Prepared(
    update(recipients)
    .where(recipients.c.chunk_id == _said.whole(0), recipients.c.state == PENDING)
    .values(state=UNKNOWN, settled_at=bindparam("now"))
)


def settle(conn: Db, rows: Sequence[Row], now: datetime) -> int:
    """Write down what became of recipients that wait or are in doubt; how many of them it was."""
    return _SETTLE.run(conn, said=packed(rows), now=now) if rows else 0


def doubt(conn: Db, chunk_ids: Sequence[int], now: datetime) -> int:
    """The recipients of these chunks may have been sent to: UNKNOWN; how many."""
    return _DOUBT.run(conn, said=packed([[chunk_id] for chunk_id in chunk_ids]), now=now) if chunk_ids else 0

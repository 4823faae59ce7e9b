"""Audiences that are kept by a name, to be used by several campaigns: a campaign takes a copy of the filters."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import delete, insert, select

from config.faults import Fault
from models.campaign_tables import audiences
from models.database import Connection


class NoAudience(Fault):
    """No audience is kept under that name."""


def save(conn: Connection, name: str, filters: dict[str, str], author: str, now: datetime) -> None:
    """Keep filters by a name, in place of those that had it; campaigns that used those keep theirs."""
    conn.execute(delete(audiences).where(audiences.c.name == name))
    written = json.dumps(filters, sort_keys=True, ensure_ascii=False)
    conn.execute(insert(audiences).values(name=name, filters=written, author=author, created_at=now))


def named(conn: Connection, name: str) -> dict[str, str]:
    """The filters of that name. Raises NoAudience."""
    written = conn.execute(select(audiences.c.filters).where(audiences.c.name == name)).scalar()
    if written is None:
        known = ", ".join(conn.execute(select(audiences.c.name).order_by(audiences.c.name)).scalars())
        raise NoAudience(f"no audience is called {name!r}{': ' if known else ''}{known}")
    found: dict[str, str] = json.loads(written)
    return found

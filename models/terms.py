"""Rows that have served their time are dropped, by the moment in one of their columns."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, delete

from models.database import Connection


def drop_before(conn: Connection, moment: Column[Any], before: datetime) -> int:
    """Delete the rows of a table whose `moment` lies before another; how many. The column should have an index."""
    return int(conn.execute(delete(moment.table).where(moment < before)).rowcount)

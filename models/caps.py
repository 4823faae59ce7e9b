"""Caps: how many SMS go out in a day, to one number, of one kind of endpoint, and in all."""

from __future__ import annotations

from sqlalchemy import Column, Date, Integer, LargeBinary, Table

from models.database import metadata

day_counts = Table(
    "day_counts",
    metadata,
    Column("day", Date, primary_key=True),
    Column("scope", LargeBinary, primary_key=True),
    Column("count", Integer, nullable=False),
)
"""A scope is a word (`all`, `group:sms`) or the keyed index of a phone."""

"""Mutuelles de santé: one per cercle or commune of Bamako in the strategy 2021-2025, older ones beside them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, String, Table

from models.database import Id, metadata

mutuelles = Table(
    "mutuelles",
    metadata,
    Column("id", Id, primary_key=True),
    Column("code", String(20), nullable=False, unique=True),
    Column("name", String(60), nullable=False),
    Column("cercle_pcode", String(12), nullable=False, index=True),
    Column("demo", Boolean, nullable=False, default=False),
)
"""`cercle_pcode` is the cercle's code in the division of 2021, the strategy's own map of 64 mutuelles."""

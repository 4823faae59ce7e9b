"""The tables of campaigns: what is prepared, who gets it, and what became of each message.

A recipient's states are those of a message (models/messages.py), and three more that end it without one.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from models.database import Id, Sealed, UtcDateTime, metadata
from models.phones import PHONE

VALUES = "values"
"""Purpose of the sealed values that a file's line brings for a text: JSON, by column."""

HELD_OUT = "HELD_OUT"
"""Left without a message on purpose, to see what the campaign changed."""

STOPPED = "STOPPED"
"""Refused campaigns after the audience was taken."""

SKIPPED = "SKIPPED"
"""Not sent for the reason in `code`: a cap, a cancelled campaign, an erased phone."""

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(60), nullable=False),
    Column("author", String(40), nullable=False),
    Column("state", String(10), nullable=False),
    Column("policy", String(16), nullable=False),
    Column("personalised", Boolean, nullable=False),
    Column("audience", Text),
    Column("file_index", LargeBinary),
    Column("columns", Text),
    Column("budget_fcfa", BigInteger),
    Column("hold_out_percent", SmallInteger, nullable=False),
    Column("chunk_size", SmallInteger, nullable=False),
    Column("max_segments", SmallInteger, nullable=False),
    Column("content_hash", LargeBinary),
    Column("figures", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("checked_at", UtcDateTime),
    Column("sized_at", UtcDateTime),
    Column("tested_at", UtcDateTime),
    Column("approved_at", UtcDateTime),
    Column("approver", String(40)),
    Column("approval_code_index", LargeBinary),
    Column("approval_tries", SmallInteger, nullable=False, default=0),
    Column("starts_at", UtcDateTime),
    Column("ends_at", UtcDateTime),
    Column("planned_to", BigInteger, nullable=False, default=0),
    Column("planned_at", UtcDateTime),
    Column("began_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("why", String(80)),
    Column("forgotten_at", UtcDateTime),
    Index("ix_campaigns_state", "state"),
    Index("ix_campaigns_file_index", "file_index"),
)
"""`audience` (filters) and `columns` (of a file) are JSON; `figures` is what sizing found, JSON, in people and FCFA.

Rows are planned up to the phone or line `planned_to`; all of them once `planned_at` is set. `forgotten_at`: since then
no number and no value of its recipients is kept.
"""

campaign_texts = Table(
    "campaign_texts",
    metadata,
    Column("campaign_id", ForeignKey("campaigns.id"), primary_key=True, autoincrement=False),
    Column("language", String(8), primary_key=True),
    Column("text", String(1000), nullable=False),
    Column("charset", String(4), nullable=False),
    Column("read_by", String(40)),
)
"""`read_by`: the speaker who read a text; one that nobody has read is kept, and its people get the French one."""

audiences = Table(
    "audiences",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(60), nullable=False, unique=True),
    Column("filters", Text, nullable=False),
    Column("author", String(40), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

lines = Table(
    "campaign_lines",
    metadata,
    Column("id", Id, primary_key=True),
    Column("campaign_id", BigInteger, nullable=False),
    Column("line", Integer, nullable=False),
    Column("phone_index", LargeBinary, nullable=False),
    Column("phone_sealed", Sealed(PHONE), nullable=False),
    Column("operator", String(12), nullable=False),
    Column("values_sealed", Sealed(VALUES)),
    Index("uq_campaign_lines_phone", "campaign_id", "phone_index", unique=True),
)
"""The numbers of a file, until the campaign has its recipients: `line` is the file's, from 1."""

recipients = Table(
    "recipients",
    metadata,
    Column("campaign_id", BigInteger, nullable=False),
    Column("phone_index", LargeBinary, nullable=False),
    Column("phone_id", BigInteger),
    Column("phone_sealed", Sealed(PHONE)),
    Column("person_id", BigInteger),
    Column("language", String(8), nullable=False),
    Column("operator", String(12), nullable=False),
    Column("region", String(12)),
    Column("sex", String(1)),
    Column("hold_out", Boolean, nullable=False),
    Column("chunk_id", BigInteger),
    Column("state", String(12), nullable=False),
    Column("code", String(24)),
    Column("cost", String(24)),
    Column("provider_id", String(80)),
    Column("attempt", SmallInteger, nullable=False),
    Column("dup_risk", Boolean, nullable=False),
    Column("values_sealed", Sealed(VALUES)),
    Column("settled_at", UtcDateTime),
    # By its number first: what else was sent to a phone is asked for more often than a whole campaign.
    PrimaryKeyConstraint("phone_index", "campaign_id"),
    Index("ix_recipients_campaign_id", "campaign_id"),
    Index("ix_recipients_chunk_id", "chunk_id"),
    Index(
        "ix_recipients_provider_id",
        "provider_id",
        postgresql_where=text("provider_id IS NOT NULL"),
        sqlite_where=text("provider_id IS NOT NULL"),
    ),
)
"""One row a number and campaign; `language` is that of the text it gets, `region` a code of places (2023).

No foreign keys: two million rows are made in seconds because nothing is looked up again for each of them. On PostgreSQL
a tenth of each page is left free (migration 0019): a state that a report changes then stays on its page, and no index
has to learn where it went.
"""

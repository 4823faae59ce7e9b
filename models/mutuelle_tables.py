"""Tables of the mutuelles' memberships and of their ledger. What may be done with them is in the modules by noun.

The ledger's two tables are append-only (a trigger refuses anything else); its lines are the truth. `dues.paid`,
`memberships.advance` and the state of a membership are sums and dates that follow from it, kept so that one hop and the
daily pass need not add up years; `models.ledger_check` recomputes them.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    text,
)

from models.database import Id, UtcDateTime, metadata
from models.households import households
from models.mutuelles import mutuelles

memberships = Table(
    "memberships",
    metadata,
    Column("id", Id, primary_key=True),
    Column("household_id", ForeignKey(households.c.id), nullable=False, index=True),
    Column("mutuelle_id", ForeignKey(mutuelles.c.id), nullable=False),
    Column("joined_on", Date, nullable=False),
    Column("ended_on", Date),
    Column("ended_why", String(14)),
    Column("successor_id", ForeignKey("memberships.id")),
    Column("rhythm", String(14), nullable=False),
    Column("crop", String(12)),
    Column("anchored_on", Date, nullable=False),
    Column("called_to", Date, nullable=False),
    Column("status", String(14), nullable=False),
    Column("covered_from", Date),
    Column("carried_from", Date),
    Column("covered_until", Date),
    Column("good_until", Date),
    Column("suspended_on", Date),
    Column("advance", Integer, nullable=False, default=0),
    Column("overdue", Integer, nullable=False, default=0),
    Index("ix_memberships_mutuelle_id_called_to", "mutuelle_id", "called_to"),
    Index(
        "uq_memberships_running",
        "household_id",
        unique=True,
        postgresql_where=text("ended_on IS NULL"),
        sqlite_where=text("ended_on IS NULL"),
    ),
)
"""One household in one mutuelle, at most one of them running.

`successor_id`: where its money went when it moved or merged. `anchored_on`: the day from which the plan counts its
periods; `called_to`: the last day for which dues are called. `covered_until`: the last day paid for; `good_until`: the
last day that is not late, which is later when the next due is not yet due. `covered_from` ends the observation;
`carried_from` is the one that was brought from another mutuelle. `advance` and `overdue` in FCFA.
"""

plans = Table(
    "plans",
    metadata,
    Column("id", Id, primary_key=True),
    Column("membership_id", ForeignKey(memberships.c.id), nullable=False, index=True),
    Column("rhythm", String(14), nullable=False),
    Column("crop", String(12)),
    Column("valid_from", Date, nullable=False),
)
"""Which plan a membership had from when on; the last one is in its own row, too."""

dues = Table(
    "dues",
    metadata,
    Column("id", Id, primary_key=True),
    Column("membership_id", ForeignKey(memberships.c.id), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("season_from", Date, nullable=False),
    Column("period_from", Date, nullable=False),
    Column("period_to", Date, nullable=False),
    Column("due_on", Date, nullable=False, index=True),
    Column("persons", SmallInteger, nullable=False),
    Column("amount", Integer, nullable=False),
    Column("paid", Integer, nullable=False, default=0),
    Column("paid_on", Date),
    Column("state_percent", SmallInteger, nullable=False),
    Column("guarantee_percent", SmallInteger, nullable=False),
    Column("threshold_percent", SmallInteger, nullable=False),
    CheckConstraint("paid >= 0 AND paid <= amount", name="paid"),
    Index("ix_dues_membership_id_period_from", "membership_id", "period_from"),
)
"""What a household owes for a period, both days included. `season_from` is the first day of the year of contributions.

`amount` and `paid` in FCFA; one that was taken back has the amount 0. The percents are those of the call.
`threshold_percent` of the season must be paid before any of its days is covered.
"""

ledger_entries = Table(
    "ledger_entries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("once", String(80), nullable=False, unique=True),
    Column("at", UtcDateTime, nullable=False),
    Column("day", Date, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("mutuelle_id", ForeignKey(mutuelles.c.id), nullable=False),
    Column("membership_id", ForeignKey(memberships.c.id), index=True),
    Column("means", String(5)),
    Column("receipt", String(20)),
    Column("reason", String(80), nullable=False),
    Column("done_by", String(40)),
    Column("reverses_id", ForeignKey("ledger_entries.id"), unique=True),
    Index("ix_ledger_entries_mutuelle_id_day", "mutuelle_id", "day"),
)
"""`once` makes what caused the entry count once; `receipt` is the reference on a payer's receipt, `day` in Bamako."""

ledger_lines = Table(
    "ledger_lines",
    metadata,
    Column("id", Id, primary_key=True),
    Column("entry_id", ForeignKey(ledger_entries.c.id), nullable=False, index=True),
    Column("account", String(16), nullable=False),
    Column("amount", Integer, nullable=False),
    Column("membership_id", ForeignKey(memberships.c.id), index=True),
    Column("due_id", ForeignKey(dues.c.id)),
    Column("holder", String(20)),
    CheckConstraint("amount <> 0", name="amount"),
    Index(
        "ix_ledger_lines_holder",
        "holder",
        postgresql_where=text("holder IS NOT NULL"),
        sqlite_where=text("holder IS NOT NULL"),
    ),
)
"""FCFA, debit above zero. `holder` has the cash or the account: a collector, an operator."""

proposals = Table(
    "proposals",
    metadata,
    Column("id", Id, primary_key=True),
    Column("membership_id", ForeignKey(memberships.c.id), nullable=False),
    Column("status", String(14), nullable=False),
    Column("late_since", Date, nullable=False),
    Column("proposed_on", Date, nullable=False),
    Column("decided_on", Date),
    Column("accepted", Boolean),
    Column("noticed_on", Date),
    UniqueConstraint("membership_id", "status", "late_since", name="uq_proposals_membership_id"),
)
"""SUSPENDU or RADIE, proposed once for each time a household is late; `noticed_on`: when it was warned."""

status_passes = Table(
    "status_passes",
    metadata,
    Column("day", Date, primary_key=True),
    Column("mutuelle_id", ForeignKey(mutuelles.c.id), primary_key=True, autoincrement=False),
    Column("changed", Integer, nullable=False),
)
"""Which mutuelles' memberships were brought to which day: a pass that was cut off goes on where it stopped."""

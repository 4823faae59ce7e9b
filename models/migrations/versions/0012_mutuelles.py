"""Mutuelles: their structure, memberships with their plans, and the ledger, which nobody may change."""

import sqlalchemy as sa
from alembic import op

revision = "0012_mutuelles"
down_revision = "0011_payments"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
PROTECTED = ("ledger_entries", "ledger_lines")
NEW = ("status_passes", "proposals", *reversed(PROTECTED), "dues", "plans", "memberships", "mutuelle_terms")

POSTGRESQL_TRIGGER = """
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""
SQLITE_TRIGGER = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
UNBALANCED = """
CREATE FUNCTION refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
IF EXISTS (SELECT 1 FROM added GROUP BY entry_id HAVING SUM(amount) <> 0) THEN
RAISE EXCEPTION 'an entry of the ledger does not balance';
END IF;
RETURN NULL;
END $$
"""
BALANCED_TRIGGER = """
CREATE TRIGGER ledger_lines_balanced AFTER INSERT ON ledger_lines REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION refuse_unbalanced()
"""


def upgrade() -> None:
    extend_mutuelles()
    create_terms()
    create_memberships()
    create_dues()
    create_ledger()
    create_proposals()
    protect()


def downgrade() -> None:
    for table in NEW:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_unbalanced()")
    op.drop_index("ix_mutuelles_parent_id", "mutuelles")
    for column in ("kind", "parent_id", "commune_code"):
        op.drop_column("mutuelles", column)


def extend_mutuelles() -> None:
    # Columns are added without a constraint: SQLite would have to make the table anew under the rows that point to it.
    op.add_column(
        "mutuelles", sa.Column("kind", sa.String(length=10), nullable=False, server_default="MUTUELLE")
    )
    op.add_column("mutuelles", sa.Column("parent_id", ID, nullable=True))
    op.add_column("mutuelles", sa.Column("commune_code", sa.String(length=12), nullable=True))
    op.create_index("ix_mutuelles_parent_id", "mutuelles", ["parent_id"])


def create_terms() -> None:
    op.create_table(
        "mutuelle_terms",
        sa.Column("mutuelle_id", ID, autoincrement=False, nullable=False),
        sa.Column("term", sa.String(length=24), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["mutuelle_id"], ["mutuelles.id"], name="fk_mutuelle_terms_mutuelle_id"),
        sa.PrimaryKeyConstraint("mutuelle_id", "term", "valid_from", name="pk_mutuelle_terms"),
    )


def create_memberships() -> None:
    op.create_table(
        "memberships",
        sa.Column("id", ID, nullable=False),
        sa.Column("household_id", ID, nullable=False),
        sa.Column("mutuelle_id", ID, nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_why", sa.String(length=14), nullable=True),
        sa.Column("successor_id", ID, nullable=True),
        sa.Column("rhythm", sa.String(length=14), nullable=False),
        sa.Column("crop", sa.String(length=12), nullable=True),
        sa.Column("anchored_on", sa.Date(), nullable=False),
        sa.Column("called_to", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=14), nullable=False),
        sa.Column("covered_from", sa.Date(), nullable=True),
        sa.Column("carried_from", sa.Date(), nullable=True),
        sa.Column("covered_until", sa.Date(), nullable=True),
        sa.Column("good_until", sa.Date(), nullable=True),
        sa.Column("suspended_on", sa.Date(), nullable=True),
        sa.Column("advance", sa.Integer(), nullable=False),
        sa.Column("overdue", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name="fk_memberships_household_id"),
        sa.ForeignKeyConstraint(["mutuelle_id"], ["mutuelles.id"], name="fk_memberships_mutuelle_id"),
        sa.ForeignKeyConstraint(["successor_id"], ["memberships.id"], name="fk_memberships_successor_id"),
        sa.PrimaryKeyConstraint("id", name="pk_memberships"),
    )
    op.create_index("ix_memberships_mutuelle_id_called_to", "memberships", ["mutuelle_id", "called_to"])
    op.create_index("ix_memberships_household_id", "memberships", ["household_id"])
    op.create_index(
        "uq_memberships_running",
        "memberships",
        ["household_id"],
        unique=True,
        postgresql_where=sa.text("ended_on IS NULL"),
        sqlite_where=sa.text("ended_on IS NULL"),
    )
    op.create_table(
        "plans",
        sa.Column("id", ID, nullable=False),
        sa.Column("membership_id", ID, nullable=False),
        sa.Column("rhythm", sa.String(length=14), nullable=False),
        sa.Column("crop", sa.String(length=12), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["membership_id"], ["memberships.id"], name="fk_plans_membership_id"),
        sa.PrimaryKeyConstraint("id", name="pk_plans"),
    )
    op.create_index("ix_plans_membership_id", "plans", ["membership_id"])


def create_dues() -> None:
    op.create_table(
        "dues",
        sa.Column("id", ID, nullable=False),
        sa.Column("membership_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("season_from", sa.Date(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_to", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("persons", sa.SmallInteger(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("paid", sa.Integer(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("state_percent", sa.SmallInteger(), nullable=False),
        sa.Column("guarantee_percent", sa.SmallInteger(), nullable=False),
        sa.Column("threshold_percent", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("paid >= 0 AND paid <= amount", name="ck_dues_paid"),
        sa.ForeignKeyConstraint(["membership_id"], ["memberships.id"], name="fk_dues_membership_id"),
        sa.PrimaryKeyConstraint("id", name="pk_dues"),
    )
    op.create_index("ix_dues_membership_id_period_from", "dues", ["membership_id", "period_from"])
    op.create_index("ix_dues_due_on", "dues", ["due_on"])


def create_ledger() -> None:
    op.create_table(
        "ledger_entries",
        sa.Column("id", ID, nullable=False),
        sa.Column("once", sa.String(length=80), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("mutuelle_id", ID, nullable=False),
        sa.Column("membership_id", ID, nullable=True),
        sa.Column("means", sa.String(length=5), nullable=True),
        sa.Column("receipt", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.Column("done_by", sa.String(length=40), nullable=True),
        sa.Column("reverses_id", ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name="fk_ledger_entries_membership_id"
        ),
        sa.ForeignKeyConstraint(["mutuelle_id"], ["mutuelles.id"], name="fk_ledger_entries_mutuelle_id"),
        sa.ForeignKeyConstraint(["reverses_id"], ["ledger_entries.id"], name="fk_ledger_entries_reverses_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_entries"),
        sa.UniqueConstraint("once", name="uq_ledger_entries_once"),
        sa.UniqueConstraint("reverses_id", name="uq_ledger_entries_reverses_id"),
    )
    op.create_index("ix_ledger_entries_membership_id", "ledger_entries", ["membership_id"])
    op.create_index("ix_ledger_entries_mutuelle_id_day", "ledger_entries", ["mutuelle_id", "day"])
    op.create_table(
        "ledger_lines",
        sa.Column("id", ID, nullable=False),
        sa.Column("entry_id", ID, nullable=False),
        sa.Column("account", sa.String(length=16), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("membership_id", ID, nullable=True),
        sa.Column("due_id", ID, nullable=True),
        sa.Column("holder", sa.String(length=20), nullable=True),
        sa.CheckConstraint("amount <> 0", name="ck_ledger_lines_amount"),
        sa.ForeignKeyConstraint(["due_id"], ["dues.id"], name="fk_ledger_lines_due_id"),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entries.id"], name="fk_ledger_lines_entry_id"),
        sa.ForeignKeyConstraint(["membership_id"], ["memberships.id"], name="fk_ledger_lines_membership_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_lines"),
    )
    op.create_index("ix_ledger_lines_entry_id", "ledger_lines", ["entry_id"])
    op.create_index("ix_ledger_lines_membership_id", "ledger_lines", ["membership_id"])
    op.create_index(
        "ix_ledger_lines_holder",
        "ledger_lines",
        ["holder"],
        postgresql_where=sa.text("holder IS NOT NULL"),
        sqlite_where=sa.text("holder IS NOT NULL"),
    )


def create_proposals() -> None:
    op.create_table(
        "proposals",
        sa.Column("id", ID, nullable=False),
        sa.Column("membership_id", ID, nullable=False),
        sa.Column("status", sa.String(length=14), nullable=False),
        sa.Column("late_since", sa.Date(), nullable=False),
        sa.Column("proposed_on", sa.Date(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.Column("noticed_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["membership_id"], ["memberships.id"], name="fk_proposals_membership_id"),
        sa.PrimaryKeyConstraint("id", name="pk_proposals"),
        sa.UniqueConstraint("membership_id", "status", "late_since", name="uq_proposals_membership_id"),
    )
    op.create_table(
        "status_passes",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("mutuelle_id", ID, autoincrement=False, nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["mutuelle_id"], ["mutuelles.id"], name="fk_status_passes_mutuelle_id"),
        sa.PrimaryKeyConstraint("day", "mutuelle_id", name="pk_status_passes"),
    )


def protect() -> None:
    """Refuse every UPDATE and DELETE of the ledger; where it can be said, lines that do not balance, too."""
    if op.get_bind().dialect.name == "postgresql":
        for table in PROTECTED:
            op.execute(POSTGRESQL_TRIGGER.format(table=table))
        op.execute(UNBALANCED)
        op.execute(BALANCED_TRIGGER)
    else:
        for table in PROTECTED:
            for verb in ("UPDATE", "DELETE"):
                op.execute(SQLITE_TRIGGER.format(table=table, verb=verb))

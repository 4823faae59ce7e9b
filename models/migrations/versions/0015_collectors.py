"""Cash: collectors, their sections and limits, groups of households, deposits, alarms, reminders that are wanted."""

import sqlalchemy as sa
from alembic import op

revision = "0015_collectors"
down_revision = "0014_forgetting"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
NEW = (
    "reminders_wanted",
    "cash_alarms",
    "cash_limits",
    "cash_deposits",
    "collector_communes",
    "collectors",
    "member_group_households",
    "member_groups",
)


def upgrade() -> None:
    create_groups()
    create_collectors()
    create_deposits()
    create_limits()
    create_wanted()


def downgrade() -> None:
    for table in NEW:
        op.drop_table(table)


def create_groups() -> None:
    op.create_table(
        "member_groups",
        sa.Column("id", ID, nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("mutuelle_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["mutuelle_id"], ["mutuelles.id"], name="fk_member_groups_mutuelle_id"),
        sa.PrimaryKeyConstraint("id", name="pk_member_groups"),
        sa.UniqueConstraint("code", name="uq_member_groups_code"),
    )
    op.create_index("ix_member_groups_mutuelle_id", "member_groups", ["mutuelle_id"])
    op.create_table(
        "member_group_households",
        sa.Column("household_id", ID, autoincrement=False, nullable=False),
        sa.Column("group_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["household_id"], ["households.id"], name="fk_member_group_households_household_id"
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["member_groups.id"], name="fk_member_group_households_group_id"
        ),
        sa.PrimaryKeyConstraint("household_id", name="pk_member_group_households"),
    )
    op.create_index("ix_member_group_households_group_id", "member_group_households", ["group_id"])


def create_collectors() -> None:
    op.create_table(
        "collectors",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mutuelle_id", ID, nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("group_id", ID, nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["mutuelle_id"], ["mutuelles.id"], name="fk_collectors_mutuelle_id"),
        sa.ForeignKeyConstraint(["group_id"], ["member_groups.id"], name="fk_collectors_group_id"),
        sa.PrimaryKeyConstraint("number", name="pk_collectors"),
    )
    op.create_index("ix_collectors_mutuelle_id", "collectors", ["mutuelle_id"])
    op.create_index(
        "ix_collectors_live",
        "collectors",
        ["phone_index"],
        unique=True,
        postgresql_where=sa.text("removed_at IS NULL"),
        sqlite_where=sa.text("removed_at IS NULL"),
    )
    op.create_table(
        "collector_communes",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("commune_code", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["collectors.number"], name="fk_collector_communes_number"),
        sa.PrimaryKeyConstraint("number", "commune_code", name="pk_collector_communes"),
    )


def create_deposits() -> None:
    op.create_table(
        "cash_deposits",
        sa.Column("id", ID, nullable=False),
        sa.Column("once", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("mutuelle_id", ID, nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("code_index", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("declared_at", MOMENT, nullable=False),
        sa.Column("counted", sa.Integer(), nullable=True),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.Column("settled_by", sa.String(length=40), nullable=True),
        sa.Column("entry_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["number"], ["collectors.number"], name="fk_cash_deposits_number"),
        sa.ForeignKeyConstraint(["mutuelle_id"], ["mutuelles.id"], name="fk_cash_deposits_mutuelle_id"),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entries.id"], name="fk_cash_deposits_entry_id"),
        sa.PrimaryKeyConstraint("id", name="pk_cash_deposits"),
        sa.UniqueConstraint("once", name="uq_cash_deposits_once"),
    )
    op.create_index("ix_cash_deposits_number", "cash_deposits", ["number", "id"])
    op.create_index(
        "ix_cash_deposits_open",
        "cash_deposits",
        ["mutuelle_id", "code_index"],
        postgresql_where=sa.text("state = 'DECLARED'"),
        sqlite_where=sa.text("state = 'DECLARED'"),
    )


def create_limits() -> None:
    op.create_table(
        "cash_limits",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("fcfa", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["collectors.number"], name="fk_cash_limits_number"),
        sa.PrimaryKeyConstraint("number", "valid_from", name="pk_cash_limits"),
    )
    op.create_table(
        "cash_alarms",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("about", sa.String(length=20), nullable=False),
        sa.Column("raised_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["number"], ["collectors.number"], name="fk_cash_alarms_number"),
        sa.PrimaryKeyConstraint("number", "kind", "about", name="pk_cash_alarms"),
    )


def create_wanted() -> None:
    op.create_table(
        "reminders_wanted",
        sa.Column("id", ID, nullable=False),
        sa.Column("membership_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("taken_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_reminders_wanted"),
    )
    op.create_index("ix_reminders_wanted_membership_id", "reminders_wanted", ["membership_id", "asked_at"])
    op.create_index(
        "uq_reminders_wanted_waits",
        "reminders_wanted",
        ["membership_id"],
        unique=True,
        postgresql_where=sa.text("taken_at IS NULL"),
        sqlite_where=sa.text("taken_at IS NULL"),
    )

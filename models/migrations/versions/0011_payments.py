"""Payments by mobile money, and what operators told about them."""

import sqlalchemy as sa
from alembic import op

revision = "0011_payments"
down_revision = "0010_agents"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
READY = sa.text("state = 'ASKED'")
DUE = sa.text("next_at IS NOT NULL AND state <> 'ASKED'")
UNMATCHED = sa.text("state = 'UNMATCHED'")


def moment(name: str, *, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "payments",
        sa.Column("id", ID, nullable=False),
        sa.Column("once", sa.LargeBinary(), nullable=False),
        sa.Column("order_id", sa.String(length=24), nullable=False),
        sa.Column("reference", sa.String(length=12), nullable=False),
        sa.Column("membership_id", sa.BigInteger(), nullable=False),
        sa.Column("payer_index", sa.LargeBinary(), nullable=False),
        sa.Column("payer_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("member_sealed", sa.LargeBinary()),
        sa.Column("operator", sa.String(length=8), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=12)),
        sa.Column("why", sa.String(length=80)),
        sa.Column("provider_ref", sa.String(length=80)),
        moment("asked_at", nullable=False),
        moment("sent_at"),
        moment("settled_at"),
        moment("next_at"),
        sa.Column("token", sa.BigInteger()),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("queries", sa.Integer(), nullable=False),
        sa.Column("bookings", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_payments"),
        sa.UniqueConstraint("once", name="uq_payments_once"),
        sa.UniqueConstraint("order_id", name="uq_payments_order_id"),
    )
    op.create_index("ix_payments_reference", "payments", ["reference"])
    op.create_index("ix_payments_membership_id", "payments", ["membership_id", "asked_at"])
    op.create_index("ix_payments_payer", "payments", ["payer_index", "asked_at"])
    few("ix_payments_ready", "payments", ["operator", "id"], READY)
    few("ix_payments_due", "payments", ["operator", "next_at"], DUE)
    op.create_table(
        "payment_callbacks",
        sa.Column("id", ID, nullable=False),
        sa.Column("once", sa.LargeBinary(), nullable=False),
        sa.Column("operator", sa.String(length=8), nullable=False),
        sa.Column("order_id", sa.String(length=64), nullable=False),
        sa.Column("provider_ref", sa.String(length=80)),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("amount", sa.Integer()),
        sa.Column("payer_sealed", sa.LargeBinary()),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("why", sa.String(length=40)),
        sa.Column("payment_id", sa.BigInteger()),
        moment("at", nullable=False),
        moment("settled_at"),
        sa.Column("settled_by", sa.String(length=40)),
        sa.Column("note", sa.String(length=200)),
        sa.PrimaryKeyConstraint("id", name="pk_payment_callbacks"),
        sa.UniqueConstraint("once", name="uq_payment_callbacks_once"),
    )
    op.create_index("ix_payment_callbacks_order_id", "payment_callbacks", ["order_id"])
    few("ix_payment_callbacks_unmatched", "payment_callbacks", ["id"], UNMATCHED)


def few(name: str, table: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, table, columns, postgresql_where=where, sqlite_where=where)


def downgrade() -> None:
    op.drop_table("payment_callbacks")
    op.drop_table("payments")

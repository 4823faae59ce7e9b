"""Requests for payment that go through an agent or a relative."""

import sqlalchemy as sa
from alembic import op

revision = "0016_payment_requests"
down_revision = "0015_collectors"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "payment_requests",
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=12), nullable=False),
        sa.Column("membership_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("to_index", sa.LargeBinary(), nullable=True),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_payment_requests"),
    )
    op.create_index("ix_payment_requests_expires_at", "payment_requests", ["expires_at"])
    op.create_index("ix_payment_requests_reference", "payment_requests", ["reference", "expires_at"])


def downgrade() -> None:
    op.drop_table("payment_requests")

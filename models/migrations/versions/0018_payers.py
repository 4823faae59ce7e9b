"""Who paid is forgotten some time after a payment ended: its number may be empty."""

import sqlalchemy as sa
from alembic import op

revision = "0018_payers"
down_revision = "0017_reminders"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("payments") as payments:
        payments.alter_column("payer_sealed", existing_type=sa.LargeBinary(), nullable=True)
    op.create_index(
        "ix_payments_settled_at",
        "payments",
        ["settled_at"],
        postgresql_where=sa.text("payer_sealed IS NOT NULL"),
        sqlite_where=sa.text("payer_sealed IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_payments_settled_at", "payments")
    op.execute("UPDATE payments SET payer_sealed = '' WHERE payer_sealed IS NULL")
    with op.batch_alter_table("payments") as payments:
        payments.alter_column("payer_sealed", existing_type=sa.LargeBinary(), nullable=False)

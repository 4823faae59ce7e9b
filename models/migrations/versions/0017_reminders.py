"""Reminders of contributions: the sum that is told, and the draw by which their effect is measured."""

import sqlalchemy as sa
from alembic import op

revision = "0017_reminders"
down_revision = "0016_payment_requests"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reminders", sa.Column("asked_fcfa", sa.Integer()))
    op.add_column("reminders", sa.Column("drawn_on", sa.Date()))
    op.add_column("reminders", sa.Column("counted_to", sa.Date()))
    op.create_index("ix_reminders_drawn_on", "reminders", ["drawn_on"])


def downgrade() -> None:
    op.drop_index("ix_reminders_drawn_on", "reminders")
    for column in ("counted_to", "drawn_on", "asked_fcfa"):
        op.drop_column("reminders", column)

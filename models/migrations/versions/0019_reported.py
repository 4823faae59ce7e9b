"""Delivery reports cost less: a state that changes stays on its page, and reports are found by their day in blocks."""

from typing import Any

from alembic import op

revision = "0019_reported"
down_revision = "0018_payers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _by_the_day(postgresql_using="brin")
    if op.get_bind().dialect.name == "postgresql":
        # What is there already keeps its pages; what is planned from now on leaves room on each.
        op.execute("ALTER TABLE recipients SET (fillfactor = 90)")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE recipients RESET (fillfactor)")
    _by_the_day()


def _by_the_day(**kind: Any) -> None:
    op.drop_index("ix_reports_at", "reports")
    op.create_index("ix_reports_at", "reports", ["at"], **kind)

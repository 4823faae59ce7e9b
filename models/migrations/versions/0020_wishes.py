"""A household's own wish to be reminded and a collector's wait side by side: neither is swallowed by the other."""

import sqlalchemy as sa
from alembic import op

revision = "0020_wishes"
down_revision = "0019_reported"
branch_labels = None
depends_on = None

NEW = {
    "uq_reminders_wanted_waits": "taken_at IS NULL AND asked_by <> 0",
    "uq_reminders_wanted_wished": "taken_at IS NULL AND asked_by = 0",
}


def upgrade() -> None:
    op.drop_index("uq_reminders_wanted_waits", "reminders_wanted")
    for name, where in NEW.items():
        _one_each(name, where)


def downgrade() -> None:
    for name in NEW:
        op.drop_index(name, "reminders_wanted")
    # Of two that wait the collector's stays: it was asked for now.
    op.execute(
        "UPDATE reminders_wanted SET taken_at = asked_at WHERE taken_at IS NULL AND asked_by = 0 AND membership_id IN"
        " (SELECT membership_id FROM reminders_wanted WHERE taken_at IS NULL AND asked_by <> 0)"
    )
    _one_each("uq_reminders_wanted_waits", "taken_at IS NULL")


def _one_each(name: str, where: str) -> None:
    op.create_index(
        name,
        "reminders_wanted",
        ["membership_id"],
        unique=True,
        postgresql_where=sa.text(where),
        sqlite_where=sa.text(where),
    )

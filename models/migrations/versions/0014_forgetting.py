"""When a campaign forgot its numbers; the next chunk is found by its attempt first."""

import sqlalchemy as sa
from alembic import op

revision = "0014_forgetting"
down_revision = "0013_enrolment"
branch_labels = None
depends_on = None

READY = "state = 'READY' AND campaign_id IS NULL"
TURN = "state = 'READY' AND campaign_id IS NOT NULL"


def upgrade() -> None:
    op.add_column("campaigns", sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True))
    _replace("ix_chunks_ready", ["lane", "attempt", "id"], READY)
    _replace("ix_chunks_turn", ["campaign_id", "operator", "attempt", "id"], TURN)


def downgrade() -> None:
    _replace("ix_chunks_turn", ["campaign_id", "operator", "id"], TURN)
    _replace("ix_chunks_ready", ["lane", "id"], READY)
    op.drop_column("campaigns", "forgotten_at")


def _replace(name: str, columns: list[str], few: str) -> None:
    op.drop_index(name, "chunks")
    op.create_index(name, "chunks", columns, postgresql_where=sa.text(few), sqlite_where=sa.text(few))

"""Messages that were answered while the register was away: what they were told then."""

import sqlalchemy as sa
from alembic import op

revision = "0008_standby"
down_revision = "0007_campaigns"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inbound", sa.Column("provisional", sa.String(length=96), nullable=True))


def downgrade() -> None:
    op.drop_column("inbound", "provisional")

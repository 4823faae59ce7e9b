"""What became of campaigns: reports in volume, and who did something afterwards."""

import sqlalchemy as sa
from alembic import op

revision = "0009_outcomes"
down_revision = "0008_standby"
branch_labels = None
depends_on = None

WAITING = {"postgresql_where": sa.text("NOT matched"), "sqlite_where": sa.text("matched = 0")}


def upgrade() -> None:
    op.drop_index("ix_reports_unmatched", "reports")
    op.create_index("ix_reports_unmatched", "reports", ["at"], **WAITING)
    op.create_table(
        "campaign_acts",
        sa.Column("campaign_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("act", sa.String(length=12), nullable=False),
        sa.Column("in_time", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", "phone_index", "act", name="pk_campaign_acts"),
    )
    op.create_index("ix_campaign_acts_phone_index", "campaign_acts", ["phone_index"])
    op.create_table(
        "campaign_results",
        sa.Column("campaign_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("act", sa.String(length=12), nullable=False),
        sa.Column("hold_out", sa.Boolean(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("in_time", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", "act", "hold_out", name="pk_campaign_results"),
    )


def downgrade() -> None:
    op.drop_table("campaign_results")
    op.drop_table("campaign_acts")
    op.drop_index("ix_reports_unmatched", "reports")
    op.create_index("ix_reports_unmatched", "reports", ["matched", "at"])

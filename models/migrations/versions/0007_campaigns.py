"""Campaigns: who is written to, with what text, by whose approval."""

revision = "0007_campaigns"
down_revision = "0006_imports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass

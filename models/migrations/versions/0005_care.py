"""Staff, acts, incidents, complaints, budgets and what a phone was last asked."""

revision = "0005_care"
down_revision = "0004_sending"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass

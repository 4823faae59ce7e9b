"""Registers that are brought in from files."""

revision = "0006_imports"
down_revision = "0005_care"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass

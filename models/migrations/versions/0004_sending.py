"""Messages on their way: chunks, inbound messages, delivery reports."""

revision = "0004_sending"
down_revision = "0003_audit"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass

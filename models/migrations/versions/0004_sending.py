"""Messages on their way: chunks, inbound messages, delivery reports, and what was sent in a day."""

import sqlalchemy as sa
from alembic import op

revision = "0004_sending"
down_revision = "0003_audit"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "chunks",
        sa.Column("id", ID, nullable=False),
        sa.Column("lane", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("policy", sa.String(length=16), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("not_before", MOMENT, nullable=True),
        sa.Column("token", sa.BigInteger(), nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("intent_at", MOMENT, nullable=True),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("why", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_chunks"),
    )
    op.create_index("ix_chunks_ready", "chunks", ["state", "lane", "id"])
    op.create_table(
        "inbound",
        sa.Column("id", ID, nullable=False),
        sa.Column("once", sa.LargeBinary(), nullable=False),
        sa.Column("from_index", sa.LargeBinary(), nullable=True),
        sa.Column("from_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("service_code", sa.String(length=24), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("why", sa.String(length=40), nullable=True),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_inbound"),
        sa.UniqueConstraint("once", name="uq_inbound_once"),
    )
    op.create_index("ix_inbound_from_index", "inbound", ["from_index"])
    op.create_index("ix_inbound_received_at", "inbound", ["received_at"])
    op.create_index("ix_inbound_waiting", "inbound", ["state", "from_index", "id"])
    op.create_table(
        "reports",
        sa.Column("provider_id", sa.String(length=80), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("matched", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("provider_id", "status", name="pk_reports"),
    )
    op.create_index("ix_reports_unmatched", "reports", ["matched", "at"])
    op.create_index("ix_reports_at", "reports", ["at"])
    op.create_index("ix_reports_phone_index", "reports", ["phone_index"])
    op.create_table(
        "day_counts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("scope", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "scope", name="pk_day_counts"),
    )
    with op.batch_alter_table("messages") as messages:
        messages.add_column(sa.Column("chunk_id", ID, nullable=True))
        messages.add_column(sa.Column("provider_id", sa.String(length=80), nullable=True))
        messages.add_column(sa.Column("code", sa.String(length=24), nullable=True))
        messages.add_column(sa.Column("cost", sa.String(length=24), nullable=True))
        messages.add_column(sa.Column("settled_at", MOMENT, nullable=True))
        messages.create_foreign_key("fk_messages_chunk_id", "chunks", ["chunk_id"], ["id"])
        messages.drop_index("ix_messages_to_index")
        messages.create_index("ix_messages_to", ["to_index", "created_at"])
        messages.create_index("ix_messages_created_at", ["created_at"])
        messages.create_index("ix_messages_chunk_id", ["chunk_id"])
        messages.create_index("ix_messages_provider_id", ["provider_id"], unique=True)
    _chunks_for_what_is_owed()


def downgrade() -> None:
    with op.batch_alter_table("messages") as messages:
        messages.drop_index("ix_messages_provider_id")
        messages.drop_index("ix_messages_chunk_id")
        messages.drop_index("ix_messages_created_at")
        messages.drop_index("ix_messages_to")
        messages.create_index("ix_messages_to_index", ["to_index"])
        messages.drop_constraint("fk_messages_chunk_id", type_="foreignkey")
        for column in ("settled_at", "cost", "code", "provider_id", "chunk_id"):
            messages.drop_column(column)
    op.drop_table("day_counts")
    op.drop_table("reports")
    op.drop_table("inbound")
    op.drop_table("chunks")


def _chunks_for_what_is_owed() -> None:
    """Messages that were owed before there was anybody to send them get a chunk each, of the same number."""
    op.execute(
        "INSERT INTO chunks (id, lane, kind, policy, n, attempt, claims, state)"
        " SELECT id, lane, kind, 'at_most_once', 1, 1, 0, 'READY' FROM messages WHERE state = 'PENDING'"
    )
    op.execute("UPDATE messages SET chunk_id = id WHERE state = 'PENDING'")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "SELECT setval(pg_get_serial_sequence('chunks', 'id'),"
            " (SELECT coalesce(max(id), 0) + 1 FROM chunks), false)"
        )

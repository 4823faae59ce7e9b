"""Campaigns: who is written to, with what text, by whose approval."""

import sqlalchemy as sa
from alembic import op

revision = "0007_campaigns"
down_revision = "0006_imports"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
NAMED = sa.text("provider_id IS NOT NULL")
INDEXES = {
    "ix_chunks_ready": (["lane", "id"], "state = 'READY' AND campaign_id IS NULL"),
    "ix_chunks_turn": (["campaign_id", "operator", "id"], "state = 'READY' AND campaign_id IS NOT NULL"),
    "ix_chunks_open": (["state", "id"], "state IN ('INTENT', 'UNKNOWN')"),
    "ix_chunks_asked": (["operator", "intent_at"], "campaign_id IS NOT NULL"),
}
"""Of chunks, each over the few rows that somebody looks for."""


def upgrade() -> None:
    op.add_column("phones", sa.Column("operator", sa.String(length=12), nullable=True))
    op.add_column("chunks", sa.Column("campaign_id", sa.BigInteger(), nullable=True))
    op.add_column("chunks", sa.Column("operator", sa.String(length=12), nullable=True))
    op.add_column("chunks", sa.Column("region", sa.String(length=12), nullable=True))
    op.add_column("chunks", sa.Column("route", sa.String(length=24), nullable=True))
    op.create_index("ix_chunks_campaign", "chunks", ["campaign_id", "state"])
    op.drop_index("ix_chunks_ready", table_name="chunks")
    for name, (columns, where) in INDEXES.items():
        rows = sa.text(where)
        op.create_index(name, "chunks", columns, postgresql_where=rows, sqlite_where=rows)
    _campaigns()
    _audience()
    _recipients()


def _campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("author", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("policy", sa.String(length=16), nullable=False),
        sa.Column("personalised", sa.Boolean(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=True),
        sa.Column("file_index", sa.LargeBinary(), nullable=True),
        sa.Column("columns", sa.Text(), nullable=True),
        sa.Column("budget_fcfa", sa.BigInteger(), nullable=True),
        sa.Column("hold_out_percent", sa.SmallInteger(), nullable=False),
        sa.Column("chunk_size", sa.SmallInteger(), nullable=False),
        sa.Column("max_segments", sa.SmallInteger(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=True),
        sa.Column("figures", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("checked_at", MOMENT, nullable=True),
        sa.Column("sized_at", MOMENT, nullable=True),
        sa.Column("tested_at", MOMENT, nullable=True),
        sa.Column("approved_at", MOMENT, nullable=True),
        sa.Column("approver", sa.String(length=40), nullable=True),
        sa.Column("approval_code_index", sa.LargeBinary(), nullable=True),
        sa.Column("approval_tries", sa.SmallInteger(), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=True),
        sa.Column("ends_at", MOMENT, nullable=True),
        sa.Column("planned_to", sa.BigInteger(), nullable=False),
        sa.Column("planned_at", MOMENT, nullable=True),
        sa.Column("began_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("why", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_campaigns"),
    )
    op.create_index("ix_campaigns_state", "campaigns", ["state"])
    op.create_index("ix_campaigns_file_index", "campaigns", ["file_index"])
    op.create_table(
        "campaign_texts",
        sa.Column("campaign_id", ID, autoincrement=False, nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("charset", sa.String(length=4), nullable=False),
        sa.Column("read_by", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name="fk_campaign_texts_campaign_id"),
        sa.PrimaryKeyConstraint("campaign_id", "language", name="pk_campaign_texts"),
    )


def _audience() -> None:
    op.create_table(
        "audiences",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("filters", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=40), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audiences"),
        sa.UniqueConstraint("name", name="uq_audiences_name"),
    )
    op.create_table(
        "campaign_lines",
        sa.Column("id", ID, nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("operator", sa.String(length=12), nullable=False),
        sa.Column("values_sealed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_campaign_lines"),
    )
    op.create_index("uq_campaign_lines_phone", "campaign_lines", ["campaign_id", "phone_index"], unique=True)


def _recipients() -> None:
    op.create_table(
        "recipients",
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("phone_id", sa.BigInteger(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("operator", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=12), nullable=True),
        sa.Column("sex", sa.String(length=1), nullable=True),
        sa.Column("hold_out", sa.Boolean(), nullable=False),
        sa.Column("chunk_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=True),
        sa.Column("cost", sa.String(length=24), nullable=True),
        sa.Column("provider_id", sa.String(length=80), nullable=True),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("dup_risk", sa.Boolean(), nullable=False),
        sa.Column("values_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("phone_index", "campaign_id", name="pk_recipients"),
    )
    op.create_index("ix_recipients_campaign_id", "recipients", ["campaign_id"])
    op.create_index("ix_recipients_chunk_id", "recipients", ["chunk_id"])
    op.create_index(
        "ix_recipients_provider_id",
        "recipients",
        ["provider_id"],
        postgresql_where=NAMED,
        sqlite_where=NAMED,
    )


def downgrade() -> None:
    for table in ("recipients", "campaign_lines", "audiences", "campaign_texts", "campaigns"):
        op.drop_table(table)
    for name in ("ix_chunks_campaign", *INDEXES):
        op.drop_index(name, table_name="chunks")
    op.create_index("ix_chunks_ready", "chunks", ["state", "lane", "id"])
    for column in ("route", "region", "operator", "campaign_id"):
        op.drop_column("chunks", column)
    op.drop_column("phones", "operator")

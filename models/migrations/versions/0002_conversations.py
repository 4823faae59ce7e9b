"""What conversations leave: consents, requests, codes, messages owed, tries, the funnel."""

import sqlalchemy as sa
from alembic import op

revision = "0002_conversations"
down_revision = "0001_register"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "consents",
        sa.Column("id", ID, nullable=False),
        sa.Column("phone_id", ID, nullable=False),
        sa.Column("topic", sa.String(length=20), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("text_version", sa.String(length=20), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["phone_id"], ["phones.id"], name="fk_consents_phone_id"),
        sa.PrimaryKeyConstraint("id", name="pk_consents"),
    )
    op.create_index("ix_consents_phone", "consents", ["phone_id", "id"])
    op.create_table(
        "callbacks",
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=12), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("slot", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("names_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("commune_code", sa.String(length=12), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_callbacks"),
    )
    op.create_index("ix_callbacks_phone", "callbacks", ["phone_index", "created_at"])
    op.create_index("ix_callbacks_reference", "callbacks", ["reference"])
    op.create_table(
        "erasures",
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=12), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
    )
    op.create_index("ix_erasures_reference", "erasures", ["reference"])
    op.create_index("ix_erasures_state", "erasures", ["state"])
    op.create_table(
        "visit_codes",
        sa.Column("id", ID, nullable=False),
        sa.Column("code", sa.String(length=6), nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("coverage_id", ID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["coverage_id"], ["coverages.id"], name="fk_visit_codes_coverage_id"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_visit_codes_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_visit_codes"),
    )
    op.create_index("ix_visit_codes_code", "visit_codes", ["code", "expires_at"])
    op.create_index("ix_visit_codes_person", "visit_codes", ["person_id", "expires_at"])
    op.create_table(
        "messages",
        sa.Column("id", ID, nullable=False),
        sa.Column("once", sa.LargeBinary(), nullable=False),
        sa.Column("to_index", sa.LargeBinary(), nullable=False),
        sa.Column("to_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("lane", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.UniqueConstraint("once", name="uq_messages_once"),
    )
    op.create_index("ix_messages_to_index", "messages", ["to_index"])
    op.create_index("ix_messages_waiting", "messages", ["state", "lane", "id"])
    op.create_table(
        "owed_answers",
        sa.Column("id", ID, nullable=False),
        sa.Column("once", sa.LargeBinary(), nullable=False),
        sa.Column("reference", sa.String(length=12), nullable=False),
        sa.Column("question_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_owed_answers"),
        sa.UniqueConstraint("once", name="uq_owed_answers_once"),
    )
    op.create_index("ix_owed_answers_reference", "owed_answers", ["reference"])
    op.create_index("ix_owed_answers_waiting", "owed_answers", ["state", "id"])
    op.create_table(
        "lookup_misses",
        sa.Column("id", ID, nullable=False),
        sa.Column("asker_index", sa.LargeBinary(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lookup_misses"),
    )
    op.create_index("ix_lookup_misses_asker", "lookup_misses", ["asker_index", "at"])
    op.create_table(
        "applied",
        sa.Column("once", sa.LargeBinary(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("once", name="pk_applied"),
    )
    op.create_index("ix_applied_at", "applied", ["at"])
    op.create_table(
        "hops",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("screen", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("operator", sa.String(length=12), nullable=False),
        sa.Column("ms", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_hops"),
    )
    op.create_index("ix_hops_at", "hops", ["at", "screen"])
    op.create_table(
        "session_ends",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("screen", sa.String(length=40), nullable=True),
        sa.Column("operator", sa.String(length=12), nullable=False),
        sa.Column("hops", sa.Integer(), nullable=False),
        sa.Column("ms", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_session_ends"),
    )
    op.create_index("ix_session_ends_at", "session_ends", ["at"])


def downgrade() -> None:
    op.drop_table("session_ends")
    op.drop_table("hops")
    op.drop_table("applied")
    op.drop_table("lookup_misses")
    op.drop_table("owed_answers")
    op.drop_table("messages")
    op.drop_table("visit_codes")
    op.drop_table("erasures")
    op.drop_table("callbacks")
    op.drop_table("consents")

"""Staff, acts, incidents, complaints, budgets and what a phone was last asked."""

import sqlalchemy as sa
from alembic import op

revision = "0005_care"
down_revision = "0004_sending"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)

NEW = (
    "threads",
    "complaints",
    "incidents",
    "visit_questions",
    "visit_answers",
    "acts",
    "verifications",
    "staff_phones",
    "lookup_hits",
)


def upgrade() -> None:
    extend_facilities()
    extend_lookups()
    extend_visit_codes()
    create_staff()
    create_acts()
    create_claims()
    create_threads()


def downgrade() -> None:
    for table in NEW:
        op.drop_table(table)
    op.drop_index("ix_visit_codes_facility", "visit_codes")
    op.drop_index("ix_visit_codes_seen", "visit_codes")
    with op.batch_alter_table("visit_codes") as visit_codes:
        visit_codes.drop_constraint("fk_visit_codes_facility_id", type_="foreignkey")
        for column in ("facility_id", "seen_at", "channel", "provisional", "state", "cancelled_at"):
            visit_codes.drop_column(column)
    op.drop_index("ix_lookup_misses_facility", "lookup_misses")
    op.drop_index("ix_lookup_misses_country", "lookup_misses")
    with op.batch_alter_table("lookup_misses") as lookup_misses:
        lookup_misses.drop_constraint("fk_lookup_misses_facility_id", type_="foreignkey")
        lookup_misses.drop_column("facility_id")
        lookup_misses.drop_column("budgeted")
    op.drop_index("ix_facilities_activation_index", "facilities")
    with op.batch_alter_table("facilities") as facilities:
        facilities.drop_column("activation_index")
        facilities.drop_column("activation_sealed")


def extend_facilities() -> None:
    op.add_column("facilities", sa.Column("activation_index", sa.LargeBinary(), nullable=True))
    op.add_column("facilities", sa.Column("activation_sealed", sa.LargeBinary(), nullable=True))
    op.create_index("ix_facilities_activation_index", "facilities", ["activation_index"], unique=True)


def extend_lookups() -> None:
    with op.batch_alter_table("lookup_misses") as lookup_misses:
        lookup_misses.add_column(sa.Column("facility_id", ID, nullable=True))
        lookup_misses.add_column(
            sa.Column("budgeted", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        lookup_misses.create_foreign_key(
            "fk_lookup_misses_facility_id", "facilities", ["facility_id"], ["id"]
        )
    op.create_index("ix_lookup_misses_facility", "lookup_misses", ["facility_id", "at"])
    op.create_index("ix_lookup_misses_country", "lookup_misses", ["budgeted", "at"])
    op.create_table(
        "lookup_hits",
        sa.Column("id", ID, nullable=False),
        sa.Column("asker_index", sa.LargeBinary(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("numbers", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lookup_hits"),
    )
    op.create_index("ix_lookup_hits_asker", "lookup_hits", ["asker_index", "at"])


def extend_visit_codes() -> None:
    with op.batch_alter_table("visit_codes") as visit_codes:
        visit_codes.add_column(sa.Column("facility_id", ID, nullable=True))
        visit_codes.add_column(sa.Column("seen_at", MOMENT, nullable=True))
        visit_codes.add_column(
            sa.Column("channel", sa.String(length=8), nullable=False, server_default="USSD")
        )
        visit_codes.add_column(
            sa.Column("provisional", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        visit_codes.add_column(
            sa.Column("state", sa.String(length=10), nullable=False, server_default="OPEN")
        )
        visit_codes.add_column(sa.Column("cancelled_at", MOMENT, nullable=True))
        visit_codes.create_foreign_key("fk_visit_codes_facility_id", "facilities", ["facility_id"], ["id"])
    op.create_index("ix_visit_codes_facility", "visit_codes", ["facility_id", "seen_at"])
    op.create_index("ix_visit_codes_seen", "visit_codes", ["person_id", "seen_at"])


def create_staff() -> None:
    op.create_table(
        "staff_phones",
        sa.Column("id", ID, nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("facility_id", ID, nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["facility_id"], ["facilities.id"], name="fk_staff_phones_facility_id"),
        sa.PrimaryKeyConstraint("id", name="pk_staff_phones"),
    )
    op.create_index("ix_staff_phones_facility", "staff_phones", ["facility_id", "state"])
    op.create_index("ix_staff_phones_phone", "staff_phones", ["phone_index"])
    live = sa.text("state IN ('PENDING', 'ACTIVE', 'FLAGGED')")
    op.create_index(
        "ix_staff_phones_live",
        "staff_phones",
        ["phone_index"],
        unique=True,
        postgresql_where=live,
        sqlite_where=live,
    )
    op.create_table(
        "verifications",
        sa.Column("id", ID, nullable=False),
        sa.Column("facility_id", ID, nullable=False),
        sa.Column("staff_id", ID, nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("scheme", sa.String(length=10), nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["facility_id"], ["facilities.id"], name="fk_verifications_facility_id"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_verifications_person_id"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_phones.id"], name="fk_verifications_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_verifications"),
    )
    op.create_index("ix_verifications_facility", "verifications", ["facility_id", "at"])


def create_acts() -> None:
    op.create_table(
        "acts",
        sa.Column("id", ID, nullable=False),
        sa.Column("visit_id", ID, nullable=False),
        sa.Column("facility_id", ID, nullable=False),
        sa.Column("act", sa.String(length=3), nullable=False),
        sa.Column("nth", sa.SmallInteger(), nullable=False),
        sa.Column("amount_fcfa", sa.Integer(), nullable=True),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("staff_id", ID, nullable=False),
        sa.Column("undone_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["facility_id"], ["facilities.id"], name="fk_acts_facility_id"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_phones.id"], name="fk_acts_staff_id"),
        sa.ForeignKeyConstraint(["visit_id"], ["visit_codes.id"], name="fk_acts_visit_id"),
        sa.PrimaryKeyConstraint("id", name="pk_acts"),
    )
    op.create_index("ix_acts_facility", "acts", ["facility_id", "recorded_at"])
    standing = sa.text("undone_at IS NULL")
    op.create_index(
        "ix_acts_once",
        "acts",
        ["visit_id", "act", "nth"],
        unique=True,
        postgresql_where=standing,
        sqlite_where=standing,
    )
    op.create_table(
        "visit_answers",
        sa.Column("visit_id", ID, autoincrement=False, nullable=False),
        sa.Column("answer", sa.SmallInteger(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["visit_id"], ["visit_codes.id"], name="fk_visit_answers_visit_id"),
        sa.PrimaryKeyConstraint("visit_id", name="pk_visit_answers"),
    )
    op.create_table(
        "visit_questions",
        sa.Column("visit_id", ID, autoincrement=False, nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["visit_id"], ["visit_codes.id"], name="fk_visit_questions_visit_id"),
        sa.PrimaryKeyConstraint("visit_id", name="pk_visit_questions"),
    )
    op.create_index("ix_visit_questions_phone", "visit_questions", ["phone_index", "asked_at"])


def create_claims() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("reference", sa.String(length=12), nullable=False),
        sa.Column("visit_id", ID, nullable=True),
        sa.Column("facility_id", ID, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["facility_id"], ["facilities.id"], name="fk_incidents_facility_id"),
        sa.ForeignKeyConstraint(["visit_id"], ["visit_codes.id"], name="fk_incidents_visit_id"),
        sa.PrimaryKeyConstraint("id", name="pk_incidents"),
    )
    op.create_index("ix_incidents_reference", "incidents", ["reference"])
    op.create_index("ix_incidents_visit_id", "incidents", ["visit_id"])
    op.create_table(
        "complaints",
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=12), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("facility_id", ID, nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["facility_id"], ["facilities.id"], name="fk_complaints_facility_id"),
        sa.PrimaryKeyConstraint("id", name="pk_complaints"),
    )
    op.create_index("ix_complaints_phone", "complaints", ["phone_index", "reference"])


def create_threads() -> None:
    op.create_table(
        "threads",
        sa.Column("id", ID, nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("record_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_threads"),
        sa.UniqueConstraint("phone_index", name="uq_threads_phone_index"),
    )
    op.create_index("ix_threads_kept_at", "threads", ["kept_at"])

"""Pre-registration files with their dependants and papers, reported deaths, reminders, and what agents may do."""

import sqlalchemy as sa
from alembic import op

revision = "0013_enrolment"
down_revision = "0012_mutuelles"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
PLANNED = sa.text("message_id IS NULL AND outcome IS NULL")


def upgrade() -> None:
    role = sa.Column("role", sa.String(length=12), nullable=False, server_default="CAMPAIGN")
    op.add_column("agents", role)
    _dossiers()
    _reminders()
    op.create_table(
        "deaths",
        sa.Column("id", ID, nullable=False),
        sa.Column("subject", sa.String(length=30), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("said_by", sa.LargeBinary(), nullable=False),
        sa.Column("said_at", MOMENT, nullable=False),
        sa.Column("confirmed_by", sa.LargeBinary()),
        sa.Column("confirmed_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_deaths"),
        sa.UniqueConstraint("subject", name="uq_deaths_subject"),
    )


def downgrade() -> None:
    for table in ("deaths", "reminder_days", "reminders", "dossier_papers", "dossier_members", "dossiers"):
        op.drop_table(table)
    op.drop_column("agents", "role")


def _dossiers() -> None:
    op.create_table(
        "dossiers",
        sa.Column("id", ID, nullable=False),
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("same_index", sa.LargeBinary()),
        sa.Column("scheme", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("sex", sa.String(length=1), nullable=False),
        sa.Column("birth_year", sa.SmallInteger()),
        sa.Column("commune_code", sa.String(length=12), nullable=False),
        sa.Column("identity_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("given_key", sa.LargeBinary()),
        sa.Column("family_key", sa.LargeBinary()),
        sa.Column("nina_index", sa.LargeBinary()),
        sa.Column("nina_sealed", sa.LargeBinary()),
        sa.Column("others", sa.SmallInteger()),
        sa.Column("phone_index", sa.LargeBinary()),
        sa.Column("phone_sealed", sa.LargeBinary()),
        sa.Column("maker", sa.String(length=8), nullable=False),
        sa.Column("agent", sa.String(length=40)),
        sa.Column("facility_id", ID),
        sa.Column("consent_version", sa.String(length=20), nullable=False),
        sa.Column("person_id", ID),
        sa.Column("place", sa.String(length=60)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("told_at", MOMENT),
        sa.Column("done_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_dossiers"),
        sa.UniqueConstraint("code", name="uq_dossiers_code"),
        sa.UniqueConstraint("same_index", name="uq_dossiers_same_index"),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facilities.id"], name="fk_dossiers_facility_id_facilities"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_dossiers_person_id_persons"),
    )
    op.create_index("ix_dossiers_nina_index", "dossiers", ["nina_index"])
    op.create_index("ix_dossiers_person_id", "dossiers", ["person_id"])
    op.create_index("ix_dossiers_changed_at", "dossiers", ["changed_at"])
    op.create_index("ix_dossiers_phone", "dossiers", ["phone_index", "created_at"])
    op.create_index("ix_dossiers_agent", "dossiers", ["agent", "created_at"])
    op.create_index("ix_dossiers_facility", "dossiers", ["facility_id", "created_at"])
    op.create_index("ix_dossiers_name", "dossiers", ["family_key", "given_key", "birth_year"])
    op.create_table(
        "dossier_members",
        sa.Column("id", ID, nullable=False),
        sa.Column("dossier_id", ID, nullable=False),
        sa.Column("link", sa.String(length=3), nullable=False),
        sa.Column("sex", sa.String(length=1), nullable=False),
        sa.Column("birth_year", sa.SmallInteger()),
        sa.Column("identity_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("same_index", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_dossier_members"),
        sa.UniqueConstraint("same_index", name="uq_dossier_members_same_index"),
        sa.ForeignKeyConstraint(
            ["dossier_id"], ["dossiers.id"], name="fk_dossier_members_dossier_id_dossiers"
        ),
    )
    op.create_index("ix_dossier_members_dossier_id", "dossier_members", ["dossier_id"])
    op.create_table(
        "dossier_papers",
        sa.Column("dossier_id", ID, nullable=False),
        sa.Column("paper", sa.String(length=60), nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("dossier_id", "paper", name="pk_dossier_papers"),
        sa.ForeignKeyConstraint(
            ["dossier_id"], ["dossiers.id"], name="fk_dossier_papers_dossier_id_dossiers"
        ),
    )


def _reminders() -> None:
    op.create_table(
        "reminders",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("phone_index", sa.LargeBinary()),
        sa.Column("commune_code", sa.String(length=12)),
        sa.Column("planned_at", MOMENT, nullable=False),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("claimed_at", MOMENT),
        sa.Column("outcome", sa.String(length=16)),
        sa.Column("answered_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_reminders"),
        sa.UniqueConstraint("kind", "subject_id", "period", name="uq_reminders_kind_subject_id_period"),
    )
    op.create_index("ix_reminders_phone", "reminders", ["phone_index", "claimed_at"])
    op.create_index("ix_reminders_message_id", "reminders", ["message_id"])
    op.create_index(
        "ix_reminders_planned", "reminders", ["kind", "id"], sqlite_where=PLANNED, postgresql_where=PLANNED
    )
    op.create_table(
        "reminder_days",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("planned", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "day", name="pk_reminder_days"),
    )

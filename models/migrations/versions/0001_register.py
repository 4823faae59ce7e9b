"""The register: who is covered by what, and the phones that are tied to people."""

import sqlalchemy as sa
from alembic import op

revision = "0001_register"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "places",
        sa.Column("division", sa.String(length=4), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("level", sa.String(length=7), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("parent", sa.String(length=40), nullable=True),
        sa.Column("pcode", sa.String(length=10), nullable=True),
        sa.Column("folded", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("division", "code", name="pk_places"),
    )
    op.create_index("ix_places_folded", "places", ["folded"])
    op.create_table(
        "mutuelles",
        sa.Column("id", ID, nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("cercle_pcode", sa.String(length=12), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mutuelles"),
        sa.UniqueConstraint("code", name="uq_mutuelles_code"),
    )
    op.create_index("ix_mutuelles_cercle_pcode", "mutuelles", ["cercle_pcode"])
    op.create_table(
        "facilities",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("commune_code", sa.String(length=12), nullable=False),
        sa.Column("cercle_code", sa.String(length=12), nullable=False),
        sa.Column("contracted", sa.Boolean(), nullable=False),
        sa.Column("hours", sa.String(length=60), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_facilities"),
    )
    op.create_index("ix_facilities_cercle_code", "facilities", ["cercle_code"])
    op.create_index("ix_facilities_commune_code", "facilities", ["commune_code"])
    op.create_table(
        "households",
        sa.Column("id", ID, nullable=False),
        sa.Column("code", sa.String(length=20), nullable=True),
        sa.Column("commune_code", sa.String(length=12), nullable=False),
        sa.Column("mutuelle_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["mutuelle_id"], ["mutuelles.id"], name="fk_households_mutuelle_id"),
        sa.PrimaryKeyConstraint("id", name="pk_households"),
        sa.UniqueConstraint("code", name="uq_households_code"),
    )
    op.create_index("ix_households_commune_code", "households", ["commune_code"])
    op.create_index("ix_households_mutuelle_id", "households", ["mutuelle_id"])
    op.create_table(
        "persons",
        sa.Column("id", ID, nullable=False),
        sa.Column("household_id", ID, nullable=False),
        sa.Column("relation", sa.String(length=10), nullable=False),
        sa.Column("sex", sa.String(length=1), nullable=False),
        sa.Column("birth_year", sa.SmallInteger(), nullable=False),
        sa.Column("commune_code", sa.String(length=12), nullable=False),
        sa.Column("pupil", sa.Boolean(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("identity_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("given_key", sa.LargeBinary(), nullable=True),
        sa.Column("family_key", sa.LargeBinary(), nullable=True),
        sa.Column("nina_index", sa.LargeBinary(), nullable=True),
        sa.Column("nina_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("died_on", sa.Date(), nullable=True),
        sa.Column("erased_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name="fk_persons_household_id"),
        sa.PrimaryKeyConstraint("id", name="pk_persons"),
        sa.UniqueConstraint("nina_index", name="uq_persons_nina_index"),
    )
    op.create_index("ix_persons_household_id", "persons", ["household_id"])
    op.create_index("ix_persons_name", "persons", ["family_key", "given_key", "birth_year"])
    op.create_table(
        "coverages",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("scheme", sa.String(length=10), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("covered_from", sa.Date(), nullable=True),
        sa.Column("number_index", sa.LargeBinary(), nullable=True),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("organism", sa.String(length=20), nullable=True),
        sa.Column("mutuelle_id", ID, nullable=True),
        sa.Column("missing_fcfa", sa.Integer(), nullable=False),
        sa.Column("late_since", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["mutuelle_id"], ["mutuelles.id"], name="fk_coverages_mutuelle_id"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_coverages_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_coverages"),
        sa.UniqueConstraint("number_index", name="uq_coverages_number_index"),
    )
    op.create_index("ix_coverages_mutuelle_id", "coverages", ["mutuelle_id"])
    op.create_index("ix_coverages_person_id", "coverages", ["person_id"])
    op.create_table(
        "receipts",
        sa.Column("coverage_id", ID, autoincrement=False, nullable=False),
        sa.Column("reference_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("issue_place", sa.String(length=60), nullable=True),
        sa.Column("issue_date", sa.Date(), nullable=True),
        sa.Column("signatory_title", sa.String(length=80), nullable=True),
        sa.Column("signatory_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["coverage_id"], ["coverages.id"], name="fk_receipts_coverage_id"),
        sa.PrimaryKeyConstraint("coverage_id", name="pk_receipts"),
    )
    op.create_table(
        "phones",
        sa.Column("id", ID, nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("charset", sa.String(length=4), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_phones"),
        sa.UniqueConstraint("phone_index", name="uq_phones_phone_index"),
    )
    op.create_table(
        "phone_links",
        sa.Column("phone_id", ID, autoincrement=False, nullable=False),
        sa.Column("person_id", ID, autoincrement=False, nullable=False),
        sa.Column("verified_at", MOMENT, nullable=False),
        sa.Column("how", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_phone_links_person_id"),
        sa.ForeignKeyConstraint(["phone_id"], ["phones.id"], name="fk_phone_links_phone_id"),
        sa.PrimaryKeyConstraint("phone_id", "person_id", name="pk_phone_links"),
    )
    op.create_index("ix_phone_links_person_id", "phone_links", ["person_id"])


def downgrade() -> None:
    op.drop_table("phone_links")
    op.drop_table("phones")
    op.drop_table("receipts")
    op.drop_table("coverages")
    op.drop_table("persons")
    op.drop_table("households")
    op.drop_table("facilities")
    op.drop_table("mutuelles")
    op.drop_table("places")

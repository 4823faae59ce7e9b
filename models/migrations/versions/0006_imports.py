"""Registers that are brought in from files: which file, which of its batches are done, what it spoke of."""

import sqlalchemy as sa
from alembic import op

revision = "0006_imports"
down_revision = "0005_care"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
DEPENDANTS = sa.text("dependant_index IS NOT NULL")


def upgrade() -> None:
    op.add_column("coverages", sa.Column("dependant_index", sa.LargeBinary(), nullable=True))
    op.add_column("coverages", sa.Column("fingerprint", sa.LargeBinary(), nullable=True))
    op.create_index(
        "uq_coverages_dependant_index",
        "coverages",
        ["dependant_index"],
        unique=True,
        postgresql_where=DEPENDANTS,
        sqlite_where=DEPENDANTS,
    )
    op.create_table(
        "imports",
        sa.Column("id", ID, nullable=False),
        sa.Column("file_index", sa.LargeBinary(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("register", sa.String(length=12), nullable=False),
        sa.Column("batch_lines", sa.Integer(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
        sa.UniqueConstraint("file_index", "run", name="uq_imports_file_index_run"),
    )
    op.create_table(
        "import_batches",
        sa.Column("import_id", ID, autoincrement=False, nullable=False),
        sa.Column("batch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("ended", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("rejects_bytes", sa.BigInteger(), nullable=False),
        sa.Column("done_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name="fk_import_batches_import_id"),
        sa.PrimaryKeyConstraint("import_id", "batch", name="pk_import_batches"),
    )
    op.create_table(
        "import_seen",
        sa.Column("import_id", ID, autoincrement=False, nullable=False),
        sa.Column("coverage_id", ID, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("import_id", "coverage_id", name="pk_import_seen"),
    )


def downgrade() -> None:
    op.drop_table("import_seen")
    op.drop_table("import_batches")
    op.drop_table("imports")
    op.drop_index("uq_coverages_dependant_index", table_name="coverages")
    op.drop_column("coverages", "fingerprint")
    op.drop_column("coverages", "dependant_index")

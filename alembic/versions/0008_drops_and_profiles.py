"""Files dropped together, and column profiles that can be retired."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = ("intake_drop", "dropped_file")
STATES = ("waiting", "reading", "claim", "document", "question", "refused", "cancelled")


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.add_column(
        "column_mapping",
        sa.Column("headers", postgresql.JSONB(), nullable=False, server_default=sa.text("'[]'::jsonb")),
    )
    op.alter_column("column_mapping", "headers", server_default=None)
    op.add_column("column_mapping", sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))
    _drop_tables()
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO agency_staff, agency_worker, agency_creditor")
        op.execute(
            f"CREATE POLICY agency ON {table} TO agency_staff, agency_worker"
            " USING (app.agency()) WITH CHECK (app.agency())"
        )
        op.execute(
            f"CREATE POLICY creditor ON {table} TO agency_creditor"
            " USING (creditor_id = app.creditor_id()) WITH CHECK (creditor_id = app.creditor_id())"
        )


def _drop_tables() -> None:
    op.create_table(
        "intake_drop",
        sa.Column("creditor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["creditor_id"], ["creditor.id"], name=op.f("fk_intake_drop_creditor_id")),
        sa.PrimaryKeyConstraint("creditor_id", "id", name=op.f("pk_intake_drop")),
    )
    op.create_table(
        "dropped_file",
        sa.Column("creditor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("drop_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("within", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(*STATES, name="state", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("placement_id", sa.Uuid(), nullable=True),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["creditor_id"], ["creditor.id"], name=op.f("fk_dropped_file_creditor_id")),
        sa.ForeignKeyConstraint(
            ["creditor_id", "drop_id"],
            ["intake_drop.creditor_id", "intake_drop.id"],
            name=op.f("fk_dropped_file_creditor_id_drop_id"),
        ),
        sa.ForeignKeyConstraint(
            ["creditor_id", "placement_id"],
            ["placement.creditor_id", "placement.id"],
            name=op.f("fk_dropped_file_creditor_id_placement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["creditor_id", "claim_id"],
            ["claim.creditor_id", "claim.id"],
            name=op.f("fk_dropped_file_creditor_id_claim_id"),
        ),
        sa.PrimaryKeyConstraint("creditor_id", "id", name=op.f("pk_dropped_file")),
        sa.UniqueConstraint(
            "creditor_id", "drop_id", "key", name=op.f("uq_dropped_file_creditor_id_drop_id_key")
        ),
    )


def downgrade() -> None:
    op.drop_table("dropped_file")
    op.drop_table("intake_drop")
    op.drop_column("column_mapping", "retired_at")
    op.drop_column("column_mapping", "headers")

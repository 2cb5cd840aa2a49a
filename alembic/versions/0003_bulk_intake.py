"""Large files: rows wait in chunks, a claim's state stands in no index, no foreign key checks twice."""

import sqlalchemy as sa
import sqlmodel

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Tables whose rows hang from another row of the same creditor: that composite key proves the creditor.
PROVED_TWICE = (
    "claim", "invoice", "claim_move", "contact_point", "score_run", "quote_line", "treatment",
    "placement_row", "placement_reject", "ledger_entry",
)  # fmt: skip


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for table in PROVED_TWICE:
        op.drop_constraint(f"fk_{table}_creditor_id", table, type_="foreignkey")
    op.drop_index("ix_claim_state", table_name="claim")
    # Room on each page for the next states of its claims.
    op.execute("ALTER TABLE claim SET (fillfactor = 50)")
    op.add_column("placement", sa.Column("read_rows", sa.Integer(), nullable=False, server_default="0"))
    op.alter_column("placement", "read_rows", server_default=None)
    op.add_column("placement", sa.Column("reading_since", sa.DateTime(timezone=True), nullable=True))
    _staging()


def _staging() -> None:
    op.create_table(
        "staged_chunk",
        sa.Column("creditor_id", sa.Uuid(), nullable=False),
        sa.Column("placement_id", sa.Uuid(), nullable=False),
        sa.Column("last_row", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("read_as", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("checked", sa.LargeBinary(), nullable=False),
        sa.Column("rejects", sa.LargeBinary(), nullable=False),
        sa.Column("findings", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["creditor_id", "placement_id"],
            ["placement.creditor_id", "placement.id"],
            name=op.f("fk_staged_chunk_creditor_id_placement_id"),
        ),
        sa.PrimaryKeyConstraint("creditor_id", "placement_id", "last_row", name=op.f("pk_staged_chunk")),
    )
    # They are packed before they come here.
    op.execute("ALTER TABLE staged_chunk ALTER COLUMN checked SET STORAGE EXTERNAL")
    op.execute("ALTER TABLE staged_chunk ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE staged_chunk FORCE ROW LEVEL SECURITY")
    op.execute("GRANT SELECT, INSERT, DELETE ON staged_chunk TO agency_worker")
    op.execute(
        "CREATE POLICY agency ON staged_chunk TO agency_worker USING (app.agency()) WITH CHECK (app.agency())"
    )


def downgrade() -> None:
    op.drop_table("staged_chunk")
    op.drop_column("placement", "reading_since")
    op.drop_column("placement", "read_rows")
    op.execute("ALTER TABLE claim RESET (fillfactor)")
    op.create_index("ix_claim_state", "claim", ["state", "due_on"], unique=False)
    for table in PROVED_TWICE:
        op.create_foreign_key(f"fk_{table}_creditor_id", table, "creditor", ["creditor_id"], ["id"])

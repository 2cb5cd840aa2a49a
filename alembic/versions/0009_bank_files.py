"""Bank lines that know their collective entry and why they were returned; notices that book nothing."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STATES = ("suspense", "matched", "psp_settlement", "payout", "returned")
LINE_TEXTS = ("entry_key", "return_reason")


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.add_column("bank_statement", sa.Column("format", sa.String(), nullable=False, server_default=""))
    op.alter_column("bank_statement", "format", server_default=None)
    for column in LINE_TEXTS:
        op.add_column("bank_line", sa.Column(column, sa.String(), nullable=False, server_default=""))
        op.alter_column("bank_line", column, server_default=None)
    op.add_column("bank_line", sa.Column("reversal", sa.Boolean(), nullable=False, server_default="false"))
    op.alter_column("bank_line", "reversal", server_default=None)
    op.add_column("bank_line", sa.Column("part_of", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_bank_line_part_of"), "bank_line", "bank_line", ["part_of"], ["id"])
    op.create_index("ix_bank_line_day", "bank_line", ["iban", "booked_on"])
    op.create_index(
        "ix_bank_line_part_of", "bank_line", ["part_of"], postgresql_where=sa.text("part_of IS NOT NULL")
    )
    _states((*STATES, "split"))
    _notices()


def _notices() -> None:
    op.create_table(
        "bank_notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("iban", sa.String(), nullable=False),
        sa.Column("notice_key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("days", postgresql.ARRAY(sa.Date()), nullable=False),
        sa.Column("lines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("file_sha256", sa.String(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_notice")),
        sa.UniqueConstraint("iban", "notice_key", name=op.f("uq_bank_notice_iban_notice_key")),
    )
    op.execute("ALTER TABLE bank_notice ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE bank_notice FORCE ROW LEVEL SECURITY")
    op.execute("GRANT SELECT, INSERT, UPDATE ON bank_notice TO agency_staff, agency_worker")
    op.execute(
        "CREATE POLICY agency ON bank_notice TO agency_staff, agency_worker"
        " USING (app.agency()) WITH CHECK (app.agency())"
    )


def _states(states: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_bank_line_state"), "bank_line")
    listed = ", ".join(f"'{state}'" for state in states)
    # Not validated: on the way back, lines that were split stay as they are.
    op.execute(
        f"ALTER TABLE bank_line ADD CONSTRAINT ck_bank_line_state CHECK (state IN ({listed})) NOT VALID"
    )


def downgrade() -> None:
    op.drop_table("bank_notice")
    _states(STATES)
    op.drop_index("ix_bank_line_part_of", table_name="bank_line")
    op.drop_index("ix_bank_line_day", table_name="bank_line")
    op.drop_constraint(op.f("fk_bank_line_part_of"), "bank_line", type_="foreignkey")
    for column in ("part_of", "reversal", *LINE_TEXTS):
        op.drop_column("bank_line", column)
    op.drop_column("bank_statement", "format")

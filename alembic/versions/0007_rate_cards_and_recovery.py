"""Drafts of rate cards, what was recovered before, and quotes that are accepted in part."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    _quotes_in_parts()
    for column in ("author", "approved_by"):
        op.add_column("rate_card", sa.Column(column, sa.String(), nullable=True))
    op.create_table(
        "rate_card_draft",
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft", "submitted", "published", "withdrawn",
                name="state", native_enum=False, create_constraint=True, length=40,
            ),
            nullable=False,
        ),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("based_on", sa.Integer(), nullable=True),
        sa.Column("writers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("remark", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rate_card_draft")),
    )  # fmt: skip
    op.create_table(
        "recovery_outcome",
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("debtor", sa.String(), nullable=False),
        sa.Column("age_band", sa.Integer(), nullable=False),
        sa.Column("amount_band", sa.Integer(), nullable=False),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("creditors", sa.Integer(), nullable=False),
        sa.Column("share_sum", sa.BigInteger(), nullable=False),
        sa.Column("share_squares", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "as_of", "debtor", "age_band", "amount_band", name=op.f("pk_recovery_outcome")
        ),
    )
    _walls()


def _quotes_in_parts() -> None:
    op.add_column("quote", sa.Column("follows_id", sa.Uuid(), nullable=True))
    op.add_column("quote", sa.Column("part", sa.Integer(), nullable=False, server_default="1"))
    op.alter_column("quote", "part", server_default=None)
    op.add_column("quote", sa.Column("closed_at", MOMENT, nullable=True))
    op.add_column("quote", sa.Column("closed_by", sa.String(), nullable=True))
    op.add_column("quote", sa.Column("closed_from", sa.String(), nullable=True))
    op.add_column("quote", sa.Column("closed_why", sa.String(), nullable=False, server_default=""))
    op.alter_column("quote", "closed_why", server_default=None)
    op.create_foreign_key(
        op.f("fk_quote_creditor_id_follows_id"),
        "quote", "quote", ["creditor_id", "follows_id"], ["creditor_id", "id"],
    )  # fmt: skip
    op.drop_index("uq_quote_accepted", table_name="quote")
    op.create_index(
        "uq_quote_accepted", "quote", ["creditor_id", "placement_id", "part"], unique=True,
        postgresql_where=sa.text("state = 'accepted'"),
    )  # fmt: skip
    op.add_column("quote_line", sa.Column("outcome", sa.String(length=40), nullable=True))
    op.create_check_constraint(op.f("ck_quote_line_outcome"), "quote_line", "outcome IN ('left')")
    op.create_foreign_key(
        op.f("fk_success_fee_creditor_id_quote_id_claim_id"),
        "success_fee", "quote_line",
        ["creditor_id", "quote_id", "claim_id"], ["creditor_id", "quote_id", "claim_id"],
    )  # fmt: skip


def _walls() -> None:
    """Both new tables belong to no creditor: drafts stay inside, sums over all books may be read."""
    for table in ("rate_card_draft", "recovery_outcome"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO agency_staff, agency_worker")
        op.execute(
            f"CREATE POLICY agency ON {table} TO agency_staff, agency_worker"
            " USING (app.agency()) WITH CHECK (app.agency())"
        )
    op.execute("GRANT DELETE ON recovery_outcome TO agency_worker, agency_staff")
    op.execute("GRANT SELECT ON recovery_outcome TO agency_creditor")
    op.execute("CREATE POLICY published ON recovery_outcome FOR SELECT TO agency_creditor USING (true)")


def downgrade() -> None:
    op.drop_table("recovery_outcome")
    op.drop_table("rate_card_draft")
    for column in ("author", "approved_by"):
        op.drop_column("rate_card", column)
    op.drop_constraint(
        op.f("fk_success_fee_creditor_id_quote_id_claim_id"), "success_fee", type_="foreignkey"
    )
    op.drop_column("quote_line", "outcome")
    op.drop_index("uq_quote_accepted", table_name="quote")
    op.create_index(
        "uq_quote_accepted", "quote", ["creditor_id", "placement_id"], unique=True,
        postgresql_where=sa.text("state = 'accepted'"),
    )  # fmt: skip
    op.drop_constraint(op.f("fk_quote_creditor_id_follows_id"), "quote", type_="foreignkey")
    for column in ("follows_id", "part", "closed_at", "closed_by", "closed_from", "closed_why"):
        op.drop_column("quote", column)

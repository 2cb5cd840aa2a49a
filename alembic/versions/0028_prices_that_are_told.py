"""Higher prices that were told, sheets with different columns, and the claims of a try-out of a rate card."""

import sqlalchemy as sa

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("ALTER TABLE quote ADD COLUMN told_at timestamptz, ADD COLUMN reminded_at timestamptz")
    op.execute(
        "CREATE INDEX ix_quote_to_tell ON quote (expires_at)"
        " WHERE state = 'open' AND claim_id IS NOT NULL AND reminded_at IS NULL"
    )
    op.execute("ALTER TABLE column_mapping ADD COLUMN parts jsonb NOT NULL DEFAULT '[]'")
    op.execute("ALTER TABLE column_mapping ALTER COLUMN parts DROP DEFAULT")
    op.execute("ALTER TABLE placement ADD COLUMN sheets jsonb NOT NULL DEFAULT '[]'")
    op.execute("ALTER TABLE placement ALTER COLUMN sheets DROP DEFAULT")
    op.create_table(
        "rate_card_trial_part",
        sa.Column("trial_id", sa.Uuid(), nullable=False),
        sa.Column("claims_before", sa.Integer(), nullable=False),
        sa.Column("lines", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("trial_id", "claims_before", name=op.f("pk_rate_card_trial_part")),
        sa.ForeignKeyConstraint(
            ["trial_id"], ["rate_card_trial.id"], name=op.f("fk_rate_card_trial_part_trial_id")
        ),
    )
    # Like the try-outs themselves, they belong to no creditor and stay inside the agency.
    op.execute("ALTER TABLE rate_card_trial_part ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE rate_card_trial_part FORCE ROW LEVEL SECURITY")
    op.execute("GRANT SELECT, INSERT, DELETE ON rate_card_trial_part TO agency_staff, agency_worker")
    op.execute(
        "CREATE POLICY agency ON rate_card_trial_part TO agency_staff, agency_worker"
        " USING (app.agency()) WITH CHECK (app.agency())"
    )


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.drop_table("rate_card_trial_part")
    op.execute("ALTER TABLE placement DROP COLUMN sheets")
    op.execute("ALTER TABLE column_mapping DROP COLUMN parts")
    op.execute("DROP INDEX ix_quote_to_tell")
    op.execute("ALTER TABLE quote DROP COLUMN told_at, DROP COLUMN reminded_at")

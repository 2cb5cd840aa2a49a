"""A debtor's page counts the days of grace from the day a direct debit came back, so it may read that day."""

from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("GRANT SELECT (seen_at) ON direct_debit TO agency_debtor")


def downgrade() -> None:
    op.execute("REVOKE SELECT (seen_at) ON direct_debit FROM agency_debtor")

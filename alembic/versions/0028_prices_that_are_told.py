"""When a creditor was written to about a higher price that waits."""

from alembic import op

revision = "0028"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("ALTER TABLE quote ADD COLUMN told_at timestamptz, ADD COLUMN reminded_at timestamptz")
    op.execute(
        "CREATE INDEX ix_quote_to_tell ON quote (expires_at)"
        " WHERE state = 'open' AND claim_id IS NOT NULL AND reminded_at IS NULL"
    )


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("DROP INDEX ix_quote_to_tell")
    op.execute("ALTER TABLE quote DROP COLUMN told_at, DROP COLUMN reminded_at")

"""When a creditor was written to about a higher price that waits, and sheets with different columns."""

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
    op.execute("ALTER TABLE column_mapping ADD COLUMN parts jsonb NOT NULL DEFAULT '[]'")
    op.execute("ALTER TABLE column_mapping ALTER COLUMN parts DROP DEFAULT")
    op.execute("ALTER TABLE placement ADD COLUMN sheets jsonb NOT NULL DEFAULT '[]'")
    op.execute("ALTER TABLE placement ALTER COLUMN sheets DROP DEFAULT")


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("ALTER TABLE placement DROP COLUMN sheets")
    op.execute("ALTER TABLE column_mapping DROP COLUMN parts")
    op.execute("DROP INDEX ix_quote_to_tell")
    op.execute("ALTER TABLE quote DROP COLUMN told_at, DROP COLUMN reminded_at")

"""On which day the bank had the money of an online payment."""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    # What was paid before counts as arrived: of which settlement it was is not on file.
    op.execute("ALTER TABLE payment_intent ADD COLUMN arrived_on date DEFAULT CURRENT_DATE")
    op.execute("ALTER TABLE payment_intent ALTER COLUMN arrived_on DROP DEFAULT")
    op.execute(
        "CREATE INDEX ix_payment_intent_on_its_way ON payment_intent (creditor_id)"
        " WHERE state = 'paid' AND arrived_on IS NULL"
    )


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("DROP INDEX ix_payment_intent_on_its_way")
    op.execute("ALTER TABLE payment_intent DROP COLUMN arrived_on")

"""The few addresses and numbers that nobody may use are found without looking through all others."""

from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute(
        "CREATE INDEX ix_contact_point_unwanted ON contact_point (channel, lower(value))"
        " WHERE state = 'opted_out'"
    )


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("DROP INDEX ix_contact_point_unwanted")

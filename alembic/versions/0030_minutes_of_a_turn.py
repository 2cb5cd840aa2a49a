"""At which minute of its day a claim gets the turn that it missed."""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("ALTER TABLE treatment ADD COLUMN next_minutes integer NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE treatment ALTER COLUMN next_minutes DROP DEFAULT")


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("ALTER TABLE treatment DROP COLUMN next_minutes")

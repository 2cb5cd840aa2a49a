"""A name of a creditor on the internet can be removed: one typed wrongly, or for the wrong creditor."""

from alembic import op

revision = "0046"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("GRANT DELETE ON brand_host TO agency_staff")


def downgrade() -> None:
    op.execute("REVOKE DELETE ON brand_host FROM agency_staff")

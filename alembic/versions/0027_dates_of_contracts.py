"""The day on which a claim's contract was made, which a German consumer is told with the first demand."""

import sqlalchemy as sa

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.add_column("claim", sa.Column("contract_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("claim", "contract_on")

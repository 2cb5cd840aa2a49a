"""What hangs on a claim is found by it: pages, payouts and warnings looked through all of its creditor's."""

from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

TABLES = (
    "direct_debit",
    "direct_payment",
    "dispute_change",
    "pay_link",
    "payment_intent",
    "plan_claim",
    "promise",
    "settlement",
    "success_fee",
    "waiver_request",
)


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for table in TABLES:
        op.create_index(f"ix_{table}_claim", table, ["creditor_id", "claim_id"])


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for table in TABLES:
        op.drop_index(f"ix_{table}_claim", table_name=table)

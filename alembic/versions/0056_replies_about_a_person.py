"""A reply may tell that the debtor died, is insolvent, or has a guardian."""

from alembic import op

revision = "0056"
down_revision = "0051"
branch_labels = None
depends_on = None

BEFORE = "'danger', 'counsellor', 'not_me', 'dispute', 'hardship', 'plan', 'paid', 'stop', 'other'"


def upgrade() -> None:
    _allow(f"'death', 'insolvency', 'guardianship', {BEFORE}")


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for column in ("topic", "decided_topic"):
        op.execute(f"UPDATE reply SET {column} = 'not_me' WHERE {column} = 'death'")
        op.execute(
            f"UPDATE reply SET {column} = 'counsellor' WHERE {column} IN ('insolvency', 'guardianship')"
        )
    _allow(BEFORE)


def _allow(topics: str) -> None:
    op.execute("SET lock_timeout = '5s'")
    for column in ("topic", "decided_topic"):
        op.execute(
            f"ALTER TABLE reply DROP CONSTRAINT ck_reply_{column},"
            f" ADD CONSTRAINT ck_reply_{column} CHECK ({column} IN ({topics})) NOT VALID"
        )
        op.execute(f"ALTER TABLE reply VALIDATE CONSTRAINT ck_reply_{column}")

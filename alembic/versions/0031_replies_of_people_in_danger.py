"""A reply may tell of danger to somebody's life."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

BEFORE = "'counsellor', 'not_me', 'dispute', 'hardship', 'plan', 'paid', 'stop', 'other'"


def upgrade() -> None:
    _allow(f"'danger', {BEFORE}")


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("UPDATE reply SET topic = 'hardship' WHERE topic = 'danger'")
    op.execute("UPDATE reply SET decided_topic = 'hardship' WHERE decided_topic = 'danger'")
    _allow(BEFORE)


def _allow(topics: str) -> None:
    op.execute("SET lock_timeout = '5s'")
    for column in ("topic", "decided_topic"):
        op.execute(
            f"ALTER TABLE reply DROP CONSTRAINT ck_reply_{column},"
            f" ADD CONSTRAINT ck_reply_{column} CHECK ({column} IN ({topics})) NOT VALID"
        )
        op.execute(f"ALTER TABLE reply VALIDATE CONSTRAINT ck_reply_{column}")

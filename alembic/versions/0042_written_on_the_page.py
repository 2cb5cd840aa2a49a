"""What a debtor writes on his own page comes in like a mail or a letter does."""

from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

WAYS = ("email", "sms", "letter")


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    _allow((*WAYS, "page"))


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for table in ("inbound", "reply"):  # what came by the page is shown as mail by the older version
        op.execute(f"UPDATE {table} SET channel = 'email' WHERE channel = 'page'")
    _allow(WAYS)


def _allow(ways: tuple[str, ...]) -> None:
    known = ", ".join(f"'{way}'" for way in ways)
    for table in ("inbound", "reply"):
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_channel")
        op.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_channel CHECK (channel IN ({known})) NOT VALID"
        )
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_channel")

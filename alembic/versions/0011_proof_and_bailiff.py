"""Proofs remember what they saw, the bailiff's book, and walls that a parallel plan may look through."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BOOKS, WITH_BAILIFF = ("claims", "trust", "agency"), ("claims", "trust", "agency", "bailiff")
WALLS = ("now", "creditor_id", "claim_id", "debtor_id", "agency")


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.add_column(
        "proof_run",
        sa.Column("seen", postgresql.JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")),
    )
    op.alter_column("proof_run", "seen", server_default=None)
    _books(WITH_BAILIFF)
    # They only read settings of the transaction (and one row); without this no question that passes a wall
    # may use a second processor.
    for wall in WALLS:
        op.execute(f"ALTER FUNCTION app.{wall}() PARALLEL SAFE")


def _books(books: tuple[str, ...]) -> None:
    names = ", ".join(f"'{book}'" for book in books)
    for table in ("ledger_account", "ledger_transaction"):
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_book")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_book CHECK (book IN ({names})) NOT VALID")
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_book")


def downgrade() -> None:
    for wall in WALLS:
        op.execute(f"ALTER FUNCTION app.{wall}() PARALLEL UNSAFE")
    _books(BOOKS)
    op.drop_column("proof_run", "seen")

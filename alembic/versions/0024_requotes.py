"""Quotes of one accepted claim whose facts changed, and the hold while a higher price waits for an answer."""

import re

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

GROUNDS = ("price_to_agree",)


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("ALTER TABLE quote ADD COLUMN claim_id uuid")
    op.execute("ALTER TABLE quote ALTER COLUMN placement_id DROP NOT NULL")
    op.execute(
        "ALTER TABLE quote ADD CONSTRAINT ck_quote_about CHECK (num_nonnulls(placement_id, claim_id) = 1)"
    )
    op.execute(
        "ALTER TABLE quote ADD CONSTRAINT fk_quote_creditor_id_claim_id"
        " FOREIGN KEY (creditor_id, claim_id) REFERENCES claim (creditor_id, id)"
    )
    op.execute("CREATE INDEX ix_quote_claim ON quote (creditor_id, claim_id) WHERE claim_id IS NOT NULL")
    op.execute(
        "CREATE UNIQUE INDEX uq_quote_open_claim ON quote (creditor_id, claim_id)"
        " WHERE state = 'open' AND claim_id IS NOT NULL"
    )
    _allow_grounds(_grounds() + GROUNDS)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    _wall("NO FORCE")  # the owner sees no row behind it
    op.execute("ALTER TABLE quote DROP CONSTRAINT ck_quote_about")
    # Fees point at these quotes, so they stay: as later parts of the placement that their claim came with.
    op.execute(
        "UPDATE quote q SET placement_id = f.placement_id, part = 1000000 + f.nth,"
        " state = CASE state WHEN 'open' THEN 'replaced' ELSE state END FROM"
        " (SELECT n.creditor_id, n.id, b.placement_id,"
        "   row_number() OVER (ORDER BY n.creditor_id, n.id) AS nth"
        "  FROM quote n JOIN quote_line l ON l.creditor_id = n.creditor_id AND l.claim_id = n.claim_id"
        "   AND l.outcome IS NULL"
        "  JOIN quote b ON b.creditor_id = l.creditor_id AND b.id = l.quote_id AND b.claim_id IS NULL"
        "   AND b.state = 'accepted' WHERE n.claim_id IS NOT NULL) f"
        " WHERE q.creditor_id = f.creditor_id AND q.id = f.id"
    )
    op.execute("DROP INDEX uq_quote_open_claim")
    op.execute("DROP INDEX ix_quote_claim")
    op.execute("ALTER TABLE quote DROP CONSTRAINT fk_quote_creditor_id_claim_id")
    op.execute("ALTER TABLE quote DROP COLUMN claim_id")
    op.execute("ALTER TABLE quote ALTER COLUMN placement_id SET NOT NULL")
    # A ground that came meanwhile has no place in the older form.
    listed = ", ".join(f"'{ground}'" for ground in GROUNDS)
    op.execute(f"UPDATE hold SET ground = 'creditor_asked' WHERE ground IN ({listed})")
    _wall("FORCE")
    _allow_grounds(tuple(ground for ground in _grounds() if ground not in GROUNDS))


def _wall(force: str) -> None:
    for table in ("quote", "quote_line", "hold"):
        op.execute(f"ALTER TABLE {table} {force} ROW LEVEL SECURITY")


def _grounds() -> tuple[str, ...]:
    """The grounds that the database knows now, in whichever order revisions added theirs."""
    row = op.get_bind().exec_driver_sql(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ck_hold_ground'"
    )
    return tuple(re.findall(r"'([a-z_]+)'", row.scalar_one()))


def _allow_grounds(grounds: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{ground}'" for ground in dict.fromkeys(grounds))
    op.execute("ALTER TABLE hold DROP CONSTRAINT ck_hold_ground")
    op.execute(f"ALTER TABLE hold ADD CONSTRAINT ck_hold_ground CHECK (ground IN ({listed}))")

"""What keeps a bank's day fast: believable numbers for the planner, and lines that wait to be looked at."""

from alembic import op

revision = "0015"
down_revision = "0013"
branch_labels = None
depends_on = None

# The policies of agency and workers call it for every table. PostgreSQL takes an equality of which it knows
# nothing to hold for one row in two hundred, and so took each table to be that small; a truth value of which
# it knows nothing, for half.
AGENCY = """
CREATE OR REPLACE FUNCTION app.agency() RETURNS boolean LANGUAGE sql STABLE AS
  $$ SELECT coalesce(current_setting('app.agency', true) = 'on', false) $$;
"""
AGENCY_BEFORE = """
CREATE OR REPLACE FUNCTION app.agency() RETURNS boolean LANGUAGE sql STABLE AS
  $$ SELECT current_setting('app.agency', true) = 'on' $$;
"""
STATISTICS = """
CREATE FUNCTION app.refresh_ledger_statistics() RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  ANALYZE (SKIP_LOCKED) bank_line (id, statement_id, iban, booked_on, state, counterparty_iban);
  ANALYZE (SKIP_LOCKED) payment (creditor_id, id, claim_id, source, source_key);
  ANALYZE (SKIP_LOCKED) ledger_transaction (creditor_id, id, book, kind, source_key, xid);
  ANALYZE (SKIP_LOCKED) ledger_entry (creditor_id, transaction_id, account, claim_id);
END $$;
"""
LINES = """
CREATE INDEX ix_bank_line_unseen ON bank_line (id) WHERE state = 'suspense' AND match_trace = '[]';
"""
# The same question as before in one pass: a transaction in one currency needs no sum for each.
BALANCED = """
CREATE OR REPLACE FUNCTION app.refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE legs integer; strays integer; total numeric; one_currency boolean;
BEGIN
  SELECT count(*), count(*) FILTER (WHERE account NOT LIKE NEW.book || '.%'), sum(amount_minor),
      min(currency) = max(currency)
    INTO legs, strays, total, one_currency FROM ledger_entry
   WHERE creditor_id = NEW.creditor_id AND transaction_id = NEW.id;
  IF legs < 2 OR strays > 0 OR total <> 0 OR (NOT one_currency AND EXISTS (
      SELECT FROM ledger_entry WHERE creditor_id = NEW.creditor_id AND transaction_id = NEW.id
       GROUP BY currency HAVING sum(amount_minor) <> 0)) THEN
    RAISE EXCEPTION 'ledger transaction % does not balance within its book', NEW.id
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
"""
BALANCED_BEFORE = """
CREATE OR REPLACE FUNCTION app.refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE legs integer; uneven integer; strays integer;
BEGIN
  SELECT count(*), coalesce(max(uneven_currency), 0), coalesce(max(stray), 0)
    INTO legs, uneven, strays
    FROM (SELECT CASE WHEN sum(amount_minor) OVER (PARTITION BY currency) <> 0 THEN 1 ELSE 0 END
                   AS uneven_currency,
                 CASE WHEN account NOT LIKE NEW.book || '.%' THEN 1 ELSE 0 END AS stray
            FROM ledger_entry
           WHERE creditor_id = NEW.creditor_id AND transaction_id = NEW.id) AS legs_of_transaction;
  IF legs < 2 OR uneven = 1 OR strays = 1 THEN
    RAISE EXCEPTION 'ledger transaction % does not balance within its book', NEW.id
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
"""


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for change in (AGENCY, STATISTICS, LINES, BALANCED):
        op.execute(change)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("DROP INDEX ix_bank_line_unseen")
    op.execute("DROP FUNCTION app.refresh_ledger_statistics()")
    for change in (AGENCY_BEFORE, BALANCED_BEFORE):
        op.execute(change)

"""What is written once per claim of a large file: kept once, and proved once per statement.

The history of a claim's states stood twice, as rows of a table of its own and as events; the events stay.

Tables that only grow prove per statement that their rows hang from a claim, an account, a transaction or a
creditor that is there: a foreign key asks for each row by itself and locks what it finds, though no door may
take that away. The keys stay in the catalogue, not enforced.
"""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

HISTORY = """
ALTER TABLE claim_move NO FORCE ROW LEVEL SECURITY;
ALTER TABLE event NO FORCE ROW LEVEL SECURITY;
INSERT INTO event (creditor_id, id, kind, at, by, claim_id, creditor_sees, facts)
  SELECT m.creditor_id, m.id, 'ClaimMoved', m.at, m.by, m.claim_id, true,
    jsonb_build_object('from_state', m.from_state, 'to_state', m.to_state, 'why', m.why)
  FROM claim_move m WHERE NOT EXISTS (SELECT FROM event e WHERE e.creditor_id = m.creditor_id
    AND e.claim_id = m.claim_id AND e.kind = 'ClaimMoved' AND e.facts ->> 'to_state' = m.to_state
    AND e.at = m.at);
ALTER TABLE event FORCE ROW LEVEL SECURITY;
DROP TABLE claim_move;
"""

HISTORY_TWICE = """
CREATE TABLE claim_move (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  claim_id uuid NOT NULL,
  from_state varchar NOT NULL,
  to_state varchar NOT NULL,
  at timestamptz NOT NULL,
  by varchar NOT NULL,
  why varchar NOT NULL,
  CONSTRAINT pk_claim_move PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_claim_move_creditor_id_claim_id FOREIGN KEY (creditor_id, claim_id)
    REFERENCES claim (creditor_id, id)
);
CREATE INDEX ix_claim_move ON claim_move (creditor_id, claim_id);
ALTER TABLE event NO FORCE ROW LEVEL SECURITY;
INSERT INTO claim_move SELECT creditor_id, id, claim_id, facts ->> 'from_state', facts ->> 'to_state', at, by,
  facts ->> 'why' FROM event WHERE kind = 'ClaimMoved';
ALTER TABLE event FORCE ROW LEVEL SECURITY;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON claim_move
  FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON claim_move
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
ALTER TABLE claim_move ENABLE ROW LEVEL SECURITY;
ALTER TABLE claim_move FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON claim_move TO agency_staff, agency_worker, agency_creditor, agency_debtor;
CREATE POLICY agency ON claim_move TO agency_staff, agency_worker
  USING (app.agency()) WITH CHECK (app.agency());
CREATE POLICY creditor ON claim_move TO agency_creditor
  USING (creditor_id = app.creditor_id()) WITH CHECK (creditor_id = app.creditor_id());
CREATE POLICY debtor ON claim_move TO agency_debtor
  USING (creditor_id = app.creditor_id() AND claim_id = app.claim_id())
  WITH CHECK (creditor_id = app.creditor_id() AND claim_id = app.claim_id());
"""

PROOFS = """
CREATE OR REPLACE FUNCTION app.refuse_late_entries() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE present bigint := pg_current_xact_id()::text;
BEGIN
  -- A subquery, not a join: each entry finds its transaction by key, whatever is believed of the size.
  IF EXISTS (
    SELECT 1 FROM new_entries e WHERE present IS DISTINCT FROM
      (SELECT t.xid FROM ledger_transaction t WHERE t.creditor_id = e.creditor_id AND t.id = e.transaction_id)
  ) THEN
    RAISE EXCEPTION 'a sealed transaction takes no more entries' USING ERRCODE = 'restrict_violation';
  END IF;
  IF EXISTS (
    SELECT 1 FROM (SELECT DISTINCT creditor_id, account FROM new_entries) e WHERE
      (SELECT a.book FROM ledger_account a WHERE a.creditor_id = e.creditor_id AND a.code = e.account) IS NULL
  ) THEN
    RAISE EXCEPTION 'an entry''s account violates its foreign key' USING ERRCODE = 'foreign_key_violation';
  END IF;
  IF EXISTS (
    SELECT 1 FROM (SELECT DISTINCT creditor_id, claim_id FROM new_entries WHERE claim_id IS NOT NULL) e WHERE
      (SELECT c.state FROM claim c WHERE c.creditor_id = e.creditor_id AND c.id = e.claim_id) IS NULL
  ) THEN
    RAISE EXCEPTION 'an entry''s claim violates its foreign key' USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION app.refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE legs integer; even boolean; own boolean;
BEGIN
  SELECT count(*), min(currency) = max(currency) AND sum(amount_minor) = 0,
      bool_and(account LIKE NEW.book || '.%')
    INTO legs, even, own
    FROM ledger_entry WHERE creditor_id = NEW.creditor_id AND transaction_id = NEW.id;
  IF NOT even THEN
    -- Several currencies are seldom: each adds up to nothing by itself.
    even := NOT EXISTS (SELECT FROM ledger_entry WHERE creditor_id = NEW.creditor_id
      AND transaction_id = NEW.id GROUP BY currency HAVING sum(amount_minor) <> 0);
  END IF;
  IF legs < 2 OR NOT even OR NOT own THEN
    RAISE EXCEPTION 'ledger transaction % does not balance within its book', NEW.id
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION app.refuse_stray_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM (SELECT DISTINCT creditor_id FROM new_events) e WHERE
      (SELECT o.country FROM creditor o WHERE o.id = e.creditor_id) IS NULL
  ) THEN
    RAISE EXCEPTION 'an event''s creditor violates its foreign key' USING ERRCODE = 'foreign_key_violation';
  END IF;
  IF EXISTS (
    SELECT 1 FROM new_events e WHERE e.claim_id IS NOT NULL AND
      (SELECT c.state FROM claim c WHERE c.creditor_id = e.creditor_id AND c.id = e.claim_id) IS NULL
  ) THEN
    RAISE EXCEPTION 'an event''s claim violates its foreign key' USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER of_a_claim AFTER INSERT ON event REFERENCING NEW TABLE AS new_events
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_stray_events();
"""

# An entry's account has the creditor's own key, and no transaction stands without entries.
PROVED_BY_STATEMENT = (
    ("ledger_transaction", "fk_ledger_transaction_creditor_id"),
    ("ledger_entry", "fk_ledger_entry_creditor_id_transaction_id"),
    ("ledger_entry", "fk_ledger_entry_creditor_id_account"),
    ("ledger_entry", "fk_ledger_entry_creditor_id_claim_id"),
    ("event", "fk_event_creditor_id"),
    ("event", "fk_event_creditor_id_claim_id"),
)
# Rows of these hang from a placement, a debtor or a claim, whose composite key proves the creditor.
PROVED_TWICE = ("placement_finding", "screening")


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute(HISTORY)
    op.execute(PROOFS)
    for table, key in PROVED_BY_STATEMENT:
        op.execute(f"ALTER TABLE {table} ALTER CONSTRAINT {key} NOT ENFORCED")
    for table in PROVED_TWICE:
        op.drop_constraint(f"fk_{table}_creditor_id", table, type_="foreignkey")


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for table in PROVED_TWICE:
        op.create_foreign_key(f"fk_{table}_creditor_id", table, "creditor", ["creditor_id"], ["id"])
    op.execute("DROP FUNCTION app.refuse_stray_events() CASCADE")
    for table, key in PROVED_BY_STATEMENT:
        op.execute(f"ALTER TABLE {table} ALTER CONSTRAINT {key} ENFORCED")
    op.execute(HISTORY_TWICE)

"""The walls: database roles per door, forced row-level security, the sealed ledger, one clock."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

DOORS = ("gate", "creditor", "debtor", "staff", "worker")

# Per-creditor tables that a creditor's users may write (their own rows only).
CREDITOR_WRITES = (
    "audit_entry", "claim", "claim_move", "column_mapping", "contact_point", "debtor", "dispute", "document",
    "event", "hold", "idempotency", "invoice", "placement", "placement_reject", "placement_row", "quote",
    "quote_line", "score_run", "stored_file", "brand",
)  # fmt: skip
# What stays inside the agency.
AGENCY_ONLY = ("call", "note", "work_item")
# Tables with a claim_id that a debtor behind a link may read, and those in which he may leave something.
DEBTOR_READS = (
    "dispute", "document", "hold", "invoice", "ledger_entry", "message", "pay_link", "payment",
    "payment_intent", "promise", "event", "claim_move", "quote_line",
)  # fmt: skip
DEBTOR_WRITES = ("dispute", "event", "hold", "payment_intent", "promise", "claim_move", "document")
APPEND_ONLY = ("audit_entry", "ledger_transaction", "ledger_entry", "event", "claim_move", "message_receipt")

FUNCTIONS = """
CREATE SCHEMA app;
CREATE FUNCTION app.now() RETURNS timestamptz LANGUAGE sql STABLE AS
  $$ SELECT now() + ahead FROM public.clock WHERE id = 1 $$;
CREATE FUNCTION app.creditor_id() RETURNS uuid LANGUAGE sql STABLE AS
  $$ SELECT nullif(current_setting('app.creditor_id', true), '')::uuid $$;
CREATE FUNCTION app.claim_id() RETURNS uuid LANGUAGE sql STABLE AS
  $$ SELECT nullif(current_setting('app.claim_id', true), '')::uuid $$;
CREATE FUNCTION app.debtor_id() RETURNS uuid LANGUAGE sql STABLE AS
  $$ SELECT nullif(current_setting('app.debtor_id', true), '')::uuid $$;
CREATE FUNCTION app.agency() RETURNS boolean LANGUAGE sql STABLE AS
  $$ SELECT current_setting('app.agency', true) = 'on' $$;
CREATE FUNCTION app.refresh_statistics() RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  -- The first large file of a creditor is many rows that no statistics know of: without this, each statement
  -- that follows in the same minute is planned as if there were one.
  ANALYZE (SKIP_LOCKED) claim (creditor_id, id, placement_id, debtor_id, reference, state, disputed_minor);
  ANALYZE (SKIP_LOCKED) debtor (creditor_id, id, reference, kind, identity_id);
  ANALYZE (SKIP_LOCKED) invoice (creditor_id, id, claim_id, number);
  ANALYZE (SKIP_LOCKED) quote_line (creditor_id, quote_id, claim_id);
END $$;
CREATE SEQUENCE claim_number;
INSERT INTO clock (id, ahead) VALUES (1, interval '0');
"""

LEDGER = """
CREATE FUNCTION app.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION app.refuse_late_entries() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE present bigint := pg_current_xact_id()::text;
BEGIN
  -- A subquery, not a join: each entry finds its transaction by key, whatever is believed of the size.
  IF EXISTS (
    SELECT 1 FROM new_entries e WHERE present IS DISTINCT FROM
      (SELECT t.xid FROM ledger_transaction t WHERE t.creditor_id = e.creditor_id AND t.id = e.transaction_id)
  ) THEN
    RAISE EXCEPTION 'a sealed transaction takes no more entries' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER sealed AFTER INSERT ON ledger_entry REFERENCING NEW TABLE AS new_entries
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_late_entries();

CREATE FUNCTION app.refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON ledger_transaction DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION app.refuse_unbalanced();
"""

OUTBOX = """
CREATE FUNCTION app.wake_relay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_notify('outbox', ''); RETURN NULL; END $$;
CREATE TRIGGER wake_relay AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION app.wake_relay();
"""


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute(FUNCTIONS)
    op.execute(LEDGER)
    op.execute(OUTBOX)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION app.refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change()"
        )
    _roles()
    tables = [
        row[0]
        for row in op.get_bind().exec_driver_sql(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        )
    ]
    with_creditor = _tables_with("creditor_id", primary=True)
    for table in tables:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        changes = "SELECT, INSERT" if table in APPEND_ONLY else "SELECT, INSERT, UPDATE"
        op.execute(f"GRANT {changes} ON {table} TO agency_staff, agency_worker")
        _policy(table, "agency", ("staff", "worker"), "app.agency()")
    for table in with_creditor:
        _creditor_wall(table)
    for table in DEBTOR_READS:
        _debtor_wall(table, "claim_id = app.claim_id()")
    _debtor_wall("claim", "id = app.claim_id()")
    _debtor_wall("debtor", "id = app.debtor_id()")
    # A transaction has no claim of its own; its legs have.
    _debtor_wall(
        "ledger_transaction",
        "EXISTS (SELECT FROM ledger_entry e WHERE e.creditor_id = ledger_transaction.creditor_id"
        " AND e.transaction_id = ledger_transaction.id AND e.claim_id = app.claim_id())",
    )
    for table in ("brand", "creditor_terms", "stored_file", "ledger_account"):
        _debtor_wall(table, "true")
    _columns_that_may_change()
    _global_tables()
    op.execute("GRANT DELETE ON outbox, user_session, placement_row, placement_reject TO agency_worker")
    op.execute("GRANT DELETE ON placement_row, placement_reject TO agency_creditor")


def _roles() -> None:
    for door in DOORS:
        # Roles belong to the cluster, so another database may have made them already, or just now.
        op.execute(
            f"DO $$ BEGIN CREATE ROLE agency_{door} NOLOGIN NOBYPASSRLS;"
            " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )
        op.execute(
            "DO $$ DECLARE login text; BEGIN"
            " FOR login IN SELECT rolname FROM pg_roles WHERE rolname IN ('agency_app', current_user) LOOP"
            f" EXECUTE format('GRANT agency_{door} TO %I', login);"
            " END LOOP; EXCEPTION WHEN unique_violation OR insufficient_privilege THEN NULL; END $$"
        )
        op.execute(f"GRANT USAGE ON SCHEMA public, app TO agency_{door}")
        op.execute(f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA app TO agency_{door}")
        op.execute(f"GRANT SELECT ON clock TO agency_{door}")
    op.execute("REVOKE EXECUTE ON FUNCTION app.refresh_statistics() FROM PUBLIC, agency_gate, agency_debtor")
    # The first question of a transaction (which moment is it) comes before the door's role is taken.
    op.execute("GRANT USAGE ON SCHEMA app TO PUBLIC")
    op.execute("GRANT SELECT ON clock TO PUBLIC")
    op.execute("CREATE POLICY everybody ON clock FOR SELECT TO PUBLIC USING (true)")
    op.execute("GRANT USAGE ON SEQUENCE claim_number TO agency_creditor, agency_staff, agency_worker")


def _tables_with(column: str, *, primary: bool) -> list[str]:
    rows = op.get_bind().exec_driver_sql(
        "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'"
        " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey)"
        f" WHERE i.indisprimary = {primary} AND a.attname = '{column}' ORDER BY 1"
    )
    return [row[0] for row in rows]


def _policy(table: str, name: str, doors: tuple[str, ...], condition: str) -> None:
    roles = ", ".join(f"agency_{door}" for door in doors)
    op.execute(f"CREATE POLICY {name} ON {table} TO {roles} USING ({condition}) WITH CHECK ({condition})")


def _creditor_wall(table: str) -> None:
    if table in AGENCY_ONLY:
        return
    rights = "SELECT"
    if table in CREDITOR_WRITES:
        rights = "SELECT, INSERT" if table in APPEND_ONLY else "SELECT, INSERT, UPDATE"
    op.execute(f"GRANT {rights} ON {table} TO agency_creditor")
    _policy(table, "creditor", ("creditor",), "creditor_id = app.creditor_id()")


def _debtor_wall(table: str, condition: str) -> None:
    rights = "SELECT"
    if table in DEBTOR_WRITES:
        rights = "SELECT, INSERT" if table in APPEND_ONLY else "SELECT, INSERT, UPDATE"
    op.execute(f"GRANT {rights} ON {table} TO agency_debtor")
    _policy(table, "debtor", ("debtor",), f"creditor_id = app.creditor_id() AND {condition}")


def _columns_that_may_change() -> None:
    # The xid seals a transaction: nobody may write it, and nobody may change what was booked.
    for table in ("ledger_transaction", "ledger_entry"):
        op.execute(f"REVOKE INSERT, UPDATE ON {table} FROM agency_creditor, agency_debtor")
    op.execute("REVOKE INSERT ON ledger_transaction FROM agency_staff, agency_worker")
    op.execute(
        "GRANT INSERT (creditor_id, id, book, kind, source_key, content_sha256, booked_on, effective_on, at,"
        " by, memo, reverses_id) ON ledger_transaction TO agency_staff, agency_worker"
    )
    op.execute("GRANT UPDATE (failed_checks, opened_at) ON pay_link TO agency_debtor, agency_gate")
    op.execute("GRANT UPDATE (disputed_minor) ON claim TO agency_debtor")


def _global_tables() -> None:
    for table in ("outbox", "inbox"):
        op.execute(f"GRANT SELECT, INSERT ON {table} TO agency_gate, agency_creditor, agency_debtor")
        _policy(table, "tell", ("gate", "creditor", "debtor"), "true")
    op.execute("GRANT SELECT ON creditor TO agency_creditor, agency_debtor, agency_gate")
    _policy(table="creditor", name="own", doors=("creditor", "debtor"), condition="id = app.creditor_id()")
    op.execute("CREATE POLICY look_up ON creditor FOR SELECT TO agency_gate USING (true)")
    for table in ("rate_card", "template", "treatment_path"):
        op.execute(f"GRANT SELECT ON {table} TO agency_creditor, agency_debtor")
        op.execute(
            f"CREATE POLICY published ON {table} FOR SELECT TO agency_creditor, agency_debtor USING (true)"
        )
    for table in ("user_account", "user_session"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO agency_gate")
        _policy(table, "sign_in", ("gate",), "true")
    op.execute("GRANT SELECT, UPDATE (language, theme) ON user_account TO agency_creditor")
    op.execute(
        "CREATE POLICY colleagues ON user_account TO agency_creditor"
        " USING (creditor_id = app.creditor_id()) WITH CHECK (creditor_id = app.creditor_id())"
    )
    # A link is looked up before anybody knows whose it is.
    for table in ("pay_link", "claim", "debtor", "brand", "stored_file"):
        op.execute(f"GRANT SELECT ON {table} TO agency_gate")
        op.execute(f"CREATE POLICY look_up ON {table} FOR SELECT TO agency_gate USING (true)")
    op.execute("CREATE POLICY count_checks ON pay_link FOR UPDATE TO agency_gate USING (true)")
    op.execute("GRANT SELECT, INSERT ON audit_entry, event TO agency_gate")
    for table in ("audit_entry", "event"):
        _policy(table, "gate", ("gate",), "true")


def downgrade() -> None:
    for table in _tables_with("relname", primary=True):
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute("DROP SCHEMA app CASCADE")
    op.execute("DROP SEQUENCE claim_number")

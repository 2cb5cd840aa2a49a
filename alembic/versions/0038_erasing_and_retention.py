"""What is erased: runs, their items and files, legal holds, requests of persons, and the one narrow door."""

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE erasure_run (
  id uuid NOT NULL,
  one integer NOT NULL,
  as_of date NOT NULL,
  state varchar(40) NOT NULL,
  items integer NOT NULL,
  done integer NOT NULL,
  skipped integer NOT NULL,
  proposed_at timestamptz NOT NULL,
  proposed_by varchar NOT NULL,
  asked_at timestamptz,
  asked_by varchar,
  approved_at timestamptz,
  approved_by varchar,
  ended_at timestamptz,
  ended_by varchar,
  why varchar NOT NULL,
  certificate jsonb NOT NULL,
  sha256 varchar,
  CONSTRAINT pk_erasure_run PRIMARY KEY (id),
  CONSTRAINT ck_erasure_run_state CHECK (state IN
    ('proposed', 'asked', 'running', 'done', 'refused', 'cancelled', 'overtaken')),
  CONSTRAINT ck_erasure_run_second_person CHECK (approved_by IS NULL OR approved_by <> asked_by),
  CONSTRAINT ck_erasure_run_approved CHECK (state NOT IN ('running', 'done') OR approved_by IS NOT NULL)
);
CREATE UNIQUE INDEX uq_erasure_run_open ON erasure_run (one) WHERE state IN ('proposed', 'asked', 'running');
CREATE TABLE erasure_item (
  run_id uuid NOT NULL,
  place integer NOT NULL,
  kind varchar(40) NOT NULL,
  creditor_id uuid,
  claim_id uuid,
  debtor_id uuid,
  label varchar NOT NULL,
  border date NOT NULL,
  due_on date NOT NULL,
  state varchar(40) NOT NULL,
  trace jsonb NOT NULL,
  why jsonb NOT NULL,
  rows jsonb NOT NULL,
  files integer NOT NULL,
  done_at timestamptz,
  CONSTRAINT pk_erasure_item PRIMARY KEY (run_id, place),
  CONSTRAINT fk_erasure_item_run_id FOREIGN KEY (run_id) REFERENCES erasure_run (id),
  CONSTRAINT ck_erasure_item_kind CHECK (kind IN ('claim_file', 'unaccepted_claim', 'books', 'intake_file',
    'intake_reject', 'unclaimed_upload', 'unmatched_mail', 'creditor_mail', 'provider_notice',
    'program_answer',
    'session', 'user', 'credit_check')),
  CONSTRAINT ck_erasure_item_state CHECK (state IN ('pending', 'done', 'skipped'))
);
CREATE INDEX ix_erasure_item_claim ON erasure_item (creditor_id, claim_id);
CREATE TABLE erased_file (
  creditor_id uuid NOT NULL,
  sha256 varchar NOT NULL,
  run_id uuid NOT NULL,
  place integer NOT NULL,
  found_at timestamptz NOT NULL,
  erased_at timestamptz,
  kept_why varchar NOT NULL,
  CONSTRAINT pk_erased_file PRIMARY KEY (creditor_id, sha256),
  CONSTRAINT fk_erased_file_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT fk_erased_file_run_id FOREIGN KEY (run_id) REFERENCES erasure_run (id)
);
CREATE TABLE legal_hold (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  debtor_id uuid NOT NULL,
  claim_id uuid,
  ground varchar NOT NULL,
  until date,
  placed_at timestamptz NOT NULL,
  placed_by varchar NOT NULL,
  lift_asked_at timestamptz,
  lift_asked_by varchar,
  lift_why varchar NOT NULL,
  lifted_at timestamptz,
  lifted_by varchar,
  CONSTRAINT pk_legal_hold PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_legal_hold_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT fk_legal_hold_creditor_id_debtor_id FOREIGN KEY (creditor_id, debtor_id)
    REFERENCES debtor (creditor_id, id),
  CONSTRAINT fk_legal_hold_creditor_id_claim_id FOREIGN KEY (creditor_id, claim_id)
    REFERENCES claim (creditor_id, id),
  CONSTRAINT ck_legal_hold_second_person CHECK (lifted_by IS NULL OR lifted_by <> lift_asked_by),
  CONSTRAINT ck_legal_hold_asked CHECK (lifted_by IS NULL OR lift_asked_by IS NOT NULL)
);
CREATE INDEX ix_legal_hold_debtor ON legal_hold (creditor_id, debtor_id);
CREATE TABLE privacy_request (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  debtor_id uuid NOT NULL,
  kind varchar(40) NOT NULL,
  received_on date NOT NULL,
  answer_by date NOT NULL,
  extended boolean NOT NULL,
  note varchar NOT NULL,
  registered_at timestamptz NOT NULL,
  registered_by varchar NOT NULL,
  answer varchar(40),
  trace jsonb NOT NULL,
  answered_at timestamptz,
  answered_by varchar,
  export_id uuid,
  CONSTRAINT pk_privacy_request PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_privacy_request_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT fk_privacy_request_creditor_id_debtor_id FOREIGN KEY (creditor_id, debtor_id)
    REFERENCES debtor (creditor_id, id),
  CONSTRAINT fk_privacy_request_export_id FOREIGN KEY (export_id) REFERENCES inspection_export (id),
  CONSTRAINT ck_privacy_request_kind CHECK (kind IN ('access', 'erasure')),
  CONSTRAINT ck_privacy_request_answer CHECK (answer IN ('granted', 'partly', 'refused')),
  CONSTRAINT ck_privacy_request_answered CHECK ((answered_at IS NULL) = (answer IS NULL))
);
CREATE INDEX ix_privacy_request_debtor ON privacy_request (creditor_id, debtor_id);
ALTER TABLE claim ADD COLUMN erased_at timestamptz;
"""
NEW = ("erasure_run", "erasure_item", "erased_file", "legal_hold", "privacy_request")

# Columns that the eraser may change, per table; where nothing stands the row itself may go.
RIGHTS = {
    "bank_line": "counterparty, counterparty_iban, end_to_end, match_trace, structured_reference, text",
    "bank_notice": "lines, name",
    "bank_statement": "name, warnings",
    "call": "number, provider_ref",
    "call_note": "correction, points, terms",
    "claim": "description, erased_at, reference",
    "completeness_override": "facts, reason, withdrawn_reason",
    "contact_point": "value",
    "credit_check": "failure, name, registration_number, request_key, result",
    "creditor_mail": "content_sha256, facts, subject, to_value, why",
    "debtor": (
        "birth_date, city, iban, name, name_key, postal_code, reference, registration_number, "
        "street, vat_number"
    ),
    "debtor_identity": "match_key",
    "debtor_relation": "why",
    "debtor_warning": "actions, facts, owed, signs",
    "direct_debit_file": "content",
    "direct_payment": "file_name, given, why",
    "dispute": "text",
    "dispute_change": "lines, words",
    "document": "checks, name, reasons",
    "document_check": "facts, findings, pages, reasons, trace",
    "document_verdict": "note, reasons",
    "dossier": "error, pdf_sha256, zip_sha256",
    "dropped_file": "facts, key, name, question, within",
    "earlier_step": "facts",
    "event": "facts",
    "field_visit": "report, trace, visitor",
    "held_payment": "reason",
    "hold": "facts, note",
    "idempotency": "",
    "inbound": "candidates, from_name, from_value, signs, source_key, subject, to_value, why, words",
    "inbox": "body",
    "incoming_decision": "reasons, why",
    "incoming_document": "candidates, name, signs, why",
    "insurance_cover": "policy_number",
    "invoice": "description, number",
    "ledger_transaction": "memo",
    "legal_hold": "ground, lift_why",
    "message": "amounts, content_sha256, provider_ref, reasons, subject, to_value, trace",
    "message_receipt": "detail",
    "note": "text",
    "outbox": "last_error",
    "payer_decision": "iban, payer_key",
    "payment": "trace",
    "payment_intent": "checkout_url",
    "placement": "name, refusal, sheets",
    "placement_finding": "reason, source, value",
    "placement_reject": "reason, value",
    "plan": "decision, known_payments, reasons, trace",
    "privacy_request": "note",
    "quote": "closed_why",
    "refund": "ended_why, holder, iban, reason",
    "refund_account": "holder, iban",
    "remittance_file": "content",
    "reply": "answer, files, from_value, signs, subject, words",
    "score_run": "facts",
    "screening": "failure, found",
    "sepa_mandate": "holder, iban",
    "settlement": "known_payments, why",
    "staged_chunk": "checked, findings, rejects",
    "suspense_case": "park_reason",
    "suspense_note": "text",
    "treatment_step": "trace, why",
    "user_account": "email, name, password_hash, totp_secret",
    "user_session": "",
    "waiver_request": "decision, why",
    "work_item": "reason",
}
LOOKS = ("plan_claim", "placement_row")
GLOBAL = (
    "bank_line", "bank_notice", "bank_statement", "debtor_identity", "direct_debit_file", "inbox", "outbox",
    "remittance_file", "suspense_case", "suspense_note", "user_account", "user_session",
)  # fmt: skip
WITH_CLAIM = (
    "call", "call_note", "completeness_override", "direct_payment", "dispute", "dispute_change",
    "document", "document_check", "document_verdict", "dossier", "dropped_file", "earlier_step", "event",
    "field_visit", "held_payment", "hold", "incoming_document", "insurance_cover", "invoice", "message",
    "note",
    "payment", "payment_intent", "placement_row", "plan_claim", "quote", "refund", "refund_account", "reply",
    "score_run", "settlement", "treatment_step", "waiver_request", "work_item",
)  # fmt: skip

# True only within the one item of an approved run that the transaction names, of the creditor and claim it is
# confined to, while no legal hold stands: what else may call itself the eraser finds nothing to change.
ERASING = """
CREATE FUNCTION app.erasing() RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT FROM erasure_run r JOIN erasure_item i ON i.run_id = r.id
    WHERE r.id = nullif(current_setting('app.erasure_run', true), '')::uuid
      AND i.place = nullif(current_setting('app.erasure_place', true), '')::integer
      AND r.state = 'running' AND r.approved_by <> r.asked_by AND i.state = 'pending'
      AND i.creditor_id IS NOT DISTINCT FROM app.creditor_id()
      AND i.claim_id IS NOT DISTINCT FROM app.claim_id()
      AND NOT EXISTS (
        SELECT FROM legal_hold h WHERE h.creditor_id = i.creditor_id AND h.lifted_at IS NULL
          AND (h.until IS NULL OR h.until >= (app.now() AT TIME ZONE 'Europe/Amsterdam')::date)
          AND (h.claim_id = i.claim_id OR (h.claim_id IS NULL AND h.debtor_id = i.debtor_id))))
$$;
CREATE FUNCTION app.only_figures(given jsonb, name text DEFAULT '') RETURNS jsonb
  LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  CASE jsonb_typeof(given)
    WHEN 'object' THEN
      RETURN (SELECT coalesce(jsonb_object_agg(k, app.only_figures(v, k)), '{}') 
        FROM jsonb_each(given) e(k, v));
    WHEN 'array' THEN
      RETURN (SELECT coalesce(jsonb_agg(app.only_figures(v, name) ORDER BY n), '[]')
        FROM jsonb_array_elements(given) WITH ORDINALITY e(v, n));
    WHEN 'string' THEN
      IF given #>> '{}' ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
        OR given #>> '{}' ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.+Z-]+)?$'
        OR (name = ANY (ARRAY['currency', 'channel', 'step', 'source', 'document_kind', 'ground', 'act',
          'state',
          'outcome', 'close_code', 'from_state', 'to_state', 'topic', 'decision', 'inbound_kind', 'product',
          'hand_over', 'disposition', 'work_kind', 'step_kind', 'standing', 'agreed', 'kind', 'law'])
          AND given #>> '{}' ~ '^[A-Za-z_0-9.]{1,40}$')
      THEN RETURN given;
      END IF;
      RETURN '""';
    ELSE
      RETURN given;
  END CASE;
END $$;
"""
REFUSE = """
CREATE OR REPLACE FUNCTION app.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
{door}  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'restrict_violation';
END $$;
"""
# The eraser has the right to single columns only; the policies say when, and row by row of what.
DOOR = "  IF TG_OP = 'UPDATE' AND current_user = 'agency_eraser' THEN RETURN NEW; END IF;\n"


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute(TABLES)
    op.execute(ERASING)
    op.execute(REFUSE.format(door=DOOR))
    _role()
    for table in NEW:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO agency_staff, agency_worker")
        op.execute(
            f"CREATE POLICY agency ON {table} TO agency_staff, agency_worker"
            " USING (app.agency()) WITH CHECK (app.agency())"
        )
    for table in RIGHTS:
        _open(table)
    for table in LOOKS:
        op.execute(f"GRANT SELECT ON {table} TO agency_eraser")
        _policy(table, "SELECT")
    for table in ("erasure_run", "erasure_item"):
        op.execute(f"GRANT SELECT ON {table} TO agency_eraser")
        op.execute(f"CREATE POLICY eraser_looks ON {table} FOR SELECT TO agency_eraser USING (true)")
    op.execute("GRANT UPDATE (state, rows, files, done_at) ON erasure_item TO agency_eraser")
    op.execute(
        "CREATE POLICY eraser ON erasure_item FOR UPDATE TO agency_eraser USING ((SELECT app.erasing())"
        " AND run_id = nullif(current_setting('app.erasure_run', true), '')::uuid"
        " AND place = nullif(current_setting('app.erasure_place', true), '')::integer) WITH CHECK (true)"
    )
    # What is due is counted on a page.
    op.execute("GRANT SELECT ON staged_chunk TO agency_staff")
    op.execute("CREATE POLICY counted ON staged_chunk FOR SELECT TO agency_staff USING (app.agency())")
    # Whoever asks for a file that is gone is told so.
    op.execute("GRANT SELECT ON erased_file TO agency_creditor, agency_debtor")
    op.execute(
        "CREATE POLICY told ON erased_file FOR SELECT TO agency_creditor, agency_debtor"
        " USING (creditor_id = app.creditor_id())"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON erased_file TO agency_eraser")
    op.execute("CREATE POLICY eraser ON erased_file TO agency_eraser USING ((SELECT app.erasing()))")


def _role() -> None:
    # Roles belong to the cluster, so another database may have made it already, or just now.
    op.execute(
        "DO $$ BEGIN CREATE ROLE agency_eraser NOLOGIN NOBYPASSRLS;"
        " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )
    op.execute(
        "DO $$ DECLARE login text; BEGIN"
        " FOR login IN SELECT rolname FROM pg_roles WHERE rolname IN ('agency_app', current_user) LOOP"
        " EXECUTE format('GRANT agency_eraser TO %I', login);"
        " END LOOP; EXCEPTION WHEN unique_violation OR insufficient_privilege THEN NULL; END $$"
    )
    op.execute("GRANT USAGE ON SCHEMA public, app TO agency_eraser")
    op.execute("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA app TO agency_eraser")
    op.execute("REVOKE EXECUTE ON FUNCTION app.refresh_statistics() FROM agency_eraser")
    op.execute("REVOKE EXECUTE ON FUNCTION app.refresh_ledger_statistics() FROM agency_eraser")
    op.execute("GRANT SELECT ON clock TO agency_eraser")


def _open(table: str) -> None:
    op.execute(f"GRANT SELECT ON {table} TO agency_eraser")
    if RIGHTS[table]:
        op.execute(f"GRANT UPDATE ({RIGHTS[table]}) ON {table} TO agency_eraser")
    else:
        op.execute(f"GRANT DELETE ON {table} TO agency_eraser")
    if table == "legal_hold":
        # What decides whether anything may be erased is read without asking itself.
        op.execute("CREATE POLICY eraser_looks ON legal_hold FOR SELECT TO agency_eraser USING (true)")
        _policy(table, "UPDATE")
    else:
        _policy(table, "ALL")


def _policy(table: str, what: str) -> None:
    parts = ["(SELECT app.erasing())"]
    if table == "inbound":
        parts.append("(app.creditor_id() IS NULL OR for_creditor_id = app.creditor_id())")
        parts.append("(app.claim_id() IS NULL OR for_claim_id = app.claim_id())")
    elif table not in GLOBAL:
        parts.append("(app.creditor_id() IS NULL OR creditor_id = app.creditor_id())")
    if table in WITH_CLAIM or table == "claim":
        column = "id" if table == "claim" else "claim_id"
        parts.append(f"(app.claim_id() IS NULL OR {column} = app.claim_id())")
    op.execute(f"CREATE POLICY eraser ON {table} FOR {what} TO agency_eraser USING ({' AND '.join(parts)})")


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute(
        "DO $$ DECLARE one record; BEGIN FOR one IN SELECT tablename, policyname FROM pg_policies"
        " WHERE policyname IN ('eraser', 'eraser_looks') LOOP"
        " EXECUTE format('DROP POLICY %I ON %I', one.policyname, one.tablename); END LOOP; END $$"
    )
    for table in (*RIGHTS, *LOOKS, "clock", "erasure_run", "erasure_item", "erased_file"):
        op.execute(f"REVOKE ALL ON {table} FROM agency_eraser")
    op.execute("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA app FROM agency_eraser")
    op.execute("REVOKE USAGE ON SCHEMA public, app FROM agency_eraser")
    op.execute("DROP POLICY counted ON staged_chunk")
    op.execute("REVOKE SELECT ON staged_chunk FROM agency_staff")
    op.execute(REFUSE.format(door=""))
    for table in ("privacy_request", "legal_hold", "erased_file", "erasure_item", "erasure_run"):
        op.execute(f"DROP TABLE {table}")
    op.execute("ALTER TABLE claim DROP COLUMN erased_at")
    op.execute("DROP FUNCTION app.erasing()")
    op.execute("DROP FUNCTION app.only_figures(jsonb, text)")

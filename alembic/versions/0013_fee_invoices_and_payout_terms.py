"""Payout terms, fee invoices, payouts that come back, accounts that change, and money paid to creditors."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TERMS = """
ALTER TABLE creditor_terms DROP CONSTRAINT ck_creditor_terms_remittance_mode;
ALTER TABLE creditor_terms ADD CONSTRAINT ck_creditor_terms_remittance_mode
  CHECK (remittance_mode IN ('net', 'gross', 'combined'));
ALTER TABLE creditor_terms
  ADD COLUMN payout_cycle varchar(40) NOT NULL DEFAULT 'daily'
    CONSTRAINT ck_creditor_terms_payout_cycle
    CHECK (payout_cycle IN ('daily', 'weekly', 'monthly', 'threshold')),
  ADD COLUMN payout_day integer NOT NULL DEFAULT 1
    CONSTRAINT ck_creditor_terms_payout_day CHECK (payout_day BETWEEN 1 AND 31),
  ADD COLUMN payout_from_minor bigint NOT NULL DEFAULT 0
    CONSTRAINT ck_creditor_terms_payout_from CHECK (payout_from_minor >= 0),
  ADD COLUMN free_demand_days integer NOT NULL DEFAULT 0
    CONSTRAINT ck_creditor_terms_free_demand CHECK (free_demand_days >= 0),
  ADD COLUMN withdrawal_bps integer NOT NULL DEFAULT 0,
  ADD COLUMN withdrawal_minimum_minor bigint NOT NULL DEFAULT 0,
  ADD CONSTRAINT ck_creditor_terms_withdrawal
    CHECK (withdrawal_bps BETWEEN 0 AND 10000 AND withdrawal_minimum_minor >= 0);
"""

RUNS = """
ALTER TABLE remittance_run DROP CONSTRAINT ck_remittance_run_state;
ALTER TABLE remittance_run ADD CONSTRAINT ck_remittance_run_state
  CHECK (state IN ('draft', 'approved', 'exported', 'paid', 'returned', 'cancelled'));
ALTER TABLE remittance_run
  ADD COLUMN withheld_minor bigint,
  ADD COLUMN attempt integer,
  ADD COLUMN payee_iban varchar,
  ADD COLUMN payee_name varchar,
  ADD COLUMN returned_why varchar;
UPDATE remittance_run SET attempt = 1, returned_why = '',
  withheld_minor = CASE WHEN mode = 'net' THEN fee_minor + vat_minor ELSE 0 END;
ALTER TABLE remittance_run
  ALTER COLUMN withheld_minor SET NOT NULL,
  ALTER COLUMN attempt SET NOT NULL,
  ALTER COLUMN returned_why SET NOT NULL;
"""

INVOICES = """
CREATE TABLE invoice_series (
  series varchar NOT NULL,
  year integer NOT NULL,
  latest integer NOT NULL,
  CONSTRAINT pk_invoice_series PRIMARY KEY (series, year)
);
CREATE TABLE fee_invoice (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  series varchar NOT NULL,
  year integer NOT NULL,
  number integer NOT NULL,
  kind varchar NOT NULL,
  run_id uuid NOT NULL,
  issued_on date NOT NULL,
  due_on date NOT NULL,
  net_minor bigint NOT NULL,
  vat_minor bigint NOT NULL,
  settled_minor bigint NOT NULL,
  currency varchar(3) NOT NULL,
  document bytea NOT NULL,
  sha256 varchar NOT NULL,
  issued_at timestamptz NOT NULL,
  issued_by varchar NOT NULL,
  facts jsonb NOT NULL,
  CONSTRAINT pk_fee_invoice PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_fee_invoice_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT fk_fee_invoice_creditor_id_run_id FOREIGN KEY (creditor_id, run_id)
    REFERENCES remittance_run (creditor_id, id),
  CONSTRAINT uq_fee_invoice_creditor_id_series_year_number UNIQUE (creditor_id, series, year, number),
  CONSTRAINT uq_fee_invoice_creditor_id_run_id_kind UNIQUE (creditor_id, run_id, kind),
  CONSTRAINT ck_fee_invoice_kind CHECK (kind IN ('invoice', 'credit_note')),
  CONSTRAINT ck_fee_invoice_amounts CHECK (net_minor >= 0 AND vat_minor >= 0 AND number > 0)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON fee_invoice
  FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
"""

FEES = """
ALTER TABLE success_fee ALTER COLUMN payment_id DROP NOT NULL;
ALTER TABLE success_fee
  ADD COLUMN invoice_id uuid,
  ADD COLUMN vat_percent varchar,
  ADD COLUMN vat_category varchar(2);
UPDATE success_fee SET
  vat_percent = coalesce(trace->-1->'inputs'->>'percent', '21'),
  vat_category = CASE trace->-1->>'outcome' WHEN 'fee.vat_reverse' THEN 'AE' WHEN 'fee.vat_outside' THEN 'O'
    ELSE 'S' END WHERE kind = 'fee';
UPDATE success_fee r SET vat_percent = f.vat_percent, vat_category = f.vat_category FROM success_fee f
  WHERE r.kind <> 'fee' AND f.kind = 'fee' AND f.creditor_id = r.creditor_id AND f.payment_id = r.payment_id;
ALTER TABLE success_fee ALTER COLUMN vat_percent SET NOT NULL, ALTER COLUMN vat_category SET NOT NULL;
ALTER TABLE success_fee
  ADD CONSTRAINT fk_success_fee_creditor_id_invoice_id FOREIGN KEY (creditor_id, invoice_id)
    REFERENCES fee_invoice (creditor_id, id),
  ADD CONSTRAINT ck_success_fee_payment CHECK ((payment_id IS NULL) = (kind = 'withdrawal'));
CREATE UNIQUE INDEX uq_success_fee_withdrawal ON success_fee (creditor_id, claim_id)
  WHERE kind = 'withdrawal';
CREATE INDEX ix_success_fee_invoice ON success_fee (creditor_id, invoice_id);
CREATE INDEX ix_success_fee_waiting ON success_fee (creditor_id, earned_at) WHERE run_id IS NULL;
"""

ACCOUNTS = """
CREATE TABLE creditor_account_change (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  iban varchar NOT NULL,
  holder varchar NOT NULL,
  old_iban varchar,
  state varchar(40) NOT NULL CONSTRAINT ck_creditor_account_change_state
    CHECK (state IN ('asked', 'confirmed', 'approved', 'in_force', 'refused', 'taken_back')),
  reason varchar NOT NULL,
  asked_at timestamptz NOT NULL,
  asked_by varchar NOT NULL,
  first_by varchar,
  first_at timestamptz,
  second_by varchar,
  second_at timestamptz,
  pays_from timestamptz,
  ended_at timestamptz,
  ended_by varchar,
  ended_why varchar NOT NULL,
  CONSTRAINT pk_creditor_account_change PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_creditor_account_change_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT ck_creditor_account_change_first_person CHECK (first_by IS NULL OR first_by <> asked_by),
  CONSTRAINT ck_creditor_account_change_second_person
    CHECK (second_by IS NULL OR (second_by <> asked_by AND second_by <> first_by)),
  CONSTRAINT ck_creditor_account_change_approvals CHECK (state NOT IN ('approved', 'in_force')
    OR (first_by IS NOT NULL AND second_by IS NOT NULL AND pays_from IS NOT NULL))
);
CREATE UNIQUE INDEX uq_creditor_account_change_running ON creditor_account_change (creditor_id)
  WHERE state IN ('asked', 'confirmed', 'approved');

-- Whatever program writes: an account that stands is only exchanged for one that two people approved and
-- whose waiting period is over.
CREATE FUNCTION app.guard_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM creditor_account_change c WHERE c.creditor_id = NEW.id AND c.iban = NEW.iban
      AND c.holder = NEW.iban_holder AND c.state = 'approved' AND c.pays_from <= app.now()) THEN
    RAISE EXCEPTION 'the account of a creditor changes by two people and a waiting period only'
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guard_account BEFORE UPDATE OF iban, iban_holder ON creditor FOR EACH ROW
  WHEN (OLD.iban IS NOT NULL AND (OLD.iban, OLD.iban_holder) IS DISTINCT FROM (NEW.iban, NEW.iban_holder))
  EXECUTE FUNCTION app.guard_account();
"""

DIRECT = """
CREATE TABLE direct_payment (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  report_id uuid NOT NULL,
  row_number integer NOT NULL,
  claim_id uuid,
  amount_minor bigint,
  currency varchar(3) NOT NULL,
  paid_on date,
  occurrence integer NOT NULL,
  state varchar(40) NOT NULL CONSTRAINT ck_direct_payment_state
    CHECK (state IN ('reported', 'booked', 'refused', 'taken_back')),
  field varchar NOT NULL,
  why varchar NOT NULL,
  given jsonb NOT NULL,
  file_name varchar NOT NULL,
  reported_at timestamptz NOT NULL,
  reported_by varchar NOT NULL,
  payment_id uuid,
  take_back_asked_at timestamptz,
  CONSTRAINT pk_direct_payment PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_direct_payment_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT fk_direct_payment_creditor_id_claim_id FOREIGN KEY (creditor_id, claim_id)
    REFERENCES claim (creditor_id, id),
  CONSTRAINT fk_direct_payment_creditor_id_payment_id FOREIGN KEY (creditor_id, payment_id)
    REFERENCES payment (creditor_id, id),
  CONSTRAINT ck_direct_payment_amount CHECK (amount_minor > 0),
  CONSTRAINT ck_direct_payment_facts CHECK (state = 'refused'
    OR (claim_id IS NOT NULL AND paid_on IS NOT NULL AND amount_minor IS NOT NULL))
);
CREATE UNIQUE INDEX uq_direct_payment_fact
  ON direct_payment (creditor_id, claim_id, paid_on, amount_minor, occurrence)
  WHERE state IN ('reported', 'booked');
CREATE INDEX ix_direct_payment_report ON direct_payment (creditor_id, report_id);
CREATE INDEX ix_direct_payment_waiting ON direct_payment (creditor_id) WHERE state = 'reported';
"""

MADE = ("fee_invoice", "creditor_account_change", "direct_payment")
# What a creditor's user may leave behind in them; the rest is the agency's.
CREDITOR_CHECKS = {
    "creditor_account_change": "(state = 'asked' AND first_by IS NULL) OR state = 'taken_back'",
    "direct_payment": "payment_id IS NULL OR take_back_asked_at IS NOT NULL",
}


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for part in (TERMS, RUNS, INVOICES, FEES, ACCOUNTS, DIRECT):
        op.execute(part)
    for table in ("invoice_series", *MADE):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        changes = "SELECT, INSERT" if table == "fee_invoice" else "SELECT, INSERT, UPDATE"
        op.execute(f"GRANT {changes} ON {table} TO agency_staff, agency_worker")
        op.execute(
            f"CREATE POLICY agency ON {table} TO agency_staff, agency_worker"
            " USING (app.agency()) WITH CHECK (app.agency())"
        )
    for table in MADE:
        own = "creditor_id = app.creditor_id()"
        check = f"{own} AND ({CREDITOR_CHECKS[table]})" if table in CREDITOR_CHECKS else own
        op.execute(f"CREATE POLICY creditor ON {table} TO agency_creditor USING ({own}) WITH CHECK ({check})")
    op.execute("GRANT SELECT ON fee_invoice TO agency_creditor")
    op.execute("GRANT SELECT, INSERT ON creditor_account_change, direct_payment TO agency_creditor")
    op.execute(
        "GRANT UPDATE (state, ended_at, ended_by, ended_why) ON creditor_account_change TO agency_creditor"
    )
    op.execute("GRANT UPDATE (take_back_asked_at) ON direct_payment TO agency_creditor")


def downgrade() -> None:
    op.execute("DROP TRIGGER guard_account ON creditor")
    op.execute("DROP FUNCTION app.guard_account()")
    op.execute(
        "ALTER TABLE success_fee DROP CONSTRAINT fk_success_fee_creditor_id_invoice_id,"
        " DROP CONSTRAINT ck_success_fee_payment"
    )
    for index in ("uq_success_fee_withdrawal", "ix_success_fee_invoice", "ix_success_fee_waiting"):
        op.execute(f"DROP INDEX {index}")
    op.execute("DELETE FROM success_fee WHERE payment_id IS NULL")
    op.execute("ALTER TABLE success_fee ALTER COLUMN payment_id SET NOT NULL")
    for column in ("invoice_id", "vat_percent", "vat_category"):
        op.drop_column("success_fee", column)
    for table in (*reversed(MADE), "invoice_series"):
        op.drop_table(table)
    for column in ("withheld_minor", "attempt", "payee_iban", "payee_name", "returned_why"):
        op.drop_column("remittance_run", column)
    op.execute("UPDATE remittance_run SET state = 'exported' WHERE state = 'returned'")
    op.execute(
        "ALTER TABLE remittance_run DROP CONSTRAINT ck_remittance_run_state, ADD CONSTRAINT"
        " ck_remittance_run_state CHECK (state IN ('draft', 'approved', 'exported', 'paid', 'cancelled'))"
    )
    for column in (
        "payout_cycle", "payout_day", "payout_from_minor", "free_demand_days", "withdrawal_bps",
        "withdrawal_minimum_minor",
    ):  # fmt: skip
        op.drop_column("creditor_terms", column)
    op.execute("UPDATE creditor_terms SET remittance_mode = 'gross' WHERE remittance_mode = 'combined'")
    op.execute(
        "ALTER TABLE creditor_terms DROP CONSTRAINT ck_creditor_terms_remittance_mode, ADD CONSTRAINT"
        " ck_creditor_terms_remittance_mode CHECK (remittance_mode IN ('net', 'gross'))"
    )

"""What a second person decides to give up, who sees to payouts that came back, and accounts for refunds."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

WAIVERS = """
CREATE TABLE waiver_request (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  claim_id uuid NOT NULL,
  act varchar(40) NOT NULL CONSTRAINT ck_waiver_request_act CHECK (act IN ('waiver', 'write_off')),
  principal_minor bigint NOT NULL,
  interest_minor bigint NOT NULL,
  costs_minor bigint NOT NULL,
  currency varchar(3) NOT NULL,
  why varchar NOT NULL,
  state varchar(40) NOT NULL CONSTRAINT ck_waiver_request_state
    CHECK (state IN ('waiting', 'granted', 'refused', 'withdrawn')),
  asked_at timestamptz NOT NULL,
  asked_by varchar NOT NULL,
  decided_at timestamptz,
  decided_by varchar,
  decision varchar NOT NULL,
  transaction_id uuid,
  CONSTRAINT pk_waiver_request PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_waiver_request_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT fk_waiver_request_creditor_id_claim_id FOREIGN KEY (creditor_id, claim_id)
    REFERENCES claim (creditor_id, id),
  CONSTRAINT ck_waiver_request_amounts CHECK (least(principal_minor, interest_minor, costs_minor) >= 0
    AND principal_minor + interest_minor + costs_minor > 0),
  CONSTRAINT ck_waiver_request_second_person CHECK (state <> 'granted' OR decided_by <> asked_by)
);
CREATE UNIQUE INDEX uq_waiver_request_waiting ON waiver_request (creditor_id, claim_id)
  WHERE state = 'waiting';
CREATE INDEX ix_waiver_request_state ON waiver_request (state, asked_at);
"""

RETURNED = """
ALTER TABLE remittance_run
  ADD COLUMN returned_at timestamptz,
  ADD COLUMN owner_id uuid CONSTRAINT fk_remittance_run_owner_id REFERENCES user_account (id),
  ADD COLUMN due_on date;
UPDATE remittance_run SET returned_at = app.now() WHERE state = 'returned';
ALTER TABLE remittance_run
  ADD CONSTRAINT ck_remittance_run_returned CHECK (state <> 'returned' OR returned_at IS NOT NULL);
CREATE INDEX ix_remittance_run_returned ON remittance_run (returned_at) WHERE state = 'returned';
"""

ACCOUNTS = """
CREATE TABLE refund_account (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  claim_id uuid NOT NULL,
  payment_id uuid,
  held_id uuid,
  amount_minor bigint NOT NULL CONSTRAINT ck_refund_account_amount CHECK (amount_minor > 0),
  currency varchar(3) NOT NULL,
  asked_at timestamptz NOT NULL,
  asked_by varchar NOT NULL,
  ended_at timestamptz,
  iban varchar NOT NULL,
  holder varchar NOT NULL,
  given_at timestamptz,
  given_by varchar,
  CONSTRAINT pk_refund_account PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_refund_account_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT fk_refund_account_creditor_id_claim_id FOREIGN KEY (creditor_id, claim_id)
    REFERENCES claim (creditor_id, id),
  CONSTRAINT fk_refund_account_creditor_id_payment_id FOREIGN KEY (creditor_id, payment_id)
    REFERENCES payment (creditor_id, id),
  CONSTRAINT fk_refund_account_creditor_id_held_id FOREIGN KEY (creditor_id, held_id)
    REFERENCES held_payment (creditor_id, id),
  CONSTRAINT ck_refund_account_origin CHECK (num_nonnulls(payment_id, held_id) = 1),
  CONSTRAINT ck_refund_account_given CHECK ((given_at IS NULL) = (iban = '') AND (iban = '') = (holder = ''))
);
CREATE UNIQUE INDEX uq_refund_account_payment ON refund_account (creditor_id, payment_id);
CREATE UNIQUE INDEX uq_refund_account_held ON refund_account (creditor_id, held_id);
CREATE INDEX ix_refund_account_claim ON refund_account (creditor_id, claim_id);
"""

MADE = ("waiver_request", "refund_account")


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for part in (WAIVERS, RETURNED, ACCOUNTS):
        op.execute(part)
    for table in MADE:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO agency_staff, agency_worker")
        op.execute(
            f"CREATE POLICY agency ON {table} TO agency_staff, agency_worker"
            " USING (app.agency()) WITH CHECK (app.agency())"
        )
    # A debtor sees what he is asked on the claim of his link, and answers it.
    own = "creditor_id = app.creditor_id() AND claim_id = app.claim_id()"
    op.execute("GRANT SELECT, UPDATE (iban, holder, given_at, given_by) ON refund_account TO agency_debtor")
    op.execute(
        f"CREATE POLICY debtor ON refund_account TO agency_debtor USING ({own})"
        f" WITH CHECK ({own} AND given_at IS NOT NULL AND ended_at IS NULL)"
    )


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for table in reversed(MADE):
        op.drop_table(table)
    op.execute(
        "ALTER TABLE remittance_run DROP CONSTRAINT ck_remittance_run_returned,"
        " DROP COLUMN returned_at, DROP COLUMN owner_id, DROP COLUMN due_on"
    )

"""Bookkeeping of creditors: connections, what was fetched, and questions about money that came in there."""

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

CONNECTION = """
CREATE TABLE bookkeeping_connection (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  vendor varchar NOT NULL,
  state varchar(40) NOT NULL,
  administration varchar NOT NULL,
  administration_name varchar NOT NULL,
  administrations jsonb NOT NULL,
  state_sha256 varchar NOT NULL,
  session_sha256 varchar NOT NULL,
  consent_until timestamptz,
  overdue_days integer NOT NULL,
  rule_on boolean NOT NULL,
  rule_days integer NOT NULL,
  rule_minor bigint NOT NULL,
  rule_confirmed_at timestamptz,
  rule_confirmed_by varchar,
  customers_since timestamptz,
  fetched_at timestamptz,
  busy_until timestamptz,
  started_at timestamptz NOT NULL,
  started_by varchar NOT NULL,
  connected_at timestamptz,
  ended_at timestamptz,
  ended_by varchar,
  CONSTRAINT pk_bookkeeping_connection PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_bookkeeping_connection_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT ck_bookkeeping_connection_state CHECK (state IN ('consent', 'connected', 'broken', 'ended')),
  CONSTRAINT ck_bookkeeping_connection_rule CHECK (NOT rule_on OR rule_confirmed_by IS NOT NULL)
);
CREATE UNIQUE INDEX uq_bookkeeping_connection_vendor ON bookkeeping_connection (creditor_id, vendor)
  WHERE state IN ('connected', 'broken');
"""

TOKENS = """
CREATE TABLE bookkeeping_tokens (
  creditor_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  sealed bytea NOT NULL,
  access_until timestamptz,
  kept_at timestamptz NOT NULL,
  CONSTRAINT pk_bookkeeping_tokens PRIMARY KEY (creditor_id, connection_id),
  CONSTRAINT fk_bookkeeping_tokens_creditor_id_connection_id FOREIGN KEY (creditor_id, connection_id)
    REFERENCES bookkeeping_connection (creditor_id, id)
);
"""

FETCH = """
CREATE TABLE bookkeeping_fetch (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  connection_id uuid NOT NULL,
  state varchar(40) NOT NULL,
  cursor varchar NOT NULL,
  pages integer NOT NULL,
  items integer NOT NULL,
  expected integer NOT NULL,
  percent integer NOT NULL,
  failures integer NOT NULL,
  problem varchar(40) NOT NULL,
  wait_until timestamptz,
  started_at timestamptz NOT NULL,
  started_by varchar NOT NULL,
  ended_at timestamptz,
  CONSTRAINT pk_bookkeeping_fetch PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_bookkeeping_fetch_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT fk_bookkeeping_fetch_creditor_id_connection_id FOREIGN KEY (creditor_id, connection_id)
    REFERENCES bookkeeping_connection (creditor_id, id),
  CONSTRAINT ck_bookkeeping_fetch_state CHECK (state IN
    ('running', 'waiting', 'done', 'cancelled', 'failed')),
  CONSTRAINT ck_bookkeeping_fetch_problem CHECK (problem IN ('', 'limit', 'silent', 'revoked', 'refused'))
);
CREATE UNIQUE INDEX uq_bookkeeping_fetch_open ON bookkeeping_fetch (creditor_id, connection_id)
  WHERE state IN ('running', 'waiting');
CREATE INDEX ix_bookkeeping_fetch_newest ON bookkeeping_fetch (creditor_id, connection_id, started_at);
CREATE INDEX ix_bookkeeping_fetch_waiting ON bookkeeping_fetch (wait_until) WHERE state = 'waiting';
"""

CUSTOMER = """
CREATE TABLE booked_customer (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  connection_id uuid NOT NULL,
  ref varchar NOT NULL,
  number varchar NOT NULL,
  name varchar NOT NULL,
  street varchar NOT NULL,
  postal_code varchar NOT NULL,
  city varchar NOT NULL,
  country varchar NOT NULL,
  email varchar NOT NULL,
  phone varchar NOT NULL,
  vat_number varchar NOT NULL,
  registration_number varchar NOT NULL,
  CONSTRAINT pk_booked_customer PRIMARY KEY (creditor_id, id),
  CONSTRAINT uq_booked_customer_creditor_id_connection_id_ref UNIQUE (creditor_id, connection_id, ref),
  CONSTRAINT fk_booked_customer_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT fk_booked_customer_creditor_id_connection_id FOREIGN KEY (creditor_id, connection_id)
    REFERENCES bookkeeping_connection (creditor_id, id)
);
"""

INVOICE = """
CREATE TABLE booked_invoice (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  connection_id uuid NOT NULL,
  ref varchar NOT NULL,
  number varchar NOT NULL,
  customer_ref varchar NOT NULL,
  customer_name varchar NOT NULL,
  issued_on date,
  due_on date NOT NULL,
  currency varchar(3) NOT NULL,
  open_minor bigint NOT NULL,
  total_minor bigint,
  credited_minor bigint,
  credits varchar NOT NULL,
  pass_id uuid,
  pass_lines jsonb NOT NULL,
  placement_id uuid,
  claim_id uuid,
  told_minor bigint,
  told_credited_minor bigint,
  document varchar(40) NOT NULL,
  first_seen_at timestamptz NOT NULL,
  CONSTRAINT pk_booked_invoice PRIMARY KEY (creditor_id, id),
  CONSTRAINT uq_booked_invoice_creditor_id_connection_id_ref UNIQUE (creditor_id, connection_id, ref),
  CONSTRAINT fk_booked_invoice_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT fk_booked_invoice_creditor_id_connection_id FOREIGN KEY (creditor_id, connection_id)
    REFERENCES bookkeeping_connection (creditor_id, id),
  CONSTRAINT fk_booked_invoice_creditor_id_placement_id FOREIGN KEY (creditor_id, placement_id)
    REFERENCES placement (creditor_id, id),
  CONSTRAINT fk_booked_invoice_creditor_id_claim_id FOREIGN KEY (creditor_id, claim_id)
    REFERENCES claim (creditor_id, id),
  CONSTRAINT ck_booked_invoice_document CHECK (document IN
    ('none', 'wanted', 'kept', 'missing', 'refused'))
);
CREATE INDEX ix_booked_invoice_number ON booked_invoice (creditor_id, number);
CREATE INDEX ix_booked_invoice_due ON booked_invoice (creditor_id, connection_id, due_on, id)
  WHERE open_minor <> 0 AND claim_id IS NULL;
CREATE INDEX ix_booked_invoice_claim ON booked_invoice (creditor_id, connection_id)
  WHERE claim_id IS NOT NULL;
"""

HANDOVER = """
CREATE TABLE bookkeeping_handover (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  connection_id uuid NOT NULL,
  by_rule boolean NOT NULL,
  invoice_ids jsonb NOT NULL,
  state varchar(40) NOT NULL,
  placement_id uuid,
  asked_at timestamptz NOT NULL,
  asked_by varchar NOT NULL,
  CONSTRAINT pk_bookkeeping_handover PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_bookkeeping_handover_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT fk_bookkeeping_handover_creditor_id_connection_id FOREIGN KEY (creditor_id, connection_id)
    REFERENCES bookkeeping_connection (creditor_id, id),
  CONSTRAINT fk_bookkeeping_handover_creditor_id_placement_id FOREIGN KEY (creditor_id, placement_id)
    REFERENCES placement (creditor_id, id),
  CONSTRAINT ck_bookkeeping_handover_state CHECK (state IN ('waiting', 'done', 'failed'))
);
"""

FALL = """
CREATE TABLE booked_fall (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  invoice_id uuid NOT NULL,
  claim_id uuid NOT NULL,
  kind varchar(40) NOT NULL,
  minor bigint NOT NULL,
  currency varchar(3) NOT NULL,
  paid_on date,
  payment_ref varchar NOT NULL,
  description varchar NOT NULL,
  collected_minor bigint NOT NULL,
  state varchar(40) NOT NULL,
  seen_at timestamptz NOT NULL,
  answered_at timestamptz,
  answered_by varchar,
  report_id uuid,
  CONSTRAINT pk_booked_fall PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_booked_fall_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT fk_booked_fall_creditor_id_invoice_id FOREIGN KEY (creditor_id, invoice_id)
    REFERENCES booked_invoice (creditor_id, id),
  CONSTRAINT fk_booked_fall_creditor_id_claim_id FOREIGN KEY (creditor_id, claim_id)
    REFERENCES claim (creditor_id, id),
  CONSTRAINT ck_booked_fall_kind CHECK (kind IN ('payment', 'credit', 'unknown')),
  CONSTRAINT ck_booked_fall_state CHECK (state IN ('open', 'reported', 'credited', 'nothing', 'ours')),
  CONSTRAINT ck_booked_fall_minor CHECK (minor > 0)
);
CREATE UNIQUE INDEX uq_booked_fall_payment ON booked_fall (creditor_id, invoice_id, payment_ref)
  WHERE payment_ref <> '';
CREATE INDEX ix_booked_fall_open ON booked_fall (creditor_id, seen_at) WHERE state = 'open';
"""

# What the creditor's door may do with each beyond reading; staff has no business in a creditor's books.
DOOR = {
    "bookkeeping_connection": "INSERT, UPDATE",
    "bookkeeping_tokens": "INSERT, UPDATE, DELETE",
    "bookkeeping_fetch": "INSERT, UPDATE",
    "booked_customer": "DELETE",
    "booked_invoice": "UPDATE, DELETE",
    "bookkeeping_handover": "INSERT, UPDATE",
    "booked_fall": "UPDATE",
}


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statement in (CONNECTION, TOKENS, FETCH, CUSTOMER, INVOICE, HANDOVER, FALL):
        op.execute(statement)
    for table, more in DOOR.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO agency_worker")
        op.execute(f"GRANT SELECT, {more} ON {table} TO agency_creditor")
        op.execute(
            f"CREATE POLICY agency ON {table} TO agency_worker USING (app.agency()) WITH CHECK (app.agency())"
        )
        op.execute(
            f"CREATE POLICY creditor ON {table} TO agency_creditor"
            " USING (creditor_id = app.creditor_id()) WITH CHECK (creditor_id = app.creditor_id())"
        )


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for table in reversed(DOOR):
        op.execute(f"DROP TABLE {table}")

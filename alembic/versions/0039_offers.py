"""Prices of their own: requests, offers, notes, and the phases and hours that fall due."""

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE price_request (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  number varchar NOT NULL,
  placement_id uuid,
  claim_id uuid,
  state varchar(40) NOT NULL,
  grounds jsonb NOT NULL,
  wished varchar NOT NULL,
  question varchar NOT NULL,
  asked_at timestamptz NOT NULL,
  asked_by varchar NOT NULL,
  due_on date NOT NULL,
  edition integer NOT NULL,
  submitted_at timestamptz,
  submitted_by varchar,
  approved_by varchar,
  offered_at timestamptz,
  asked_back_at timestamptz,
  note_waits boolean NOT NULL,
  told_at timestamptz,
  reminded_at timestamptz,
  closed_at timestamptz,
  closed_by varchar,
  closed_from varchar,
  closed_why varchar NOT NULL,
  CONSTRAINT pk_price_request PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_price_request_creditor_id_placement_id FOREIGN KEY(creditor_id, placement_id)
    REFERENCES placement (creditor_id, id),
  CONSTRAINT fk_price_request_creditor_id_claim_id FOREIGN KEY(creditor_id, claim_id)
    REFERENCES claim (creditor_id, id),
  CONSTRAINT ck_price_request_about CHECK (num_nonnulls(placement_id, claim_id) = 1),
  CONSTRAINT ck_price_request_second_person CHECK (approved_by IS NULL OR approved_by <> submitted_by),
  CONSTRAINT uq_price_request_creditor_id_number UNIQUE (creditor_id, number),
  CONSTRAINT fk_price_request_creditor_id FOREIGN KEY(creditor_id) REFERENCES creditor (id),
  CONSTRAINT ck_price_request_state
    CHECK (state IN ('asked', 'to_approve', 'offered', 'accepted', 'declined', 'withdrawn', 'lapsed',
    'stands'))
);
CREATE INDEX ix_price_request_waiting ON price_request (due_on)
    WHERE state IN ('asked', 'to_approve', 'offered');
CREATE UNIQUE INDEX uq_price_request_claim ON price_request (creditor_id, claim_id)
    WHERE claim_id IS NOT NULL AND state IN ('asked', 'to_approve', 'offered');
CREATE UNIQUE INDEX uq_price_request_placement ON price_request (creditor_id, placement_id)
    WHERE placement_id IS NOT NULL AND state IN ('asked', 'to_approve', 'offered');
CREATE TABLE price_offer (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  request_id uuid NOT NULL,
  place integer NOT NULL,
  state varchar(40) NOT NULL,
  terms jsonb NOT NULL,
  conditions varchar NOT NULL,
  valid_days integer NOT NULL,
  writers jsonb NOT NULL,
  review jsonb NOT NULL,
  changed_at timestamptz NOT NULL,
  document bytea,
  sha256 varchar NOT NULL,
  rate_card_id uuid,
  claims integer NOT NULL,
  at_most_minor bigint NOT NULL,
  sent_at timestamptz,
  expires_at timestamptz,
  closed_at timestamptz,
  closed_by varchar,
  quote_id uuid,
  CONSTRAINT pk_price_offer PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_price_offer_creditor_id_request_id FOREIGN KEY(creditor_id, request_id)
    REFERENCES price_request (creditor_id, id),
  CONSTRAINT fk_price_offer_creditor_id_quote_id FOREIGN KEY(creditor_id, quote_id)
    REFERENCES quote (creditor_id, id),
  CONSTRAINT uq_price_offer_creditor_id_request_id_place UNIQUE (creditor_id, request_id, place),
  CONSTRAINT ck_price_offer_document CHECK ((state = 'draft') = (document IS NULL)),
  CONSTRAINT fk_price_offer_creditor_id FOREIGN KEY(creditor_id) REFERENCES creditor (id),
  CONSTRAINT ck_price_offer_state
    CHECK (state IN ('draft', 'open', 'accepted', 'withdrawn', 'outdated', 'not_chosen')),
  CONSTRAINT fk_price_offer_rate_card_id FOREIGN KEY(rate_card_id) REFERENCES rate_card (id)
);
CREATE UNIQUE INDEX uq_price_offer_accepted ON price_offer (creditor_id, request_id)
    WHERE state = 'accepted';
CREATE TABLE price_note (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  request_id uuid NOT NULL,
  side varchar NOT NULL,
  words varchar NOT NULL,
  at timestamptz NOT NULL,
  by varchar NOT NULL,
  CONSTRAINT pk_price_note PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_price_note_creditor_id_request_id FOREIGN KEY(creditor_id, request_id)
    REFERENCES price_request (creditor_id, id),
  CONSTRAINT ck_price_note_side CHECK (side IN ('creditor', 'agency'))
);
CREATE INDEX ix_price_note_request ON price_note (creditor_id, request_id);
CREATE TABLE offer_phase (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  quote_id uuid NOT NULL,
  claim_id uuid NOT NULL,
  phase varchar NOT NULL,
  success_bps integer NOT NULL,
  flat_minor bigint NOT NULL,
  currency varchar(3) NOT NULL,
  started_at timestamptz NOT NULL,
  started_by varchar NOT NULL,
  CONSTRAINT pk_offer_phase PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_offer_phase_creditor_id_quote_id_claim_id FOREIGN KEY(creditor_id, quote_id,
    claim_id) REFERENCES quote_line (creditor_id, quote_id, claim_id),
  CONSTRAINT uq_offer_phase_creditor_id_quote_id_claim_id_phase
    UNIQUE (creditor_id, quote_id, claim_id, phase)
);
CREATE TABLE booked_hours (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  quote_id uuid NOT NULL,
  claim_id uuid NOT NULL,
  phase varchar NOT NULL,
  minutes integer NOT NULL,
  net_minor bigint NOT NULL,
  currency varchar(3) NOT NULL,
  worked_on date NOT NULL,
  description varchar NOT NULL,
  sent_key uuid NOT NULL,
  booked_at timestamptz NOT NULL,
  booked_by varchar NOT NULL,
  taken_back_at timestamptz,
  taken_back_by varchar,
  CONSTRAINT pk_booked_hours PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_booked_hours_creditor_id_quote_id_claim_id FOREIGN KEY(creditor_id, quote_id,
    claim_id) REFERENCES quote_line (creditor_id, quote_id, claim_id),
  CONSTRAINT uq_booked_hours_creditor_id_sent_key UNIQUE (creditor_id, sent_key),
  CONSTRAINT ck_booked_hours_amounts CHECK (minutes > 0 AND net_minor >= 0)
);
CREATE INDEX ix_booked_hours_claim ON booked_hours (creditor_id, claim_id);
"""
NAMES = ("price_request", "price_offer", "price_note", "offer_phase", "booked_hours")
# What a creditor reads of an offer: not why a second person looked at it, nor who wrote in it.
OFFER_COLUMNS = (
    "creditor_id, id, request_id, place, state, terms, conditions, valid_days, document, sha256,"
    " rate_card_id, claims, at_most_minor, sent_at, expires_at, closed_at, closed_by, quote_id"
)
FEE = """
ALTER TABLE success_fee ADD COLUMN cause_id uuid;
ALTER TABLE success_fee DROP CONSTRAINT ck_success_fee_payment;
ALTER TABLE success_fee ADD CONSTRAINT ck_success_fee_payment
  CHECK ((payment_id IS NULL) = (kind IN ('withdrawal', 'flat', 'hours')));
ALTER TABLE success_fee ADD CONSTRAINT ck_success_fee_cause
  CHECK ((cause_id IS NOT NULL) = (kind IN ('flat', 'hours')));
CREATE UNIQUE INDEX uq_success_fee_cause ON success_fee (creditor_id, cause_id) WHERE cause_id IS NOT NULL;
"""
# Fees of offers stand on invoices; the older form has no place for them, so they are not thrown away.
NOT_BACK = """
DO $$ BEGIN
  IF EXISTS (SELECT FROM success_fee WHERE cause_id IS NOT NULL) THEN
    RAISE EXCEPTION 'fees of offers are on file: revision 0039 cannot be taken back';
  END IF;
END $$;
"""


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute(TABLES)
    op.execute(FEE)
    for table in NAMES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO agency_staff, agency_worker")
        op.execute(
            f"CREATE POLICY agency ON {table} TO agency_staff, agency_worker"
            " USING (app.agency()) WITH CHECK (app.agency())"
        )
    op.execute("GRANT DELETE ON price_offer TO agency_staff")
    op.execute("GRANT SELECT, INSERT, UPDATE ON price_request TO agency_creditor")
    op.execute("GRANT SELECT, INSERT ON price_note, offer_phase TO agency_creditor")
    op.execute("GRANT SELECT ON booked_hours TO agency_creditor")
    op.execute(f"GRANT SELECT ({OFFER_COLUMNS}) ON price_offer TO agency_creditor")
    op.execute("GRANT UPDATE (state, closed_at, closed_by, quote_id) ON price_offer TO agency_creditor")
    for table in ("price_request", "price_note", "offer_phase", "booked_hours"):
        op.execute(
            f"CREATE POLICY creditor ON {table} TO agency_creditor"
            " USING (creditor_id = app.creditor_id()) WITH CHECK (creditor_id = app.creditor_id())"
        )
    # An offer that is being drawn up stays inside the agency.
    op.execute(
        "CREATE POLICY creditor ON price_offer TO agency_creditor"
        " USING (creditor_id = app.creditor_id() AND state <> 'draft')"
        " WITH CHECK (creditor_id = app.creditor_id() AND state <> 'draft')"
    )


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("ALTER TABLE success_fee NO FORCE ROW LEVEL SECURITY")  # the owner sees no row behind it
    op.execute(NOT_BACK)
    op.execute("ALTER TABLE success_fee FORCE ROW LEVEL SECURITY")
    op.execute("DROP INDEX uq_success_fee_cause")
    op.execute("ALTER TABLE success_fee DROP CONSTRAINT ck_success_fee_cause")
    op.execute("ALTER TABLE success_fee DROP CONSTRAINT ck_success_fee_payment")
    op.execute(
        "ALTER TABLE success_fee ADD CONSTRAINT ck_success_fee_payment"
        " CHECK ((payment_id IS NULL) = (kind = 'withdrawal'))"
    )
    op.execute("ALTER TABLE success_fee DROP COLUMN cause_id")
    for table in reversed(NAMES):
        op.execute(f"DROP TABLE {table}")

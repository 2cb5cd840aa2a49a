"""What people decided about payers: whose money it was, and whose it was not."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

DECISIONS = """
CREATE TABLE payer_decision (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  line_id uuid NOT NULL,
  debtor_id uuid NOT NULL,
  verdict varchar(40) NOT NULL CONSTRAINT ck_payer_decision_verdict
    CHECK (verdict IN ('confirmed', 'refused')),
  iban varchar NOT NULL,
  payer_key varchar NOT NULL,
  at timestamptz NOT NULL,
  by varchar NOT NULL,
  undone_at timestamptz,
  undone_by varchar,
  CONSTRAINT pk_payer_decision PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_payer_decision_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT fk_payer_decision_line_id FOREIGN KEY (line_id) REFERENCES bank_line (id),
  CONSTRAINT fk_payer_decision_creditor_id_debtor_id FOREIGN KEY (creditor_id, debtor_id)
    REFERENCES debtor (creditor_id, id),
  CONSTRAINT ck_payer_decision_undone CHECK ((undone_at IS NULL) = (undone_by IS NULL))
);
CREATE INDEX ix_payer_decision_line ON payer_decision (line_id);
CREATE INDEX ix_payer_decision_iban ON payer_decision (iban) WHERE undone_at IS NULL;
CREATE INDEX ix_payer_decision_payer ON payer_decision (payer_key) WHERE undone_at IS NULL AND iban = '';
"""


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute(DECISIONS)
    op.execute("ALTER TABLE payer_decision ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE payer_decision FORCE ROW LEVEL SECURITY")
    # A decision is taken back, never changed or removed.
    op.execute(
        "GRANT SELECT, INSERT, UPDATE (undone_at, undone_by) ON payer_decision TO agency_staff, agency_worker"
    )
    op.execute(
        "CREATE POLICY agency ON payer_decision TO agency_staff, agency_worker"
        " USING (app.agency()) WITH CHECK (app.agency())"
    )


def downgrade() -> None:
    op.drop_table("payer_decision")

"""Visits to a debtor at home: announced in writing, made under the rules, reported on."""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

FIELD_VISIT = """
CREATE TABLE field_visit (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  claim_id uuid NOT NULL,
  day date NOT NULL,
  first time NOT NULL,
  last time NOT NULL,
  visitor varchar NOT NULL,
  state varchar(40) NOT NULL,
  announced_at timestamptz NOT NULL,
  announced_by varchar NOT NULL,
  message_id uuid,
  began_at timestamptz,
  began_by varchar,
  trace jsonb NOT NULL,
  ended_at timestamptz,
  outcome varchar(40),
  report varchar NOT NULL,
  CONSTRAINT pk_field_visit PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_field_visit_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT fk_field_visit_creditor_id_claim_id FOREIGN KEY (creditor_id, claim_id)
    REFERENCES claim (creditor_id, id),
  CONSTRAINT fk_field_visit_creditor_id_message_id FOREIGN KEY (creditor_id, message_id)
    REFERENCES message (creditor_id, id),
  CONSTRAINT ck_field_visit_state CHECK (state IN ('announced', 'under_way', 'made', 'refused', 'cancelled')),
  CONSTRAINT ck_field_visit_outcome CHECK (outcome IN
    ('talked', 'nobody', 'somebody_else', 'moved', 'refuses', 'promise', 'dispute', 'hardship'))
);
CREATE INDEX ix_field_visit_claim ON field_visit (creditor_id, claim_id);
CREATE INDEX ix_field_visit_day ON field_visit (day, id) WHERE state IN ('announced', 'under_way');
CREATE UNIQUE INDEX uq_field_visit_open ON field_visit (creditor_id, claim_id)
  WHERE state IN ('announced', 'under_way');
"""


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute(FIELD_VISIT)
    op.execute("ALTER TABLE field_visit ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE field_visit FORCE ROW LEVEL SECURITY")
    op.execute("GRANT SELECT, INSERT, UPDATE ON field_visit TO agency_staff, agency_worker")
    op.execute(
        "CREATE POLICY agency ON field_visit TO agency_staff, agency_worker"
        " USING (app.agency()) WITH CHECK (app.agency())"
    )
    # A debtor sees the visits that are announced to him, and may say no to one.
    op.execute("GRANT SELECT ON field_visit TO agency_debtor")
    op.execute("GRANT UPDATE (state, ended_at) ON field_visit TO agency_debtor")
    op.execute(
        "CREATE POLICY debtor ON field_visit TO agency_debtor"
        " USING (creditor_id = app.creditor_id() AND claim_id = app.claim_id())"
        " WITH CHECK (creditor_id = app.creditor_id() AND claim_id = app.claim_id())"
    )


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("DROP TABLE field_visit")

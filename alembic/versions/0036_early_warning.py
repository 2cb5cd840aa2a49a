"""Early warning: which debtors show signs of trouble, weighed each night."""

from alembic import op

revision = "0036"
down_revision = "0033"
branch_labels = None
depends_on = None

DEBTOR_WARNING = """
CREATE TABLE debtor_warning (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  debtor_id uuid NOT NULL,
  level varchar(40) NOT NULL,
  points integer NOT NULL,
  careful boolean NOT NULL,
  signs jsonb NOT NULL,
  actions jsonb NOT NULL,
  facts jsonb NOT NULL,
  owed jsonb NOT NULL,
  open_claims integer NOT NULL,
  rule_version varchar NOT NULL,
  since date NOT NULL,
  assessed_at timestamptz NOT NULL,
  CONSTRAINT pk_debtor_warning PRIMARY KEY (creditor_id, id),
  CONSTRAINT uq_debtor_warning_creditor_id_debtor_id UNIQUE (creditor_id, debtor_id),
  CONSTRAINT fk_debtor_warning_creditor_id_debtor_id FOREIGN KEY (creditor_id, debtor_id)
    REFERENCES debtor (creditor_id, id),
  CONSTRAINT ck_debtor_warning_level CHECK (level IN ('watch', 'warn', 'act'))
);
CREATE INDEX ix_debtor_warning_points ON debtor_warning (creditor_id, points, id);
CREATE INDEX ix_debtor_warning_agency ON debtor_warning (points, id);
"""


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute(DEBTOR_WARNING)
    op.execute("ALTER TABLE debtor_warning ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE debtor_warning FORCE ROW LEVEL SECURITY")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON debtor_warning TO agency_worker")
    op.execute("GRANT SELECT ON debtor_warning TO agency_staff, agency_creditor")
    op.execute(
        "CREATE POLICY agency ON debtor_warning TO agency_staff, agency_worker"
        " USING (app.agency()) WITH CHECK (app.agency())"
    )
    op.execute(
        "CREATE POLICY creditor ON debtor_warning TO agency_creditor USING (creditor_id = app.creditor_id())"
    )


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("DROP TABLE debtor_warning")

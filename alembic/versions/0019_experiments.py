"""Experiments with ways of contact, and the group of each claim in them."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

EXPERIMENTS = """
CREATE TABLE experiment (
  id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  name varchar NOT NULL,
  template varchar NOT NULL,
  arms jsonb NOT NULL,
  holdout_percent integer NOT NULL CONSTRAINT ck_experiment_holdout CHECK (holdout_percent BETWEEN 1 AND 99),
  answer_days integer NOT NULL CONSTRAINT ck_experiment_answer CHECK (answer_days BETWEEN 1 AND 90),
  created_by varchar NOT NULL,
  stopped_at timestamptz,
  stopped_by varchar,
  stopped_why varchar NOT NULL,
  CONSTRAINT pk_experiment PRIMARY KEY (id),
  CONSTRAINT uq_experiment_name UNIQUE (name),
  CONSTRAINT ck_experiment_stopped CHECK ((stopped_at IS NULL) = (stopped_by IS NULL))
);
CREATE UNIQUE INDEX uq_experiment_running ON experiment (template) WHERE stopped_at IS NULL;
CREATE TABLE experiment_claim (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  claim_id uuid NOT NULL,
  experiment_id uuid NOT NULL,
  "group" varchar NOT NULL,
  at timestamptz NOT NULL,
  CONSTRAINT pk_experiment_claim PRIMARY KEY (creditor_id, id),
  CONSTRAINT uq_experiment_claim_creditor_id_claim_id_experiment_id
    UNIQUE (creditor_id, claim_id, experiment_id),
  CONSTRAINT fk_experiment_claim_creditor_id_claim_id FOREIGN KEY (creditor_id, claim_id)
    REFERENCES claim (creditor_id, id),
  CONSTRAINT fk_experiment_claim_experiment_id FOREIGN KEY (experiment_id) REFERENCES experiment (id)
);
CREATE INDEX ix_experiment_claim_experiment ON experiment_claim (experiment_id);
"""


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute(EXPERIMENTS)
    # What is tried is not changed while it runs: it is stopped, and another begun.
    op.execute(
        "GRANT SELECT, INSERT, UPDATE (stopped_at, stopped_by, stopped_why) ON experiment TO agency_staff"
    )
    op.execute("GRANT SELECT ON experiment TO agency_worker")
    op.execute("GRANT SELECT ON experiment_claim TO agency_staff")
    op.execute("GRANT SELECT, INSERT ON experiment_claim TO agency_worker")
    for table in ("experiment", "experiment_claim"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY agency ON {table} TO agency_staff, agency_worker"
            " USING (app.agency()) WITH CHECK (app.agency())"
        )


def downgrade() -> None:
    op.drop_table("experiment_claim")
    op.drop_table("experiment")

"""Which creditors' claims begin on a path that was drawn for them."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

PATHS = """
CREATE TABLE creditor_path (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  path_key varchar NOT NULL,
  valid_from date NOT NULL,
  ended_on date,
  by varchar NOT NULL,
  CONSTRAINT pk_creditor_path PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_creditor_path_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id)
);
CREATE UNIQUE INDEX uq_creditor_path_running ON creditor_path (creditor_id, path_key) WHERE ended_on IS NULL;
CREATE INDEX ix_creditor_path_key ON creditor_path (path_key);
"""


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute(PATHS)
    op.execute("ALTER TABLE creditor_path ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE creditor_path FORCE ROW LEVEL SECURITY")
    op.execute("GRANT SELECT, INSERT, UPDATE (ended_on) ON creditor_path TO agency_staff, agency_worker")
    op.execute(
        "CREATE POLICY agency ON creditor_path TO agency_staff, agency_worker"
        " USING (app.agency()) WITH CHECK (app.agency())"
    )


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.drop_table("creditor_path")

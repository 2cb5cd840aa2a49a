"""What a new creditor and the agency do before its first claim is worked."""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

ONBOARDING_TASK = """
CREATE TABLE onboarding_task (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  kind varchar(40) NOT NULL,
  opened_by varchar NOT NULL,
  done_at timestamptz,
  done_by varchar,
  note varchar NOT NULL,
  text_version varchar,
  sha256 varchar,
  address varchar,
  CONSTRAINT pk_onboarding_task PRIMARY KEY (creditor_id, id),
  CONSTRAINT uq_onboarding_task_creditor_id_kind UNIQUE (creditor_id, kind),
  CONSTRAINT fk_onboarding_task_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT ck_onboarding_task_kind CHECK (kind IN ('agreement', 'power_of_attorney', 'identity'))
);
"""


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute(ONBOARDING_TASK)
    op.execute("ALTER TABLE onboarding_task ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE onboarding_task FORCE ROW LEVEL SECURITY")
    op.execute("GRANT SELECT, INSERT, UPDATE ON onboarding_task TO agency_staff")
    op.execute("GRANT SELECT ON onboarding_task TO agency_worker")
    op.execute(
        "CREATE POLICY agency ON onboarding_task TO agency_staff, agency_worker"
        " USING (app.agency()) WITH CHECK (app.agency())"
    )
    # A creditor signs; what the agency makes sure of is not its to tick.
    op.execute("GRANT SELECT ON onboarding_task TO agency_creditor")
    op.execute(
        "GRANT UPDATE (done_at, done_by, text_version, sha256, address) ON onboarding_task TO agency_creditor"
    )
    op.execute(
        "CREATE POLICY creditor ON onboarding_task FOR SELECT TO agency_creditor"
        " USING (creditor_id = app.creditor_id())"
    )
    op.execute(
        "CREATE POLICY signing ON onboarding_task FOR UPDATE TO agency_creditor"
        " USING (creditor_id = app.creditor_id() AND kind <> 'identity' AND done_at IS NULL)"
        " WITH CHECK (creditor_id = app.creditor_id() AND kind <> 'identity')"
    )


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("DROP TABLE onboarding_task")

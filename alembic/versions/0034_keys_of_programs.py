"""Keys with which the programs of a creditor call the interface."""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

API_KEY = """
CREATE TABLE api_key (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  name varchar NOT NULL,
  scopes text[] NOT NULL,
  secret_sha256 varchar NOT NULL,
  made_by varchar NOT NULL,
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  revoked_by varchar,
  follows_id uuid,
  CONSTRAINT pk_api_key PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_api_key_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT fk_api_key_creditor_id_follows_id FOREIGN KEY (creditor_id, follows_id)
    REFERENCES api_key (creditor_id, id),
  CONSTRAINT ck_api_key_scopes CHECK
    (scopes <@ ARRAY['read', 'price', 'place', 'accept', 'credit'] AND cardinality(scopes) > 0),
  CONSTRAINT ck_api_key_revoked CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);
CREATE INDEX ix_api_key_id ON api_key (id);
"""


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute(API_KEY)
    op.execute("ALTER TABLE api_key ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE api_key FORCE ROW LEVEL SECURITY")
    op.execute("GRANT SELECT ON api_key TO agency_staff, agency_worker")
    op.execute("GRANT UPDATE (revoked_at, revoked_by) ON api_key TO agency_staff")
    op.execute(
        "CREATE POLICY agency ON api_key TO agency_staff, agency_worker"
        " USING (app.agency()) WITH CHECK (app.agency())"
    )
    # What a key opens and its secret are never changed, not even by its creditor.
    op.execute("GRANT SELECT, INSERT ON api_key TO agency_creditor")
    op.execute("GRANT UPDATE (expires_at, revoked_at, revoked_by) ON api_key TO agency_creditor")
    op.execute(
        "CREATE POLICY creditor ON api_key TO agency_creditor"
        " USING (creditor_id = app.creditor_id()) WITH CHECK (creditor_id = app.creditor_id())"
    )
    # A key is looked up before anybody knows whose it is.
    op.execute("GRANT SELECT ON api_key TO agency_gate")
    op.execute("GRANT UPDATE (last_used_at) ON api_key TO agency_gate")
    op.execute("CREATE POLICY look_up ON api_key FOR SELECT TO agency_gate USING (true)")
    op.execute("CREATE POLICY count_use ON api_key FOR UPDATE TO agency_gate USING (true)")


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("DROP TABLE api_key")

"""What the agency keeps about itself, and exports for inspectors."""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

TABLES = ("kept_record", "inspection_export", "inspection_export_claim")
KEPT_RECORD = """
CREATE TABLE kept_record (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  series_id uuid NOT NULL,
  version integer NOT NULL,
  kind varchar(40) NOT NULL,
  held_on date NOT NULL,
  title varchar NOT NULL,
  minutes_long integer NOT NULL,
  people jsonb NOT NULL,
  others varchar NOT NULL,
  report varchar NOT NULL,
  file_name varchar NOT NULL,
  sha256 varchar,
  withdrawn boolean NOT NULL,
  why varchar NOT NULL,
  at timestamptz NOT NULL,
  by varchar NOT NULL,
  CONSTRAINT pk_kept_record PRIMARY KEY (creditor_id, id),
  CONSTRAINT uq_kept_record_creditor_id_series_id_version UNIQUE (creditor_id, series_id, version),
  CONSTRAINT fk_kept_record_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT fk_kept_record_creditor_id_sha256 FOREIGN KEY (creditor_id, sha256)
    REFERENCES stored_file (creditor_id, sha256),
  CONSTRAINT ck_kept_record_kind CHECK (kind IN ('training', 'ethics_meeting')),
  CONSTRAINT ck_kept_record_figures CHECK (version > 0 AND minutes_long BETWEEN 0 AND 100000)
);
"""
EXPORT = """
CREATE TABLE inspection_export (
  id uuid NOT NULL,
  authority varchar(40) NOT NULL,
  language varchar(2) NOT NULL,
  first_day date NOT NULL,
  last_day date NOT NULL,
  creditors jsonb NOT NULL,
  numbers jsonb NOT NULL,
  reason varchar NOT NULL,
  state varchar(40) NOT NULL,
  claims integer NOT NULL,
  done integer NOT NULL,
  as_of timestamptz NOT NULL,
  asked_by varchar NOT NULL,
  ended_at timestamptz,
  expires_at timestamptz,
  size bigint NOT NULL,
  sha256 varchar,
  downloads integer NOT NULL,
  error varchar NOT NULL,
  CONSTRAINT pk_inspection_export PRIMARY KEY (id),
  CONSTRAINT ck_inspection_export_authority CHECK (authority IN ('nl', 'be')),
  CONSTRAINT ck_inspection_export_state CHECK (state IN
    ('waiting', 'running', 'ready', 'erased', 'cancelled', 'failed')),
  CONSTRAINT ck_inspection_export_period CHECK (first_day <= last_day)
);
CREATE INDEX ix_inspection_export_asked ON inspection_export (as_of, id);
CREATE TABLE inspection_export_claim (
  export_id uuid NOT NULL,
  place integer NOT NULL,
  creditor_id uuid NOT NULL,
  claim_id uuid NOT NULL,
  size bigint NOT NULL,
  sha256 varchar,
  done_at timestamptz,
  CONSTRAINT pk_inspection_export_claim PRIMARY KEY (export_id, place),
  CONSTRAINT uq_inspection_export_claim_export_id_creditor_id_claim_id
    UNIQUE (export_id, creditor_id, claim_id),
  CONSTRAINT fk_inspection_export_claim_export_id FOREIGN KEY (export_id) REFERENCES inspection_export (id),
  CONSTRAINT fk_inspection_export_claim_creditor_id_claim_id FOREIGN KEY (creditor_id, claim_id)
    REFERENCES claim (creditor_id, id)
);
"""


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute(KEPT_RECORD)
    op.execute(EXPORT)
    # All three are the agency's own: no creditor and no debtor comes near them.
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY agency ON {table} TO agency_staff, agency_worker"
            " USING (app.agency()) WITH CHECK (app.agency())"
        )
    # A record is never changed and never deleted, not even by mistake: its right is not given.
    op.execute("GRANT SELECT, INSERT ON kept_record TO agency_staff, agency_worker")
    for table in TABLES[1:]:
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO agency_staff, agency_worker")


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE {table}")

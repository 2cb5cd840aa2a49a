"""Sorting incoming documents, asking creditors for what is missing, dossiers, and disputes by line."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_INCOMING = """
CREATE TABLE incoming_document (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  drop_id uuid,
  name varchar NOT NULL,
  sha256 varchar NOT NULL,
  media_type varchar NOT NULL,
  size bigint NOT NULL,
  kind varchar(40) NOT NULL,
  state varchar(40) NOT NULL,
  signs jsonb NOT NULL,
  candidates jsonb NOT NULL,
  claim_id uuid,
  document_id uuid,
  why varchar NOT NULL,
  received_at timestamptz NOT NULL,
  received_by varchar NOT NULL,
  decided_at timestamptz,
  decided_by varchar,
  CONSTRAINT pk_incoming_document PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_incoming_document_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT fk_incoming_document_creditor_id_sha256 FOREIGN KEY (creditor_id, sha256)
    REFERENCES stored_file (creditor_id, sha256),
  CONSTRAINT fk_incoming_document_creditor_id_claim_id FOREIGN KEY (creditor_id, claim_id)
    REFERENCES claim (creditor_id, id),
  CONSTRAINT fk_incoming_document_creditor_id_document_id FOREIGN KEY (creditor_id, document_id)
    REFERENCES document (creditor_id, id),
  CONSTRAINT ck_incoming_document_state CHECK (state IN ('waiting', 'filed', 'not_needed'))
);
CREATE UNIQUE INDEX uq_incoming_document_sha256 ON incoming_document (creditor_id, sha256);
CREATE INDEX ix_incoming_document_waiting ON incoming_document (creditor_id, received_at, id)
  WHERE state = 'waiting';
CREATE INDEX ix_incoming_document_drop ON incoming_document (creditor_id, drop_id);

CREATE TABLE incoming_decision (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  incoming_id uuid NOT NULL,
  action varchar(40) NOT NULL,
  claim_id uuid,
  document_id uuid,
  why varchar NOT NULL,
  reasons jsonb NOT NULL,
  at timestamptz NOT NULL,
  by varchar NOT NULL,
  CONSTRAINT pk_incoming_decision PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_incoming_decision_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT fk_incoming_decision_creditor_id_incoming_id FOREIGN KEY (creditor_id, incoming_id)
    REFERENCES incoming_document (creditor_id, id),
  CONSTRAINT ck_incoming_decision_action CHECK (action IN ('matched', 'chosen', 'not_needed', 'undone'))
);
CREATE INDEX ix_incoming_decision ON incoming_decision (creditor_id, incoming_id);
"""

_ASKING = """
CREATE TABLE information_request (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  claim_id uuid NOT NULL,
  state varchar(40) NOT NULL,
  rule_version varchar NOT NULL,
  asked_at timestamptz NOT NULL,
  due_on date NOT NULL,
  told_at timestamptz,
  reminded_at timestamptz,
  closed_at timestamptz,
  CONSTRAINT pk_information_request PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_information_request_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT fk_information_request_creditor_id_claim_id FOREIGN KEY (creditor_id, claim_id)
    REFERENCES claim (creditor_id, id),
  CONSTRAINT ck_information_request_state
    CHECK (state IN ('open', 'solved', 'started_without', 'returned', 'withdrawn'))
);
CREATE UNIQUE INDEX uq_information_request_open ON information_request (creditor_id, claim_id)
  WHERE state = 'open';
CREATE INDEX ix_information_request_due ON information_request (due_on) WHERE state = 'open';
CREATE INDEX ix_information_request_claim ON information_request (creditor_id, claim_id);

CREATE TABLE information_item (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  request_id uuid NOT NULL,
  item varchar(40) NOT NULL,
  blocking boolean NOT NULL,
  on_expiry varchar(40) NOT NULL,
  solved_at timestamptz,
  solved_by varchar,
  CONSTRAINT pk_information_item PRIMARY KEY (creditor_id, id),
  CONSTRAINT uq_information_item_creditor_id UNIQUE (creditor_id, request_id, item),
  CONSTRAINT fk_information_item_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT fk_information_item_creditor_id_request_id FOREIGN KEY (creditor_id, request_id)
    REFERENCES information_request (creditor_id, id),
  CONSTRAINT ck_information_item_on_expiry CHECK (on_expiry IN ('start', 'return'))
);

CREATE TABLE creditor_mail (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  template varchar NOT NULL,
  state varchar(40) NOT NULL,
  to_value varchar NOT NULL,
  subject varchar NOT NULL,
  facts jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  sent_at timestamptz,
  attempts integer NOT NULL,
  provider_ref varchar,
  content_sha256 varchar,
  why varchar NOT NULL,
  CONSTRAINT pk_creditor_mail PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_creditor_mail_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT fk_creditor_mail_creditor_id_content_sha256 FOREIGN KEY (creditor_id, content_sha256)
    REFERENCES stored_file (creditor_id, sha256),
  CONSTRAINT ck_creditor_mail_state CHECK (state IN ('queued', 'sending', 'sent', 'unknown', 'failed'))
);
"""

_DOSSIER = """
CREATE TABLE dossier (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  claim_id uuid NOT NULL,
  state varchar(40) NOT NULL,
  percent integer NOT NULL,
  language varchar(2) NOT NULL,
  as_of timestamptz NOT NULL,
  asked_by varchar NOT NULL,
  finished_at timestamptz,
  pages integer,
  pdf_sha256 varchar,
  zip_sha256 varchar,
  error varchar NOT NULL,
  CONSTRAINT pk_dossier PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_dossier_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT fk_dossier_creditor_id_claim_id FOREIGN KEY (creditor_id, claim_id)
    REFERENCES claim (creditor_id, id),
  CONSTRAINT fk_dossier_creditor_id_pdf_sha256 FOREIGN KEY (creditor_id, pdf_sha256)
    REFERENCES stored_file (creditor_id, sha256),
  CONSTRAINT fk_dossier_creditor_id_zip_sha256 FOREIGN KEY (creditor_id, zip_sha256)
    REFERENCES stored_file (creditor_id, sha256),
  CONSTRAINT ck_dossier_state CHECK (state IN ('waiting', 'building', 'ready', 'failed', 'cancelled'))
);
CREATE INDEX ix_dossier_claim ON dossier (creditor_id, claim_id, as_of);
"""

_DISPUTES = """
CREATE TABLE dispute_change (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  claim_id uuid NOT NULL,
  dispute_id uuid NOT NULL,
  action varchar(40) NOT NULL,
  status varchar(40) NOT NULL,
  disputed_minor bigint NOT NULL,
  words varchar NOT NULL,
  lines jsonb NOT NULL,
  at timestamptz NOT NULL,
  by varchar NOT NULL,
  CONSTRAINT pk_dispute_change PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_dispute_change_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT fk_dispute_change_creditor_id_claim_id FOREIGN KEY (creditor_id, claim_id)
    REFERENCES claim (creditor_id, id),
  CONSTRAINT fk_dispute_change_creditor_id_dispute_id FOREIGN KEY (creditor_id, dispute_id)
    REFERENCES dispute (creditor_id, id),
  CONSTRAINT ck_dispute_change_action
    CHECK (action IN ('raised', 'widened', 'substantiated', 'answered', 'settled'))
);
CREATE INDEX ix_dispute_change ON dispute_change (creditor_id, dispute_id);
ALTER TABLE claim ADD COLUMN costs_over_minor bigint;
ALTER TABLE claim ADD COLUMN costs_left_out_minor bigint NOT NULL DEFAULT 0;
ALTER TABLE invoice ADD COLUMN disputed_minor bigint NOT NULL DEFAULT 0;
ALTER TABLE invoice ADD CONSTRAINT ck_invoice_disputed CHECK (disputed_minor >= 0);
"""

_HOLD_GROUNDS = (
    "dispute", "reasoned_dispute", "says_paid", "not_me", "complaint", "creditor_asked", "promise",
    "plan_kept", "plan_requested", "notice_running", "debt_help", "debt_help_notice", "debt_mediation",
    "collective_settlement", "moratorium", "wsnp", "bankruptcy", "insolvency", "guardianship", "minor",
    "deceased",
)  # fmt: skip
_STATUSES = ("none", "raised", "substantiated", "resolved_creditor", "resolved_debtor")
_TABLES = (
    "incoming_document", "incoming_decision", "information_request", "information_item", "creditor_mail",
    "dossier", "dispute_change",
)  # fmt: skip
_APPEND_ONLY = ("incoming_decision", "dispute_change")
# A creditor sorts, asks for dossiers and answers disputes; what is asked of it and mailed to it, it reads.
_CREDITOR_READS = ("creditor_mail",)


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for statements in (_INCOMING, _ASKING, _DOSSIER, _DISPUTES):
        op.execute(statements)
    _allow("hold", "ground", (*_HOLD_GROUNDS, "missing_information"))
    _allow("dispute", "status", (*_STATUSES, "partly_accepted"))
    # What was filed by mistake leaves its claim but not the books.
    op.execute("ALTER TABLE document ALTER COLUMN claim_id DROP NOT NULL")
    # A dispute that stood already lies on the oldest invoices first.
    op.execute(
        "UPDATE invoice i SET disputed_minor = x.part FROM (SELECT i.creditor_id, i.id, greatest(0,"
        " least(i.open_minor, c.disputed_minor - (sum(i.open_minor) OVER (PARTITION BY i.creditor_id,"
        "  i.claim_id ORDER BY i.due_on, i.number) - i.open_minor))) AS part FROM invoice i JOIN claim c"
        "  ON c.creditor_id = i.creditor_id AND c.id = i.claim_id WHERE c.disputed_minor > 0"
        "  AND i.open_minor > 0) x WHERE i.creditor_id = x.creditor_id AND i.id = x.id"
    )
    op.execute("ALTER TABLE note ADD COLUMN shareable boolean NOT NULL DEFAULT false")
    for table in _TABLES:
        _wall(table)
    for table in ("dispute_change",):
        op.execute(f"GRANT SELECT, INSERT ON {table} TO agency_debtor")
        op.execute(
            f"CREATE POLICY debtor ON {table} TO agency_debtor"
            " USING (creditor_id = app.creditor_id() AND claim_id = app.claim_id())"
            " WITH CHECK (creditor_id = app.creditor_id() AND claim_id = app.claim_id())"
        )
    op.execute("GRANT UPDATE (disputed_minor) ON invoice TO agency_debtor")


def _allow(table: str, column: str, values: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{value}'" for value in values)
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{column}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{column} CHECK ({column} IN ({listed}))")


def _wall(table: str) -> None:
    if table in _APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION app.refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change()"
        )
    changes = "SELECT, INSERT" if table in _APPEND_ONLY else "SELECT, INSERT, UPDATE"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"GRANT {changes} ON {table} TO agency_staff, agency_worker")
    op.execute(
        f"CREATE POLICY agency ON {table} TO agency_staff, agency_worker"
        " USING (app.agency()) WITH CHECK (app.agency())"
    )
    op.execute(f"GRANT {'SELECT' if table in _CREDITOR_READS else changes} ON {table} TO agency_creditor")
    op.execute(
        f"CREATE POLICY creditor ON {table} TO agency_creditor"
        " USING (creditor_id = app.creditor_id()) WITH CHECK (creditor_id = app.creditor_id())"
    )


def downgrade() -> None:
    op.execute("REVOKE UPDATE (disputed_minor) ON invoice FROM agency_debtor")
    op.execute("ALTER TABLE note DROP COLUMN shareable")
    op.execute("ALTER TABLE invoice DROP COLUMN disputed_minor")
    op.execute("ALTER TABLE claim DROP COLUMN costs_over_minor, DROP COLUMN costs_left_out_minor")
    for table in reversed(_TABLES):
        op.execute(f"DROP TABLE {table}")
    # Grounds, outcomes and documents of no claim that came meanwhile have no place in the older form.
    op.execute("UPDATE hold SET ground = 'creditor_asked' WHERE ground = 'missing_information'")
    op.execute("UPDATE dispute SET status = 'resolved_creditor' WHERE status = 'partly_accepted'")
    _allow("hold", "ground", _HOLD_GROUNDS)
    _allow("dispute", "status", _STATUSES)
    op.execute("DELETE FROM document WHERE claim_id IS NULL")
    op.execute("ALTER TABLE document ALTER COLUMN claim_id SET NOT NULL")

"""What debtors write back, what a call agreed on, and the two holds that go with them."""

import re

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

INBOUND = """
CREATE TABLE inbound (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  channel varchar(40) NOT NULL,
  source_key varchar(200) NOT NULL,
  received_at timestamptz NOT NULL,
  received_by varchar NOT NULL,
  kind varchar(40) NOT NULL,
  signs jsonb NOT NULL,
  from_value varchar NOT NULL,
  from_name varchar NOT NULL,
  to_value varchar NOT NULL,
  subject varchar NOT NULL,
  words varchar NOT NULL,
  sha256 varchar NOT NULL,
  media_type varchar NOT NULL,
  size bigint NOT NULL,
  state varchar(40) NOT NULL,
  why varchar NOT NULL,
  candidates jsonb NOT NULL,
  for_creditor_id uuid,
  for_claim_id uuid,
  reply_id uuid,
  decided_at timestamptz,
  decided_by varchar,
  CONSTRAINT pk_inbound PRIMARY KEY (creditor_id, id),
  CONSTRAINT uq_inbound_creditor_id UNIQUE (creditor_id, source_key),
  CONSTRAINT fk_inbound_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT fk_inbound_creditor_id_sha256 FOREIGN KEY (creditor_id, sha256)
    REFERENCES stored_file (creditor_id, sha256),
  CONSTRAINT ck_inbound_channel CHECK (channel IN ('email', 'sms', 'letter')),
  CONSTRAINT ck_inbound_kind CHECK (kind IN ('reply', 'stop', 'auto_reply', 'bounce', 'complaint')),
  CONSTRAINT ck_inbound_state CHECK (state IN ('threaded', 'quarantined', 'noted', 'discarded'))
);
CREATE INDEX ix_inbound_quarantined ON inbound (received_at, id) WHERE state = 'quarantined';
CREATE INDEX ix_inbound_decided ON inbound (decided_at, id) WHERE decided_at IS NOT NULL;

CREATE TABLE reply (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  claim_id uuid NOT NULL,
  inbound_id uuid NOT NULL,
  channel varchar(40) NOT NULL,
  received_at timestamptz NOT NULL,
  from_value varchar NOT NULL,
  subject varchar NOT NULL,
  words varchar NOT NULL,
  sha256 varchar NOT NULL,
  files jsonb NOT NULL,
  found_by varchar NOT NULL,
  topic varchar(40) NOT NULL,
  signs jsonb NOT NULL,
  language varchar(2) NOT NULL,
  state varchar(40) NOT NULL,
  decided_topic varchar(40),
  answer varchar NOT NULL,
  message_id uuid,
  decided_at timestamptz,
  decided_by varchar,
  CONSTRAINT pk_reply PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_reply_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT fk_reply_creditor_id_claim_id FOREIGN KEY (creditor_id, claim_id)
    REFERENCES claim (creditor_id, id),
  CONSTRAINT fk_reply_creditor_id_message_id FOREIGN KEY (creditor_id, message_id)
    REFERENCES message (creditor_id, id),
  CONSTRAINT fk_reply_creditor_id_sha256 FOREIGN KEY (creditor_id, sha256)
    REFERENCES stored_file (creditor_id, sha256),
  CONSTRAINT ck_reply_channel CHECK (channel IN ('email', 'sms', 'letter')),
  CONSTRAINT ck_reply_topic CHECK (topic IN
    ('counsellor', 'not_me', 'dispute', 'hardship', 'plan', 'paid', 'stop', 'other')),
  CONSTRAINT ck_reply_decided_topic CHECK (decided_topic IN
    ('counsellor', 'not_me', 'dispute', 'hardship', 'plan', 'paid', 'stop', 'other')),
  CONSTRAINT ck_reply_state CHECK (state IN ('waiting', 'answered', 'closed', 'withdrawn'))
);
CREATE INDEX ix_reply_waiting ON reply (received_at, id) WHERE state = 'waiting';
CREATE INDEX ix_reply_claim ON reply (creditor_id, claim_id);
CREATE INDEX ix_contact_point_written ON contact_point (channel, lower(value));
CREATE INDEX ix_message_to ON message (to_value, sent_at) WHERE channel = 'sms';
"""

CALL_NOTE = """
CREATE TABLE call_note (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  claim_id uuid NOT NULL,
  call_id uuid NOT NULL,
  agreed varchar(40) NOT NULL,
  terms jsonb NOT NULL,
  points varchar NOT NULL,
  state varchar(40) NOT NULL,
  made_at timestamptz NOT NULL,
  made_by varchar NOT NULL,
  answer_by date NOT NULL,
  message_id uuid,
  answered_at timestamptz,
  correction varchar NOT NULL,
  promise_id uuid,
  plan_id uuid,
  CONSTRAINT pk_call_note PRIMARY KEY (creditor_id, id),
  CONSTRAINT uq_call_note_creditor_id UNIQUE (creditor_id, call_id),
  CONSTRAINT fk_call_note_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT fk_call_note_creditor_id_claim_id FOREIGN KEY (creditor_id, claim_id)
    REFERENCES claim (creditor_id, id),
  CONSTRAINT fk_call_note_creditor_id_call_id FOREIGN KEY (creditor_id, call_id)
    REFERENCES call (creditor_id, id),
  CONSTRAINT fk_call_note_creditor_id_message_id FOREIGN KEY (creditor_id, message_id)
    REFERENCES message (creditor_id, id),
  CONSTRAINT fk_call_note_creditor_id_promise_id FOREIGN KEY (creditor_id, promise_id)
    REFERENCES promise (creditor_id, id),
  CONSTRAINT fk_call_note_creditor_id_plan_id FOREIGN KEY (creditor_id, plan_id)
    REFERENCES plan (creditor_id, id),
  CONSTRAINT ck_call_note_agreed CHECK (agreed IN ('promise', 'plan', 'nothing')),
  CONSTRAINT ck_call_note_state CHECK (state IN ('waiting', 'confirmed', 'corrected', 'lapsed', 'withdrawn'))
);
CREATE INDEX ix_call_note_claim ON call_note (creditor_id, claim_id);
CREATE INDEX ix_call_note_waiting ON call_note (answer_by) WHERE state = 'waiting';
CREATE UNIQUE INDEX uq_call_note_waiting ON call_note (creditor_id, claim_id) WHERE state = 'waiting';
"""

GROUNDS = ("reply_unread", "agreement_to_confirm")
# Only the agency reads what waits for a claim or for an answer; a debtor sees the note of his own call.
TABLES = ("inbound", "reply", "call_note")


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute(INBOUND)
    op.execute(CALL_NOTE)
    _allow_grounds(_grounds() + GROUNDS)
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO agency_staff, agency_worker")
        op.execute(
            f"CREATE POLICY agency ON {table} TO agency_staff, agency_worker"
            " USING (app.agency()) WITH CHECK (app.agency())"
        )
    op.execute("GRANT SELECT ON call_note TO agency_debtor")
    op.execute(
        "GRANT UPDATE (state, answered_at, correction, promise_id, plan_id) ON call_note TO agency_debtor"
    )
    op.execute(
        "CREATE POLICY debtor ON call_note TO agency_debtor"
        " USING (creditor_id = app.creditor_id() AND claim_id = app.claim_id())"
        " WITH CHECK (creditor_id = app.creditor_id() AND claim_id = app.claim_id())"
    )


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP INDEX ix_contact_point_written")
    op.execute("DROP INDEX ix_message_to")
    # Grounds that came meanwhile have no place in the older form.
    listed = ", ".join(f"'{ground}'" for ground in GROUNDS)
    op.execute(f"UPDATE hold SET ground = 'creditor_asked' WHERE ground IN ({listed})")
    _allow_grounds(tuple(ground for ground in _grounds() if ground not in GROUNDS))


def _grounds() -> tuple[str, ...]:
    """The grounds that the database knows now, in whichever order revisions added theirs."""
    row = op.get_bind().exec_driver_sql(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ck_hold_ground'"
    )
    return tuple(re.findall(r"'([a-z_]+)'", row.scalar_one()))


def _allow_grounds(grounds: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{ground}'" for ground in dict.fromkeys(grounds))
    op.execute("ALTER TABLE hold DROP CONSTRAINT ck_hold_ground")
    op.execute(f"ALTER TABLE hold ADD CONSTRAINT ck_hold_ground CHECK (ground IN ({listed}))")

"""The mail of a brand is held back while too much of it comes back or is called spam."""

from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

PAUSE = """
CREATE TABLE mail_pause (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  ground varchar(8) NOT NULL,
  sent integer NOT NULL,
  bounced integer NOT NULL,
  unwanted integer NOT NULL,
  began_at timestamptz NOT NULL,
  ended_at timestamptz,
  ended_by varchar,
  remark varchar NOT NULL,
  CONSTRAINT pk_mail_pause PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_mail_pause_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id)
);
CREATE UNIQUE INDEX uq_mail_pause_running ON mail_pause (creditor_id) WHERE ended_at IS NULL;
CREATE INDEX ix_message_mailed ON message (creditor_id, sent_at)
  WHERE channel = 'email' AND sent_at IS NOT NULL;
CREATE INDEX ix_message_receipt_unwanted ON message_receipt (creditor_id, at) WHERE kind = 'unwanted';
"""


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute(PAUSE)
    op.execute("ALTER TABLE mail_pause ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE mail_pause FORCE ROW LEVEL SECURITY")
    op.execute("GRANT SELECT, INSERT, UPDATE ON mail_pause TO agency_staff, agency_worker")
    op.execute(
        "CREATE POLICY agency ON mail_pause TO agency_staff, agency_worker"
        " USING (app.agency()) WITH CHECK (app.agency())"
    )


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("DROP INDEX ix_message_receipt_unwanted")
    op.execute("DROP INDEX ix_message_mailed")
    op.execute("DROP TABLE mail_pause")

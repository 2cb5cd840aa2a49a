"""Print batches with control totals, what came in for a claim, and a domain for the answers of each brand."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

BATCH = """
CREATE TABLE print_batch (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  brand_version_id uuid,
  country varchar NOT NULL,
  envelope varchar(40) NOT NULL CONSTRAINT ck_print_batch_envelope CHECK (envelope IN ('c5', 'c4')),
  mail_class varchar(40) NOT NULL
    CONSTRAINT ck_print_batch_mail_class CHECK (mail_class IN ('plain', 'registered')),
  currency varchar(3) NOT NULL,
  letters integer NOT NULL,
  pages integer NOT NULL,
  sheets integer NOT NULL,
  amount_minor bigint NOT NULL,
  files_sha256 varchar NOT NULL,
  state varchar(40) NOT NULL CONSTRAINT ck_print_batch_state CHECK (state IN ('reserved', 'unknown',
    'on_press', 'printed', 'posted', 'blocked', 'settled', 'cancelled')),
  why varchar NOT NULL,
  provider_ref varchar NOT NULL,
  reserved_at timestamptz NOT NULL,
  lease_until timestamptz,
  released_at timestamptz,
  answer jsonb,
  printed jsonb,
  posted jsonb,
  returned jsonb,
  differences jsonb NOT NULL,
  decided_at timestamptz,
  decided_by varchar,
  remark varchar NOT NULL,
  CONSTRAINT pk_print_batch PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_print_batch_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT fk_print_batch_creditor_id_brand_version_id FOREIGN KEY (creditor_id, brand_version_id)
    REFERENCES brand_version (creditor_id, id),
  CONSTRAINT ck_print_batch_released CHECK (state NOT IN ('on_press', 'printed', 'posted')
    OR released_at IS NOT NULL),
  CONSTRAINT ck_print_batch_cancelled CHECK (state <> 'cancelled' OR released_at IS NULL)
);
CREATE INDEX ix_print_batch_id ON print_batch (id);
CREATE INDEX ix_print_batch_reserved_at ON print_batch (reserved_at, id);
CREATE INDEX ix_print_batch_open ON print_batch (lease_until)
  WHERE state IN ('reserved', 'unknown', 'blocked');

CREATE TABLE print_batch_letter (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  batch_id uuid NOT NULL,
  message_id uuid NOT NULL,
  generation integer NOT NULL,
  sha256 varchar NOT NULL,
  pages integer NOT NULL,
  amount_minor bigint NOT NULL,
  freed_at timestamptz,
  CONSTRAINT pk_print_batch_letter PRIMARY KEY (creditor_id, id),
  CONSTRAINT uq_print_batch_letter_creditor_id UNIQUE (creditor_id, batch_id, message_id),
  CONSTRAINT fk_print_batch_letter_creditor_id_batch_id FOREIGN KEY (creditor_id, batch_id)
    REFERENCES print_batch (creditor_id, id),
  CONSTRAINT fk_print_batch_letter_creditor_id_message_id FOREIGN KEY (creditor_id, message_id)
    REFERENCES message (creditor_id, id)
);
CREATE UNIQUE INDEX uq_print_batch_letter_message ON print_batch_letter (creditor_id, message_id)
  WHERE freed_at IS NULL;

CREATE FUNCTION app.letter_stays_in_batch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM print_batch b WHERE b.creditor_id = OLD.creditor_id AND b.id = OLD.batch_id
    AND b.released_at IS NOT NULL) THEN
    RAISE EXCEPTION 'a letter that was printed stays in its batch' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER letter_stays_in_batch BEFORE UPDATE ON print_batch_letter
  FOR EACH ROW EXECUTE FUNCTION app.letter_stays_in_batch();
"""

# What a machine answered is shown on the claim's page.
INBOUND = "CREATE INDEX ix_inbound_claim ON inbound (for_creditor_id, for_claim_id) WHERE state = 'noted'"

TABLES = ("print_batch", "print_batch_letter")


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute(BATCH)
    op.execute(INBOUND)
    _allow_uses("mail", "pay", "inbound")
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO agency_staff, agency_worker")
        op.execute(
            f"CREATE POLICY agency ON {table} TO agency_staff, agency_worker"
            " USING (app.agency()) WITH CHECK (app.agency())"
        )


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP INDEX ix_inbound_claim")
    op.execute("DELETE FROM brand_host WHERE use = 'inbound'")
    _allow_uses("mail", "pay")
    op.execute("DROP FUNCTION app.letter_stays_in_batch()")


def _allow_uses(*uses: str) -> None:
    listed = ", ".join(f"'{use}'" for use in uses)
    op.execute("ALTER TABLE brand_host DROP CONSTRAINT ck_brand_host_use")
    op.execute(f"ALTER TABLE brand_host ADD CONSTRAINT ck_brand_host_use CHECK (use IN ({listed}))")

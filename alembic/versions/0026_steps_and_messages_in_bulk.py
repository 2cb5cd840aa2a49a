"""Steps and messages of a night, proved per statement: a row that hangs from nothing is still refused.

A foreign key asks for each row by itself and locks what it finds, though no door may take away a claim, a
debtor or a text. The keys stay in the catalogue, not enforced; what they compare is never changed afterwards.
"""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

PROOFS = """
CREATE FUNCTION app.refuse_stray_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM new_steps s WHERE
      (SELECT c.state FROM claim c WHERE c.creditor_id = s.creditor_id AND c.id = s.claim_id) IS NULL
  ) THEN
    RAISE EXCEPTION 'a step''s claim violates its foreign key' USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER of_a_claim AFTER INSERT ON treatment_step REFERENCING NEW TABLE AS new_steps
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_stray_steps();

CREATE FUNCTION app.refuse_stray_messages() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM new_messages m WHERE
      (SELECT c.state FROM claim c WHERE c.creditor_id = m.creditor_id AND c.id = m.claim_id) IS NULL
      OR (SELECT d.kind FROM debtor d WHERE d.creditor_id = m.creditor_id AND d.id = m.debtor_id) IS NULL
  ) THEN
    RAISE EXCEPTION 'a message''s claim or debtor violates its foreign key'
      USING ERRCODE = 'foreign_key_violation';
  END IF;
  IF EXISTS (
    SELECT 1 FROM (SELECT DISTINCT template_id FROM new_messages) m WHERE
      (SELECT t.key FROM template t WHERE t.id = m.template_id) IS NULL
  ) THEN
    RAISE EXCEPTION 'a message''s text violates its foreign key' USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER of_a_claim AFTER INSERT ON message REFERENCING NEW TABLE AS new_messages
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_stray_messages();

-- Fires where a statement names these columns at all, so that other updates pay nothing.
CREATE TRIGGER stays_where_it_hangs BEFORE UPDATE OF creditor_id, id, claim_id ON treatment_step
  FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER stays_where_it_hangs BEFORE UPDATE OF creditor_id, id, claim_id, debtor_id, template_id
  ON message FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
"""

PROVED_BY_STATEMENT = (
    ("treatment_step", "fk_treatment_step_creditor_id_claim_id"),
    ("message", "fk_message_creditor_id_claim_id"),
    ("message", "fk_message_creditor_id_debtor_id"),
    ("message", "fk_message_template_id"),
)
# Their claim's composite key proves the creditor.
PROVED_TWICE = ("treatment_step", "message")


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute(PROOFS)
    for table, key in PROVED_BY_STATEMENT:
        op.execute(f"ALTER TABLE {table} ALTER CONSTRAINT {key} NOT ENFORCED")
    for table in PROVED_TWICE:
        op.drop_constraint(f"fk_{table}_creditor_id", table, type_="foreignkey")
    # The key of claim, step, cycle and channel begins with the same two columns.
    op.drop_index("ix_message_claim", "message")


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.create_index("ix_message_claim", "message", ["creditor_id", "claim_id"])
    for table in PROVED_TWICE:
        op.create_foreign_key(f"fk_{table}_creditor_id", table, "creditor", ["creditor_id"], ["id"])
    for table, key in PROVED_BY_STATEMENT:
        op.execute(f"ALTER TABLE {table} ALTER CONSTRAINT {key} ENFORCED")
    for table in ("message", "treatment_step"):
        op.execute(f"DROP TRIGGER stays_where_it_hangs ON {table}")
    op.execute("DROP FUNCTION app.refuse_stray_steps() CASCADE")
    op.execute("DROP FUNCTION app.refuse_stray_messages() CASCADE")

"""What only an earlier proof can tell is set aside by two people; proofs and decisions stay as they were."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

# A proposal is decided once; what was looked at and why never changes.
KEPT = """
CREATE FUNCTION app.keep_aside() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state <> 'waiting' OR (OLD.id, OLD.run_id, OLD.checks, OLD.reason, OLD.asked_at, OLD.asked_by)
      IS DISTINCT FROM (NEW.id, NEW.run_id, NEW.checks, NEW.reason, NEW.asked_at, NEW.asked_by) THEN
    RAISE EXCEPTION 'proof_aside is decided once: % refused', TG_OP USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER kept BEFORE UPDATE ON proof_aside FOR EACH ROW EXECUTE FUNCTION app.keep_aside();
CREATE TRIGGER no_delete BEFORE DELETE ON proof_aside FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON proof_aside
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON proof_run
  FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON proof_run
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
"""


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.add_column(
        "proof_run",
        sa.Column("present", postgresql.JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")),
    )
    op.alter_column("proof_run", "present", server_default=None)
    op.add_column("proof_run", sa.Column("aside_id", sa.Uuid(), nullable=True))
    op.create_table(
        "proof_aside",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("checks", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("refusal", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_proof_aside"),
        sa.ForeignKeyConstraint(["run_id"], ["proof_run.id"], name="fk_proof_aside_run_id"),
        sa.CheckConstraint("state IN ('waiting', 'accepted', 'refused')", name=op.f("ck_proof_aside_state")),
        sa.CheckConstraint(
            "decided_by <> asked_by OR state <> 'accepted'", name=op.f("ck_proof_aside_second_person")
        ),
        sa.CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name=op.f("ck_proof_aside_decided")),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (decided_by IS NULL)", name=op.f("ck_proof_aside_decided_by")
        ),
    )
    op.create_index("ix_proof_aside_run_id", "proof_aside", ["run_id"])
    op.create_index(
        "uq_proof_aside_waiting", "proof_aside", ["state"], unique=True,
        postgresql_where=sa.text("state = 'waiting'"),
    )  # fmt: skip
    op.execute("ALTER TABLE proof_aside ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE proof_aside FORCE ROW LEVEL SECURITY")
    op.execute("GRANT SELECT, INSERT, UPDATE ON proof_aside TO agency_staff")
    op.execute("GRANT SELECT ON proof_aside TO agency_worker")
    op.execute(
        "CREATE POLICY agency ON proof_aside TO agency_staff, agency_worker"
        " USING (app.agency()) WITH CHECK (app.agency())"
    )
    op.execute(KEPT)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for name in ("append_only", "no_truncate"):
        op.execute(f"DROP TRIGGER {name} ON proof_run")
    op.drop_table("proof_aside")
    op.execute("DROP FUNCTION app.keep_aside()")
    op.drop_column("proof_run", "aside_id")
    op.drop_column("proof_run", "present")

"""Drafts of treatment paths, try-outs of them, days from which versions count, and paths that end."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
KINDS = "'dispute', 'hardship', 'answer', 'unreachable', 'promise_broken', 'call_due', 'call_back'"


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    _versions()
    _drafts()
    _trials()
    op.add_column("treatment", sa.Column("walked_at", MOMENT, nullable=True))
    op.create_index("ix_treatment_path", "treatment", ["path_id", "creditor_id", "claim_id"])
    _kinds_of_work(f"{KINDS}, 'visit_due', 'path_ended'")
    _walls()


def _versions() -> None:
    for column in ("author", "approved_by"):
        op.add_column("treatment_path", sa.Column(column, sa.String(), nullable=True))
    op.add_column("treatment_path", sa.Column("valid_from", sa.Date(), nullable=True))
    op.execute(
        "UPDATE treatment_path SET valid_from = CASE WHEN version = 1 THEN DATE '2000-01-01'"
        " ELSE (created_at AT TIME ZONE 'Europe/Amsterdam')::date END"
    )
    op.alter_column("treatment_path", "valid_from", nullable=False)


def _state(*values: str) -> sa.Enum:
    return sa.Enum(*values, name="state", native_enum=False, create_constraint=True, length=40)


def _drafts() -> None:
    op.create_table(
        "treatment_path_draft",
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("state", _state("draft", "submitted", "published", "withdrawn"), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("based_on", sa.Integer(), nullable=True),
        sa.Column("writers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("remark", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_treatment_path_draft")),
    )
    op.create_index("ix_treatment_path_draft_key", "treatment_path_draft", ["key"])


def _trials() -> None:
    op.create_table(
        "path_trial",
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("state", _state("waiting", "running", "done", "cancelled", "failed"), nullable=False),
        sa.Column("content_sha256", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("tried", sa.Integer(), nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_path_trial")),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["treatment_path_draft.id"], name=op.f("fk_path_trial_draft_id")
        ),
    )
    op.create_index("ix_path_trial_draft", "path_trial", ["draft_id", "created_at"])


def _kinds_of_work(kinds: str) -> None:
    op.drop_constraint(op.f("ck_work_item_kind"), "work_item", type_="check")
    op.create_check_constraint(op.f("ck_work_item_kind"), "work_item", f"kind IN ({kinds})")


def _walls() -> None:
    """Drafts and try-outs belong to no creditor and stay inside the agency."""
    for table in ("treatment_path_draft", "path_trial"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO agency_staff, agency_worker")
        op.execute(
            f"CREATE POLICY agency ON {table} TO agency_staff, agency_worker"
            " USING (app.agency()) WITH CHECK (app.agency())"
        )


def downgrade() -> None:
    op.execute("DELETE FROM work_item WHERE kind IN ('visit_due', 'path_ended')")
    _kinds_of_work(KINDS)
    op.drop_index("ix_treatment_path", table_name="treatment")
    op.drop_column("treatment", "walked_at")
    op.drop_table("path_trial")
    op.drop_table("treatment_path_draft")
    for column in ("valid_from", "author", "approved_by"):
        op.drop_column("treatment_path", column)

"""Try-outs of drafts of rate cards on the live portfolio."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
STATES = ("waiting", "running", "done", "cancelled", "failed")


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.create_table(
        "rate_card_trial",
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(*STATES, name="state", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("content_sha256", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("tried", sa.Integer(), nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rate_card_trial")),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["rate_card_draft.id"], name=op.f("fk_rate_card_trial_draft_id")
        ),
    )
    op.create_index("ix_rate_card_trial_draft", "rate_card_trial", ["draft_id", "created_at"])
    # Like the drafts, they belong to no creditor and stay inside the agency.
    op.execute("ALTER TABLE rate_card_trial ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE rate_card_trial FORCE ROW LEVEL SECURITY")
    op.execute("GRANT SELECT, INSERT, UPDATE ON rate_card_trial TO agency_staff, agency_worker")
    op.execute(
        "CREATE POLICY agency ON rate_card_trial TO agency_staff, agency_worker"
        " USING (app.agency()) WITH CHECK (app.agency())"
    )


def downgrade() -> None:
    op.drop_table("rate_card_trial")

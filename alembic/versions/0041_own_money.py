"""Lines on the trust account that are the agency's own, booked by two people."""

import sqlalchemy as sa

from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

STATES = (
    "suspense",
    "matched",
    "psp_settlement",
    "payout",
    "returned",
    "split",
    "refund",
    "sent_back",
    "own",
)


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    _line_states(STATES)
    op.add_column("suspense_case", sa.Column("own_kind", sa.String(), nullable=True))
    op.add_column("suspense_case", sa.Column("own_asked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("suspense_case", sa.Column("own_asked_by", sa.String(), nullable=True))
    op.add_column("suspense_case", sa.Column("own_agreed_by", sa.String(), nullable=True))
    op.create_check_constraint(
        op.f("ck_suspense_case_own_second_person"),
        "suspense_case",
        "own_agreed_by IS NULL OR own_agreed_by <> own_asked_by",
    )


def _line_states(states: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{state}'" for state in states)
    op.execute("ALTER TABLE bank_line DROP CONSTRAINT IF EXISTS ck_bank_line_state")
    op.execute(f"ALTER TABLE bank_line ADD CONSTRAINT ck_bank_line_state CHECK (state IN ({listed}))")


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.drop_constraint("ck_suspense_case_own_second_person", "suspense_case")
    for column in ("own_agreed_by", "own_asked_by", "own_asked_at", "own_kind"):
        op.drop_column("suspense_case", column)
    _line_states(STATES[:-1])

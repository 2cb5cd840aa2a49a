"""A call may end with: has paid, is somebody else, is helped with his debts, has died."""

from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

KNOWN = (
    "right_party", "third_party", "no_answer", "wrong_number", "refuses", "promise", "dispute", "hardship",
)  # fmt: skip
TOLD = ("says_paid", "not_me", "debt_help", "deceased")


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    _allow((*KNOWN, *TOLD))


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    # The hold and the note stay; an older version calls each of them a talk.
    told = ", ".join(f"'{one}'" for one in TOLD)
    op.execute(f"UPDATE call SET disposition = 'right_party' WHERE disposition IN ({told})")
    _allow(KNOWN)


def _allow(endings: tuple[str, ...]) -> None:
    known = ", ".join(f"'{one}'" for one in endings)
    op.execute("ALTER TABLE call DROP CONSTRAINT ck_call_disposition")
    op.execute(
        f"ALTER TABLE call ADD CONSTRAINT ck_call_disposition CHECK (disposition IN ({known})) NOT VALID"
    )
    op.execute("ALTER TABLE call VALIDATE CONSTRAINT ck_call_disposition")

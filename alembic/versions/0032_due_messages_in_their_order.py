"""Due messages are found in the order in which they are taken, letters and others each by themselves.

An index of the due moment alone had all messages of one minute read and sorted for each chunk of them.
"""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("DROP INDEX ix_message_due")
    op.execute(
        "CREATE INDEX ix_message_due ON message (due_at, id) WHERE state = 'queued' AND channel <> 'letter'"
    )
    op.execute(
        "CREATE INDEX ix_message_letters_due ON message (creditor_id, due_at, id)"
        " WHERE state = 'queued' AND channel = 'letter'"
    )


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("DROP INDEX ix_message_letters_due")
    op.execute("DROP INDEX ix_message_due")
    op.execute("CREATE INDEX ix_message_due ON message (due_at) WHERE state = 'queued'")

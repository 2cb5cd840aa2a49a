"""A form that is sent several times at once makes one key for programs."""

from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("ALTER TABLE api_key ADD COLUMN form_id uuid")
    op.execute(
        "ALTER TABLE api_key ADD CONSTRAINT uq_api_key_creditor_id_form_id UNIQUE (creditor_id, form_id)"
    )


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("ALTER TABLE api_key DROP COLUMN form_id")

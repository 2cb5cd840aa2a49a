"""The audit trail is read by day, by person and by thing."""

from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("CREATE INDEX ix_audit_entry_at ON audit_entry (at)")
    op.execute('CREATE INDEX ix_audit_entry_by ON audit_entry ("by", at)')
    op.execute("CREATE INDEX ix_audit_entry_subject ON audit_entry (subject text_pattern_ops)")


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for name in ("ix_audit_entry_subject", "ix_audit_entry_by", "ix_audit_entry_at"):
        op.execute(f"DROP INDEX {name}")

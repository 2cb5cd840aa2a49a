"""A dossier is bound for a reader: the one with the debtor's own words is out of his creditor's sight. A case
can be given to one collector, and says who took it last."""

from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

_OWN = "creditor_id = app.creditor_id()"


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    # Those that exist hold none of his words.
    op.execute(
        "ALTER TABLE dossier ADD COLUMN reader varchar(40) NOT NULL DEFAULT 'creditor',"
        " ADD CONSTRAINT ck_dossier_reader CHECK (reader IN ('court', 'creditor', 'inspector'))"
    )
    op.execute("ALTER TABLE dossier ALTER COLUMN reader DROP DEFAULT")
    _wall(f"{_OWN} AND reader = 'creditor'")
    op.execute(
        "ALTER TABLE work_item ADD COLUMN given_to uuid, ADD COLUMN taken_by uuid,"
        " ADD COLUMN taken_at timestamptz"
    )
    op.execute(
        "CREATE INDEX ix_work_item_given ON work_item (given_to, urgency, id)"
        " WHERE done_at IS NULL AND given_to IS NOT NULL"
    )
    op.execute("CREATE INDEX ix_work_item_taken ON work_item (taken_at) WHERE taken_at IS NOT NULL")


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("ALTER TABLE work_item DROP COLUMN given_to, DROP COLUMN taken_by, DROP COLUMN taken_at")
    # Without the column nothing keeps the court's bundles from the creditor.
    op.execute("DELETE FROM dossier WHERE reader <> 'creditor'")
    _wall(_OWN)
    op.execute("ALTER TABLE dossier DROP COLUMN reader")


def _wall(own: str) -> None:
    op.execute("DROP POLICY creditor ON dossier")
    op.execute(f"CREATE POLICY creditor ON dossier TO agency_creditor USING ({own}) WITH CHECK ({own})")

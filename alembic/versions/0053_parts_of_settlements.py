"""What a lump of the payment provider was made of stands beside its bank line, payment by payment. A debtor's
page may know which instalments of his plan his bank gave back: those he pays himself."""

from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute(
        "CREATE TABLE settlement_part ("
        " creditor_id uuid NOT NULL, line_id uuid NOT NULL, position integer NOT NULL,"
        " kind varchar NOT NULL, provider_ref varchar NOT NULL, amount_minor bigint NOT NULL,"
        " currency varchar(3) NOT NULL,"
        " CONSTRAINT pk_settlement_part PRIMARY KEY (creditor_id, line_id, position),"
        " CONSTRAINT fk_settlement_part_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),"
        " CONSTRAINT fk_settlement_part_line_id FOREIGN KEY (line_id) REFERENCES bank_line (id),"
        " CONSTRAINT ck_settlement_part_kind CHECK (kind IN ('payment', 'refund', 'chargeback', 'costs')),"
        " CONSTRAINT ck_settlement_part_ref CHECK ((kind = 'costs') = (provider_ref = '')))"
    )
    op.execute("CREATE INDEX ix_settlement_part_line ON settlement_part (line_id, position)")
    op.execute("ALTER TABLE settlement_part ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE settlement_part FORCE ROW LEVEL SECURITY")
    op.execute("GRANT SELECT, INSERT ON settlement_part TO agency_staff, agency_worker")
    op.execute(
        "CREATE POLICY agency ON settlement_part TO agency_staff, agency_worker"
        " USING (app.agency()) WITH CHECK (app.agency())"
    )
    op.execute("GRANT SELECT (creditor_id, plan_id, number, state) ON direct_debit TO agency_debtor")
    op.execute(
        "CREATE POLICY debtor ON direct_debit FOR SELECT TO agency_debtor"
        " USING (creditor_id = app.creditor_id() AND EXISTS (SELECT FROM plan p"
        " WHERE p.creditor_id = direct_debit.creditor_id AND p.id = direct_debit.plan_id"
        " AND p.debtor_id = app.debtor_id()))"
    )


def downgrade() -> None:
    op.execute("DROP POLICY debtor ON direct_debit")
    op.execute("REVOKE SELECT (creditor_id, plan_id, number, state) ON direct_debit FROM agency_debtor")
    op.execute("DROP TABLE settlement_part")

"""Credit checks stand on the fee invoices: fee rows without a claim, at the rate they were charged with."""

from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

# What was charged before is invoiced too, at the rate that its amount of VAT tells.
CHECKS = """
ALTER TABLE credit_check ADD COLUMN vat_percent text, ADD COLUMN vat_category varchar(2);
ALTER TABLE credit_check NO FORCE ROW LEVEL SECURITY;
ALTER TABLE creditor NO FORCE ROW LEVEL SECURITY;
UPDATE credit_check k SET
  vat_percent = CASE WHEN k.vat_minor > 0 THEN '21' ELSE '0' END,
  vat_category = CASE WHEN k.vat_minor > 0 OR k.price_minor = 0 THEN 'S'
    WHEN coalesce(c.vat_number, '') <> '' THEN 'AE' ELSE 'O' END
FROM creditor c WHERE c.id = k.creditor_id;
ALTER TABLE creditor FORCE ROW LEVEL SECURITY;
ALTER TABLE credit_check FORCE ROW LEVEL SECURITY;
ALTER TABLE credit_check ALTER COLUMN vat_percent SET NOT NULL, ALTER COLUMN vat_category SET NOT NULL;
"""
FEES = """
ALTER TABLE success_fee ALTER COLUMN claim_id DROP NOT NULL;
ALTER TABLE success_fee DROP CONSTRAINT ck_success_fee_payment;
ALTER TABLE success_fee ADD CONSTRAINT ck_success_fee_payment
  CHECK ((payment_id IS NULL) = (kind IN ('withdrawal', 'flat', 'hours', 'check')));
ALTER TABLE success_fee DROP CONSTRAINT ck_success_fee_cause;
ALTER TABLE success_fee ADD CONSTRAINT ck_success_fee_cause
  CHECK ((cause_id IS NOT NULL) = (kind IN ('flat', 'hours', 'check')));
ALTER TABLE success_fee ADD CONSTRAINT ck_success_fee_claim
  CHECK ((claim_id IS NULL) = (kind = 'check'));
"""
# Checks stand on invoices by then; the older form has no place for them, so they are not thrown away.
NOT_BACK = """
DO $$ BEGIN
  IF EXISTS (SELECT FROM success_fee WHERE kind = 'check') THEN
    RAISE EXCEPTION 'invoiced credit checks are on file: revision 0049 cannot be taken back';
  END IF;
END $$;
"""
FEES_BACK = """
ALTER TABLE success_fee DROP CONSTRAINT ck_success_fee_claim;
ALTER TABLE success_fee DROP CONSTRAINT ck_success_fee_cause;
ALTER TABLE success_fee ADD CONSTRAINT ck_success_fee_cause
  CHECK ((cause_id IS NOT NULL) = (kind IN ('flat', 'hours')));
ALTER TABLE success_fee DROP CONSTRAINT ck_success_fee_payment;
ALTER TABLE success_fee ADD CONSTRAINT ck_success_fee_payment
  CHECK ((payment_id IS NULL) = (kind IN ('withdrawal', 'flat', 'hours')));
ALTER TABLE success_fee ALTER COLUMN claim_id SET NOT NULL;
ALTER TABLE credit_check DROP COLUMN vat_category, DROP COLUMN vat_percent;
"""


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute(CHECKS)
    op.execute(FEES)


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("ALTER TABLE success_fee NO FORCE ROW LEVEL SECURITY")  # the owner sees no row behind it
    op.execute(NOT_BACK)
    op.execute("ALTER TABLE success_fee FORCE ROW LEVEL SECURITY")
    op.execute(FEES_BACK)

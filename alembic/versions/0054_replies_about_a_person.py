"""Replies about a person, a text that takes a STOP back, and one payment for several claims of a debtor."""

import sqlalchemy as sa

from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

BEFORE = "'danger', 'counsellor', 'not_me', 'dispute', 'hardship', 'plan', 'paid', 'stop', 'other'"


OWN = "creditor_id = app.creditor_id()"
# A debtor sees the parts of payments that he can see, and no others.
OF_INTENT = (
    f"{OWN} AND EXISTS (SELECT FROM payment_intent i WHERE i.creditor_id = payment_intent_part.creditor_id"
    " AND i.id = payment_intent_part.intent_id)"
)
# Which claims are the same debtor's is shown in the moment in which it is asked for, to who proved to be him.
PERSON = f"{OWN} AND debtor_id = app.debtor_id() AND app.is_person()"


def upgrade() -> None:
    _allow(f"'death', 'insolvency', 'guardianship', {BEFORE}")
    _allow_kinds("'reply', 'stop', 'start', 'auto_reply', 'bounce', 'complaint'")
    _parts()
    op.execute(
        "CREATE FUNCTION app.is_person() RETURNS boolean LANGUAGE sql STABLE AS"
        " $$ SELECT current_setting('app.person', true) = 'on' $$"
    )
    op.execute(f"CREATE POLICY debtor_person ON claim FOR SELECT TO agency_debtor USING ({PERSON})")


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("DROP POLICY debtor_person ON claim")
    op.execute("DROP FUNCTION app.is_person()")
    op.drop_table("payment_intent_part")
    op.execute("UPDATE inbound SET kind = 'reply' WHERE kind = 'start'")
    _allow_kinds("'reply', 'stop', 'auto_reply', 'bounce', 'complaint'")
    for column in ("topic", "decided_topic"):
        op.execute(f"UPDATE reply SET {column} = 'not_me' WHERE {column} = 'death'")
        op.execute(
            f"UPDATE reply SET {column} = 'counsellor' WHERE {column} IN ('insolvency', 'guardianship')"
        )
    _allow(BEFORE)


def _parts() -> None:
    op.create_table(
        "payment_intent_part",
        sa.Column("creditor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("intent_id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("creditor_id", "id", name="pk_payment_intent_part"),
        sa.ForeignKeyConstraint(
            ["creditor_id", "intent_id"],
            ["payment_intent.creditor_id", "payment_intent.id"],
            name="fk_payment_intent_part_creditor_id_intent_id",
        ),
        sa.ForeignKeyConstraint(
            ["creditor_id", "claim_id"],
            ["claim.creditor_id", "claim.id"],
            name="fk_payment_intent_part_creditor_id_claim_id",
        ),
        sa.UniqueConstraint(
            "creditor_id",
            "intent_id",
            "claim_id",
            name="uq_payment_intent_part_creditor_id_intent_id_claim_id",
        ),
        sa.CheckConstraint("amount_minor > 0", name="ck_payment_intent_part_amount"),
    )
    op.create_index("ix_payment_intent_part_claim", "payment_intent_part", ["creditor_id", "claim_id"])
    op.execute("ALTER TABLE payment_intent_part ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE payment_intent_part FORCE ROW LEVEL SECURITY")
    op.execute("GRANT SELECT, INSERT, UPDATE ON payment_intent_part TO agency_staff, agency_worker")
    op.execute(
        "CREATE POLICY agency ON payment_intent_part TO agency_staff, agency_worker"
        " USING (app.agency()) WITH CHECK (app.agency())"
    )
    op.execute("GRANT SELECT ON payment_intent_part TO agency_creditor")
    op.execute(f"CREATE POLICY creditor ON payment_intent_part TO agency_creditor USING ({OWN})")
    op.execute("GRANT SELECT, INSERT ON payment_intent_part TO agency_debtor")
    op.execute(
        f"CREATE POLICY debtor ON payment_intent_part TO agency_debtor USING ({OF_INTENT})"
        f" WITH CHECK ({OF_INTENT})"
    )


def _allow(topics: str) -> None:
    op.execute("SET lock_timeout = '5s'")
    for column in ("topic", "decided_topic"):
        op.execute(
            f"ALTER TABLE reply DROP CONSTRAINT ck_reply_{column},"
            f" ADD CONSTRAINT ck_reply_{column} CHECK ({column} IN ({topics})) NOT VALID"
        )
        op.execute(f"ALTER TABLE reply VALIDATE CONSTRAINT ck_reply_{column}")


def _allow_kinds(kinds: str) -> None:
    op.execute(
        "ALTER TABLE inbound DROP CONSTRAINT ck_inbound_kind,"
        f" ADD CONSTRAINT ck_inbound_kind CHECK (kind IN ({kinds})) NOT VALID"
    )
    op.execute("ALTER TABLE inbound VALIDATE CONSTRAINT ck_inbound_kind")

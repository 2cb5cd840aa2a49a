"""Payment plans, settlements, mandates and collections, what creditors accept, and stops of interest."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLES = (
    "arrangement_terms", "plan", "interest_stop", "plan_claim", "plan_instalment", "settlement",
    "sepa_mandate", "direct_debit_file", "direct_debit",
)  # fmt: skip
# What a creditor may see and do: a mandate holds the debtor's account, which is the agency's business.
CREDITOR = {
    "arrangement_terms": "SELECT, INSERT",
    "plan": "SELECT",
    "plan_claim": "SELECT",
    "plan_instalment": "SELECT",
    "settlement": "SELECT, UPDATE (state, decided_at, decided_by)",
    "interest_stop": "SELECT",
}
OWN = "creditor_id = app.creditor_id()"
OWN_PLAN = (
    "EXISTS (SELECT FROM plan p WHERE p.creditor_id = {table}.creditor_id AND p.id = {table}.plan_id"
    " AND p.debtor_id = app.debtor_id())"
)


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    _agreements()
    _parts_of_plans()
    _settlements()
    _mandates()
    _collections()
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO agency_staff, agency_worker")
        op.execute(
            f"CREATE POLICY agency ON {table} TO agency_staff, agency_worker"
            " USING (app.agency()) WITH CHECK (app.agency())"
        )
    for table, rights in CREDITOR.items():
        op.execute(f"GRANT {rights} ON {table} TO agency_creditor")
        op.execute(f"CREATE POLICY creditor ON {table} TO agency_creditor USING ({OWN}) WITH CHECK ({OWN})")
    _debtor_walls()


def _debtor_walls() -> None:
    """A debtor sees his own plans and adds to them; only the claim that he came for can be put into one."""
    op.execute(
        "GRANT SELECT, INSERT, UPDATE (state, decided_at, decided_by, agreed_at, ended_at) ON plan"
        " TO agency_debtor"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE (revoked_at, revoked_by) ON sepa_mandate TO agency_debtor")
    op.execute("GRANT SELECT, INSERT, UPDATE (live) ON plan_claim TO agency_debtor")
    op.execute("GRANT SELECT, INSERT ON plan_instalment TO agency_debtor")
    op.execute("GRANT SELECT ON arrangement_terms, settlement, interest_stop TO agency_debtor")
    for table in ("plan", "sepa_mandate"):
        _debtor_policy(table, "debtor_id = app.debtor_id()")
    for table in ("settlement", "interest_stop"):
        _debtor_policy(table, "claim_id = app.claim_id()")
    _debtor_policy("arrangement_terms", "true")
    _debtor_policy("plan_instalment", OWN_PLAN.format(table="plan_instalment"))
    own = f"{OWN} AND {OWN_PLAN.format(table='plan_claim')}"
    op.execute(f"CREATE POLICY debtor_reads ON plan_claim FOR SELECT TO agency_debtor USING ({own})")
    op.execute(
        f"CREATE POLICY debtor_ends ON plan_claim FOR UPDATE TO agency_debtor USING ({own})"
        f" WITH CHECK ({own})"
    )
    op.execute(
        "CREATE POLICY debtor_adds ON plan_claim FOR INSERT TO agency_debtor"
        f" WITH CHECK ({own} AND claim_id = app.claim_id())"
    )


def _debtor_policy(table: str, condition: str) -> None:
    whose = f"{OWN} AND {condition}"
    op.execute(f"CREATE POLICY debtor ON {table} TO agency_debtor USING ({whose}) WITH CHECK ({whose})")


def _agreements() -> None:
    op.create_table(
        "arrangement_terms",
        sa.Column("creditor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("months_max", sa.Integer(), nullable=False),
        sa.Column("instalment_min_minor", sa.BigInteger(), nullable=False),
        sa.Column("monthly_min_minor", sa.BigInteger(), nullable=False),
        sa.Column("share_min_bps", sa.Integer(), nullable=False),
        sa.Column("interest_stops", sa.Boolean(), nullable=False),
        sa.Column("grace_days", sa.Integer(), nullable=False),
        sa.Column("missed_max", sa.Integer(), nullable=False),
        sa.Column("collector_bps", sa.Integer(), nullable=False),
        sa.Column("admin_bps", sa.Integer(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.CheckConstraint(
            "collector_bps BETWEEN 0 AND admin_bps AND admin_bps <= 10000",
            name=op.f("ck_arrangement_terms_authority"),
        ),
        sa.CheckConstraint("months_max BETWEEN 1 AND 120", name=op.f("ck_arrangement_terms_months")),
        sa.ForeignKeyConstraint(
            ["creditor_id"], ["creditor.id"], name=op.f("fk_arrangement_terms_creditor_id")
        ),
        sa.PrimaryKeyConstraint("creditor_id", "id", name=op.f("pk_arrangement_terms")),
        sa.UniqueConstraint(
            "creditor_id", "valid_from", name=op.f("uq_arrangement_terms_creditor_id_valid_from")
        ),
    )
    op.create_table(
        "plan",
        sa.Column("creditor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("debtor_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "proposed",
                "offered",
                "active",
                "completed",
                "broken",
                "refused",
                "countered",
                "expired",
                "cancelled",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "rhythm",
            sa.Enum("monthly", "weekly", name="rhythm", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("bands", postgresql.JSONB(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(), nullable=False),
        sa.Column("trace", postgresql.JSONB(), nullable=False),
        sa.Column("known_payments", postgresql.JSONB(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("follows_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("total_minor > 0", name=op.f("ck_plan_total")),
        sa.ForeignKeyConstraint(
            ["creditor_id", "debtor_id"],
            ["debtor.creditor_id", "debtor.id"],
            name=op.f("fk_plan_creditor_id_debtor_id"),
        ),
        sa.ForeignKeyConstraint(
            ["creditor_id", "follows_id"],
            ["plan.creditor_id", "plan.id"],
            name=op.f("fk_plan_creditor_id_follows_id"),
        ),
        sa.ForeignKeyConstraint(["creditor_id"], ["creditor.id"], name=op.f("fk_plan_creditor_id")),
        sa.PrimaryKeyConstraint("creditor_id", "id", name=op.f("pk_plan")),
    )
    op.create_index("ix_plan_debtor", "plan", ["creditor_id", "debtor_id"], unique=False)
    op.create_index(
        "ix_plan_live",
        "plan",
        ["state"],
        unique=False,
        postgresql_where=sa.text("state IN ('proposed', 'offered', 'active')"),
    )
    op.create_table(
        "interest_stop",
        sa.Column("creditor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column(
            "ground",
            sa.Enum(
                "insolvency",
                "wsnp",
                "collective_settlement",
                "plan_request",
                "creditor_in_default",
                "not_attributable",
                "unregistered_collector",
                "payment_plan",
                name="ground",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["creditor_id", "claim_id"],
            ["claim.creditor_id", "claim.id"],
            name=op.f("fk_interest_stop_creditor_id_claim_id"),
        ),
        sa.ForeignKeyConstraint(["creditor_id"], ["creditor.id"], name=op.f("fk_interest_stop_creditor_id")),
        sa.PrimaryKeyConstraint("creditor_id", "id", name=op.f("pk_interest_stop")),
    )
    op.create_index("ix_interest_stop_claim", "interest_stop", ["creditor_id", "claim_id"], unique=False)
    op.create_index(
        "uq_interest_stop_running",
        "interest_stop",
        ["creditor_id", "claim_id", "ground"],
        unique=True,
        postgresql_where=sa.text("last_day IS NULL"),
    )


def _parts_of_plans() -> None:
    op.create_table(
        "plan_claim",
        sa.Column("creditor_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("owed_minor", sa.BigInteger(), nullable=False),
        sa.Column("charged_minor", sa.BigInteger(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["creditor_id", "claim_id"],
            ["claim.creditor_id", "claim.id"],
            name=op.f("fk_plan_claim_creditor_id_claim_id"),
        ),
        sa.ForeignKeyConstraint(
            ["creditor_id", "plan_id"],
            ["plan.creditor_id", "plan.id"],
            name=op.f("fk_plan_claim_creditor_id_plan_id"),
        ),
        sa.PrimaryKeyConstraint("creditor_id", "plan_id", "claim_id", name=op.f("pk_plan_claim")),
    )
    op.create_index(
        "uq_plan_claim_live",
        "plan_claim",
        ["creditor_id", "claim_id"],
        unique=True,
        postgresql_where=sa.text("live"),
    )
    op.create_table(
        "plan_instalment",
        sa.Column("creditor_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("paid_minor", sa.BigInteger(), nullable=False),
        sa.Column("missed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_plan_instalment_amount")),
        sa.CheckConstraint("paid_minor BETWEEN 0 AND amount_minor", name=op.f("ck_plan_instalment_paid")),
        sa.ForeignKeyConstraint(
            ["creditor_id", "plan_id"],
            ["plan.creditor_id", "plan.id"],
            name=op.f("fk_plan_instalment_creditor_id_plan_id"),
        ),
        sa.PrimaryKeyConstraint("creditor_id", "plan_id", "number", name=op.f("pk_plan_instalment")),
    )


def _settlements() -> None:
    op.create_table(
        "settlement",
        sa.Column("creditor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("owed_minor", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("pay_by", sa.Date(), nullable=False),
        sa.Column("grace_days", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "open",
                "kept",
                "lapsed",
                "refused",
                "cancelled",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("known_payments", postgresql.JSONB(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offered_by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waiver_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "amount_minor > 0 AND amount_minor < owed_minor", name=op.f("ck_settlement_amount")
        ),
        sa.ForeignKeyConstraint(
            ["creditor_id", "claim_id"],
            ["claim.creditor_id", "claim.id"],
            name=op.f("fk_settlement_creditor_id_claim_id"),
        ),
        sa.ForeignKeyConstraint(["creditor_id"], ["creditor.id"], name=op.f("fk_settlement_creditor_id")),
        sa.PrimaryKeyConstraint("creditor_id", "id", name=op.f("pk_settlement")),
    )
    op.create_index(
        "uq_settlement_live",
        "settlement",
        ["creditor_id", "claim_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('waiting', 'open')"),
    )


def _mandates() -> None:
    op.create_table(
        "sepa_mandate",
        sa.Column("creditor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("debtor_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=35), nullable=False),
        sa.Column("iban", sa.String(length=34), nullable=False),
        sa.Column("holder", sa.String(length=70), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_by", sa.String(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["creditor_id", "debtor_id"],
            ["debtor.creditor_id", "debtor.id"],
            name=op.f("fk_sepa_mandate_creditor_id_debtor_id"),
        ),
        sa.ForeignKeyConstraint(
            ["creditor_id", "plan_id"],
            ["plan.creditor_id", "plan.id"],
            name=op.f("fk_sepa_mandate_creditor_id_plan_id"),
        ),
        sa.ForeignKeyConstraint(["creditor_id"], ["creditor.id"], name=op.f("fk_sepa_mandate_creditor_id")),
        sa.PrimaryKeyConstraint("creditor_id", "id", name=op.f("pk_sepa_mandate")),
        sa.UniqueConstraint("creditor_id", "reference", name=op.f("uq_sepa_mandate_creditor_id_reference")),
    )
    op.create_index(
        "uq_sepa_mandate_live",
        "sepa_mandate",
        ["creditor_id", "plan_id"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "direct_debit_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("collect_on", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "approved",
                "cancelled",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drafted_by", sa.String(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("downloads", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "approved_by IS NULL OR approved_by <> drafted_by",
            name=op.f("ck_direct_debit_file_second_person"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_direct_debit_file")),
        sa.UniqueConstraint("message_id", name=op.f("uq_direct_debit_file_message_id")),
    )


def _collections() -> None:
    op.create_table(
        "direct_debit",
        sa.Column("creditor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mandate_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("sequence", sa.String(length=4), nullable=False),
        sa.Column("end_to_end", sa.String(length=35), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "sent",
                "collected",
                "returned",
                "cancelled",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("return_reason", sa.String(), nullable=False),
        sa.CheckConstraint(
            "sequence IN ('FRST', 'RCUR', 'FNAL', 'OOFF')", name=op.f("ck_direct_debit_sequence")
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_direct_debit_amount")),
        sa.ForeignKeyConstraint(
            ["creditor_id", "claim_id"],
            ["claim.creditor_id", "claim.id"],
            name=op.f("fk_direct_debit_creditor_id_claim_id"),
        ),
        sa.ForeignKeyConstraint(
            ["creditor_id", "mandate_id"],
            ["sepa_mandate.creditor_id", "sepa_mandate.id"],
            name=op.f("fk_direct_debit_creditor_id_mandate_id"),
        ),
        sa.ForeignKeyConstraint(
            ["creditor_id", "plan_id", "number"],
            ["plan_instalment.creditor_id", "plan_instalment.plan_id", "plan_instalment.number"],
            name=op.f("fk_direct_debit_creditor_id_plan_id_number"),
        ),
        sa.ForeignKeyConstraint(["creditor_id"], ["creditor.id"], name=op.f("fk_direct_debit_creditor_id")),
        sa.ForeignKeyConstraint(["file_id"], ["direct_debit_file.id"], name=op.f("fk_direct_debit_file_id")),
        sa.PrimaryKeyConstraint("creditor_id", "id", name=op.f("pk_direct_debit")),
        sa.UniqueConstraint("creditor_id", "end_to_end", name=op.f("uq_direct_debit_creditor_id_end_to_end")),
    )
    op.create_index("ix_direct_debit_file", "direct_debit", ["file_id"], unique=False)
    op.create_index(
        "uq_direct_debit_live",
        "direct_debit",
        ["creditor_id", "plan_id", "number"],
        unique=True,
        postgresql_where=sa.text("state IN ('draft', 'sent', 'collected')"),
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)

"""What is known before collection: checks, likely duplicates, registers, credit, goals, cover, reminders."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

GROUNDS = (
    "dispute", "reasoned_dispute", "says_paid", "not_me", "complaint", "creditor_asked", "promise",
    "plan_kept", "plan_requested", "notice_running", "debt_help", "debt_help_notice", "debt_mediation",
    "collective_settlement", "moratorium", "wsnp", "bankruptcy", "insolvency", "guardianship", "minor",
    "deceased",
)  # fmt: skip
EARLIER_GROUNDS = (
    "dispute", "promise", "plan_requested", "debt_help", "insolvency", "deceased", "not_me", "complaint",
    "creditor_asked", "says_paid",
)  # fmt: skip
# What a creditor's own users may do with their rows; registers and checks are answered by workers alone.
CREDITOR_RIGHTS = {
    "creditor_goals": "SELECT, INSERT",
    "earlier_step": "SELECT, INSERT",
    "insurance_cover": "SELECT, INSERT, UPDATE",
    "placement_finding": "SELECT, INSERT",
    "likely_duplicate": "SELECT, INSERT, UPDATE",
    "credit_check": "SELECT, INSERT",
    "screening": "SELECT",
}


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    _grounds(GROUNDS)
    _tables()
    for table, rights in CREDITOR_RIGHTS.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO agency_staff, agency_worker")
        op.execute(
            f"CREATE POLICY agency ON {table} TO agency_staff, agency_worker"
            " USING (app.agency()) WITH CHECK (app.agency())"
        )
        op.execute(f"GRANT {rights} ON {table} TO agency_creditor")
        op.execute(
            f"CREATE POLICY creditor ON {table} TO agency_creditor"
            " USING (creditor_id = app.creditor_id()) WITH CHECK (creditor_id = app.creditor_id())"
        )
    op.execute("GRANT DELETE ON placement_finding TO agency_creditor, agency_worker")


def _grounds(grounds: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{ground}'" for ground in grounds)
    op.execute("ALTER TABLE hold DROP CONSTRAINT IF EXISTS ck_hold_ground")
    op.execute(f"ALTER TABLE hold ADD CONSTRAINT ck_hold_ground CHECK (ground IN ({listed}))")


def _tables() -> None:
    op.create_table(
        "credit_check",
        sa.Column("creditor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_key", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("registration_number", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "asked",
                "answered",
                "not_found",
                "failed",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("vat_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("tariff_since", sa.Date(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provider_ref", sa.String(), nullable=False),
        sa.Column("result", postgresql.JSONB(), nullable=False),
        sa.Column("failure", sa.String(), nullable=False),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_credit_check_price")),
        sa.ForeignKeyConstraint(["creditor_id"], ["creditor.id"], name=op.f("fk_credit_check_creditor_id")),
        sa.PrimaryKeyConstraint("creditor_id", "id", name=op.f("pk_credit_check")),
        sa.UniqueConstraint(
            "creditor_id", "request_key", name=op.f("uq_credit_check_creditor_id_request_key")
        ),
    )
    op.create_index("ix_credit_check_asked", "credit_check", ["creditor_id", "asked_at"], unique=False)
    op.create_table(
        "creditor_goals",
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("creditor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "emphasis",
            sa.Enum(
                "speed",
                "balanced",
                "relation",
                name="emphasis",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("maximum_fee_bps", sa.Integer(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.CheckConstraint("maximum_fee_bps BETWEEN 1 AND 10000", name=op.f("ck_creditor_goals_maximum_fee")),
        sa.ForeignKeyConstraint(["creditor_id"], ["creditor.id"], name=op.f("fk_creditor_goals_creditor_id")),
        sa.PrimaryKeyConstraint("creditor_id", "id", name=op.f("pk_creditor_goals")),
    )
    op.create_index("ix_creditor_goals_newest", "creditor_goals", ["creditor_id", "created_at"], unique=False)
    op.create_table(
        "placement_finding",
        sa.Column("creditor_id", sa.Uuid(), nullable=False),
        sa.Column("placement_id", sa.Uuid(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column(
            "severity",
            sa.Enum(
                "reject", "warn", "ask", name="severity", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["creditor_id", "placement_id"],
            ["placement.creditor_id", "placement.id"],
            name=op.f("fk_placement_finding_creditor_id_placement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["creditor_id"], ["creditor.id"], name=op.f("fk_placement_finding_creditor_id")
        ),
        sa.PrimaryKeyConstraint(
            "creditor_id", "placement_id", "row", "field", "reason", name=op.f("pk_placement_finding")
        ),
    )
    op.create_table(
        "screening",
        sa.Column("creditor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("debtor_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "clear",
                "found",
                "unclear",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("found", postgresql.JSONB(), nullable=False),
        sa.Column("failure", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["creditor_id", "debtor_id"],
            ["debtor.creditor_id", "debtor.id"],
            name=op.f("fk_screening_creditor_id_debtor_id"),
        ),
        sa.ForeignKeyConstraint(["creditor_id"], ["creditor.id"], name=op.f("fk_screening_creditor_id")),
        sa.PrimaryKeyConstraint("creditor_id", "id", name=op.f("pk_screening")),
        sa.UniqueConstraint("creditor_id", "debtor_id", name=op.f("uq_screening_creditor_id_debtor_id")),
    )
    op.create_index("ix_screening_next", "screening", ["next_at"], unique=False)
    op.create_table(
        "earlier_step",
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("creditor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "reminder",
                "notice",
                "call",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "channel",
            sa.Enum(
                "email",
                "sms",
                "letter",
                "call",
                "visit",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("faults", postgresql.JSONB(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["creditor_id", "claim_id"],
            ["claim.creditor_id", "claim.id"],
            name=op.f("fk_earlier_step_creditor_id_claim_id"),
        ),
        sa.ForeignKeyConstraint(["creditor_id"], ["creditor.id"], name=op.f("fk_earlier_step_creditor_id")),
        sa.PrimaryKeyConstraint("creditor_id", "id", name=op.f("pk_earlier_step")),
        sa.UniqueConstraint(
            "creditor_id",
            "claim_id",
            "kind",
            "sent_on",
            name=op.f("uq_earlier_step_creditor_id_claim_id_kind_sent_on"),
        ),
    )
    op.create_table(
        "insurance_cover",
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("creditor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("insurer", sa.String(), nullable=False),
        sa.Column("policy_number", sa.String(), nullable=False),
        sa.Column("covered_bps", sa.Integer(), nullable=False),
        sa.Column("indemnity_bps", sa.Integer(), nullable=False),
        sa.Column("notify_by", sa.Date(), nullable=True),
        sa.Column("notified_on", sa.Date(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.CheckConstraint("covered_bps BETWEEN 1 AND 10000", name=op.f("ck_insurance_cover_covered")),
        sa.CheckConstraint("indemnity_bps BETWEEN 0 AND 10000", name=op.f("ck_insurance_cover_indemnity")),
        sa.ForeignKeyConstraint(
            ["creditor_id", "claim_id"],
            ["claim.creditor_id", "claim.id"],
            name=op.f("fk_insurance_cover_creditor_id_claim_id"),
        ),
        sa.ForeignKeyConstraint(
            ["creditor_id"], ["creditor.id"], name=op.f("fk_insurance_cover_creditor_id")
        ),
        sa.PrimaryKeyConstraint("creditor_id", "id", name=op.f("pk_insurance_cover")),
        sa.UniqueConstraint("creditor_id", "claim_id", name=op.f("uq_insurance_cover_creditor_id_claim_id")),
    )
    op.create_index(
        "ix_insurance_cover_due",
        "insurance_cover",
        ["creditor_id", "notify_by"],
        unique=False,
        postgresql_where="notified_on IS NULL",
    )
    op.create_table(
        "likely_duplicate",
        sa.Column("creditor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("other_claim_id", sa.Uuid(), nullable=False),
        sa.Column("name_percent", sa.Integer(), nullable=False),
        sa.Column("address_percent", sa.Integer(), nullable=True),
        sa.Column("days_apart", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open", "same", "two", name="state", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["creditor_id", "claim_id"],
            ["claim.creditor_id", "claim.id"],
            name=op.f("fk_likely_duplicate_creditor_id_claim_id"),
        ),
        sa.ForeignKeyConstraint(
            ["creditor_id", "other_claim_id"],
            ["claim.creditor_id", "claim.id"],
            name=op.f("fk_likely_duplicate_creditor_id_other_claim_id"),
        ),
        sa.ForeignKeyConstraint(
            ["creditor_id"], ["creditor.id"], name=op.f("fk_likely_duplicate_creditor_id")
        ),
        sa.PrimaryKeyConstraint("creditor_id", "id", name=op.f("pk_likely_duplicate")),
        sa.UniqueConstraint(
            "creditor_id",
            "claim_id",
            "other_claim_id",
            name=op.f("uq_likely_duplicate_creditor_id_claim_id_other_claim_id"),
        ),
    )
    op.create_index(
        "ix_likely_duplicate_open",
        "likely_duplicate",
        ["creditor_id", "found_at"],
        unique=False,
        postgresql_where="state = 'open'",
    )
    op.create_index(
        "ix_likely_duplicate_other", "likely_duplicate", ["creditor_id", "other_claim_id"], unique=False
    )


def downgrade() -> None:
    for table in CREDITOR_RIGHTS:
        op.drop_table(table)
    _grounds(EARLIER_GROUNDS)

"""Money that goes back: refunds with four eyes, payments held at the provider, care of lines in suspense."""

from typing import Any

import sqlalchemy as sa

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

LINE_STATES = ("suspense", "matched", "psp_settlement", "payout", "returned", "split", "refund", "sent_back")
LINE_STATES_BEFORE = LINE_STATES[:-2]
REFUND_STATES = ("requested", "approved", "sending", "exported", "paid", "cancelled", "rejected")
SOURCES = ("psp", "bank", "direct")
TABLES = ("held_payment", "refund", "suspense_case", "suspense_note")

# What a refund takes up is counted on what it refunds, by an UPDATE that locks that row: of two refunds at
# once the second waits for the first, and the table's own check then refuses what would be too much.
COUNTING = """
CREATE FUNCTION app.count_refund() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  dead text[] := ARRAY['cancelled', 'rejected'];
  change bigint := CASE WHEN NEW.state = ANY(dead) THEN 0 ELSE NEW.amount_minor END;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    change := change - CASE WHEN OLD.state = ANY(dead) THEN 0 ELSE OLD.amount_minor END;
  END IF;
  IF change = 0 THEN
    RETURN NULL;
  END IF;
  IF NEW.payment_id IS NOT NULL THEN
    UPDATE payment SET refund_minor = refund_minor + change
     WHERE creditor_id = NEW.creditor_id AND id = NEW.payment_id AND currency = NEW.currency
       AND (change < 0 OR reversed_at IS NULL);
  ELSIF NEW.held_id IS NOT NULL THEN
    UPDATE held_payment SET refund_minor = refund_minor + change
     WHERE creditor_id = NEW.creditor_id AND id = NEW.held_id AND currency = NEW.currency
       AND (change < 0 OR ended_at IS NULL);
  ELSE
    PERFORM FROM bank_line WHERE id = NEW.line_id AND currency = NEW.currency
       AND amount_minor = NEW.amount_minor;
  END IF;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is nothing of this amount to refund' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER counted AFTER INSERT OR UPDATE ON refund FOR EACH ROW EXECUTE FUNCTION app.count_refund();
"""


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    _line_states(LINE_STATES)
    op.add_column(
        "payment", sa.Column("refund_minor", sa.BigInteger(), nullable=False, server_default=sa.text("0"))
    )
    op.create_check_constraint(op.f("ck_payment_refund"), "payment", "refund_minor BETWEEN 0 AND over_minor")
    _held_payments()
    _refunds()
    _suspense()
    op.execute(COUNTING)
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO agency_staff, agency_worker")
        op.execute(
            f"CREATE POLICY agency ON {table} TO agency_staff, agency_worker"
            " USING (app.agency()) WITH CHECK (app.agency())"
        )
    op.execute("GRANT EXECUTE ON FUNCTION app.count_refund() TO agency_staff, agency_worker")


def _line_states(states: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{state}'" for state in states)
    op.execute("ALTER TABLE bank_line DROP CONSTRAINT IF EXISTS ck_bank_line_state")
    op.execute(f"ALTER TABLE bank_line ADD CONSTRAINT ck_bank_line_state CHECK (state IN ({listed}))")


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def _moment(name: str, *, needed: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not needed)


def _of_creditor(table: str, *others: tuple[str, str]) -> list[sa.ForeignKeyConstraint]:
    """The keys that keep a row within its creditor: (column, table) of what it points at."""
    keys = [sa.ForeignKeyConstraint(["creditor_id"], ["creditor.id"], name=op.f(f"fk_{table}_creditor_id"))]
    return keys + [
        sa.ForeignKeyConstraint(
            ["creditor_id", column],
            [f"{other}.creditor_id", f"{other}.id"],
            name=op.f(f"fk_{table}_creditor_id_{column}"),
        )
        for column, other in others
    ]


def _held_payments() -> None:
    op.create_table(
        "held_payment",
        sa.Column("creditor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _moment("created_at", needed=True),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("source", _choice("source_value", *SOURCES), nullable=False),
        sa.Column("source_key", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("value_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        _moment("ended_at"),
        sa.Column("refund_minor", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_held_payment_amount")),
        sa.CheckConstraint("refund_minor BETWEEN 0 AND amount_minor", name=op.f("ck_held_payment_refund")),
        *_of_creditor("held_payment", ("claim_id", "claim")),
        sa.PrimaryKeyConstraint("creditor_id", "id", name=op.f("pk_held_payment")),
        sa.UniqueConstraint(
            "creditor_id", "source", "source_key", name=op.f("uq_held_payment_creditor_id_source_source_key")
        ),
    )
    op.create_index(
        "ix_held_payment_waiting", "held_payment", ["created_at"], postgresql_where="ended_at IS NULL"
    )


def _refunds() -> None:
    op.create_table(
        "refund",
        sa.Column("creditor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("held_id", sa.Uuid(), nullable=True),
        sa.Column("line_id", sa.Uuid(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("route", _choice("route_value", "bank", "provider"), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("iban", "holder", "reason")),
        sa.Column("state", _choice("state", *REFUND_STATES), nullable=False),
        _moment("requested_at", needed=True),
        sa.Column("requested_by", sa.String(), nullable=False),
        _moment("approved_at"),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("end_to_end", sa.String(), nullable=True),
        sa.Column("provider_ref", sa.String(), nullable=True),
        _moment("ended_at"),
        sa.Column("ended_why", sa.String(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refund_amount")),
        sa.CheckConstraint("num_nonnulls(payment_id, held_id, line_id) = 1", name=op.f("ck_refund_origin")),
        sa.CheckConstraint("route <> 'bank' OR iban <> ''", name=op.f("ck_refund_account")),
        sa.CheckConstraint(
            "approved_by IS NULL OR approved_by <> requested_by", name=op.f("ck_refund_second_person")
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'sending', 'exported', 'paid') OR approved_by IS NOT NULL",
            name=op.f("ck_refund_approved"),
        ),
        *_of_creditor(
            "refund", ("claim_id", "claim"), ("payment_id", "payment"), ("held_id", "held_payment")
        ),
        sa.ForeignKeyConstraint(["line_id"], ["bank_line.id"], name=op.f("fk_refund_line_id")),
        sa.ForeignKeyConstraint(["file_id"], ["remittance_file.id"], name=op.f("fk_refund_file_id")),
        sa.PrimaryKeyConstraint("creditor_id", "id", name=op.f("pk_refund")),
    )
    op.create_index("ix_refund_state", "refund", ["state", "requested_at"])
    op.create_index("ix_refund_claim", "refund", ["creditor_id", "claim_id"])
    op.create_index("ix_refund_payment", "refund", ["creditor_id", "payment_id"])
    op.create_index("ix_refund_end_to_end", "refund", ["end_to_end"])
    op.create_index(
        "uq_refund_line",
        "refund",
        ["creditor_id", "line_id"],
        unique=True,
        postgresql_where="state NOT IN ('cancelled', 'rejected')",
    )


def _suspense() -> None:
    op.create_table(
        "suspense_case",
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("park_reason", sa.String(), nullable=False),
        _moment("park_asked_at"),
        sa.Column("park_asked_by", sa.String(), nullable=True),
        _moment("parked_at"),
        sa.Column("parked_by", sa.String(), nullable=True),
        sa.CheckConstraint(
            "parked_by IS NULL OR parked_by <> park_asked_by", name=op.f("ck_suspense_case_second_person")
        ),
        sa.CheckConstraint("(parked_at IS NULL) = (parked_by IS NULL)", name=op.f("ck_suspense_case_parked")),
        sa.CheckConstraint(
            "parked_by IS NULL OR park_asked_by IS NOT NULL", name=op.f("ck_suspense_case_asked")
        ),
        sa.ForeignKeyConstraint(["line_id"], ["bank_line.id"], name=op.f("fk_suspense_case_line_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user_account.id"], name=op.f("fk_suspense_case_owner_id")),
        sa.PrimaryKeyConstraint("line_id", name=op.f("pk_suspense_case")),
    )
    op.create_index(
        "ix_suspense_case_parked", "suspense_case", ["parked_at"], postgresql_where="parked_at IS NOT NULL"
    )
    op.create_table(
        "suspense_note",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        _moment("at", needed=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["line_id"], ["bank_line.id"], name=op.f("fk_suspense_note_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspense_note")),
    )
    op.create_index(op.f("ix_suspense_note_line_id"), "suspense_note", ["line_id"])


def downgrade() -> None:
    for table in ("suspense_note", "suspense_case", "refund", "held_payment"):
        op.drop_table(table)
    op.execute("DROP FUNCTION app.count_refund()")
    op.drop_constraint("ck_payment_refund", "payment")
    op.drop_column("payment", "refund_minor")
    _line_states(LINE_STATES_BEFORE)

"""What reading a document gave, what people said of it, and completeness that a person lifted."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KINDS = (
    "invoice", "contract", "terms", "order", "delivery_note", "reminder", "correspondence",
    "acknowledgement", "statement", "other",
)  # fmt: skip
STANDINGS = ("unchecked", "valid", "questioned", "refuted")
CLAIM_TYPES = ("sale", "services", "subscription", "rent", "loan", "other")
KINDS_FROM = ("person", "name", "content", "corrected")
VERDICTS = ("right", "wrong_document", "kind", "again")
TABLES = ("document_check", "document_verdict", "completeness_override")
APPEND_ONLY = ("document_check", "document_verdict")


def _choice(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def _moment(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _json(name: str) -> sa.Column:
    return sa.Column(name, postgresql.JSONB(astext_type=sa.Text()), nullable=False)


def _keys(table: str, *parents: str) -> list[sa.Constraint]:
    within = [
        sa.ForeignKeyConstraint(
            ["creditor_id", f"{parent}_id"],
            [f"{parent}.creditor_id", f"{parent}.id"],
            name=f"fk_{table}_creditor_id_{parent}_id",
        )
        for parent in parents
    ]
    owner = sa.ForeignKeyConstraint(["creditor_id"], ["creditor.id"], name=f"fk_{table}_creditor_id")
    return [*within, owner, sa.PrimaryKeyConstraint("creditor_id", "id", name=f"pk_{table}")]


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    _columns()
    _checks()
    _verdicts()
    _overrides()
    for table in TABLES:
        _wall(table)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION app.refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change()"
        )


def _columns() -> None:
    op.add_column(
        "claim",
        sa.Column("claim_type", _choice(CLAIM_TYPES, "claim_type"), server_default="sale", nullable=False),
    )
    op.add_column(
        "document",
        sa.Column("kind_from", _choice(KINDS_FROM, "kind_from"), server_default="person", nullable=False),
    )
    op.add_column(
        "document",
        sa.Column("standing", _choice(STANDINGS, "standing"), server_default="unchecked", nullable=False),
    )
    op.add_column(
        "document",
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
    )
    op.add_column("document", _moment("checked_at", nullable=True))
    op.add_column(
        "document",
        sa.Column(
            "counts",
            sa.Boolean(),
            sa.Computed("standing IN ('unchecked', 'valid')", persisted=True),
            nullable=False,
        ),
    )
    op.create_index("ix_document_size", "document", ["creditor_id"], postgresql_include=["size"])


def _checks() -> None:
    op.create_table(
        "document_check",
        sa.Column("creditor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        _moment("at"),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("page_count", sa.Integer(), nullable=False),
        sa.Column("kind", _choice(KINDS, "kind"), nullable=True),
        sa.Column("confidence", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("standing", _choice(STANDINGS, "standing"), nullable=False),
        _json("reasons"),
        _json("pages"),
        _json("findings"),
        _json("trace"),
        _json("facts"),
        sa.Column("rule_version", sa.String(), nullable=False),
        *_keys("document_check", "document", "claim"),
    )
    op.create_index("ix_document_check_document", "document_check", ["creditor_id", "document_id", "at"])
    op.create_index("ix_document_check_claim", "document_check", ["creditor_id", "claim_id"])


def _verdicts() -> None:
    op.create_table(
        "document_verdict",
        sa.Column("creditor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        _moment("at"),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("by_agency", sa.Boolean(), nullable=False),
        sa.Column("verdict", _choice(VERDICTS, "verdict"), nullable=False),
        sa.Column("kind_before", _choice(KINDS, "kind_before"), nullable=False),
        sa.Column("kind_after", _choice(KINDS, "kind_after"), nullable=False),
        sa.Column("standing_before", _choice(STANDINGS, "standing_before"), nullable=False),
        sa.Column("standing_after", _choice(STANDINGS, "standing_after"), nullable=False),
        _json("reasons"),
        sa.Column("note", sa.String(), nullable=False),
        *_keys("document_verdict", "document", "claim"),
    )
    op.create_index("ix_document_verdict_document", "document_verdict", ["creditor_id", "document_id", "at"])
    op.create_index("ix_document_verdict_claim", "document_verdict", ["creditor_id", "claim_id"])


def _overrides() -> None:
    op.create_table(
        "completeness_override",
        sa.Column("creditor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("at_least", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        _moment("made_at"),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("rule_version", sa.String(), nullable=False),
        _json("facts"),
        _moment("withdrawn_at", nullable=True),
        sa.Column("withdrawn_by", sa.String(), nullable=True),
        sa.Column("withdrawn_reason", sa.String(), nullable=True),
        *_keys("completeness_override", "claim"),
        sa.CheckConstraint("at_least BETWEEN 1 AND 100", name="at_least"),
        sa.CheckConstraint("length(reason) >= 10", name="reason"),
    )
    op.create_index(
        "uq_completeness_override_open", "completeness_override", ["creditor_id", "claim_id"],
        unique=True, postgresql_where="withdrawn_at IS NULL",
    )  # fmt: skip


def _wall(table: str) -> None:
    """Creditors see all three and say what they think of a document; only the agency lifts completeness.

    A creditor writes no check: reading is a worker's work.
    """
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    changes = "SELECT, INSERT" if table in APPEND_ONLY else "SELECT, INSERT, UPDATE"
    op.execute(f"GRANT {changes} ON {table} TO agency_staff, agency_worker")
    op.execute(
        f"CREATE POLICY agency ON {table} TO agency_staff, agency_worker"
        " USING (app.agency()) WITH CHECK (app.agency())"
    )
    rights = "SELECT, INSERT" if table == "document_verdict" else "SELECT"
    op.execute(f"GRANT {rights} ON {table} TO agency_creditor")
    own = "creditor_id = app.creditor_id()"
    op.execute(f"CREATE POLICY creditor ON {table} TO agency_creditor USING ({own}) WITH CHECK ({own})")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_index("ix_document_size", "document")
    for column in ("counts", "checked_at", "reasons", "standing", "kind_from"):
        op.drop_column("document", column)
    op.drop_column("claim", "claim_type")

"""Brands as versions that two people make, host names of creditors, and the look that each message had."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = postgresql.JSONB(astext_type=sa.Text())
COLUMNS = (
    ("ink", "#ffffff"), ("accent", "#0b5cad"), ("font", "plain"), ("letterhead", ""), ("caller_id", ""),
    ("pay_host", ""),
)  # fmt: skip
# What stands becomes the first version of each brand. Only whoever owns the tables sees all rows here.
FIRST_VERSIONS = """
ALTER TABLE brand NO FORCE ROW LEVEL SECURITY;
INSERT INTO brand_version (creditor_id, id, version, state, content, writers, changed_at, remark, created_at)
  SELECT creditor_id, id, 1, 'published', jsonb_build_object('name', name, 'colour', colour, 'ink', ink,
    'accent', accent, 'font', font, 'logo_sha256', coalesce(logo_sha256, ''), 'letterhead', letterhead,
    'sender_name', sender_name, 'sender_email', sender_email, 'reply_to', reply_to, 'sms_sender', sms_sender,
    'phone', phone, 'caller_id', caller_id, 'pay_host', pay_host, 'footer', footer, 'pay_text', pay_text),
    '[]', created_at, '', created_at
  FROM (SELECT DISTINCT ON (creditor_id) * FROM brand ORDER BY creditor_id, id) AS first;
UPDATE brand b SET version_id = b.id FROM brand_version v WHERE v.creditor_id = b.creditor_id AND v.id = b.id;
ALTER TABLE brand FORCE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    _versions()
    _hosts()
    for name, default in COLUMNS:
        op.add_column("brand", sa.Column(name, sa.String(), nullable=False, server_default=default))
    op.add_column("brand", sa.Column("pay_text", JSON, nullable=False, server_default="{}"))
    op.add_column("brand", sa.Column("version_id", sa.Uuid(), nullable=True))
    op.add_column("message", sa.Column("brand_version_id", sa.Uuid(), nullable=True))
    op.execute(FIRST_VERSIONS)
    for table, column in (("brand", "version_id"), ("message", "brand_version_id")):
        op.create_foreign_key(
            op.f(f"fk_{table}_creditor_id_{column}"), table, "brand_version",
            ["creditor_id", column], ["creditor_id", "id"],
        )  # fmt: skip
    _walls()


def _versions() -> None:
    op.create_table(
        "brand_version",
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("creditor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("state", _choice("state", "draft", "submitted", "published", "withdrawn"), nullable=False),
        sa.Column("content", JSON, nullable=False),
        sa.Column("based_on", sa.Integer(), nullable=True),
        sa.Column("writers", JSON, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("remark", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["creditor_id"], ["creditor.id"], name=op.f("fk_brand_version_creditor_id")),
        sa.PrimaryKeyConstraint("creditor_id", "id", name=op.f("pk_brand_version")),
    )
    op.create_index(
        "uq_brand_version_number", "brand_version", ["creditor_id", "version"], unique=True,
        postgresql_where=sa.text("version IS NOT NULL"),
    )  # fmt: skip
    op.create_index(
        "uq_brand_version_open", "brand_version", ["creditor_id"], unique=True,
        postgresql_where=sa.text("state IN ('draft', 'submitted')"),
    )  # fmt: skip


def _hosts() -> None:
    op.create_table(
        "brand_host",
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("creditor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("use", _choice("use", "mail", "pay"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "state", _choice("state", "asked", "pending", "valid", "broken", "refused"), nullable=False
        ),
        sa.Column("provider_ref", sa.String(), nullable=True),
        sa.Column("records", JSON, nullable=False),
        sa.Column("checked_at", MOMENT, nullable=True),
        sa.Column("valid_since", MOMENT, nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["creditor_id"], ["creditor.id"], name=op.f("fk_brand_host_creditor_id")),
        sa.PrimaryKeyConstraint("creditor_id", "id", name=op.f("pk_brand_host")),
        sa.UniqueConstraint("creditor_id", "use", "name", name=op.f("uq_brand_host_creditor_id_use_name")),
    )


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def _walls() -> None:
    """Both new tables are made by the agency; a creditor reads its own."""
    for table in ("brand_version", "brand_host"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO agency_staff, agency_worker")
        op.execute(
            f"CREATE POLICY agency ON {table} TO agency_staff, agency_worker"
            " USING (app.agency()) WITH CHECK (app.agency())"
        )
        op.execute(f"GRANT SELECT ON {table} TO agency_creditor")
        op.execute(
            f"CREATE POLICY creditor ON {table} TO agency_creditor USING (creditor_id = app.creditor_id())"
        )
    # Mails that were sent show the logo of their version, and nobody is known when it is asked for.
    op.execute("GRANT SELECT ON brand_version TO agency_gate")
    op.execute("CREATE POLICY look_up ON brand_version FOR SELECT TO agency_gate USING (true)")


def downgrade() -> None:
    op.drop_constraint(op.f("fk_message_creditor_id_brand_version_id"), "message", type_="foreignkey")
    op.drop_column("message", "brand_version_id")
    op.drop_constraint(op.f("fk_brand_creditor_id_version_id"), "brand", type_="foreignkey")
    for name in ("version_id", "pay_text", *(column for column, _ in reversed(COLUMNS))):
        op.drop_column("brand", name)
    op.drop_table("brand_host")
    op.drop_table("brand_version")

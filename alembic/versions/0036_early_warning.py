"""Early warning: debtors with signs of trouble; the product of a placement; customers to keep."""

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

DEBTOR_WARNING = """
CREATE TABLE debtor_warning (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  debtor_id uuid NOT NULL,
  level varchar(40) NOT NULL,
  points integer NOT NULL,
  careful boolean NOT NULL,
  signs jsonb NOT NULL,
  actions jsonb NOT NULL,
  facts jsonb NOT NULL,
  owed jsonb NOT NULL,
  open_claims integer NOT NULL,
  rule_version varchar NOT NULL,
  since date NOT NULL,
  assessed_at timestamptz NOT NULL,
  CONSTRAINT pk_debtor_warning PRIMARY KEY (creditor_id, id),
  CONSTRAINT uq_debtor_warning_creditor_id_debtor_id UNIQUE (creditor_id, debtor_id),
  CONSTRAINT fk_debtor_warning_creditor_id_debtor_id FOREIGN KEY (creditor_id, debtor_id)
    REFERENCES debtor (creditor_id, id),
  CONSTRAINT ck_debtor_warning_level CHECK (level IN ('watch', 'warn', 'act'))
);
CREATE INDEX ix_debtor_warning_points ON debtor_warning (creditor_id, points, id);
CREATE INDEX ix_debtor_warning_agency ON debtor_warning (points, id);
"""

PRODUCT_CHOICE = """
CREATE TABLE product_choice (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  placement_id uuid,
  product varchar(40) NOT NULL,
  hand_over varchar(40) NOT NULL,
  chosen_at timestamptz NOT NULL,
  chosen_by varchar NOT NULL,
  CONSTRAINT pk_product_choice PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_product_choice_creditor_id FOREIGN KEY (creditor_id) REFERENCES creditor (id),
  CONSTRAINT fk_product_choice_creditor_id_placement_id FOREIGN KEY (creditor_id, placement_id)
    REFERENCES placement (creditor_id, id),
  CONSTRAINT ck_product_choice_product CHECK (product IN ('collection', 'management')),
  CONSTRAINT ck_product_choice_hand_over CHECK (hand_over IN
    ('first_reminder', 'second_reminder', 'formal_notice'))
);
CREATE INDEX ix_product_choice_newest ON product_choice (creditor_id, placement_id, chosen_at);
"""

DEBTOR_RELATION = """
CREATE TABLE debtor_relation (
  creditor_id uuid NOT NULL,
  id uuid NOT NULL,
  debtor_id uuid NOT NULL,
  important boolean NOT NULL,
  why varchar NOT NULL,
  marked_at timestamptz NOT NULL,
  marked_by varchar NOT NULL,
  CONSTRAINT pk_debtor_relation PRIMARY KEY (creditor_id, id),
  CONSTRAINT fk_debtor_relation_creditor_id_debtor_id FOREIGN KEY (creditor_id, debtor_id)
    REFERENCES debtor (creditor_id, id)
);
CREATE INDEX ix_debtor_relation_newest ON debtor_relation (creditor_id, debtor_id, marked_at);
"""
# Tables that a creditor and the agency add rows to; what was chosen before stays.
CHOICES = ("product_choice", "debtor_relation")


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute(DEBTOR_WARNING)
    op.execute("ALTER TABLE debtor_warning ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE debtor_warning FORCE ROW LEVEL SECURITY")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON debtor_warning TO agency_worker")
    op.execute("GRANT SELECT ON debtor_warning TO agency_staff, agency_creditor")
    op.execute(
        "CREATE POLICY agency ON debtor_warning TO agency_staff, agency_worker"
        " USING (app.agency()) WITH CHECK (app.agency())"
    )
    op.execute(
        "CREATE POLICY creditor ON debtor_warning TO agency_creditor USING (creditor_id = app.creditor_id())"
    )

    op.execute(PRODUCT_CHOICE)
    op.execute(DEBTOR_RELATION)
    for table in CHOICES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT SELECT, INSERT ON {table} TO agency_creditor, agency_staff, agency_worker")
        op.execute(
            f"CREATE POLICY agency ON {table} TO agency_staff, agency_worker"
            " USING (app.agency()) WITH CHECK (app.agency())"
        )
        op.execute(
            f"CREATE POLICY creditor ON {table} TO agency_creditor"
            " USING (creditor_id = app.creditor_id()) WITH CHECK (creditor_id = app.creditor_id())"
        )


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("DROP TABLE debtor_relation")
    op.execute("DROP TABLE product_choice")
    op.execute("DROP TABLE debtor_warning")

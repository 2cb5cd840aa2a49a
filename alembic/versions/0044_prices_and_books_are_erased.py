"""What the eraser may change of prices of one's own and of creditors' books; copies for persons."""

from alembic import op

revision = "0044"
down_revision = "0042"
branch_labels = None
depends_on = None

KINDS = (
    "claim_file", "unaccepted_claim", "books", "intake_file", "intake_reject", "unclaimed_upload",
    "unmatched_mail", "creditor_mail", "provider_notice", "program_answer", "session", "user",
    "credit_check",
)  # fmt: skip
NEW_KINDS = ("price_request", "bookkeeping_list")

# Columns that the eraser may change, per table.
RIGHTS = {
    "booked_fall": "description",
    "booked_hours": "description",
    "booked_invoice": "credits, customer_name, customer_ref, number, pass_lines, ref",
    "price_note": "words",
    "price_offer": "conditions, document",
    "price_request": "closed_from, closed_why, question",
}
DELETES = ("booked_customer", "booked_invoice")
LOOKS = ("bookkeeping_connection", "bookkeeping_fetch")
WITH_CLAIM = ("booked_fall", "booked_hours", "price_request")
# What staff needs to count what is due; it reads no name in a creditor's books.
COUNTED = {
    "booked_customer": "creditor_id, id, connection_id, ref",
    "booked_invoice": "creditor_id, id, connection_id, claim_id, customer_ref",
    "bookkeeping_connection": "creditor_id, id, fetched_at, connected_at, started_at",
    "bookkeeping_fetch": "creditor_id, connection_id, state",
}
_ERASING = "(SELECT app.erasing()) AND (app.creditor_id() IS NULL OR creditor_id = app.creditor_id())"
_ITS_CLAIM = "(app.claim_id() IS NULL OR claim_id = app.claim_id())"


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.execute("ALTER TABLE inspection_export ADD COLUMN for_person boolean NOT NULL DEFAULT false")
    _kinds((*KINDS, *NEW_KINDS))
    for table in dict.fromkeys((*RIGHTS, *DELETES, *LOOKS)):
        op.execute(f"GRANT SELECT ON {table} TO agency_eraser")
    for table, columns in RIGHTS.items():
        op.execute(f"GRANT UPDATE ({columns}) ON {table} TO agency_eraser")
        if table != "booked_invoice":
            parts = [_ERASING, _ITS_CLAIM] if table in WITH_CLAIM else [_ERASING]
            _policy(table, "eraser", "ALL", parts)
    # Whether a customer has other invoices is only seen by who sees those of other claims.
    _policy("booked_invoice", "eraser_looks", "SELECT", [_ERASING])
    _policy("booked_invoice", "eraser", "UPDATE", [_ERASING, "claim_id = app.claim_id()"])
    _policy("booked_invoice", "eraser_deletes", "DELETE", [_ERASING, "claim_id IS NULL"])
    _policy("booked_customer", "eraser", "ALL", [_ERASING])
    for table in DELETES:
        op.execute(f"GRANT DELETE ON {table} TO agency_eraser")
    for table in LOOKS:
        _policy(table, "eraser_looks", "SELECT", [_ERASING])
    for table, columns in COUNTED.items():
        op.execute(f"GRANT SELECT ({columns}) ON {table} TO agency_staff")
        op.execute(f"CREATE POLICY counted ON {table} FOR SELECT TO agency_staff USING (app.agency())")


def _kinds(kinds: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{one}'" for one in kinds)
    op.execute("ALTER TABLE erasure_item DROP CONSTRAINT ck_erasure_item_kind")
    op.execute(f"ALTER TABLE erasure_item ADD CONSTRAINT ck_erasure_item_kind CHECK (kind IN ({listed}))")


def _policy(table: str, name: str, what: str, parts: list[str]) -> None:
    op.execute(f"CREATE POLICY {name} ON {table} FOR {what} TO agency_eraser USING ({' AND '.join(parts)})")


def downgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    for table, columns in COUNTED.items():
        op.execute(f"DROP POLICY counted ON {table}")
        op.execute(f"REVOKE SELECT ({columns}) ON {table} FROM agency_staff")
    for table in dict.fromkeys((*RIGHTS, *DELETES, *LOOKS)):
        for name in ("eraser", "eraser_looks", "eraser_deletes"):
            op.execute(f"DROP POLICY IF EXISTS {name} ON {table}")
        op.execute(f"REVOKE ALL ON {table} FROM agency_eraser")
    op.execute("ALTER TABLE erasure_item NO FORCE ROW LEVEL SECURITY")  # the owner sees no row behind it
    op.execute("DELETE FROM erasure_item WHERE kind IN ('price_request', 'bookkeeping_list')")
    op.execute("ALTER TABLE erasure_item FORCE ROW LEVEL SECURITY")
    _kinds(KINDS)
    op.execute("ALTER TABLE inspection_export DROP COLUMN for_person")

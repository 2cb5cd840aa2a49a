"""The tenant wall as the database's own catalogue tells it: no table may miss a part of it."""

import pytest
from sqlalchemy import create_engine, text

from agency.tables import GLOBAL_TABLES, metadata

# Functions that run with their owner's rights, each because ANALYZE is the owner's alone.
OWNERS_RIGHTS = {"refresh_statistics", "refresh_ledger_statistics"}

# What hangs on a claim and is never asked for by it, or only while it runs or is open (a partial index).
NOT_FOUND_BY_CLAIM = {
    "booked_fall", "booked_invoice", "completeness_override", "dropped_file", "held_payment", "hold",
    "incoming_decision", "incoming_document", "legal_hold", "offer_phase", "placement_row", "price_request",
    "quote",
}  # fmt: skip


@pytest.fixture(scope="module")
def catalogue(owner_url):
    engine = create_engine(owner_url)
    with engine.connect() as connection:
        yield lambda sql: connection.execute(text(sql)).all()
    engine.dispose()


def tables_without_wall(catalogue) -> list[str]:
    rows = catalogue(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND c.relname <> 'alembic_version'"
        " AND NOT (c.relrowsecurity AND c.relforcerowsecurity"
        " AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid))"
    )
    return [row[0] for row in rows]


def test_every_table_is_behind_forced_row_level_security(catalogue):
    assert tables_without_wall(catalogue) == []


def test_the_guard_names_a_table_without_a_wall(owner_url):
    engine = create_engine(owner_url)
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE naked (id int)"))
        assert tables_without_wall(lambda sql: connection.execute(text(sql)).all()) == ["naked"]
        connection.rollback()
    engine.dispose()


def test_every_table_belongs_to_a_creditor_or_is_listed_as_global(catalogue):
    for table in metadata.tables.values():
        keyed = [column.name for column in table.primary_key]
        assert (keyed[0] == "creditor_id") != (table.name in GLOBAL_TABLES), (
            f"{table.name}: start its primary key with creditor_id or list it in GLOBAL_TABLES"
        )


def test_every_unique_key_of_a_creditors_table_contains_the_creditor(catalogue):
    rows = catalogue(
        "SELECT c.relname, i.relname FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid"
        " JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'public' AND x.indisunique AND NOT EXISTS (SELECT 1 FROM pg_attribute a"
        " WHERE a.attrelid = c.oid AND a.attnum = ANY(x.indkey) AND a.attname = 'creditor_id')"
    )
    oracles = [f"{table}.{index}" for table, index in rows if table not in GLOBAL_TABLES]
    assert [name for name in oracles if not name.startswith("alembic_version.")] == []


def test_every_foreign_key_between_creditors_tables_contains_the_creditor(catalogue):
    rows = catalogue(
        "SELECT f.conrelid::regclass::text, f.confrelid::regclass::text, f.conname FROM pg_constraint f"
        " WHERE f.contype = 'f' AND NOT EXISTS (SELECT 1 FROM pg_attribute a"
        " WHERE a.attrelid = f.conrelid AND a.attnum = ANY(f.conkey) AND a.attname = 'creditor_id')"
    )
    assert [row for row in rows if row[1] not in GLOBAL_TABLES] == []


def test_no_function_runs_with_its_owners_rights_and_no_view_bypasses_the_wall(catalogue):
    definers = catalogue(
        "SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
        " WHERE n.nspname IN ('public', 'app') AND prosecdef"
    )
    views = catalogue(
        "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'public' AND relkind IN ('v', 'm')"
        " AND NOT coalesce('security_invoker=true' = ANY(reloptions), false)"
    )
    assert ({row[0] for row in definers}, views) == (OWNERS_RIGHTS, [])


def test_no_door_may_change_what_is_append_only(catalogue):
    rows = catalogue(
        "SELECT grantee, table_name, privilege_type FROM information_schema.role_table_grants"
        " WHERE grantee LIKE 'agency\\_%' AND grantee <> 'agency_owner'"
        " AND privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE')"
        " AND table_name IN ('ledger_entry', 'ledger_transaction', 'audit_entry', 'event', 'message_receipt')"
    )
    assert rows == []


def test_what_hangs_on_a_claim_is_found_by_it(catalogue):
    """Else a page about one claim, or a payout, looks through everything of its creditor."""
    rows = catalogue(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " AND a.attname = 'claim_id' WHERE c.relkind IN ('r', 'p')"
        " AND c.relnamespace = 'public'::regnamespace AND NOT EXISTS ("
        " SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indpred IS NULL AND i.indnkeyatts > 1 AND"
        " (SELECT array_agg(k.attname::text ORDER BY k.attname) FROM pg_attribute k WHERE k.attrelid = c.oid"
        "  AND k.attnum IN (i.indkey[0], i.indkey[1])) = ARRAY['claim_id', 'creditor_id'])"
    )
    assert {name for (name,) in rows} - GLOBAL_TABLES == NOT_FOUND_BY_CLAIM

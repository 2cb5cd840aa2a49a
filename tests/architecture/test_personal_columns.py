"""No table that tells of a person can be forgotten: each column is erased somewhere, or says why not."""

import pytest
from sqlalchemy import create_engine, text

from agency.privacy.inventory import CLAIM_SPOTS, DEBTOR_SPOTS, KIND_SPOTS, STAYS

ALL_SPOTS = (*CLAIM_SPOTS, *DEBTOR_SPOTS, *(spot for spots in KIND_SPOTS.values() for spot in spots))
# Who did something: the number of a user, a debtor or a part of the system.
ACTORS = ("by", "_by")
TEXTS = "('text', 'character varying', 'character', 'json', 'jsonb', 'bytea', 'ARRAY')"


@pytest.fixture(scope="module")
def owner(owner_url):
    engine = create_engine(owner_url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def forgotten(connection) -> set[tuple[str, str]]:
    """Columns that may hold anything and that nobody decided about; choices with a CHECK hold only codes."""
    rows = connection.execute(
        text(
            "SELECT table_name, column_name FROM information_schema.columns c WHERE table_schema = 'public'"
            f" AND table_name <> 'alembic_version' AND data_type IN {TEXTS}"
            " AND coalesce(character_maximum_length, 1000) NOT IN (2, 3, 4, 40)"
        )
    )
    erased = {(spot.table, name) for spot in ALL_SPOTS for name in spot.columns}
    return {
        (table, column)
        for table, column in rows
        if not column.endswith(ACTORS)
        and (table, column) not in erased
        and not {"*", column} & set(STAYS.get(table, {}))
    }


def test_every_column_is_erased_somewhere_or_says_why_it_stays(owner):
    assert forgotten(owner) == set(), "put it into agency/privacy/inventory.py"


def test_a_new_table_is_noticed(owner):
    with owner.begin_nested() as nested:
        owner.execute(text("CREATE TABLE diary (id int, words text)"))
        assert forgotten(owner) == {("diary", "words")}
        nested.rollback()


def test_nothing_stays_that_is_not_there(owner):
    known = {
        tuple(row)
        for row in owner.execute(text("SELECT table_name, column_name FROM information_schema.columns"))
    }
    for table, columns in STAYS.items():
        assert {one for one, _ in known if one == table}, table
        assert [name for name in columns if name != "*" and (table, name) not in known] == []


def test_the_eraser_may_change_what_the_inventory_says_and_no_more(owner):
    rows = owner.execute(
        text(
            "SELECT table_name, column_name FROM information_schema.column_privileges"
            " WHERE grantee = 'agency_eraser' AND privilege_type = 'UPDATE'"
        )
    )
    granted = {tuple(row) for row in rows}
    wanted = {(spot.table, name) for spot in ALL_SPOTS if not spot.delete for name in spot.columns}
    own = {one for one in granted if one[0] in ("erasure_item", "erased_file")}
    assert granted - own == wanted
    whole = owner.execute(
        text(
            "SELECT table_name, privilege_type FROM information_schema.role_table_grants"
            " WHERE grantee = 'agency_eraser' AND privilege_type NOT IN ('SELECT')"
        )
    )
    assert {tuple(row) for row in whole} == {
        ("booked_customer", "DELETE"), ("booked_invoice", "DELETE"), ("erased_file", "INSERT"),
        ("erased_file", "UPDATE"), ("idempotency", "DELETE"),
        ("user_session", "DELETE"),
    }  # fmt: skip

"""A claim is found by whatever somebody has at hand, and by nothing that only looks alike."""

from datetime import date

import pytest
from sqlalchemy import text

from agency.claims.finding import find_claims
from agency.kernel.unit import Door
from agency.parties.names import name_key
from tests.made import a_claim, a_creditor

DUE = date(2026, 10, 1)


@pytest.fixture
def known(units):
    """Two claims of one creditor; the second has another debtor, invoice and reference."""
    with units.open(Door.STAFF, by="system:test") as unit:
        creditor_id = a_creditor(unit)
        first, second = (a_claim(unit, creditor_id=creditor_id, invoices=[(100, DUE)]) for _ in range(2))
        connection = unit.session.connection()
        for claim_id, name, invoice, reference, paying in (
            (first, "bakkerij de vries", "26G0500", "D-100", "RF76 0000 0020 02"),
            (second, "zonneweide 100%", "26X0500", "D-200", "+++000/0002/00060+++"),
        ):
            values = {"id": claim_id, "name": name, "invoice": invoice, "r": reference, "paying": paying}
            for statement in (
                "UPDATE debtor SET name_key = :name WHERE id = (SELECT debtor_id FROM claim WHERE id = :id)",
                "UPDATE invoice SET number = :invoice WHERE claim_id = :id",
                "UPDATE claim SET reference = :r, payment_reference = :paying WHERE id = :id",
            ):
                connection.execute(text(statement), values)
        connection.execute(
            text("UPDATE invoice SET total_minor = 100001 WHERE claim_id = :id"), {"id": second}
        )
    return creditor_id, first, second


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Vries", [0]),
        ("  BAKKERIJ   de vries B.V. ", [0]),
        ("26g0500", [0]),
        ("26G", [0]),
        ("d-1", [0]),
        ("RF76000000 2002", [0]),
        ("rf76 0000 0020 02", [0]),
        ("000/0002/00060", [1]),
        ("000000200060", [1]),
        ("D-", [0, 1]),
        ("0500", []),
        ("%%", []),
        ("_6G0500", []),
        ("V", []),
        ("", []),
        ("Vries, bakkerij de", [0]),
        ("vries zonneweide", []),
        ("€ 1.000,01", [1]),
        ("1000.01 EUR", [1]),
        ("1 000,01", [1]),
        ("1000,02", []),
    ],
)
def test_finds_what_is_meant(units, known, words, found):
    with units.open(Door.STAFF, by="system:test") as unit:
        assert {row.id for row in find_claims(unit, words=words)} == {known[1 + index] for index in found}


def test_a_creditor_finds_its_own_claims_only(units, known):
    with units.open(Door.STAFF, by="system:test") as unit:
        stranger = a_creditor(unit)
    for creditor_id, found in ((known[0], 2), (stranger, 0)):
        with units.open(Door.CREDITOR, by="user:1", creditor_id=creditor_id) as unit:
            assert len(find_claims(unit, words="D-")) == found


@pytest.mark.parametrize(
    ("name", "typed"),
    [("Yıldız", "yildiz"), ("Łukasz Sørensen", "lukasz sorensen"), ("Łukasz Sørensen", "Sørensen")],
)
def test_letters_that_have_no_key_on_the_keyboard_are_typed_plainly(units, known, name, typed):
    with units.open(Door.STAFF, by="system:test") as unit:
        unit.session.connection().execute(
            text("UPDATE debtor SET name_key = :k WHERE id = (SELECT debtor_id FROM claim WHERE id = :id)"),
            {"k": name_key(name), "id": known[1]},
        )
        assert [row.id for row in find_claims(unit, words=typed)] == [known[1]]


@pytest.mark.parametrize(
    "typed",
    ["+31 (0)6 87 65 43 21", "+31(0)687654321", "0031 (0) 6 87654321", "06\u201187654321", "06.87.65.43.21"],
)
def test_a_telephone_number_is_found_as_people_write_it(units, known, typed):
    with units.open(Door.STAFF, by="system:test") as unit:
        unit.session.connection().execute(
            text(
                "INSERT INTO contact_point (creditor_id, id, debtor_id, channel, value, state, created_at)"
                " SELECT creditor_id, uuidv7(), debtor_id, 'phone', '+31687654321', 'usable', app.now()"
                " FROM claim WHERE id = :id"
            ),
            {"id": known[1]},
        )
        assert [row.id for row in find_claims(unit, words=typed)] == [known[1]]

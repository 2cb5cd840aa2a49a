"""A claim is found by whatever somebody has at hand, and by nothing that only looks alike."""

from datetime import date

import pytest
from sqlalchemy import text

from agency.claims.finding import find_claims
from agency.kernel.unit import Door
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

"""The bank's charges and interest on the trust account, and what the agency pays in."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from agency.banking.own_money import (
    NotOfThisKind,
    OwnKind,
    UnableToBookAsOwn,
    ask_to_book_as_own,
    book_as_own,
    let_own_wait,
    undo_own,
)
from agency.banking.proof import prove
from agency.banking.sending_back import send_back
from agency.banking.suspense import UnableToSettleLine, UnableToUndo
from agency.banking.suspense_cases import NotTheSecondPerson, UnableToPark
from agency.kernel.ids import HOUSE
from agency.kernel.unit import Door, Unit
from agency.ledger.queries import account_balance
from agency.remittance.own_share import own_share
from tests.banking.test_importing import eur
from tests.banking.test_suspense import ANN, BOB, PAYER, a_waiting_line, as_


@pytest.fixture
def staff(units) -> Iterator[Unit]:
    with units.open(Door.STAFF, by=ANN) as unit:
        yield unit


def balance(unit: Unit, account: str) -> int:
    return account_balance(unit, creditor_id=HOUSE, account=account, currency="EUR").minor


def booked(unit: Unit, minor: int, kind: OwnKind, **said):
    line = a_waiting_line(unit, minor, **said)
    ask_to_book_as_own(unit, line_id=line, kind=kind)
    book_as_own(as_(unit, BOB), line_id=line)
    return line


@pytest.mark.parametrize(
    ("minor", "kind", "other_side"),
    [
        (-1_250, OwnKind.CHARGES, "agency.bank_costs"),
        (1_250, OwnKind.CHARGES, "agency.bank_costs"),
        (-300, OwnKind.INTEREST, "agency.bank_interest"),
        (300, OwnKind.INTEREST, "agency.bank_interest"),
        (50_000, OwnKind.DEPOSIT, "agency.bank"),
    ],
)
def test_moves_the_agencys_share_and_nobody_elses(staff, minor, kind, other_side):
    booked(staff, minor, kind)
    assert balance(staff, "trust.suspense") == 0
    assert own_share(staff).held == eur(minor)
    assert balance(staff, "agency.trust") == minor
    assert balance(staff, other_side) == -minor
    assert prove(staff, on=staff.today).green


def test_charges_that_the_share_does_not_cover_stand_until_they_are_made_good(staff):
    booked(staff, -1_250, OwnKind.CHARGES)
    assert own_share(staff).free == eur(-1_250)


def test_takes_a_second_person(staff):
    line = a_waiting_line(staff, -1_250)
    ask_to_book_as_own(staff, line_id=line, kind=OwnKind.CHARGES)
    with pytest.raises(NotTheSecondPerson):
        book_as_own(staff, line_id=line)
    with pytest.raises(IntegrityError), staff.session.begin_nested():
        staff.session.connection().execute(
            text("UPDATE suspense_case SET own_agreed_by = own_asked_by WHERE line_id = :line"),
            {"line": line},
        )


def test_is_booked_once(staff):
    line = booked(staff, -1_250, OwnKind.CHARGES)
    with pytest.raises(UnableToPark):
        book_as_own(as_(staff, BOB), line_id=line)
    assert balance(staff, "agency.bank_costs") == 1_250


def test_is_taken_back_and_booked_again(staff):
    line = booked(staff, -1_250, OwnKind.CHARGES)
    undo_own(staff, line_id=line, why="it was interest")
    assert balance(staff, "agency.bank_costs") == balance(staff, "agency.trust") == 0
    with pytest.raises(UnableToUndo):
        undo_own(staff, line_id=line, why="again")
    with pytest.raises(UnableToBookAsOwn):
        book_as_own(as_(staff, BOB), line_id=line)
    ask_to_book_as_own(staff, line_id=line, kind=OwnKind.INTEREST)
    book_as_own(as_(staff, BOB), line_id=line)
    undo_own(staff, line_id=line, why="it was charges")
    ask_to_book_as_own(staff, line_id=line, kind=OwnKind.CHARGES)
    book_as_own(as_(staff, BOB), line_id=line)
    assert balance(staff, "agency.bank_costs") == 1_250
    assert balance(staff, "agency.bank_interest") == 0
    assert prove(staff, on=staff.today).green


def test_the_wish_can_be_let_go(staff):
    line = a_waiting_line(staff, -1_250)
    with pytest.raises(UnableToBookAsOwn):
        let_own_wait(staff, line_id=line)
    ask_to_book_as_own(staff, line_id=line, kind=OwnKind.CHARGES)
    let_own_wait(staff, line_id=line)
    with pytest.raises(UnableToBookAsOwn):
        book_as_own(as_(staff, BOB), line_id=line)


def test_what_left_is_no_deposit(staff):
    line = a_waiting_line(staff, -1_250)
    with pytest.raises(NotOfThisKind):
        ask_to_book_as_own(staff, line_id=line, kind=OwnKind.DEPOSIT)


def test_what_goes_back_is_not_ours(staff):
    line = a_waiting_line(staff, 1_250, counterparty_iban=PAYER, counterparty="A. Payer")
    ask_to_book_as_own(staff, line_id=line, kind=OwnKind.DEPOSIT)
    send_back(staff, line_id=line, reason="not ours")
    with pytest.raises(UnableToSettleLine):
        book_as_own(as_(staff, BOB), line_id=line)


def test_a_line_that_is_called_ours_without_a_booking_is_found(staff):
    line = a_waiting_line(staff, -1_250)
    staff.session.connection().execute(
        text("UPDATE bank_line SET state = 'own' WHERE id = :line"), {"line": line}
    )
    red = [check for check in prove(staff, on=staff.today).checks if check["left"] != check["right"]]
    assert "lines of our own that are not booked as such" in [check["left_label"] for check in red]

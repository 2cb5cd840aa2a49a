"""The bank's answer to a file of ours (B17): what it refuses is owed as before, once, whatever it was."""

import pytest

from agency.banking.proof import prove
from agency.kernel.unit import Door
from agency.ports.readers import OrderStatus, PaymentStatus, Unreadable
from agency.remittance.models import RemittanceFile
from agency.remittance.order_answers import UnableToTakeAnswer, take_answer
from agency.remittance.queries import waiting_for_payout
from tests.remittance.out import agreed, paid, pay_out, rows_of, run_of


@pytest.fixture
def two(units) -> list:
    creditors = []
    for number in range(2):
        creditor, claim = agreed(units)
        paid(units, creditor, claim, 50_000, key=str(number))
        creditors.append(creditor)
    pay_out(units)
    return creditors


def answered(units, answer: OrderStatus):
    with units.open(Door.STAFF, by="user:ann") as unit:
        return take_answer(unit, content=b"", reader=lambda _: answer)


def order_id(units) -> str:
    with units.open(Door.STAFF, by="x") as unit:
        return rows_of(unit, RemittanceFile)[-1].message_id


def owed(units, creditors) -> list[int]:
    with units.open(Door.STAFF, by="x") as unit:
        assert prove(unit, on=unit.today).green
        return [waiting_for_payout(unit, creditor_id=creditor).minor for creditor in creditors]


def test_one_refused_payment_of_a_file_is_owed_again_and_a_second_reading_changes_nothing(units, two):
    run = run_of(units, two[0])
    answer = OrderStatus(
        order_id(units),
        "PART",
        None,
        (
            PaymentStatus(run.end_to_end, "RJCT", refused=True, reason="AC04", said="rekening opgeheven"),
            PaymentStatus("RNOBODY", "RJCT", refused=True, reason="AC04"),
            PaymentStatus(run_of(units, two[1]).end_to_end, "ACSC", refused=False),
        ),
    )
    taken = answered(units, answer)
    assert (taken.payouts, taken.refunds, taken.collections, taken.unknown) == (1, 0, 0, ("RNOBODY",))
    assert owed(units, two) == [43_950, 0]
    assert run_of(units, two[0]).returned_why == "AC04 rekening opgeheven"
    again = answered(units, answer)
    assert (again.payouts, again.unknown) == (0, (run.end_to_end, "RNOBODY"))
    assert owed(units, two) == [43_950, 0]


def test_a_file_that_is_refused_whole_is_owed_again_whole(units, two):
    taken = answered(units, OrderStatus(order_id(units), "RJCT", "AM04", ()))
    assert taken.payouts == 2
    assert owed(units, two) == [43_950, 43_950]


def test_another_files_refusal_and_an_accepted_file_change_nothing(units, two):
    assert answered(units, OrderStatus("PAYOUT-OF-SOMEBODY", "RJCT", "AM04", ())).payouts == 0
    assert answered(units, OrderStatus(order_id(units), "ACCP", None, ())).payouts == 0
    assert owed(units, two) == [0, 0]


def test_what_cannot_be_read_is_refused_beside_its_field(units):
    def cut_off(_: bytes) -> OrderStatus:
        raise Unreadable("the pain.002 holds no report")

    with units.open(Door.STAFF, by="user:ann") as unit, pytest.raises(UnableToTakeAnswer) as refusal:
        take_answer(unit, content=b"<Document", reader=cut_off)
    assert (refusal.value.field, refusal.value.message) == ("file", "the pain.002 holds no report")

"""What creditors pay on invoices that were not kept from a payout."""

from datetime import timedelta

import pytest

from agency.kernel.errors import NotFound
from agency.kernel.unit import Door
from agency.ledger.queries import account_balance
from agency.parties.models import RemittanceMode
from agency.payments.settlement import reverse_payment
from agency.remittance.invoice_payments import (
    NotPayable,
    UnableToBookPayment,
    book_invoice_payment,
    left_to_pay,
    payments_on_invoice,
    take_back_invoice_payment,
)
from agency.remittance.models import FeeInvoice
from tests.remittance.out import agreed, eur, paid, pay_out, rows_of

GROSS = {"remittance_mode": RemittanceMode.GROSS.value}


@pytest.fixture
def invoiced(units):
    """A creditor who is paid gross: 1,000.00 collected, 121.00 invoiced."""
    creditor, claim = agreed(units, invoices=(200_000,), terms=GROSS)
    payment = paid(units, creditor, claim, 100_000, key="a")
    pay_out(units)
    return creditor, claim, payment


def invoice_of(unit, creditor, kind="invoice") -> FeeInvoice:
    [found] = rows_of(unit, FeeInvoice, creditor_id=creditor, kind=kind)
    return found


def book(unit, invoice, minor, *, read=None, days_ago=0):
    return book_invoice_payment(
        unit,
        creditor_id=invoice.creditor_id,
        invoice_id=invoice.id,
        amount=eur(minor),
        paid_on=unit.today - timedelta(days=days_ago),
        read=left_to_pay(unit, invoice) if read is None else eur(read),
    )


def balances(unit) -> tuple[int, int]:
    return tuple(
        account_balance(unit, account=account, currency="EUR").minor
        for account in ("agency.receivable", "agency.bank")
    )


class TestPaying:
    def test_in_parts_lowers_what_is_left_and_what_was_invoiced(self, units, invoiced):
        with units.open(Door.STAFF, by="user:ann") as unit:
            invoice = invoice_of(unit, invoiced[0])
            assert (left_to_pay(unit, invoice), balances(unit)) == (eur(12_100), (12_100, 0))
            book(unit, invoice, 10_000)
            assert (left_to_pay(unit, invoice), balances(unit)) == (eur(2_100), (2_100, 10_000))
            book(unit, invoice, 2_100)
            assert (left_to_pay(unit, invoice), balances(unit)) == (eur(0), (0, 12_100))
            assert [one.amount for one in payments_on_invoice(unit, invoice)] == [eur(10_000), eur(2_100)]

    def test_the_same_form_twice_books_once(self, units, invoiced):
        with units.open(Door.STAFF, by="user:ann") as unit:
            invoice = invoice_of(unit, invoiced[0])
            book(unit, invoice, 1_000, read=12_100)
            with pytest.raises(UnableToBookPayment):
                book(unit, invoice, 1_000, read=12_100)
            assert left_to_pay(unit, invoice) == eur(11_100)

    @pytest.mark.parametrize(
        ("minor", "days_ago", "field"),
        [(12_101, 0, "amount"), (0, 0, "amount"), (100, -1, "paid_on"), (100, 1, "paid_on")],
    )
    def test_refuses_too_much_nothing_and_days_that_cannot_be(self, units, invoiced, minor, days_ago, field):
        with units.open(Door.STAFF, by="user:ann") as unit:
            invoice = invoice_of(unit, invoiced[0])
            with pytest.raises(NotPayable) as refused:
                book(unit, invoice, minor, days_ago=days_ago)
            assert refused.value.field == field

    def test_a_credit_note_is_paid_out(self, units, invoiced):
        creditor, claim, payment = invoiced
        with units.open(Door.STAFF, by="system:test") as unit:
            reverse_payment(unit, creditor_id=creditor, payment_id=payment, why="charged back")
        paid(units, creditor, claim, 150_000, key="b")
        pay_out(units, later=1)
        with units.open(Door.STAFF, by="user:ann") as unit:
            note = invoice_of(unit, creditor, "credit_note")
            assert left_to_pay(unit, note) == eur(12_100)
            book(unit, note, 12_100)
            assert left_to_pay(unit, note) == eur(0)
            assert balances(unit) == (30_250, -12_100)


class TestTakingBack:
    def test_leaves_it_to_be_paid_again_once(self, units, invoiced):
        with units.open(Door.STAFF, by="user:ann") as unit:
            invoice = invoice_of(unit, invoiced[0])
            booked = book(unit, invoice, 12_100)
            for _ in range(2):
                take_back_invoice_payment(
                    unit,
                    creditor_id=invoice.creditor_id,
                    invoice_id=invoice.id,
                    transaction_id=booked,
                    why="another invoice",
                )
            assert (left_to_pay(unit, invoice), balances(unit)) == (eur(12_100), (12_100, 0))
            assert payments_on_invoice(unit, invoice) == []
            book(unit, invoice, 12_100)
            assert left_to_pay(unit, invoice) == eur(0)

    def test_knows_only_what_was_paid_on_this_invoice(self, units, invoiced):
        with units.open(Door.STAFF, by="user:ann") as unit:
            invoice = invoice_of(unit, invoiced[0])
            with pytest.raises(NotFound):
                take_back_invoice_payment(
                    unit,
                    creditor_id=invoice.creditor_id,
                    invoice_id=invoice.id,
                    transaction_id=invoice.run_id,
                    why="x",
                )

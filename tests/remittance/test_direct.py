"""Money that the creditor received itself: reported one by one or by file, booked, charged, taken back."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlmodel import select

from agency.claims.models import Claim, Invoice
from agency.claims.states import ClaimState
from agency.events import DirectPaymentsReported
from agency.kernel.unit import Door
from agency.payments.models import Payment
from agency.remittance import direct
from agency.remittance.direct import (
    UnableToReport,
    UnableToTakeBack,
    UnreadableReport,
    book_reports,
    report_file,
    report_payment,
    take_back_report,
)
from agency.remittance.fees import charge_fees
from agency.remittance.models import DirectPayment, SuccessFee
from agency.remittance.withdrawing import withdraw_claim
from tests.remittance.out import agreed, another_claim, paid, rows_of


@pytest.fixture
def placed(units):
    """A creditor with a claim of 1,000.00 of one invoice."""
    creditor, claim = agreed(units)
    with units.open(Door.STAFF, by="x") as unit:
        row = unit.session.get_one(Claim, (creditor, claim))
        [invoice] = rows_of(unit, Invoice, claim_id=claim)
        return creditor, claim, row.number, row.reference, invoice.number, unit.today


def at_creditors_door(units, creditor):
    return units.open(Door.CREDITOR, by="user:clerk", creditor_id=creditor)


def report(units, creditor, claim, amount, on, **more):
    with at_creditors_door(units, creditor) as unit:
        return report_payment(
            unit, creditor_id=creditor, claim=claim, amount=Decimal(amount), paid_on=on, **more
        )


def send(units, creditor, content: str, name="paid.csv"):
    with at_creditors_door(units, creditor) as unit:
        return report_file(unit, creditor_id=creditor, content=content.encode(), name=name)


def book(units, creditor) -> None:
    with units.open(Door.WORKER, by="system:x") as unit:
        [row] = rows_of(unit, DirectPayment)[-1:]
        book_reports(unit, DirectPaymentsReported(creditor_id=creditor, report_id=row.report_id, payments=1))


def rows(units) -> list[DirectPayment]:
    with units.open(Door.STAFF, by="x") as unit:
        return rows_of(unit, DirectPayment)


class TestOneByOne:
    @pytest.mark.parametrize("which", [2, 3, 4])
    def test_by_number_reference_or_invoice_pays_the_claim_and_earns_the_fee(self, units, placed, which):
        creditor, claim, today = placed[0], placed[1], placed[5]
        report(units, creditor, placed[which], "1000.00", today)
        book(units, creditor)
        with units.open(Door.STAFF, by="x") as unit:
            assert unit.session.get_one(Claim, (creditor, claim)).state == ClaimState.PAID
            assert charge_fees(unit, creditor_id=creditor) == 1
            [fee] = rows_of(unit, SuccessFee)
            assert (fee.base_minor, fee.net_minor) == (100_000, 10_000)
        assert rows(units)[0].state == "booked"

    def test_booked_twice_by_two_jobs_stands_once(self, units, placed):
        report(units, placed[0], placed[2], "10.00", placed[5])
        book(units, placed[0])
        book(units, placed[0])
        with units.open(Door.STAFF, by="x") as unit:
            assert len(unit.session.exec(select(Payment)).all()) == 1

    @pytest.mark.parametrize(
        ("change", "field", "why"),
        [
            ({"claim": "nobody"}, "claim", direct.UNKNOWN_CLAIM),
            ({"amount": "0"}, "amount", direct.NOT_POSITIVE),
            ({"amount": "-5"}, "amount", direct.NOT_POSITIVE),
            ({"amount": "1.234"}, "amount", "has more decimals than its currency"),
            ({"amount": "1e15"}, "amount", "is too large"),
            ({"amount": "100000"}, "amount", direct.TOO_MUCH),
            ({"days": 1}, "paid_on", direct.IN_THE_FUTURE),
            ({"days": -1}, "paid_on", direct.BEFORE_PLACEMENT),
        ],
    )
    def test_what_cannot_be_is_refused_with_field_and_reason(self, units, placed, change, field, why):
        facts = {"claim": placed[2], "amount": "10", "days": 0} | change
        on = placed[5] + timedelta(days=facts["days"])
        with pytest.raises(UnableToReport) as refusal:
            report(units, placed[0], facts["claim"], facts["amount"], on)
        assert (refusal.value.field, refusal.value.message) == (field, why)
        assert rows(units) == []

    def test_twice_what_is_open_may_be_a_payment_made_twice(self, units, placed):
        report(units, placed[0], placed[2], "2000.00", placed[5])
        assert len(rows(units)) == 1

    def test_so_may_one_that_follows_when_little_is_left(self, units, placed):
        creditor, _, number, _, _, today = placed
        report(units, creditor, number, "900.00", today)
        book(units, creditor)
        with pytest.raises(UnableToReport, match="reported already"):
            report(units, creditor, number, "900.00", today)
        report(units, creditor, number, "900.00", today, another=True)
        assert [row.occurrence for row in rows(units)] == [1, 2]

    def test_the_same_again_is_asked_about(self, units, placed):
        creditor, _, number, _, _, today = placed
        report(units, creditor, number, "10.00", today)
        with pytest.raises(UnableToReport, match="reported already"):
            report(units, creditor, number, "10.00", today)
        report(units, creditor, number, "10.00", today, another=True)
        assert [row.occurrence for row in rows(units)] == [1, 2]

    def test_another_creditors_claim_looks_like_none(self, units, placed):
        other, _ = agreed(units)
        with pytest.raises(UnableToReport, match="no claim of yours"):
            report(units, other, placed[2], "10.00", placed[5])

    def test_what_is_reported_of_a_claim_on_which_nothing_is_owed_is_refused_with_the_reason(
        self, units, placed
    ):
        """A12: none of it is the claim's, and none of it stands with us."""
        creditor, _, number, _, _, today = placed
        paid(units, *placed[:2], 60_000, key="a")
        report(units, creditor, number, "500.00", today)
        report(units, creditor, number, "10.00", today)
        book(units, creditor)
        first, second = rows(units)
        assert (first.state, second.state) == ("booked", "refused")
        assert (second.field, second.why) == ("claim", direct.NOTHING_LEFT_LATER)
        with units.open(Door.STAFF, by="x") as unit:
            assert [payment.over_minor for payment in rows_of(unit, Payment)] == [0, 10_000]
            events = "SELECT count(*) FROM event WHERE kind = 'PaymentHeld'"
            assert unit.session.connection().exec_driver_sql(events).scalar_one() == 0  # finance has nothing

    def test_of_a_claim_that_was_paid_before_it_is_said_at_once(self, units, placed):
        creditor, _, number, _, _, today = placed
        paid(units, *placed[:2], 100_000, key="a")
        with pytest.raises(UnableToReport, match="give the money back to the debtor"):
            report(units, creditor, number, "10.00", today)
        reported = send(units, creditor, f"claim,amount,date\n{number},10.00,{today}\n")
        assert (reported.taken, reported.refused) == (0, 1)

    def test_of_a_claim_that_was_taken_back_meanwhile_is_refused_with_the_reason(self, units, placed):
        creditor, claim, number, _, _, today = placed
        report(units, creditor, number, "10.00", today)
        with at_creditors_door(units, creditor) as unit:
            withdraw_claim(unit, creditor_id=creditor, claim_id=claim, why="settled between us")
        book(units, creditor)
        [row] = rows(units)
        assert (row.state, row.field, row.why) == ("refused", "claim", direct.ENDED_LATER)

    def test_a_claim_that_was_closed_takes_none(self, units, placed):
        with units.open(Door.STAFF, by="x") as unit:
            unit.session.get_one(Claim, (placed[0], placed[1])).state = ClaimState.CLOSED
        with pytest.raises(UnableToReport, match="not being collected"):
            report(units, placed[0], placed[2], "10.00", placed[5])


class TestByFile:
    def test_takes_the_good_lines_and_names_the_others(self, units, placed):
        creditor, _, number, reference, _, today = placed
        found = send(
            units, creditor,
            f"Vordering;Bedrag;Datum\n{number};10,00;{today:%d-%m-%Y}\n{reference};x;{today}\n"
            f"nobody;5,00;{today}\n{number};;{today}\n{number};2,50;31-02-2026\n",
        )  # fmt: skip
        assert (found.taken, found.refused) == (1, 4)
        refused = [(row.row_number, row.field, row.why) for row in rows(units) if row.state == "refused"]
        assert refused == [
            (3, "amount", "is not an amount"),
            (4, "claim", direct.UNKNOWN_CLAIM),
            (5, "amount", direct.NOT_GIVEN),
            (6, "paid_on", "is not a date"),
        ]

    def test_reads_amounts_and_days_as_the_file_itself_says_that_they_are_written(self, units, placed):
        number, today = placed[2], placed[5]
        days = f"{today:%m/%d/%Y}", "12/31/2025"
        lines = f"{number},1.5,{days[0]}\n{number},10.25,{days[0]}\n{number},$ 5.00,{days[0]}\n"
        send(units, placed[0], f"claim,amount,date\n{lines}{number},7.00,{days[1]}\n")
        assert [(row.amount_minor, row.paid_on, row.why) for row in rows(units)] == [
            (150, today, ""),
            (1_025, today, ""),
            (None, None, "is in a currency that the agency does not collect"),
            (700, date(2025, 12, 31), direct.BEFORE_PLACEMENT),
        ]

    def test_asks_for_what_the_page_can_be_given_where_an_amount_can_be_read_in_two_ways(self, units, placed):
        send(units, placed[0], f"claim;amount;date\n{placed[2]};12,345;{placed[5]}\n")
        assert [row.why for row in rows(units)] == [direct.TWO_WAYS]
        plain = f"claim;amount;date\n{placed[2]};1.234;{placed[5]}\n{placed[2]};10,00;{placed[5]}\n"
        send(units, placed[0], plain)
        assert [row.amount_minor for row in rows(units)] == [None, 123_400, 1_000]

    def test_the_same_file_again_changes_nothing(self, units, placed):
        content = f"claim,amount,date\n{placed[2]},10.00,{placed[5]}\n{placed[2]},10.00,{placed[5]}\n"
        first, second = (send(units, placed[0], content) for _ in range(2))
        assert (first.taken, second.taken, second.refused) == (2, 0, 2)

    def test_a_longer_file_adds_only_what_is_new(self, units, placed):
        line = f"{placed[2]},10.00,{placed[5]}\n"
        send(units, placed[0], "claim,amount,date\n" + line)
        assert send(units, placed[0], "claim,amount,date\n" + 3 * line).taken == 2

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            ("a,b,c\n1,2,3\n", "must name a column"),
            ("claim,amount,date\n", "names no payments"),
            ("\x00\x01\x02", "not a table|must name"),
        ],
    )
    def test_what_is_no_such_table_is_refused_whole(self, units, placed, content, why):
        with pytest.raises(UnreadableReport, match=why):
            send(units, placed[0], content)
        assert rows(units) == []

    def test_an_invoice_number_of_two_claims_is_not_guessed(self, units, placed):
        creditor = placed[0]
        with units.open(Door.STAFF, by="x") as unit:
            second = another_claim(unit, creditor)
            number = unit.session.get_one(Claim, (creditor, second)).number
            unit.session.get_one(Claim, (creditor, placed[1])).reference = number
        found = send(units, creditor, f"claim,amount,date\n{number},1.00,{placed[5]}\n")
        assert (found.taken, rows(units)[0].why) == (0, direct.SEVERAL_CLAIMS)


class TestTakenBack:
    def test_reverses_the_payment_and_gives_the_fee_back(self, units, placed):
        creditor, claim, number, _, _, today = placed
        report(units, creditor, number, "1000.00", today)
        book(units, creditor)
        with units.open(Door.STAFF, by="x") as unit:
            charge_fees(unit, creditor_id=creditor)
        [row] = rows(units)
        with at_creditors_door(units, creditor) as unit:
            take_back_report(unit, creditor_id=creditor, report_row_id=row.id)
        with pytest.raises(UnableToTakeBack), at_creditors_door(units, creditor) as unit:
            take_back_report(unit, creditor_id=creditor, report_row_id=row.id)
        book(units, creditor)
        with units.open(Door.STAFF, by="x") as unit:
            charge_fees(unit, creditor_id=creditor)
            assert sum(fee.net_minor for fee in rows_of(unit, SuccessFee)) == 0
            assert unit.session.get_one(Claim, (creditor, claim)).state == ClaimState.ACTIVE
        assert rows(units)[0].state == "taken_back"

    def test_before_it_was_booked_books_nothing(self, units, placed):
        report(units, placed[0], placed[2], "10.00", placed[5])
        with at_creditors_door(units, placed[0]) as unit:
            take_back_report(unit, creditor_id=placed[0], report_row_id=rows(units)[0].id)
        book(units, placed[0])
        with units.open(Door.STAFF, by="x") as unit:
            assert unit.session.exec(select(Payment)).all() == []
        assert rows(units)[0].state == "taken_back"

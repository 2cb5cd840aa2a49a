"""The simulated bank: statements that tie, orders that have effect once, refusals that book nothing."""

from datetime import UTC, date, datetime

import pytest

from agency.money import Money
from integrations.bankfiles.payment_order import Payer, Transfer, pain001
from integrations.bankfiles.payment_status import read_payment_status
from integrations.bankfiles.reader import read_bank_file

TRUST, TRUST_NAME = "NL86INGB0002445588", "Stichting Derdengelden Incasso Noord"
AGENCY = "NL44RABO0123456789"
CREDITOR = "NL53SIMU0000000002"
NOON = "2027-03-09T12:00:00+01:00"
TODAY = date(2027, 3, 9)


@pytest.fixture
def bank(simulator):
    simulator.post("/clock", {"now": NOON})
    return simulator


def pay_in(bank, amount, **details):
    answer = bank.http.post("/_sim/bank/transfer", json={"to_iban": TRUST, "amount": amount, **details})
    answer.raise_for_status()
    return answer.json()["bank_ref"]


def statement(bank, day=TODAY, iban=TRUST):
    answer = bank.http.get(f"/bank/statements/{iban}", params={"date": day.isoformat()})
    answer.raise_for_status()
    (only,) = read_bank_file(answer.content)
    return only


def in_format(bank, format):
    answer = bank.http.get(f"/bank/statements/{TRUST}", params={"date": TODAY.isoformat(), "format": format})
    return answer.raise_for_status().content


def balance(bank, iban=TRUST):
    (found,) = [account for account in bank.get("/bank/accounts")["accounts"] if account["iban"] == iban]
    return Money.parse(found["balance"], "EUR")


def transfer(number, cents=10_000, iban=CREDITOR):
    return Transfer(
        end_to_end=f"E2E-{number}",
        name=f"Schuldeiser {number}",
        iban=iban,
        amount=Money(cents, "EUR"),
        text="Afdracht",
    )


def order(*transfers, message_id="RUN-1", execute_on=TODAY, iban=TRUST):
    return pain001(
        message_id=message_id,
        created_at=datetime(2027, 3, 9, 11, tzinfo=UTC),
        payer=Payer(TRUST_NAME, iban),
        execute_on=execute_on,
        transfers=transfers,
    )


def send(bank, content):
    return bank.http.post("/bank/payments", content=content, headers={"Content-Type": "application/xml"})


class TestStatements:
    def test_a_transfer_is_on_the_statement_as_it_was_made(self, bank):
        bank_ref = pay_in(
            bank,
            "61.85",
            from_name="J. Jansen",
            from_iban="NL80SIMU0000000001",
            text="factuur 0042",
            structured_reference="RF18539007547034",
            end_to_end="E2E",
        )
        found = statement(bank)
        (line,) = found.lines
        assert (line.amount, line.booked_on, line.bank_ref) == (Money(6185, "EUR"), TODAY, bank_ref)
        assert (line.counterparty, line.counterparty_iban) == ("J. Jansen", "NL80SIMU0000000001")
        assert (line.text, line.structured_reference, line.end_to_end) == (
            "factuur 0042",
            "RF18539007547034",
            "E2E",
        )
        assert (found.account, found.closing) == (TRUST, Money(6185, "EUR"))

    def test_each_day_opens_where_the_last_one_closed(self, bank):
        pay_in(bank, "10.00", on="2027-03-08")
        pay_in(bank, "5.00")
        pay_in(bank, "-2.00", reversal=True)
        before, after = statement(bank, date(2027, 3, 8)), statement(bank)
        assert before.closing == after.opening == Money(1000, "EUR")
        assert after.closing == Money(1300, "EUR")
        assert (before.balances, after.balances) == (True, True)
        assert [line.reversal for line in after.lines] == [False, True]

    def test_two_equal_transfers_are_two_lines(self, bank):
        for _ in range(2):
            pay_in(bank, "10.00", from_name="J. Jansen", text="0042")
        lines = statement(bank).lines
        assert len({line.key for line in lines}) == 2

    def test_a_day_without_movements_ties_too(self, bank):
        empty = statement(bank, date(2027, 3, 1))
        assert (empty.lines, empty.balances) == ((), True)

    @pytest.mark.parametrize(
        ("iban", "day"), [(TRUST, "2027-03-10"), ("NL91ABNA0417164300", "2027-03-09"), (TRUST, "yesterday")]
    )
    def test_what_the_bank_does_not_have_is_refused(self, bank, iban, day):
        assert bank.http.get(f"/bank/statements/{iban}", params={"date": day}).status_code in (404, 422)

    @pytest.mark.parametrize("format", ["mt940", "coda", "csv"])
    def test_each_format_tells_the_same_movements(self, bank, format):
        pay_in(
            bank, "500.00", from_name="J. Jansen", from_iban=CREDITOR, text="factuur 1", end_to_end="E2E-9"
        )
        send(bank, order(transfer(1)))
        (other,) = read_bank_file(in_format(bank, format))
        told = statement(bank)
        assert (other.opening, other.closing, other.account) == (told.opening, told.closing, TRUST)
        assert [line.amount for line in other.lines] == [line.amount for line in told.lines]
        assert other.lines[0].end_to_end == "E2E-9"
        assert other.lines[0].counterparty_iban == CREDITOR

    def test_an_intraday_report_is_no_statement(self, bank):
        pay_in(bank, "500.00")
        (report,) = read_bank_file(in_format(bank, "camt052"))
        assert (report.kind, len(report.lines)) == ("report", 1)

    def test_a_movement_keeps_its_value_date_and_why_it_came_back(self, bank):
        pay_in(bank, "500.00", value_on="2027-02-28", return_reason="AC04")
        (line,) = statement(bank).lines
        assert (line.value_on, line.booked_on) == (date(2027, 2, 28), TODAY)
        assert line.return_reason == "AC04"


class TestOrders:
    def test_a_batch_leaves_the_account_as_one_lump(self, bank):
        pay_in(bank, "500.00")
        in_one = order(transfer(1), transfer(2, 5_000)).replace(b"<BtchBookg>false<", b"<BtchBookg>true<")
        answer = send(bank, in_one)
        assert answer.status_code == 202
        assert answer.json() == {
            "message_id": "RUN-1",
            "status": "ACCP",
            "accepted": 2,
            "rejected": [],
            "duplicate": False,
        }
        _, debit = statement(bank).lines
        assert debit.amount == Money(-15_000, "EUR")
        assert "RUN-1" in debit.text
        assert balance(bank) == Money(35_000, "EUR")

    def test_our_orders_are_booked_one_by_one(self, bank):
        pay_in(bank, "500.00")
        content = order(transfer(1), transfer(2))
        assert send(bank, content).status_code == 202
        debits = [line for line in statement(bank).lines if line.amount.minor < 0]
        assert [line.end_to_end for line in debits] == ["E2E-1", "E2E-2"]
        assert {line.counterparty_iban for line in debits} == {CREDITOR}

    def test_the_same_order_twice_has_effect_once(self, bank):
        pay_in(bank, "500.00")
        content = order(transfer(1))
        assert [send(bank, content).json()["duplicate"] for _ in range(2)] == [False, True]
        assert balance(bank) == Money(40_000, "EUR")

    def test_another_order_under_the_same_id_is_refused(self, bank):
        pay_in(bank, "500.00")
        send(bank, order(transfer(1)))
        answer = send(bank, order(transfer(2)))
        assert (answer.status_code, answer.json()["code"]) == (409, "DU01")
        assert balance(bank) == Money(40_000, "EUR")

    def test_one_refused_payment_leaves_the_others_final(self, bank):
        pay_in(bank, "500.00")
        closed = "NL88SIMU0010000000"
        answer = send(bank, order(transfer(1), transfer(2, 1313), transfer(3, iban=closed))).json()
        assert (answer["status"], answer["accepted"]) == ("PART", 1)
        assert [(one["end_to_end"], one["code"]) for one in answer["rejected"]] == [
            ("E2E-2", "AM04"),
            ("E2E-3", "AC04"),
        ]
        assert balance(bank) == Money(40_000, "EUR")

    def test_says_in_pain002_which_payments_it_refused(self, bank):
        pay_in(bank, "500.00")
        bank.post("/bank/refusals", {"times": 1})
        send(bank, order(transfer(1), transfer(2)))
        status = read_payment_status(bank.http.get("/bank/payments/RUN-1/status").content)
        assert (status.order_id, status.status) == ("RUN-1", "PART")
        assert [(one.end_to_end, one.reason, one.refused) for one in status.payments] == [
            ("E2E-1", "AC04", True)
        ]
        assert bank.http.get("/bank/payments/RUN-2/status").status_code == 404

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "FF01"),
            (b"<Document/>", "FF01"),
            (b"not xml", "FF01"),
            (b'<!DOCTYPE x [<!ENTITY e "x">]><Document>&e;</Document>', "FF01"),
            (order(transfer(1, 50_001)), "AM04"),
            (order(transfer(1), iban="NL91ABNA0417164300"), "AC02"),
        ],
    )
    def test_a_refused_order_books_nothing(self, bank, content, code):
        pay_in(bank, "500.00")
        answer = send(bank, content)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert balance(bank) == Money(50_000, "EUR")

    def test_a_later_day_is_waited_for(self, bank):
        pay_in(bank, "500.00")
        send(bank, order(transfer(1), execute_on=date(2027, 3, 10)))
        assert len(statement(bank).lines) == 1
        bank.post("/clock", {"now": "2027-03-10T12:00:00+01:00"})
        (debit,) = statement(bank, date(2027, 3, 10)).lines
        assert debit.amount == Money(-10_000, "EUR")

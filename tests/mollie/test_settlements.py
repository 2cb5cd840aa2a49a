"""A lump on the bank statement, explained to the cent by the payments, refunds and costs behind it."""

from datetime import date

import pytest

from agency.money import Money
from integrations.bankfiles.reader import read_bank_file
from integrations.mollie.payments import MolliePayments

FRIDAY, SATURDAY, MONDAY, TUESDAY = (
    "2027-03-05T11:00:00+01:00",
    "2027-03-06T11:00:00+01:00",
    "2027-03-08T11:00:00+01:00",
    "2027-03-09T11:00:00+01:00",
)
TRUST = "NL86INGB0002445588"


@pytest.fixture
def mollie(simulator):
    opened = MolliePayments(
        url=f"{simulator.url}/mollie", key="test_k", organization_token="access_t", production=False
    )
    yield opened
    opened.close()


def pay(simulator, mollie, cents, *, method="ideal", name):
    created = mollie.create(
        intent_id=name,
        amount=Money(cents, "EUR"),
        description=name,
        redirect_url=simulator.agency.url,
        webhook_url=f"{simulator.agency.url}/hooks/mollie",
        locale="nl_NL",
    )
    simulator.post(f"/payments/{created.ref}/pay", {"method": method})
    return created.ref


def statement(simulator, day):
    answer = simulator.http.get(f"/bank/statements/{TRUST}", params={"date": day})
    answer.raise_for_status()
    (only,) = read_bank_file(answer.content)
    return only


class TestSettlements:
    def test_a_weekend_is_one_lump_on_monday_that_its_parts_explain(self, simulator, mollie):
        simulator.post("/clock", {"now": FRIDAY})
        first = pay(simulator, mollie, 10_000, name="a")
        simulator.post("/clock", {"now": SATURDAY})
        second = pay(simulator, mollie, 5_000, method="bancontact", name="b")
        assert mollie.settlements(since=date(2027, 3, 1)) == []
        simulator.post("/clock", {"now": MONDAY})

        (settlement,) = mollie.settlements(since=date(2027, 3, 1))
        # Withheld: iDEAL 0.32 and Bancontact 0.39, plus 21 % VAT: 0.71 x 1.21 = 0.8591.
        assert settlement.costs == Money(86, "EUR")
        assert settlement.amount == Money(14_914, "EUR")
        assert {(line.payment_ref, line.amount) for line in settlement.lines} == {
            (first, Money(10_000, "EUR")),
            (second, Money(5_000, "EUR")),
        }
        assert settlement.settled_on == date(2027, 3, 8)

        booked = statement(simulator, "2027-03-08")
        (line,) = booked.lines
        assert line.amount == settlement.amount
        assert settlement.reference in line.text
        assert booked.balances is True
        assert statement(simulator, "2027-03-06").lines == ()

    def test_money_that_went_back_is_in_the_next_lump(self, simulator, mollie):
        simulator.post("/clock", {"now": FRIDAY})
        first = pay(simulator, mollie, 10_000, name="a")
        simulator.post("/clock", {"now": MONDAY})
        simulator.post(f"/payments/{first}/refund", {"amount": "25.00"})
        simulator.post(f"/payments/{first}/chargeback", {"amount": "10.00"})
        pay(simulator, mollie, 8_000, name="b")
        simulator.post("/clock", {"now": TUESDAY})

        before, after = mollie.settlements(since=date(2027, 3, 1))
        assert before.amount == Money(10_000 - 39, "EUR")
        assert sorted((line.kind, line.amount.minor) for line in after.lines) == [
            ("chargeback", -1_000),
            ("payment", 8_000),
            ("refund", -2_500),
        ]
        total = Money.total((line.amount for line in after.lines), "EUR")
        assert after.amount == total - after.costs
        assert before.reference != after.reference
        assert [entry.ref for entry in mollie.settlements(since=date(2027, 3, 9))] == [after.ref]
        only = mollie.settlements(since=date(2027, 3, 1), amounts={before.amount, Money(1, "EUR")})
        assert list(only) == [before]

    def test_what_would_be_negative_waits(self, simulator, mollie):
        simulator.post("/clock", {"now": FRIDAY})
        first = pay(simulator, mollie, 10_000, name="a")
        simulator.post("/clock", {"now": MONDAY})
        simulator.post(f"/payments/{first}/refund", {})
        simulator.post("/clock", {"now": TUESDAY})
        assert len(mollie.settlements(since=date(2027, 3, 1))) == 1
        pay(simulator, mollie, 30_000, name="b")
        simulator.post("/clock", {"now": "2027-03-10T11:00:00+01:00"})
        _, later = mollie.settlements(since=date(2027, 3, 1))
        assert later.amount == Money(30_000 - 10_000 - 39, "EUR")

    def test_a_day_that_was_read_gets_no_lump_any_more(self, simulator, mollie):
        simulator.post("/clock", {"now": FRIDAY})
        first = pay(simulator, mollie, 10_000, name="a")
        simulator.post("/clock", {"now": MONDAY})
        simulator.post(f"/payments/{first}/chargeback", {})
        for name in "bc":
            pay(simulator, mollie, 4_000, name=name)
        simulator.post("/clock", {"now": TUESDAY})
        assert statement(simulator, "2027-03-09").lines == ()
        simulator.post("/settlements/next", {"lumps": 2})
        assert statement(simulator, "2027-03-09").lines == ()
        simulator.post("/clock", {"now": "2027-03-10T11:00:00+01:00"})
        (line,) = statement(simulator, "2027-03-10").lines
        assert line.amount == Money(4_000 - 39, "EUR")
        assert statement(simulator, "2027-03-09").lines == ()

    def test_more_than_a_page_is_read_whole(self, simulator, mollie):
        simulator.post("/clock", {"now": FRIDAY})
        refs = {pay(simulator, mollie, 100 + number, name=f"p{number}") for number in range(12)}
        simulator.post("/clock", {"now": MONDAY})
        (settlement,) = mollie.settlements(since=date(2027, 3, 1))
        assert {line.payment_ref for line in settlement.lines} == refs
        (first_page,) = [
            simulator.http.get(
                f"/mollie/v2/settlements/{settlement.ref}/payments",
                params={"limit": 5},
                headers={"Authorization": "Bearer k"},
            ).json()
        ]
        assert first_page["count"] == 5
        assert first_page["_links"]["next"]


class TestGivenBack:
    def test_names_the_payments_of_which_something_went_back_since_a_day(self, simulator, mollie):
        simulator.post("/clock", {"now": FRIDAY})
        early, kept, late, charged = (pay(simulator, mollie, 10_000, name=name) for name in "abcd")
        simulator.post(f"/payments/{early}/refund", {"amount": "1.00"})
        simulator.post("/clock", {"now": MONDAY})
        simulator.post(f"/payments/{late}/refund", {"amount": "1.00"})
        simulator.post(f"/payments/{charged}/chargeback", {})
        assert mollie.given_back(since=date(2027, 3, 5)) == {early, late, charged}
        assert mollie.given_back(since=date(2027, 3, 8)) == {late, charged}
        assert mollie.given_back(since=date(2027, 3, 9)) == frozenset()
        assert kept

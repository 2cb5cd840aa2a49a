"""What a payment pays off: costs, interest, principal, and the rest back to the debtor."""

import csv
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import CurrencyMismatch, Money
from agency.rules.allocation import Allocation, allocate
from agency.rules.facts import Law
from tests.rules.explainable import assert_explains

pytestmark = pytest.mark.pure

amounts = st.integers(min_value=0, max_value=10**12).map(lambda minor: Money(minor, "EUR"))


def euros(text: str) -> Money:
    return Money.parse(text, "EUR")


def pay(paid: str, costs: str, interest: str, principal: str, law: Law = Law.nl) -> Allocation:
    return allocate(
        law=law,
        paid=euros(paid),
        costs=euros(costs),
        interest=euros(interest),
        principal=euros(principal),
    )


def parts(found: Allocation) -> tuple[Money, ...]:
    return found.costs, found.interest, found.principal, found.over


@pytest.mark.parametrize(
    ("paid", "expected", "source"),
    [
        ("1000", ("625", "300", "75", "0"), "P13 luxis test"),
        ("500", ("500", "0", "0", "0"), "P14 luxis test"),
        ("7000", ("625", "300", "5000", "1075"), "P15 luxis test"),
    ],
)
def test_pays_costs_then_interest_then_principal(paid, expected, source):
    """BW 6:44."""
    assert parts(pay(paid, "625", "300", "5000")) == tuple(map(euros, expected)), source


def test_a_payment_after_the_term_leaves_the_costs_on_the_principal_reminded():
    """S9: principal 1,000 with costs of 150; 700 paid after the term leaves 450 of principal."""
    found = pay("700", "150", "0", "1000")
    assert (found.costs, found.principal) == (euros("150"), euros("550"))
    assert euros("1000") - found.principal == euros("450")


def test_agrees_with_every_collected_vector(real_data):
    """08_wik: BW 6:44 vectors; a negative payment is an error."""
    with (real_data / "08_wik" / "art_6_44_allocation_vectors.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 9
    for row in rows:
        owed = (row["outstanding_costs"], row["outstanding_interest"], row["outstanding_principal"])
        if row["to_costs"] == "ERROR":
            with pytest.raises(ValueError, match="not negative"):
                pay(row["payment"], *owed)
            continue
        expected = (row["to_costs"], row["to_interest"], row["to_principal"], row["overpayment"])
        assert parts(pay(row["payment"], *owed)) == tuple(map(euros, expected)), row


@pytest.mark.parametrize("negative", [("1", "-1", "0", "0"), ("1", "0", "-1", "0"), ("1", "0", "0", "-1")])
def test_refuses_a_negative_part(negative):
    with pytest.raises(ValueError, match="not negative"):
        pay(*negative)


def test_refuses_two_currencies():
    with pytest.raises(CurrencyMismatch):
        allocate(
            law=Law.nl, paid=Money(1, "USD"), costs=euros("1"), interest=euros("1"), principal=euros("1")
        )


def test_the_trace_says_what_was_owed_and_what_it_paid():
    trace = pay("1000", "625", "300", "5000").trace
    assert [(line.outcome, line.inputs["owed"], line.amount) for line in trace] == [
        ("allocation.costs", "EUR 625.00", euros("625")),
        ("allocation.interest", "EUR 300.00", euros("300")),
        ("allocation.principal", "EUR 5000.00", euros("75")),
    ]
    assert pay("7000", "625", "300", "5000").trace[-1].amount == euros("1075")


@pytest.mark.parametrize(
    ("law", "source"), [(Law.nl, "BW 6:44"), (Law.be, "old BW 1254"), (Law.de, "BGB s. 367(1)")]
)
def test_names_the_article_of_the_law(law, source):
    line = pay("1", "1", "0", "0", law=law).trace[0]
    assert line.source.startswith(source)
    assert line.rule == f"{law}.allocation"


@given(st.sampled_from(list(Law)), amounts, amounts, amounts, amounts)
def test_the_parts_are_the_payment_and_never_more_than_owed(law, paid, costs, interest, principal):
    found = allocate(law=law, paid=paid, costs=costs, interest=interest, principal=principal)
    assert Money.total(parts(found), "EUR") == paid
    assert_explains(found.trace, paid)
    assert found.costs <= costs
    assert found.interest <= interest
    assert found.principal <= principal
    if found.interest:
        assert found.costs == costs
    if found.principal:
        assert found.interest == interest
    if found.over:
        assert found.principal == principal


@given(amounts, amounts, amounts, amounts, amounts)
def test_two_payments_pay_what_one_of_both_would(first, second, costs, interest, principal):
    owed = {"costs": costs, "interest": interest, "principal": principal}
    once = allocate(law=Law.nl, paid=first + second, **owed)
    before = allocate(law=Law.nl, paid=first, **owed)
    after = allocate(
        law=Law.nl,
        paid=second,
        costs=costs - before.costs,
        interest=interest - before.interest,
        principal=principal - before.principal,
    )
    assert parts(once) == tuple(one + two for one, two in zip(parts(before), parts(after), strict=True))
    assert once.over.decimal >= Decimal(0)

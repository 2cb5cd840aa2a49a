"""Costs agreed in a contract: capped for a consumer, binding between businesses."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.rules.costs import Costs, UnlawfulCosts, collection_costs
from agency.rules.facts import DebtorKind, Law
from tests.rules.explainable import assert_explains

pytestmark = pytest.mark.pure

NOW = date(2026, 11, 2)
CONSUMER, COMPANY = DebtorKind.consumer, DebtorKind.company


def euros(text: str) -> Money:
    return Money.parse(text, "EUR")


def agree(agreed: str, *, principal="1000", law: Law = Law.nl, debtor=COMPANY, on=NOW, **more) -> Costs:
    found = collection_costs(
        law=law, debtor=debtor, principals=[euros(principal)], on=on, agreed=euros(agreed), **more
    )
    assert_explains(found.trace, found.total)
    return found


def outcomes(found: Costs) -> list[str]:
    return [line.outcome.removeprefix("costs.") for line in found.trace]


def test_adds_the_vat_of_2012_to_agreed_costs():
    """P12: the case of HR ECLI:NL:HR:2015:1868, cassatieblog.nl."""
    found = agree("3762.47", principal="25000", on=date(2012, 7, 2), vat_deductible=False)
    assert found.vat == euros("714.87")


def test_stands_between_businesses_and_tells_what_a_court_may_leave():
    """Rv 242; HR ECLI:NL:HR:2015:1868."""
    found = agree("500")
    assert (found.total, found.court_may_lower_to) == (euros("500"), euros("150"))
    assert outcomes(found) == ["agreed", "moderation"]


@pytest.mark.parametrize(("agreed", "expected"), [("150", "150"), ("149.99", "149.99"), ("40", "40")])
def test_leaves_a_court_nothing_to_lower_within_the_scale(agreed, expected):
    found = agree(agreed)
    assert (found.total, found.court_may_lower_to, outcomes(found)) == (euros(expected), None, ["agreed"])


def test_is_never_below_forty_between_businesses():
    """BW 6:96(4)."""
    found = agree("39.99")
    assert (found.total, outcomes(found)) == (euros("40"), ["agreed", "floor"])
    assert agree("0", law=Law.be).total == euros("40")
    assert agree("0", debtor=DebtorKind.sole_trader).total == euros("40")


@pytest.mark.parametrize(
    ("law", "agreed", "expected", "reason"),
    [
        (Law.nl, "150.01", "150", "agreed_too_high"),
        (Law.nl, "150", "150", "agreed"),
        (Law.nl, "25", "25", "agreed"),
        (Law.be, "200", "90", "agreed_too_high"),
        (Law.be, "15", "15", "agreed"),
    ],
)
def test_never_costs_a_consumer_more_than_the_scale(law, agreed, expected, reason):
    """BW 6:96(5); WER art. XIX.4."""
    found = agree(agreed, law=law, debtor=CONSUMER)
    assert (found.total, found.court_may_lower_to) == (euros(expected), None)
    assert outcomes(found)[0] == reason


def test_belgian_businesses_may_agree_more_than_forty():
    found = agree("100", law=Law.be)
    assert (found.total, found.court_may_lower_to) == (euros("100"), euros("40"))


@pytest.mark.parametrize(("law", "currency"), [(Law.uk, "GBP"), (Law.eu, "EUR"), (Law.de, "EUR")])
def test_is_refused_where_no_rule_is_kept(law, currency):
    amount = Money(100_000, currency)
    with pytest.raises(UnlawfulCosts, match=r"agreed costs|no agreement"):
        collection_costs(law=law, debtor=COMPANY, principals=[amount], on=NOW, agreed=amount)


@pytest.mark.parametrize("agreed", [Money(-1, "EUR"), Money(1, "USD")])
def test_is_refused_when_it_is_no_amount_of_the_scale(agreed):
    with pytest.raises(UnlawfulCosts, match="negative or not in EUR"):
        collection_costs(law=Law.nl, debtor=COMPANY, principals=[euros("1")], on=NOW, agreed=agreed)


@given(st.integers(0, 10**8), st.integers(1, 10**9))
def test_a_consumer_owes_the_lower_of_both(agreed, principal):
    found = agree(
        str(Money(agreed, "EUR").decimal), principal=str(Money(principal, "EUR").decimal), debtor=CONSUMER
    )
    scale = collection_costs(law=Law.nl, debtor=CONSUMER, principals=[Money(principal, "EUR")], on=NOW)
    assert found.total == min(Money(agreed, "EUR"), scale.total)

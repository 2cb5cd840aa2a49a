"""Who keeps what a debtor paid: the contract's side of a payment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.rules.allocation import Allocation, allocate
from agency.rules.contract_split import Keeper, split_by_contract
from agency.rules.facts import Law
from tests.rules.explainable import assert_explains

pytestmark = pytest.mark.pure

CREDITOR, AGENCY = Keeper.CREDITOR, Keeper.AGENCY
amounts = st.integers(0, 10**10).map(lambda minor: Money(minor, "EUR"))


def euros(text: str) -> Money:
    return Money.parse(text, "EUR")


def paid(text: str) -> Allocation:
    return allocate(
        law=Law.nl, paid=euros(text), costs=euros("150"), interest=euros("20"), principal=euros("1000")
    )


@pytest.mark.parametrize(
    ("costs_to", "interest_to", "creditor", "agency", "source"),
    [
        (AGENCY, CREDITOR, "1020", "150", "10: as Vici, the agency keeps the costs"),
        (AGENCY, AGENCY, "1000", "170", "10: as Atradius and Debitura, costs and interest"),
        (CREDITOR, CREDITOR, "1170", "0", "all to the creditor"),
        (CREDITOR, AGENCY, "1150", "20", "the other way round"),
    ],
)
def test_follows_the_contract(costs_to, interest_to, creditor, agency, source):
    found = split_by_contract(parts=paid("1200"), costs_to=costs_to, interest_to=interest_to)
    assert (found.creditor, found.agency, found.debtor) == (euros(creditor), euros(agency), euros("30")), (
        source
    )
    assert [line.outcome for line in found.trace] == [
        "allocation.principal_to_creditor",
        f"allocation.interest_to_{interest_to}",
        f"allocation.costs_to_{costs_to}",
        "allocation.over_to_debtor",
    ]


def test_says_nothing_of_money_back_when_there_is_none():
    found = split_by_contract(parts=paid("1170"), costs_to=AGENCY, interest_to=CREDITOR)
    assert len(found.trace) == 3


@given(amounts, st.sampled_from(Keeper), st.sampled_from(Keeper))
def test_the_shares_are_the_payment(payment, costs_to, interest_to):
    parts = allocate(
        law=Law.nl, paid=payment, costs=euros("150"), interest=euros("20"), principal=euros("1000")
    )
    found = split_by_contract(parts=parts, costs_to=costs_to, interest_to=interest_to)
    assert found.creditor + found.agency + found.debtor == payment
    assert_explains(found.trace, payment)

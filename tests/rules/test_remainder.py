"""Small remainders: waived only where they are days of interest, and never above the house's limit."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import CurrencyMismatch, Money
from agency.rules.remainder import small_remainder

pytestmark = pytest.mark.pure
ON = date(2026, 11, 26)


def decided(left: int, interest: int, currency: str = "EUR", on: date = ON):
    return small_remainder(left=Money(left, currency), interest=Money(interest, currency), on=on)


@pytest.mark.parametrize(
    ("left", "interest", "currency", "waived"),
    [
        (250, 250, "EUR", True),
        (251, 10_000, "EUR", False),
        (200, 199, "EUR", False),
        (1, 1, "EUR", True),
        (0, 100, "EUR", False),
        (-1, 100, "EUR", False),
        (200, 200, "GBP", True),
        (201, 300, "GBP", False),
        (1, 1, "USD", False),
    ],
)
def test_is_a_limit_and_never_more_than_the_interest(left, interest, currency, waived):
    found = decided(left, interest, currency)
    assert found.waived is waived
    assert found.trace[0].outcome == ("remainder.waived" if waived else "remainder.owed")


def test_before_the_first_policy_nothing_is_waived():
    found = decided(1, 100, on=date(1999, 12, 31))
    assert (found.waived, found.limit) == (False, Money(0, "EUR"))


@given(left=st.integers(1, 400), interest=st.integers(0, 400))
def test_less_is_never_owed_where_more_is_waived(left, interest):
    assert not decided(left, interest).waived or decided(left - 1 or 1, interest).waived


def test_amounts_of_two_currencies_are_refused():
    with pytest.raises(CurrencyMismatch):
        small_remainder(left=Money(1, "EUR"), interest=Money(1, "GBP"), on=ON)

"""The age of a debt, in full calendar months and in days."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.calendar import add_months
from agency.money import CurrencyMismatch, Money
from agency.rules.debt_age import DebtAge, blended_age, debt_age, fewest_days

pytestmark = pytest.mark.pure

ON = date(2026, 11, 2)
days = st.dates(date(2020, 1, 1), date(2040, 12, 31))


def euros(text: str) -> Money:
    return Money.parse(text, "EUR")


@pytest.mark.parametrize(
    ("due", "eve", "old", "source"),
    [
        (date(2026, 1, 15), date(2026, 2, 14), date(2026, 2, 15), "P44 debitura"),
        (date(2026, 3, 31), date(2026, 4, 29), date(2026, 4, 30), "P44 debitura"),
        (date(2024, 1, 31), date(2024, 2, 28), date(2024, 2, 29), "leap day"),
    ],
)
def test_a_month_is_full_on_the_same_day_or_the_last(due, eve, old, source):
    assert debt_age(due=due, on=eve).months == 0, source
    assert debt_age(due=due, on=old).months == 1, source


def test_counts_days_too_and_has_no_age_before_it_is_due():
    assert debt_age(due=date(2026, 5, 1), on=ON) == DebtAge(months=6, days=185)
    assert debt_age(due=ON, on=ON) == DebtAge(months=0, days=0)
    assert debt_age(due=ON + timedelta(days=1), on=ON) == DebtAge(months=0, days=0)


def test_blends_by_what_is_open():
    old, young = (euros("300"), date(2025, 11, 2)), (euros("100"), ON)
    assert blended_age(parts=[old, young], on=ON) == DebtAge(months=9, days=273)
    assert blended_age(parts=[old, (euros("0"), ON)], on=ON) == DebtAge(months=12, days=365)
    assert blended_age(parts=[(euros("100"), date(2025, 12, 2)), young], on=ON).months == 5


@pytest.mark.parametrize(
    "parts", [[], [(euros("0"), ON)], [(euros("-1"), ON)], [(euros("2"), ON), (euros("-1"), ON)]]
)
def test_blends_only_what_is_open(parts):
    with pytest.raises(ValueError, match="open amounts"):
        blended_age(parts=parts, on=ON)


def test_blends_no_currencies():
    with pytest.raises(CurrencyMismatch):
        blended_age(parts=[(euros("1"), ON), (Money(1, "USD"), ON)], on=ON)


@pytest.mark.parametrize(("months", "fewest"), [(0, 0), (1, 28), (6, 181), (12, 365), (24, 730)])
def test_knows_the_shortest_months(months, fewest):
    """Six months from 31 August to 28 February are 181 days."""
    assert fewest_days(months) == fewest


@given(days, st.integers(0, 60))
def test_no_months_are_shorter_than_the_fewest_days(due, months):
    assert debt_age(due=due, on=add_months(due, months)).days >= fewest_days(months)


@given(st.lists(st.tuples(st.integers(1, 10**6), days), min_size=1, max_size=5))
def test_a_blend_lies_between_the_youngest_and_the_oldest(rows):
    on = date(2041, 1, 1)
    parts = [(Money(minor, "EUR"), due) for minor, due in rows]
    ages = [debt_age(due=due, on=on) for _, due in parts]
    found = blended_age(parts=parts, on=on)
    assert min(age.days for age in ages) <= found.days <= max(age.days for age in ages)
    assert min(age.months for age in ages) <= found.months <= max(age.months for age in ages)

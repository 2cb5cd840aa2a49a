"""A column of debts: refused like one debt is, and fast enough to be worth having."""

from datetime import date
from decimal import Decimal

import pytest

from agency.money import Money
from agency.rules.facts import InterestKind, Law
from agency.rules.interest import UnlawfulInterest, interest
from agency.rules.interest_column import interest_column
from agency.rules.rates import NoRate

pytestmark = pytest.mark.pure

FIRST, LAST = date(2025, 1, 1), date(2025, 12, 31)


def column(*rows: tuple[int, date, date], law=Law.nl, kind=InterestKind.consumer, **more) -> list[int]:
    return interest_column(
        law=law,
        kind=kind,
        principals=[minor for minor, _, _ in rows],
        first_days=[first for _, first, _ in rows],
        last_days=[last for _, _, last in rows],
        **more,
    )


def test_answers_in_the_order_of_the_debts():
    assert column((100_000, FIRST, LAST), (0, FIRST, LAST), (200_000, FIRST, LAST)) == [6_000, 0, 12_000]


def test_an_empty_column_has_no_interest():
    assert column() == []


def test_a_debt_whose_last_day_is_before_its_first_bears_nothing():
    assert column((100_000, LAST, FIRST)) == [0]


@pytest.mark.parametrize(
    ("rows", "more", "error", "reason"),
    [
        ([(-1, FIRST, LAST)], {}, ValueError, "credit"),
        ([(1, FIRST, LAST)], {"late_since": [date(2025, 1, 2)]}, ValueError, "default"),
        ([(1, FIRST, LAST)], {"late_since": [FIRST, FIRST]}, ValueError, "zip"),
        ([(1, date(1997, 12, 31), LAST)], {}, NoRate, "not known"),
        ([(1, date(2009, 12, 31), LAST)], {"law": Law.uk, "kind": InterestKind.trade}, NoRate, "before 2010"),
        ([(1, FIRST, LAST)], {"law": Law.de, "compounding_agreed": True}, UnlawfulInterest, "void"),
        ([(1, FIRST, LAST)], {"surcharge_percent": Decimal(-1)}, ValueError, "not negative"),
        ([(1, FIRST, LAST)], {"kind": InterestKind.contract}, ValueError, "agreed rate"),
    ],
)
def test_refuses_what_interest_refuses(rows, more, error, reason):
    with pytest.raises(error, match=reason):
        column(*rows, **more)


def test_a_debt_that_was_late_before_the_first_row_turns_its_years_all_the_same():
    """Late since 1996, interest claimed from 1998: the years turn on 15 June, not on 1 January."""
    late = date(1996, 6, 15)
    found = column((100_000, date(1998, 1, 1), date(1999, 6, 14)), late_since=[late])
    first = round(100_000 * 6 * 165 / 36_500)
    assert found == [first + round((100_000 + first) * 6 / 100)]


def test_old_belgian_contracts_keep_their_rate():
    trade = {"law": Law.be, "kind": InterestKind.trade}
    day = (36_500_000, date(2015, 3, 15), date(2015, 3, 15))
    assert column(day, **trade) == [8_500]
    assert column(day, **trade, contract_on=date(2013, 3, 15)) == [7_500]


@pytest.mark.parametrize("days", [0, 1, 2])
def test_a_year_of_default_may_turn_on_the_first_days(days):
    late, first, last = date(2024, 1, 1 + days), date(2025, 1, 1), date(2026, 6, 30)
    principal = 99_999_999_999
    one = interest(
        law=Law.nl, kind=InterestKind.consumer, principal=Money(principal, "EUR"), first_day=first,
        last_day=last, late_since=late,
    )  # fmt: skip
    assert column((principal, first, last), late_since=[late]) == [one.amount.minor]

"""Interest that never joins its base: exact, rounded once, and the ordinary answer where no law compounds."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.rules.explain import explain
from agency.rules.facts import InterestKind, Law
from agency.rules.interest import interest
from agency.rules.rates import rate_on
from agency.rules.simple_interest import simple_interest
from agency.rules.words import LANGUAGES

pytestmark = pytest.mark.pure

days = st.dates(date(2015, 1, 1), date(2026, 6, 30))


def run(minor: int, first: date, last: date, law=Law.nl, kind=InterestKind.consumer, **more):
    return simple_interest(
        law=law, kind=kind, principal=Money(minor, "EUR"), first_day=first, last_day=last, **more
    )


def test_two_years_earn_twice_the_first_one():
    """P20 without capitalisation: 5,000 at 6 % would earn 618 over two years with it."""
    found = run(500_000, date(2025, 1, 1), date(2025, 12, 31))
    assert found.amount == Money(30_000, "EUR")
    both = run(500_000, date(2024, 1, 2), date(2025, 12, 31))
    assert both.amount == Money(65_000, "EUR")  # 365 days at 7 %, 365 days at 6 %
    assert {one.base for one in both.segments} == {Money(500_000, "EUR")}


@given(st.integers(0, 10**9), days, st.integers(-1, 2500))
def test_is_exact_day_by_day(minor, first, length):
    last = min(first + timedelta(days=length), date(2026, 12, 31))
    exact = Fraction(0)
    day = first
    while day <= last:
        percent = rate_on(law=Law.nl, kind=InterestKind.consumer, on=day).percent
        exact += Fraction(minor) * Fraction(percent) / 36500
        day += timedelta(days=1)
    found = run(minor, first, last)
    assert found.amount.minor == (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
    assert Money.total((one.amount for one in found.segments), "EUR") == found.amount
    assert Money.total((line.amount for line in found.trace), "EUR") == found.amount


@given(st.integers(0, 10**8), days, st.integers(0, 900))
def test_is_the_ordinary_interest_where_no_law_compounds(minor, first, length):
    last = min(first + timedelta(days=length), date(2026, 6, 30))
    ordinary = interest(
        law=Law.be, kind=InterestKind.trade, principal=Money(minor, "EUR"), first_day=first, last_day=last
    )
    assert run(minor, first, last, Law.be, InterestKind.trade).amount == ordinary.amount


def test_never_exceeds_what_compounds_and_keeps_the_default():
    late = date(2022, 3, 1)
    found = run(100_000, date(2024, 3, 1), date(2026, 2, 28), late_since=late)
    with_it = interest(
        law=Law.nl, kind=InterestKind.consumer, principal=Money(100_000, "EUR"),
        first_day=date(2024, 3, 1), last_day=date(2026, 2, 28), late_since=late,
    )  # fmt: skip
    assert found.amount < with_it.amount


@pytest.mark.parametrize("lang", LANGUAGES)
def test_says_each_segment_in_words(lang):
    (line,) = explain(run(100_000, date(2025, 1, 1), date(2025, 12, 31)).trace, lang)
    assert line.amount == Money(6_000, "EUR")
    assert line.rule == "nl.interest.consumer.simple"
    assert "6" in line.words
    assert "365" in line.words


def test_refuses_a_credit():
    with pytest.raises(ValueError, match="not over a credit"):
        run(-1, date(2025, 1, 1), date(2025, 12, 31))

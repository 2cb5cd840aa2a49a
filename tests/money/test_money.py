"""Amounts: nothing is lost in a split, currencies never mix, and rounding is exact."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import (
    CurrencyMismatch,
    Money,
    Rounding,
    UnknownCurrency,
    UnreadableAmount,
    bps_of,
    compounded,
    percent_of,
    round_minor,
    round_ratio,
)

pytestmark = pytest.mark.pure

minors = st.integers(min_value=-(10**12), max_value=10**12)


def euros(text: str) -> Money:
    return Money.parse(text, "EUR")


class TestReading:
    @pytest.mark.parametrize(
        ("text", "currency", "minor"),
        [
            ("1234.50", "EUR", 123450),
            ("1234.5", "EUR", 123450),
            ("-7", "EUR", -700),
            ("0", "EUR", 0),
            ("-0.01", "EUR", -1),
            ("1234", "JPY", 1234),
            ("1.234", "BHD", 1234),
        ],
    )
    def test_reads_plain_decimals(self, text, currency, minor):
        assert Money.parse(text, currency) == Money(minor, currency)

    @pytest.mark.parametrize(
        "text",
        ["", " 1", "1,50", "1.234,50", "1e3", "+5", ".5", "5.", "0.1+0.2", "1.005", "١٢", "NaN", "9" * 16],
    )
    def test_refuses_everything_else(self, text):
        with pytest.raises(UnreadableAmount):
            Money.parse(text, "EUR")

    def test_refuses_decimals_the_currency_lacks(self):
        with pytest.raises(UnreadableAmount, match="JPY has 0 decimals"):
            Money.parse("1.5", "JPY")

    def test_knows_the_first_and_last_of_each_list_of_currencies(self):
        known = {code: len(str(Money(1, code).decimal)) - 2 for code in ("AED", "XXX", "BHD", "TND")}
        assert known == {"AED": 2, "XXX": 2, "BHD": 3, "TND": 3}
        assert [str(Money(1, code).decimal) for code in ("BIF", "XPF")] == ["1", "1"]

    def test_refuses_a_currency_without_a_known_minor_unit(self):
        with pytest.raises(UnknownCurrency):
            Money(1, "ZZZ")
        with pytest.raises(UnknownCurrency, match="ZZZ"):
            Money.parse("1", "ZZZ")

    @pytest.mark.parametrize("minor", [1.0, True, "1", Decimal(1)])
    def test_holds_nothing_but_whole_numbers(self, minor):
        with pytest.raises(TypeError):
            Money(minor, "EUR")

    def test_refuses_more_than_the_books_can_hold(self):
        with pytest.raises(OverflowError):
            Money(2**63, "EUR")
        assert Money(2**63 - 1, "EUR").minor == -Money(1 - 2**63, "EUR").minor

    @given(minors)
    def test_writes_what_it_reads(self, minor):
        money = Money(minor, "EUR")
        assert Money.parse(str(money.decimal), "EUR") == money


class TestArithmetic:
    def test_adds_subtracts_and_negates(self):
        assert euros("1.10") + euros("2.20") == euros("3.30")
        assert euros("1.00") - euros("2.50") == -euros("1.50")
        assert abs(euros("-1.50")) == euros("1.50")
        assert str(euros("-1234.5")) == "EUR -1234.50"

    def test_knows_nothing_from_something(self):
        assert not Money.zero("EUR")
        assert euros("-0.01")

    def test_compares_amounts_of_one_currency(self):
        one, two = euros("1"), euros("2")
        assert (one < two, two < one, one < euros("1")) == (True, False, False)
        assert (one <= two, two <= one, one <= euros("1")) == (True, False, True)
        assert (two > one, one > two, one > euros("1")) == (True, False, False)
        assert (two >= one, one >= two, one >= euros("1")) == (True, False, True)

    def test_totals_none_to_zero(self):
        assert Money.total([], "EUR") == Money.zero("EUR")

    @pytest.mark.parametrize(
        "mix",
        [
            lambda one, other: one + other,
            lambda one, other: one - other,
            lambda one, other: one < other,
            lambda one, other: one <= other,
            lambda one, other: one > other,
            lambda one, other: one >= other,
            lambda one, other: Money.total([one, other], "EUR"),
        ],
    )
    def test_never_mixes_currencies(self, mix):
        with pytest.raises(CurrencyMismatch):
            mix(Money(1, "EUR"), Money(1, "USD"))

    def test_equal_minor_units_of_two_currencies_are_not_equal(self):
        assert Money(100, "EUR") != Money(100, "USD")


class TestSplitting:
    def test_gives_the_rest_to_the_first_parts(self):
        assert euros("10.00").split(3) == (euros("3.34"), euros("3.33"), euros("3.33"))
        assert euros("-0.05").split(2) == (euros("-0.03"), euros("-0.02"))

    def test_gives_the_rest_to_the_largest_remainder(self):
        assert Money(10, "EUR").allocate([1, 1, 4]) == (Money(2, "EUR"), Money(2, "EUR"), Money(6, "EUR"))
        assert Money(100, "EUR").allocate([1, 2]) == (Money(33, "EUR"), Money(67, "EUR"))

    def test_gives_nothing_to_a_weight_of_zero(self):
        assert Money(101, "EUR").allocate([0, 1, 0]) == (Money(0, "EUR"), Money(101, "EUR"), Money(0, "EUR"))

    @pytest.mark.parametrize("weights", [[], [0, 0], [1, -1, 3]])
    def test_refuses_weights_that_divide_nothing(self, weights):
        with pytest.raises(ValueError, match="weights"):
            euros("1").allocate(weights)

    def test_refuses_no_parts(self):
        with pytest.raises(ValueError, match="one part"):
            euros("1").split(0)

    @given(minors, st.integers(min_value=1, max_value=60))
    def test_splits_without_losing_a_cent(self, minor, parts):
        shares = Money(minor, "EUR").split(parts)
        assert len(shares) == parts
        assert Money.total(shares, "EUR").minor == minor
        assert max(shares).minor - min(shares).minor <= 1

    @given(minors, st.lists(st.integers(min_value=0, max_value=10**6), min_size=1, max_size=12).filter(any))
    def test_allocates_within_a_cent_of_the_exact_share(self, minor, weights):
        shares = Money(minor, "EUR").allocate(weights)
        assert Money.total(shares, "EUR").minor == minor
        for share, weight in zip(shares, weights, strict=True):
            assert abs(share.minor - Fraction(minor * weight, sum(weights))) < 1


class TestRounding:
    @pytest.mark.parametrize(
        ("value", "mode", "rounded"),
        [
            ("0.5", Rounding.HALF_UP, 1),
            ("-0.5", Rounding.HALF_UP, -1),
            ("1.4999999999", Rounding.HALF_UP, 1),
            ("0.5", Rounding.HALF_EVEN, 0),
            ("1.5", Rounding.HALF_EVEN, 2),
            ("-2.5", Rounding.HALF_EVEN, -2),
            ("2.51", Rounding.HALF_EVEN, 3),
            ("3.5", Rounding.HALF_EVEN, 4),
            ("4.5", Rounding.HALF_EVEN, 4),
            ("1.9", Rounding.DOWN, 1),
            ("-1.9", Rounding.DOWN, -1),
            ("1.1", Rounding.UP, 2),
            ("-1.1", Rounding.UP, -2),
            ("3", Rounding.UP, 3),
        ],
    )
    def test_rounds_as_named(self, value, mode, rounded):
        assert round_minor(Decimal(value), mode) == rounded

    @given(st.integers(-(10**15), 10**15), st.integers(1, 10**6))
    def test_half_up_is_the_nearest_and_away_from_zero_at_the_half(self, numerator, denominator):
        exact = Fraction(numerator, denominator)
        rounded = round_ratio(numerator, denominator)
        assert abs(rounded - exact) <= Fraction(1, 2)
        if abs(rounded - exact) == Fraction(1, 2):
            assert abs(rounded) > abs(exact)

    @given(st.integers(-(10**6), 10**6), st.integers(1, 10**3), st.sampled_from(Rounding))
    def test_a_credit_is_rounded_as_a_debt_is(self, numerator, denominator, mode):
        assert round_ratio(-numerator, denominator, mode) == -round_ratio(numerator, denominator, mode)

    def test_a_way_of_rounding_is_kept_under_its_own_word(self):
        assert [mode.value for mode in Rounding] == ["half_up", "half_even", "down", "up"]

    def test_refuses_a_way_of_rounding_that_there_is_not(self):
        with pytest.raises(AssertionError):
            round_ratio(-1, 2, "sideways")

    @pytest.mark.parametrize("denominator", [0, -1])
    def test_an_amount_is_divided_by_something_positive(self, denominator):
        for numerator in (0, 1, -1):
            with pytest.raises(ValueError, match="divided by something positive"):
                round_ratio(numerator, denominator)

    @pytest.mark.parametrize("mode", Rounding)
    def test_what_is_whole_stays_as_it_is(self, mode):
        assert [round_ratio(whole, 1, mode) for whole in (-2, -1, 0, 1, 2)] == [-2, -1, 0, 1, 2]

    @given(st.integers(0, 10**12), st.lists(st.integers(0, 10**7), max_size=6), st.integers(1, 10**7))
    def test_compounding_rounds_at_every_step(self, minor, factors, denominator):
        stepwise = minor
        for factor in factors:
            stepwise += round_ratio(stepwise * factor, denominator)
        assert compounded(minor, factors, denominator) == stepwise

    def test_a_half_cent_of_a_year_is_rounded_up(self):
        assert compounded(100, [1, 1], 200) == 102
        assert compounded(1, [1], 3) == 1
        assert compounded(2, [1], 3) == 3

    def test_refuses_to_compound_a_credit(self):
        with pytest.raises(ValueError, match="credit"):
            compounded(-1, [1], 2)

    def test_takes_percentages_and_basis_points(self):
        assert percent_of(euros("475.00"), Decimal("21")) == euros("99.75")
        assert percent_of(euros("100.00"), Decimal("0.005")) == euros("0.01")
        assert bps_of(euros("1000.00"), 2000) == euros("200.00")
        assert bps_of(euros("-1000.00"), 1) == euros("-0.10")

    def test_agreed_costs_of_the_2015_ruling_get_19_percent_vat(self):
        """P12: HR 10 July 2015, ECLI:NL:HR:2015:1868 (cassatieblog.nl)."""
        assert percent_of(euros("3762.47"), Decimal("19")) == euros("714.87")

"""What a person can pay a month: never what is needed to live, and nothing when nothing is left."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.rules.affordability import Budget, Household, capacity, pause_days

pytestmark = pytest.mark.pure

ON = date(2026, 12, 1)


def budget(income=250_000, fixed=100_000, other=0, household=Household.SINGLE, children=0) -> Budget:
    return Budget(
        income=Money(income, "EUR"), fixed_costs=Money(fixed, "EUR"), other_debts=Money(other, "EUR"),
        household=household, children=children,
    )  # fmt: skip


def monthly(country="NL", on=ON, **values) -> int:
    return capacity(budget=budget(**values), country=country, on=on).monthly.minor


class TestCapacity:
    def test_what_is_left_above_the_protected_amount_less_a_fifth(self):
        """2,500.00 - 2,071.24 = 428.76, of which four fifths, rounded down to whole fives."""
        assert monthly() == 34_000

    def test_fixed_costs_count_where_they_are_more(self):
        assert monthly(fixed=240_000) == 8_000

    def test_other_debts_go_off_first(self):
        assert monthly(other=40_000) == 2_000

    @pytest.mark.parametrize("income", [0, 207_124, 208_373])
    def test_nothing_where_nothing_worth_a_transfer_is_left(self, income):
        found = capacity(budget=budget(income=income), country="NL", on=ON)
        assert (found.monthly.minor, found.can_pay) == (0, False)

    def test_ten_euro_is_the_least(self):
        assert monthly(income=208_374) == 1_000

    def test_a_child_in_belgium_raises_what_is_protected(self):
        found = capacity(budget=budget(children=2), country="BE", on=ON)
        assert found.protected.minor == 138_800 + 2 * 8_600

    @pytest.mark.parametrize(
        ("household", "protected"),
        [("single", 207_124), ("single_parent", 224_224), ("couple", 273_903), ("couple_parent", 285_596)],
    )
    def test_a_household_has_its_own_amount(self, household, protected):
        found = capacity(budget=budget(household=Household(household)), country="NL", on=ON)
        assert found.protected.minor == protected

    @pytest.mark.parametrize(
        ("country", "on", "protected"),
        [
            ("NL", date(2024, 12, 31), 187_281),
            ("NL", date(2025, 1, 1), 207_124),
            ("BE", date(2023, 12, 31), 131_600),
            ("BE", date(2024, 1, 1), 134_100),
            ("BE", date(2025, 1, 1), 138_800),
        ],
    )
    def test_the_amount_is_that_of_the_day(self, country, on, protected):
        assert capacity(budget=budget(), country=country, on=on).protected.minor == protected

    def test_elsewhere_the_dutch_amounts_count(self):
        assert monthly(country="DE") == monthly()

    def test_the_amounts_of_a_day_are_those_of_its_row(self):
        assert capacity(budget=budget(), country="NL", on=date(2022, 12, 31)).protected.minor == 166_140
        with pytest.raises(LookupError):
            capacity(budget=budget(), country="NL", on=date(2020, 12, 31))
        with pytest.raises(LookupError):
            pause_days(date(2020, 12, 31))

    def test_what_cannot_be_is_refused(self):
        with pytest.raises(ValueError, match="not negative"):
            monthly(income=-1)

    def test_the_trace_adds_up_to_what_is_left(self):
        found = capacity(budget=budget(fixed=240_000, other=1_000), country="NL", on=ON)
        steps = {line.outcome.removeprefix("affordability."): line.amount.minor for line in found.trace}
        parts = ("income", "protected", "fixed_costs_above", "other_debts")
        assert sum(steps[name] for name in parts) == steps["left"] == found.left.minor
        assert steps["monthly"] == found.monthly.minor

    @given(
        st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**7), st.sampled_from(Household),
        st.integers(0, 9), st.sampled_from(["NL", "BE"]),
    )  # fmt: skip
    def test_never_touches_what_is_needed_to_live(self, income, fixed, other, household, children, country):
        found = capacity(budget=budget(income, fixed, other, household, children), country=country, on=ON)
        assert found.monthly.minor + max(found.protected.minor, fixed) + other <= income or not found.can_pay
        more = capacity(
            budget=budget(income + 1_000, fixed, other, household, children), country=country, on=ON
        )
        assert more.monthly >= found.monthly

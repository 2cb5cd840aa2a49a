"""Costs on terms of a running contract: the steps, the cap of six months, and one late letter for all."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.rules.costs import Costs
from agency.rules.periodic import EarlierTerm, late_letter_costs, periodic_term_costs
from tests.rules.explainable import assert_explains

pytestmark = pytest.mark.pure

NOW = date(2026, 11, 2)


def euros(text: str) -> Money:
    return Money.parse(text, "EUR")


def term(principal: str, missed_on: date, earlier=(), **more) -> Costs:
    found = periodic_term_costs(principal=euros(principal), missed_on=missed_on, earlier=earlier, **more)
    assert_explains(found.trace, found.total)
    return found


def missed(*months_and_costs: tuple[int, str]) -> list[EarlierTerm]:
    return [EarlierTerm(date(2026, month, 1), euros(costs)) for month, costs in months_and_costs]


def test_caps_six_monthly_terms_at_140():
    """P4: registeraccountants.com, rendement.nl."""
    earlier: list[EarlierTerm] = []
    for month in range(1, 7):
        missed_on = date(2026, month, 1)
        earlier.append(EarlierTerm(missed_on=missed_on, costs=term("200", missed_on, earlier).amount))
    assert [one.costs for one in earlier] == [euros("40")] + [euros("20")] * 5
    assert term("200", date(2026, 6, 20), earlier).total == euros("0")


def test_starts_again_after_six_months():
    assert term("200", date(2026, 7, 1), missed((1, "40"))).total == euros("40")
    assert term("200", date(2026, 6, 30), missed((1, "40"))).total == euros("20")


def test_looks_at_no_term_that_is_missed_later():
    assert term("200", date(2026, 3, 1), missed((4, "40"))).total == euros("40")
    assert term("200", date(2026, 4, 1), missed((4, "40"))).total == euros("20")


@pytest.mark.parametrize(
    ("earned", "expected", "outcomes"),
    [
        ("119.99", "20", ["periodic_next", "periodic_alone"]),
        ("120", "20", ["periodic_next", "periodic_alone"]),
        ("120.01", "19.99", ["periodic_next", "periodic_cap", "periodic_alone"]),
        ("150", "0", ["periodic_next", "periodic_cap", "periodic_alone"]),
    ],
)
def test_gives_what_the_cap_leaves_and_says_so(earned, expected, outcomes):
    found = term("200", date(2026, 3, 1), missed((2, earned)))
    assert found.total == euros(expected)
    assert [line.outcome.removeprefix("costs.") for line in found.trace] == outcomes


@pytest.mark.parametrize(
    ("principal", "missed_on", "expected"),
    [
        ("266.67", date(2026, 3, 1), "40.00"),
        ("266.66", date(2026, 3, 1), "20.00"),
        ("1000", date(2026, 3, 1), "150.00"),
        ("200", date(2024, 9, 30), "40.00"),
        ("200", date(2024, 10, 1), "0.00"),
        ("0", date(2026, 3, 1), "0.00"),
    ],
)
def test_leaves_larger_and_older_terms_on_the_ordinary_scale(principal, missed_on, expected):
    earlier = [
        EarlierTerm(missed_on=date(2024, 9, 1), costs=euros("140")),
        EarlierTerm(missed_on=date(2026, 2, 1), costs=euros("40")),
    ]
    assert term(principal, missed_on, earlier).total == euros(expected)


def test_raises_vat_on_top_of_the_steps():
    found = term("200", date(2026, 3, 1), missed((2, "40")), vat_deductible=False)
    assert (found.amount, found.vat, found.total) == (euros("20"), euros("4.20"), euros("24.20"))
    assert term("1000", date(2026, 3, 1), vat_deductible=False).total == euros("181.50")


@given(st.lists(st.integers(1, 26_666), min_size=1, max_size=9))
def test_terms_within_six_months_never_exceed_the_cap(minors):
    earlier: list[EarlierTerm] = []
    for day, minor in enumerate(minors, start=1):
        found = term(str(Money(minor, "EUR").decimal), date(2026, 3, day), earlier)
        earlier.append(EarlierTerm(missed_on=date(2026, 3, day), costs=found.amount))
    assert Money.total((one.costs for one in earlier), "EUR") == euros(
        str(min(140, 40 + 20 * (len(minors) - 1)))
    )


class TestOneLateLetter:
    def late(self, *principals: str, on: date = NOW, **more) -> Costs:
        found = late_letter_costs(principals=[euros(principal) for principal in principals], on=on, **more)
        assert_explains(found.trace, found.total)
        return found

    def test_earns_the_highest_single_fee(self):
        """kantoorabri.nl on Stb. 2024, 44."""
        found = self.late("200", "300")
        assert found.total == euros("45.00")
        assert found.trace[0].outcome == "costs.late_letter"
        assert self.late("300", "200", vat_deductible=False).total == euros("54.45")

    def test_added_the_terms_before_october_2024(self):
        """BW 6:96(7)."""
        assert self.late("200", "300", on=date(2024, 9, 30)).total == euros("75.00")
        assert self.late("200", "300", on=date(2024, 10, 1)).total == euros("45.00")

    def test_is_an_ordinary_letter_for_a_single_term(self):
        found = self.late("300")
        assert (found.total, found.trace[0].outcome) == (euros("45.00"), "costs.base")

    def test_needs_a_term(self):
        with pytest.raises(ValueError, match="at least one principal"):
            self.late()

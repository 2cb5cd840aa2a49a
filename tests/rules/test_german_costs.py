"""German collection costs: the lawyer's fee by value, its multiples, expenses, and the flat sum of 40."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import CurrencyMismatch, Money
from agency.rules.costs import CostConditions, Costs, UnlawfulCosts, collection_costs
from agency.rules.facts import DebtorKind, Law
from agency.rules.german_costs import _raise_to_flat
from agency.rules.rvg import fee_at, full_fee
from tests.rules.explainable import assert_explains

pytestmark = pytest.mark.pure

NOW, BEFORE = date(2026, 11, 2), date(2025, 5, 31)
CONSUMER, SOLE_TRADER, COMPANY = DebtorKind.consumer, DebtorKind.sole_trader, DebtorKind.company
HALF = Decimal("0.5")

# RVG annex 2 before and from 1 June 2025, side by side as the comparison on buzer.de prints them.
ANNEX_2 = [
    ("500", "49.00", "51.50"),
    ("1000", "88.00", "93.00"),
    ("1500", "127.00", "134.50"),
    ("2000", "166.00", "176.00"),
    ("3000", "222.00", "235.50"),
    ("4000", "278.00", "295.00"),
    ("5000", "334.00", "354.50"),
    ("10000", "614.00", "652.00"),
    ("13000", "666.00", "707.00"),
    ("25000", "874.00", "927.00"),
    ("30000", "955.00", "1013.00"),
    ("50000", "1279.00", "1357.00"),
    ("65000", "1373.00", "1456.50"),
    ("200000", "2219.00", "2352.00"),
    ("230000", "2351.00", "2492.00"),
    ("320000", "2747.00", "2912.00"),
    ("500000", "3539.00", "3752.00"),
]


def euros(text: str) -> Money:
    return Money.parse(text, "EUR")


def costs(*principals: str, debtor=CONSUMER, on=NOW, rate=None, paid=None, **conditions) -> Costs:
    found = collection_costs(
        law=Law.de,
        debtor=debtor,
        principals=[euros(principal) for principal in principals],
        on=on,
        fee_rate=None if rate is None else Decimal(rate),
        paid_within_term=None if paid is None else euros(paid),
        conditions=CostConditions(**conditions),
    )
    assert_explains(found.trace, found.total)
    return found


def outcomes(found: Costs) -> list[str]:
    return [line.outcome.removeprefix("costs.") for line in found.trace]


class TestTable:
    @pytest.mark.parametrize(("value", "before", "since"), ANNEX_2)
    def test_is_annex_2(self, value, before, since):
        assert full_fee(value=euros(value), on=BEFORE) == euros(before)
        assert full_fee(value=euros(value), on=date(2025, 6, 1)) == euros(since)

    def test_counts_a_started_step_in_full(self):
        assert full_fee(value=euros("500.01"), on=NOW) == euros("93.00")
        assert full_fee(value=euros("2000.01"), on=NOW) == euros("235.50")
        assert full_fee(value=euros("500000.01"), on=NOW) == euros("3927.00")
        assert full_fee(value=euros("550000.01"), on=NOW) == euros("4102.00")

    @pytest.mark.parametrize(
        ("value", "small", "fee"),
        [("50", True, "31.50"), ("50.01", True, "51.50"), ("50", False, "51.50"), ("0.01", True, "31.50")],
    )
    def test_has_a_row_of_its_own_for_collecting_the_smallest_claims(self, value, small, fee):
        """RVG s. 13(2)."""
        assert full_fee(value=euros(value), on=NOW, small_claim=small) == euros(fee)

    def test_rounds_half_up_and_keeps_the_smallest_fee(self):
        """RVG s. 2(2), 13(3)."""
        assert fee_at(rate=HALF, fee=euros("31.51"), on=NOW) == euros("15.76")
        assert fee_at(rate=HALF, fee=euros("30.00"), on=BEFORE) == euros("15.00")
        assert fee_at(rate=Decimal("0.3"), fee=euros("31.50"), on=NOW) == euros("15.00")

    @pytest.mark.parametrize("value", [Money(0, "EUR"), Money(-1, "EUR"), Money(1, "USD")])
    def test_knows_only_values_in_euros(self, value):
        with pytest.raises(UnlawfulCosts, match="table in EUR"):
            full_fee(value=value, on=NOW)

    def test_begins_in_2021(self):
        assert full_fee(value=euros("1"), on=date(2021, 1, 1)) == euros("49.00")
        with pytest.raises(UnlawfulCosts, match="2021-01-01"):
            full_fee(value=euros("1"), on=date(2020, 12, 31))

    @given(st.integers(1, 10**10), st.integers(1, 10**10))
    def test_never_falls_for_a_higher_value(self, one, other):
        low, high = sorted((one, other))
        assert full_fee(value=Money(low, "EUR"), on=NOW) <= full_fee(value=Money(high, "EUR"), on=NOW)


class TestFeeAndExpenses:
    @pytest.mark.parametrize(
        ("principal", "rate", "fee", "total", "source"),
        [
            ("50", "0.5", "15.75", "18.90", "S25"),
            ("50", None, "28.35", "34.02", "S25"),
            ("50", "0.9", "28.35", "34.02", "S25"),
            ("1000", "0.5", "46.50", "55.80", "S27"),
            ("1000", None, "83.70", "100.44", "S27"),
            ("12000", None, "636.30", "656.30", "expenses at their maximum"),
        ],
    )
    def test_gives_the_examples(self, principal, rate, fee, total, source):
        found = costs(principal, rate=rate)
        assert (found.trace[0].amount, found.total) == (euros(fee), euros(total)), source
        assert (found.amount, found.vat) == (found.total, euros("0"))
        assert outcomes(found) == ["lawyer_fee", "expenses"]

    @pytest.mark.parametrize(
        ("principal", "net"), [("500", "24.50"), ("1000", "44.00"), ("5000", "167.00"), ("10000", "307.00")]
    )
    def test_gives_the_net_fees_of_the_table_of_2021(self, principal, net):
        """P34: inkasso1.de."""
        assert costs(principal, on=date(2022, 1, 3), rate="0.5").trace[0].amount == euros(net)

    def test_adds_the_principals(self):
        assert costs("400", "-100", "700").total == costs("1000").total

    def test_caps_the_expenses_at_twenty(self):
        """RVG VV 7002: a fee of 100 brings exactly 20."""
        found = costs("5000", rate="0.5")
        assert found.trace[1].amount == euros("20.00")
        assert costs("1000").trace[1].amount == euros("16.74")

    def test_an_instalment_agreement_earns_a_fee_over_half_the_claim(self):
        """RVG VV 1000 no. 2, s. 31b: 0.7 of the fee for 500; the small row is for the collection fee only."""
        found = costs("1000", instalment_agreement=True)
        assert outcomes(found) == ["lawyer_fee", "instalment_fee", "expenses"]
        assert [line.amount for line in found.trace] == [euros("83.70"), euros("36.05"), euros("20.00")]
        assert costs("80", instalment_agreement=True).trace[1].amount == euros("36.05")

    def test_names_the_rule_of_each_part(self):
        fee, instalments, expenses = costs("1000", instalment_agreement=True).trace
        assert (fee.rule, instalments.rule, expenses.rule) == ("de.rvg_2300", "de.rvg_1000", "de.rvg_7002")
        assert fee.source.startswith("RDG s. 13e(1); RVG VV 2300(2)")
        assert instalments.source.startswith("RVG VV 1000 no. 2, s. 31b")
        assert (fee.inputs["percent"], instalments.inputs["percent"]) == ("90", "70")
        assert fee.version == "2025-06-01"


class TestRates:
    def test_is_half_a_fee_for_whoever_pays_at_once(self):
        """RVG VV 2300(2): paid within two weeks of the first demand."""
        found = costs("1000", paid="1000")
        assert (found.total, outcomes(found)[0]) == (euros("55.80"), "simple_case")
        assert costs("1000", paid="1000", rate="0.5").total == euros("55.80")
        assert costs("1000", paid="999.99").total == euros("100.44")
        with pytest.raises(UnlawfulCosts, match=r"owes 0\.5, not 0\.6"):
            costs("1000", paid="1000", rate="0.6")

    @pytest.mark.parametrize("rate", ["1.31", "2.5", "0", "-0.5"])
    def test_refuses_what_no_collector_may_ask(self, rate):
        with pytest.raises(UnlawfulCosts, match=r"at most 1\.3"):
            costs("1000", rate=rate, fee_reason="much work")

    @pytest.mark.parametrize("reason", ["", "  "])
    def test_asks_a_reason_above_the_usual_rate(self, reason):
        with pytest.raises(UnlawfulCosts, match="needs its reason"):
            costs("1000", rate="0.91", fee_reason=reason)
        found = costs("1000", rate="1.3", fee_reason="three addresses traced")
        assert found.total == euros("140.90")
        assert found.trace[0].inputs == {"reason": "three addresses traced"}


class TestFlatSum:
    @pytest.mark.parametrize("debtor", [SOLE_TRADER, COMPANY])
    def test_is_the_least_that_a_business_owes(self, debtor):
        """BGB s. 288(5): credited against the costs of pursuing the claim."""
        low, high = costs("50", debtor=debtor), costs("1000", debtor=debtor)
        assert (low.total, outcomes(low)[-1]) == (euros("40.00"), "flat_raise")
        assert (high.total, outcomes(high)[-1]) == (euros("100.44"), "flat_credited")
        same = costs("50", debtor=debtor, rate="1.0581", fee_reason="33.33 and 6.67 of expenses")
        assert (same.total, outcomes(same)[-1]) == (euros("40.00"), "flat_credited")

    def test_is_all_before_the_fees_of_october_2021(self):
        assert costs("1000", debtor=COMPANY, on=date(2021, 9, 30)).total == euros("40.00")
        assert costs("1000", debtor=COMPANY, on=date(2014, 7, 29)).total == euros("40.00")
        assert costs("1000", debtor=COMPANY, on=date(2021, 10, 1)).total == euros("95.04")

    @pytest.mark.parametrize(
        ("debtor", "on", "since"),
        [(CONSUMER, date(2021, 9, 30), "2021-10-01"), (COMPANY, date(2014, 7, 28), "2014-07-29")],
    )
    def test_refuses_days_before_any_rule(self, debtor, on, since):
        with pytest.raises(UnlawfulCosts, match=f"not in force before {since}"):
            costs("1000", debtor=debtor, on=on)

    @given(st.integers(1, 10**9), st.sampled_from([SOLE_TRADER, COMPANY]))
    def test_a_business_owes_the_higher_of_fee_and_flat_sum(self, minor, debtor):
        text = str(Money(minor, "EUR").decimal)
        assert costs(text, debtor=debtor).total == max(costs(text).total, euros("40.00"))


@pytest.mark.parametrize("debtor", list(DebtorKind))
@pytest.mark.parametrize("on", [NOW, date(2020, 1, 1)])
def test_refuses_another_currency(debtor, on):
    with pytest.raises(UnlawfulCosts):
        collection_costs(law=Law.de, debtor=debtor, principals=[Money(100, "USD")], on=on)


def test_refuses_two_currencies():
    with pytest.raises(CurrencyMismatch):
        collection_costs(law=Law.de, debtor=COMPANY, principals=[euros("1"), Money(1, "USD")], on=NOW)


def test_owes_nothing_without_a_principal():
    assert outcomes(costs("0")) == ["no_principal"]
    assert costs("0").trace[0].source == "there is nothing to collect"
    assert costs("0", debtor=COMPANY).total == euros("0")


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_never_falls_for_a_larger_principal(one, other):
    low, high = sorted((one, other))
    assert costs(str(Money(low, "EUR").decimal)).total <= costs(str(Money(high, "EUR").decimal)).total


@pytest.mark.parametrize(
    ("minor", "outcome", "raised"),
    [(3_998, "costs.flat_raise", 2), (3_999, "costs.flat_raise", 1), (4_000, "costs.flat_credited", None),
     (4_001, "costs.flat_credited", None)],
)  # fmt: skip
def test_the_flat_sum_raises_to_the_last_cent(minor, outcome, raised):
    (line,) = _raise_to_flat(Money(100_000, "EUR"), Money(minor, "EUR"), NOW)
    assert (line.outcome, line.amount and line.amount.minor) == (outcome, raised)

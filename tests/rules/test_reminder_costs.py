"""Two Belgian caps: what a further reminder costs, and the extras of an undisputed debt."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import CurrencyMismatch, Money
from agency.rules.facts import DebtorKind, Law
from agency.rules.ios import IosDebt, ios_extras
from agency.rules.lawful_costs import Costs, UnlawfulCosts
from agency.rules.reminder_costs import RemindedBefore, reminder_costs
from tests.rules.explainable import assert_explains

pytestmark = pytest.mark.pure

NOW = date(2026, 11, 2)
CONSUMER, COMPANY = DebtorKind.consumer, DebtorKind.company


def euros(text: str) -> Money:
    return Money.parse(text, "EUR")


def remind(
    reminders: int, *, law=Law.be, debtor=CONSUMER, on=NOW, postage="1.50", asked=None, **before
) -> Costs:
    found = reminder_costs(
        law=law,
        debtor=debtor,
        on=on,
        before=RemindedBefore(reminders=reminders, **before),
        postage=euros(postage),
        asked=asked,
    )
    assert_explains(found.trace, found.total)
    return found


class TestReminder:
    """4.1: WER art. XIX.2; lalibre, vandelanotte, soligere."""

    def test_is_free_the_first_time(self):
        assert remind(0).total == euros("0")
        assert remind(1).total == euros("9.00")
        assert remind(2, asked=euros("5")).total == euros("6.50")

    def test_is_free_for_three_due_dates_of_a_periodic_delivery(self):
        totals = [remind(1, periodic=True, due_dates=count).total for count in range(5)]
        assert totals == [euros("0")] * 3 + [euros("9.00")] * 2
        assert remind(0, periodic=True, due_dates=3).total == euros("9.00")
        assert remind(1, due_dates=0).total == euros("9.00")

    def test_says_why_it_is_free(self):
        assert remind(0).trace[0].outcome == "costs.reminder_free"
        periodic = remind(0, periodic=True).trace[0]
        assert (periodic.outcome, periodic.inputs["due_dates"]) == ("costs.reminder_free_periodic", "0")

    def test_may_ask_the_postage_only_or_not_even_that(self):
        assert remind(1, asked=euros("0")).total == euros("1.50")
        assert remind(1, postage="0").total == euros("7.50")

    def test_refuses_more_than_the_maximum(self):
        assert remind(1, asked=euros("7.50")).total == euros("9.00")
        with pytest.raises(UnlawfulCosts, match=r"at most EUR 7\.50"):
            remind(1, asked=euros("7.51"))

    @pytest.mark.parametrize(
        "more", [{"asked": euros("-0.01")}, {"postage": "-0.01"}, {"asked": Money(1, "USD")}]
    )
    def test_refuses_what_is_no_amount(self, more):
        with pytest.raises(UnlawfulCosts):
            remind(1, **more)

    def test_refuses_postage_in_another_currency(self):
        with pytest.raises(CurrencyMismatch):
            reminder_costs(
                law=Law.be,
                debtor=CONSUMER,
                on=NOW,
                before=RemindedBefore(reminders=1),
                postage=Money(1, "USD"),
            )

    @pytest.mark.parametrize(
        ("law", "debtor", "on"),
        [(Law.nl, CONSUMER, NOW), (Law.be, COMPANY, NOW), (Law.be, CONSUMER, date(2023, 8, 31))],
    )
    def test_may_cost_nothing_elsewhere(self, law, debtor, on):
        with pytest.raises(UnlawfulCosts, match="no rule lets a reminder"):
            remind(1, law=law, debtor=debtor, on=on)


class TestUndisputedDebt:
    """4.5: Ger.W. 1394/20."""

    def extras(self, principal: str, interest: str, indemnity: str, on: date = NOW, **debt) -> Costs:
        found = ios_extras(
            principal=euros(principal),
            interest=euros(interest),
            indemnity=euros(indemnity),
            on=on,
            debt=IosDebt(**debt),
        )
        assert_explains(found.trace, found.total)
        return found

    @pytest.mark.parametrize(
        ("interest", "indemnity", "expected", "source"),
        [("60", "100", "100", "S23"), ("0", "100", "100", "S23"), ("40", "59.99", "99.99", "below the cap")],
    )
    def test_caps_interest_and_indemnity_at_ten_percent(self, interest, indemnity, expected, source):
        assert self.extras("1000", interest, indemnity).total == euros(expected), source

    def test_says_so_only_when_it_cuts(self):
        assert len(self.extras("1000", "40", "60").trace) == 2
        assert self.extras("1000", "40", "60.01").trace[-1].amount == euros("-0.01")

    @given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
    def test_never_exceeds_the_cap(self, principal, interest, indemnity):
        texts = (str(Money(minor, "EUR").decimal) for minor in (principal, interest, indemnity))
        found = self.extras(*texts)
        assert found.total.minor == min(interest + indemnity, (principal + 5) // 10)

    @pytest.mark.parametrize(
        ("debt", "reason"),
        [
            ({"debtor": CONSUMER}, "the debtor is a consumer"),
            ({"both_in_register": False}, "both sides must stand in the register of enterprises"),
            ({"contractual": False}, "it does not arise from a contract"),
            ({"certain_and_due": False}, "it is not certain and due"),
            ({"disputed": True}, "it is disputed"),
            ({"insolvent": True}, "the debtor is insolvent"),
            ({"public_body": True}, "one side is a public body"),
            ({"disputed": True, "insolvent": True}, "it is disputed, the debtor is insolvent"),
        ],
    )
    def test_is_closed_to_other_debts(self, debt, reason):
        with pytest.raises(UnlawfulCosts, match=f"for this debt: {reason}$"):
            self.extras("1000", "1", "1", **debt)

    def test_is_open_since_july_2016(self):
        assert self.extras("1000", "1", "1", on=date(2016, 7, 2)).total == euros("2")
        with pytest.raises(UnlawfulCosts, match="not in force"):
            self.extras("1000", "1", "1", on=date(2016, 7, 1))

    @pytest.mark.parametrize("amounts", [("-1", "0", "0"), ("1", "-1", "0"), ("1", "0", "-1")])
    def test_refuses_negative_amounts(self, amounts):
        with pytest.raises(UnlawfulCosts, match="not negative"):
            self.extras(*amounts)

    def test_refuses_another_currency(self):
        with pytest.raises(UnlawfulCosts, match="in EUR"):
            nothing = Money(0, "USD")
            ios_extras(principal=Money(1, "USD"), interest=nothing, indemnity=nothing, on=NOW, debt=IosDebt())

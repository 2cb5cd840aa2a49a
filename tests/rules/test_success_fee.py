"""The success fee: no cure, no pay."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import CurrencyMismatch, Money
from agency.rules.facts import Phase
from agency.rules.no_cure_no_pay import UnlawfulFee, Work
from agency.rules.success_fee import success_fee
from tests.rules.explainable import assert_explains

pytestmark = pytest.mark.pure

NL_VAT = Decimal(21)
amounts = st.integers(0, 10**10).map(lambda minor: Money(minor, "EUR"))
rates = st.integers(0, 10_000)


def euros(text: str) -> Money:
    return Money.parse(text, "EUR")


@pytest.mark.parametrize(
    ("collected", "fee_bps", "fee", "source"),
    [
        ("1000", 2000, "200", "P42 docs.debitura.com"),
        ("1000", 1000, "100", "P43 guildways.com"),
        ("500", 1000, "50", "P43 guildways.com"),
        ("0", 1000, "0", "P43 guildways.com"),
        ("10000", 1000, "1000", "P46 cosec/Allianz Trade, the fee"),
    ],
)
def test_takes_its_part_of_what_was_collected(collected, fee_bps, fee, source):
    found = success_fee(collected=euros(collected), fee_bps=fee_bps, vat_percent=Decimal(0))
    assert found.net == euros(fee), source
    assert euros(collected) - found.gross == euros(collected) - euros(fee)


def test_adds_vat_on_top():
    found = success_fee(collected=euros("1000"), fee_bps=850, vat_percent=NL_VAT)
    assert (found.net, found.vat, found.gross) == (euros("85.00"), euros("17.85"), euros("102.85"))


def test_reaches_an_agreed_minimum_out_of_what_came_in():
    found = success_fee(collected=euros("100"), fee_bps=1000, vat_percent=NL_VAT, minimum_left=euros("25"))
    assert found.net == euros("25")
    little = success_fee(collected=euros("10"), fee_bps=1000, vat_percent=NL_VAT, minimum_left=euros("25"))
    assert little.gross <= euros("10")
    none = success_fee(collected=euros("0"), fee_bps=1000, vat_percent=NL_VAT, minimum_left=euros("25"))
    assert none.gross == euros("0")


def test_never_exceeds_what_the_quote_left():
    found = success_fee(collected=euros("100"), fee_bps=1000, vat_percent=NL_VAT, maximum_left=euros("9.99"))
    assert found.net == euros("9.99")
    spent = success_fee(collected=euros("100"), fee_bps=1000, vat_percent=NL_VAT, maximum_left=euros("-1"))
    assert spent.net == euros("0")


def test_gives_the_fee_back_when_the_money_goes_back():
    found = success_fee(collected=euros("-1000"), fee_bps=850, vat_percent=NL_VAT)
    assert (found.net, found.vat, found.gross) == (euros("-85.00"), euros("-17.85"), euros("-102.85"))


@pytest.mark.parametrize(("fee_bps", "vat"), [(-1, NL_VAT), (10_001, NL_VAT), (100, Decimal(-1))])
def test_refuses_fees_that_are_none(fee_bps, vat):
    with pytest.raises(ValueError, match="basis points"):
        success_fee(collected=euros("1"), fee_bps=fee_bps, vat_percent=vat)


def test_refuses_a_minimum_in_another_currency():
    with pytest.raises(CurrencyMismatch):
        success_fee(collected=euros("1"), fee_bps=1, vat_percent=NL_VAT, minimum_left=Money(1, "USD"))


@given(amounts, rates, st.sampled_from([Decimal(0), Decimal(21), Decimal("7.7")]))
def test_is_never_more_than_what_was_collected(collected, fee_bps, vat):
    found = success_fee(collected=collected, fee_bps=fee_bps, vat_percent=vat, minimum_left=euros("25"))
    assert Money.zero("EUR") <= found.net <= found.gross
    assert found.gross.minor <= collected.minor
    assert found.net + found.vat == found.gross
    assert_explains(found.trace, found.gross)


@given(amounts, rates)
def test_what_is_given_back_is_what_was_charged(collected, fee_bps):
    charged = success_fee(collected=collected, fee_bps=fee_bps, vat_percent=NL_VAT)
    back = success_fee(collected=-collected, fee_bps=fee_bps, vat_percent=NL_VAT)
    assert back.gross == -charged.gross
    assert_explains(back.trace, back.gross)


class TestTrace:
    def outcomes(self, collected: str, fee_bps: int = 1000, **more) -> list[tuple[str, str]]:
        found = success_fee(collected=euros(collected), fee_bps=fee_bps, vat_percent=NL_VAT, **more)
        assert_explains(found.trace, found.gross)
        return [(line.outcome.removeprefix("fee."), str(line.amount)) for line in found.trace]

    def test_says_each_step(self):
        assert self.outcomes("1000", 850) == [("success", "EUR 85.00"), ("vat", "EUR 17.85")]
        assert self.outcomes("100", minimum_left=euros("25"))[1] == ("minimum", "EUR 15.00")
        assert self.outcomes("100", maximum_left=euros("9"))[1] == ("maximum", "EUR -1.00")
        assert self.outcomes("10", minimum_left=euros("25"))[2] == ("not_above_collected", "EUR -16.74")
        assert self.outcomes("-1000", 850) == [("given_back", "EUR -85.00"), ("vat", "EUR -17.85")]
        assert self.outcomes("0") == [("success", "EUR 0.00")]

    def test_says_nothing_where_nothing_changes(self):
        exactly = {"minimum_left": euros("10"), "maximum_left": euros("10")}
        assert self.outcomes("100", **exactly) == [("success", "EUR 10.00"), ("vat", "EUR 2.10")]

    def test_writes_the_percentage_plainly(self):
        found = success_fee(collected=euros("1000"), fee_bps=1000, vat_percent=Decimal("21.00"))
        assert [line.inputs["percent"] for line in found.trace] == ["10", "21"]


class TestNoCureNoPay:
    ON = date(2026, 11, 2)

    def fee(self, country: str, phase: Phase, *, on: date = ON, bailiff_act: bool = False):
        work = Work(country=country, phase=phase, on=on, bailiff_act=bailiff_act)
        return success_fee(collected=euros("100"), fee_bps=1000, vat_percent=NL_VAT, work=work)

    @pytest.mark.parametrize("phase", [Phase.legal, Phase.execution])
    def test_is_forbidden_in_the_court_phase_in_belgium(self, phase):
        """unpaid.be, mediationdedettes.be: in the amicable phase only."""
        with pytest.raises(UnlawfulFee, match=f"forbidden in BE for the {phase} phase"):
            self.fee("BE", phase)
        assert self.fee("NL", phase).net == euros("10")

    @pytest.mark.parametrize("country", ["NL", "BE"])
    def test_is_forbidden_for_a_bailiffs_acts(self, country):
        with pytest.raises(
            UnlawfulFee, match=f"in {country} for an official act of a bailiff: (Royal|Gerechts)"
        ):
            self.fee(country, Phase.amicable, bailiff_act=True)

    def test_of_a_bailiff_the_rule_for_bailiffs_is_named(self):
        with pytest.raises(UnlawfulFee, match="a bailiff may not waive any part of the tariff"):
            self.fee("BE", Phase.amicable, bailiff_act=True)

    @pytest.mark.parametrize("phase", [Phase.reminder, Phase.amicable])
    @pytest.mark.parametrize("country", ["NL", "BE", "DE"])
    def test_is_allowed_before_court(self, country, phase):
        assert self.fee(country, phase).net == euros("10")

    def test_takes_work_for_no_bailiffs_act_unless_told(self):
        work = Work(country="NL", phase=Phase.legal, on=self.ON)
        assert success_fee(
            collected=euros("100"), fee_bps=10_000, vat_percent=Decimal(0), work=work
        ).net == euros("100")

    def test_is_forbidden_from_the_day_of_the_rule(self):
        assert self.fee("NL", Phase.amicable, on=date(2001, 7, 14), bailiff_act=True).net == euros("10")
        with pytest.raises(UnlawfulFee):
            self.fee("NL", Phase.amicable, on=date(2001, 7, 15), bailiff_act=True)


@given(amounts, amounts, rates)
def test_parts_cost_what_the_whole_would_to_the_cent(first, second, fee_bps):
    whole, one, two = (
        success_fee(collected=part, fee_bps=fee_bps, vat_percent=Decimal(0)).net.minor
        for part in (first + second, first, second)
    )
    assert abs(whole - one - two) <= 1

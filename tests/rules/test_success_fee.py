"""The success fee: no cure, no pay."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import CurrencyMismatch, Money
from agency.rules.success_fee import success_fee

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


@given(amounts, amounts, rates)
def test_parts_cost_what_the_whole_would_to_the_cent(first, second, fee_bps):
    whole, one, two = (
        success_fee(collected=part, fee_bps=fee_bps, vat_percent=Decimal(0)).net.minor
        for part in (first + second, first, second)
    )
    assert abs(whole - one - two) <= 1

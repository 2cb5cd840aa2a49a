"""Amounts written at speed are what Babel writes."""

import pytest
from babel.numbers import format_currency
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.rules import written_money
from agency.rules.written_money import written_amount

pytestmark = pytest.mark.pure

LOCALES = st.sampled_from(["nl_NL", "nl_BE", "fr_BE", "fr_FR", "en_GB", "de_DE", "es_ES", "pl_PL"])


@given(
    minor=st.one_of(st.integers(-200_000, 200_000), st.integers(0, 10**12)),
    currency=st.sampled_from(["EUR", "GBP", "CHF", "PLN", "JPY"]),
    locale=LOCALES,
)
def test_written_as_babel_writes(minor, currency, locale):
    amount = Money(minor, currency)
    assert written_amount(amount, locale) == format_currency(amount.decimal, currency, locale=locale)


@pytest.mark.parametrize("locale", ["nl_NL", "fr_BE", "en_GB", "de_DE"])
def test_the_currencies_of_every_day_are_written_without_babel(locale, monkeypatch):
    written_amount(Money(1, "EUR"), locale)
    monkeypatch.setattr(written_money, "format_currency", None)
    assert written_amount(Money(98_765_432_109, "EUR"), locale)

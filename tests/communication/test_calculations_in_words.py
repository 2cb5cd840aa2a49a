"""How interest and costs were calculated, as a letter says it: in its own language, or not at all."""

from datetime import date
from decimal import Decimal

import pytest

from agency.communication import values
from agency.money import Money
from agency.rules import words
from agency.rules.trace import TraceLine

pytestmark = pytest.mark.pure


def run(language: str) -> str:
    base = Money(40_215, "EUR")
    return values._run_in_words(date(2026, 11, 1), date(2026, 11, 30), Decimal("4"), base, language)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("nl", "4% per jaar over €\u00a0402,15, van 1 november 2026 tot en met 30 november 2026"),
        ("fr", "4\u00a0% par an sur 402,15\u00a0€, du 1er novembre 2026 au 30 novembre 2026 inclus"),
        ("en", "4% a year on €402.15, from 1 November 2026 to 30 November 2026 inclusive"),
        ("es", "4% a year on €402.15, from 1 November 2026 to 30 November 2026 inclusive"),
    ],
)
def test_interest_is_said_in_the_language_of_the_letter(language, expected):
    assert run(language) == expected


def cost(outcome: str, minor: int | None) -> TraceLine:
    amount = None if minor is None else Money(minor, "EUR")
    return TraceLine("nl.bik", "2012-07-01", "BIK", {"part": "EUR 402.15"}, outcome, amount)


def test_costs_are_said_line_by_line(monkeypatch):
    said = {"try.slice": {"nl": "15% over {part:money}", "en": "15% of {part:money}"}}
    monkeypatch.setattr(words, "sentences", lambda: said)
    trace = (cost("try.slice", 6_032), cost("try.slice", None))
    assert values._costs_in_words(trace, "nl") == [
        {"words": "15% over €\u00a0402,15", "amount": "€\u00a060,32"}
    ]


def test_costs_without_words_are_not_said_in_part():
    assert values._costs_in_words((cost("scale on the sum of the principals", 6_032),), "nl") == []

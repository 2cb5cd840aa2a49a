"""Every outcome of an interest has its sentence in four languages, filled from what the line holds."""

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path
from string import Formatter

import pytest

from agency.money import Money
from agency.rules.day_count import DayCount
from agency.rules.facts import InterestKind, Law
from agency.rules.interest import RoundingPoint, Stop, StopGround, interest
from agency.rules.tables.shape import DOUBTS

pytestmark = pytest.mark.pure

WORDS = Path(__file__).parents[2] / "agency" / "rules" / "words"
LANGUAGES = {"nl", "fr", "en", "de"}
FORMATS = {"money", "percent", "date", "number", "term"}
CONSUMER, TRADE, CONTRACT = InterestKind.consumer, InterestKind.trade, InterestKind.contract


def read(name: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((WORDS / f"{name}.toml").read_text(encoding="utf-8"))


SENTENCES = {f"{topic}.{key}": words for topic in ("interest", "rates") for key, words in read(topic).items()}
TERMS = read("terms_interest")
# A debt for each outcome there is.
DEBTS = [
    {"last_day": date(2027, 1, 1)},
    {"law": Law.be},
    {"law": Law.uk},
    {"simple": True},
    {"last_day": date(2025, 1, 1)},
    {"surcharge_percent": Decimal(2), "compounding_agreed": True},
    {"contractual_percent": Decimal(12)},
    {"kind": CONSUMER, "contractual_percent": Decimal(1)},
    {"law": Law.be, "kind": CONSUMER, "contractual_percent": Decimal(9)},
    {"law": Law.be, "kind": CONSUMER, "contractual_percent": Decimal(20)},
    {"law": Law.be, "kind": CONSUMER, "surcharge_percent": Decimal(1)},
    {"stops": [Stop(StopGround.wsnp, date(2026, 2, 1))]},
]


def lines():
    for debt in DEBTS:
        terms = {"law": Law.nl, "kind": TRADE, "last_day": date(2026, 12, 31)} | debt
        yield from interest(principal=Money(100_000, "EUR"), first_day=date(2025, 1, 2), **terms).trace


LINES = {line.outcome: line for line in lines()}


def placeholders(sentence: str) -> dict[str, str]:
    return {name: form or "" for _, name, form, _ in Formatter().parse(sentence) if name is not None}


def test_no_sentence_is_said_by_nobody():
    assert SENTENCES.keys() == LINES.keys()


@pytest.mark.parametrize("outcome", sorted(LINES))
def test_a_sentence_stands_in_every_language_and_asks_only_for_what_is_there(outcome):
    words, inputs = SENTENCES[outcome], LINES[outcome].inputs
    assert words.keys() == LANGUAGES
    asked = [placeholders(sentence) for sentence in words.values()]
    assert all(one == asked[0] for one in asked)
    assert asked[0].keys() <= inputs.keys()
    assert set(asked[0].values()) <= FORMATS
    for name, form in asked[0].items():
        if form == "term":
            assert inputs[name] in TERMS
        if form == "percent":
            assert Decimal(inputs[name]).is_finite()
        if form == "date":
            assert date.fromisoformat(inputs[name])
        if form == "money":
            assert Money.parse(inputs[name].split()[1], inputs[name].split()[0])


@pytest.mark.parametrize("code", [*DayCount, *RoundingPoint, *StopGround, *DOUBTS])
def test_every_code_is_a_term_in_every_language(code):
    assert TERMS[str(code)].keys() == LANGUAGES
    assert all(TERMS[str(code)].values())

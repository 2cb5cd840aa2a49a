"""What every trace must keep: its addends sum up, and each line is a sentence in four languages."""

import re
import tomllib
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from agency.money import Money
from agency.rules.trace import TraceLine

LANGUAGES = {"nl", "fr", "en", "de"}
PLACEHOLDER = re.compile(r"{(\w+)(?::(\w+))?}")


@cache
def words(topic: str) -> dict[str, dict[str, str]]:
    """The sentences of one topic, as the files of the rules hold them."""
    text = files("agency.rules").joinpath(f"words/{topic}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def terms() -> dict[str, Any]:
    """The words for codes, of every file of terms."""
    found: dict[str, Any] = {}
    for entry in files("agency.rules").joinpath("words").iterdir():
        if entry.name.startswith("terms"):
            found |= tomllib.loads(entry.read_text(encoding="utf-8"))
    return found


def assert_explains(trace: Iterable[TraceLine], amount: Money | None = None) -> None:
    """Check that the amounts add up to the decision's and that each line can be said from its inputs."""
    lines = tuple(trace)
    assert lines
    if amount is not None:
        addends = [line.amount for line in lines if line.amount is not None]
        assert Money.total(addends, amount.currency) == amount
    for line in lines:
        topic, _, key = line.outcome.partition(".")
        sentences = words(topic)[key]
        assert set(sentences) == LANGUAGES, line.outcome
        asked = {language: set(PLACEHOLDER.findall(text)) for language, text in sentences.items()}
        assert all(found == asked["en"] for found in asked.values()), f"{line.outcome} differs by language"
        for name, form in asked["en"]:
            assert_readable(line.inputs[name], form)
        assert all((line.rule, line.version, line.source))


def assert_readable(value: str, form: str) -> None:
    """Check that an input is written as its format asks."""
    match form:
        case "money":
            currency, _, amount = value.partition(" ")
            assert str(Money.parse(amount, currency)) == value
        case "percent":
            assert format(Decimal(value), "f") == value
        case "date":
            date.fromisoformat(value)
        case "number":
            assert value.isdigit()
        case "term":
            assert set(terms()[value]) == LANGUAGES
        case _:
            assert form == ""

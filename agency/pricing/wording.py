"""The build-up of a price as lines of a trace, which the rules put into words in four languages."""

from collections.abc import Iterable, Mapping
from typing import Any

from agency.money import Money
from agency.rules.explain import explain
from agency.rules.trace import TraceLine


def factor_sentences(
    factors: Iterable[tuple[str, int]], facts: Mapping[str, Any], *, lang: str
) -> list[tuple[str, int]]:
    """This function will return each factor of a price as (sentence, basis points).

    :param factors: key and basis points, as a quote keeps them.
    :param facts: the facts of the claim as a quote line keeps them, completeness among them.
    :raises ValueError: the language has no words.
    """
    pairs = list(factors)
    lines = [_line(key, facts) for key, _ in pairs]
    said = explain(lines, lang)
    return [(line.words, bps) for line, (_, bps) in zip(said, pairs, strict=True)]


def fee_sentence(facts: Mapping[str, Any], *, lang: str) -> str:
    """This function will say what the fee is over and what it is at most."""
    (line,) = explain([_line("fee", facts)], lang)
    return line.words


def _line(key: str, facts: Mapping[str, Any]) -> TraceLine:
    currency = facts["currency"]
    inputs = {
        "principal": str(Money(facts["amount_minor"], currency)),
        "points": str(facts["completeness"]),
        "days": str(facts["age_days"]),
        "country": facts["country"],
        "debtor": facts["debtor"],
        "dispute": f"dispute_{facts['dispute']}",
        "phase": f"phase_{facts.get('phase', 'reminder')}",
        "maximum": str(Money(facts["maximum_minor"], currency)),
    }
    return TraceLine(rule="price", version="", source="", inputs=inputs, outcome=f"price.{key}", amount=None)

"""Words about somebody's health in free text: warned about, as they are hardly ever needed for a claim."""

import re
from functools import cache
from typing import Final

from agency.intake.checks.finding import Finding, Severity
from agency.rules.tables import read_table

SAYS_HEALTH: Final = "says something about health; leave it out unless the claim cannot do without it"


@cache
def health_pattern() -> str:
    """Return the pattern of all languages' words, in lower case; the same one serves whole columns."""
    rows = read_table("health_words")["health"]
    stems = sorted({re.escape(stem) for row in rows for stem in row["stems"]})
    words = sorted({re.escape(word) for row in rows for word in row["words"]})
    return rf"\b(?:(?:{'|'.join(stems)})\w*|(?:{'|'.join(words)})\b)"


@cache
def _compiled() -> re.Pattern[str]:
    return re.compile(health_pattern())


def health_words(text: str) -> tuple[str, ...]:
    """Return the words of a text that are about health, as they stand there in lower case."""
    return tuple(match[0] for match in _compiled().finditer(text.casefold()))


def check_health(field: str, text: str) -> list[Finding]:
    """Warn about a text that says something about somebody's health (GDPR art. 9)."""
    words = health_words(text)
    return [Finding(field, Severity.WARN, SAYS_HEALTH, ", ".join(words)[:80], "GDPR art. 9")] if words else []

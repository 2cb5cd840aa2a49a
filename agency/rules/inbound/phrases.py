"""The phrases of the table of triage as patterns, and words in haste and dialect written out."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from agency.rules.inbound.plain_words import plain
from agency.rules.tables import read_table

_SYNTAX: Final = re.compile(r"([*()|?$^])")
_ENDS: Final = {"(": "(?:", ")": ")", "|": "|", "?": "?", "$": r"(?!\w)", "^": "^"}


def pattern(phrases: Sequence[str], gap: str) -> re.Pattern[str]:
    """Return what matches any of some phrases at the beginning of a word; `gap` is what `*` stands for."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(_phrase(plain(one), gap) for one in phrases)})")


def written_out(sentence: str) -> str:
    """A sentence whose words in haste and dialect stand as they are spelt; all letters small and plain."""
    words, meant = _written()
    return words.sub(lambda found: meant[found.lastgroup or ""], sentence)


@lru_cache(maxsize=1)
def _written() -> tuple[re.Pattern[str], dict[str, str]]:
    pairs = {f"w{at}": pair for at, pair in enumerate(read_table("triage")["written"]["pairs"])}
    each = "|".join(f"(?P<{name}>{_phrase(words, '')})" for name, (words, _) in pairs.items())
    return re.compile(rf"(?<![\w'])(?:{each})(?![\w'])"), {name: meant for name, (_, meant) in pairs.items()}


def _phrase(phrase: str, gap: str) -> str:
    pieces = _SYNTAX.split(phrase)
    return "".join(gap if one == "*" else _ENDS.get(one) or re.escape(one) for one in pieces)

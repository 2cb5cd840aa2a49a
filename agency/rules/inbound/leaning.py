"""What a reply leans to where no phrase says it: by the words that it shares with examples.

People tell what they lack and what went wrong in words of their own. A word weighs for a topic by how rare
it is in all other topics (complement naive Bayes), less the usual weight there, so that a topic of few
examples is not found the more often; and less what it weighs for no topic at all.
"""

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from agency.rules.inbound.phrases import written_out
from agency.rules.inbound.plain_words import plain
from agency.rules.tables import read_table

NOTHING: Final = "other"
STEM: Final = 5
WORDS_TOLD: Final = 3
# A word of so few letters tells a reader nothing by itself.
SHORT: Final = 3
_WORD: Final = re.compile(r"[^\W\d_]+|\d+")


@dataclass(frozen=True, slots=True)
class Leaning:
    """A topic with the words that weigh most for it, as they were written."""

    topic: str
    words: tuple[str, ...]


def leaning(words: str, *, hints: Mapping[str, int], denied: Collection[object]) -> Leaning | None:
    """Return what a text leans to; None where its words say too little, or what only phrases may tell.

    :param words: in small letters without accents, written out.
    :param hints: by topic, what its phrases weigh.
    :param denied: the topics of which a phrase is denied.
    """
    table, weights = read_table("reply_examples"), _weights()
    known = {mark: said for mark, said in _marks(words).items() if mark in weights[NOTHING]}
    over = {
        topic: {mark: weight[mark] - weights[NOTHING][mark] for mark in known}
        for topic, weight in weights.items()
    }
    sums = {
        topic: sum(weight.values()) + table["hint"] * hints.get(topic, 0)
        for topic, weight in over.items()
        if topic not in denied
    }
    likeliest = max(sums, key=lambda topic: sums[topic])
    if likeliest not in table["told"] or sums[likeliest] < table["least"]:
        return None
    heaviest = sorted(known, key=lambda mark: -over[likeliest][mark])
    telling = dict.fromkeys(known[mark] for mark in heaviest if len(mark) > SHORT)
    return Leaning(likeliest, tuple(telling)[:WORDS_TOLD])


def _marks(words: str) -> dict[str, str]:
    """The beginnings of words, because their ends change, and pairs of neighbours; each as it was said."""
    said = _WORD.findall(words)
    stems = ["0" if one.isdigit() else one[:STEM] for one in said]
    pairs = zip(pairwise(stems), pairwise(said), strict=True)
    return dict(zip(stems, said, strict=True)) | {" ".join(two): " ".join(both) for two, both in pairs}


@lru_cache(maxsize=1)
def _weights() -> dict[str, dict[str, int]]:
    """By topic, how much each mark of the examples says for it, in thousandths."""
    counts = {
        row["key"]: Counter(mark for one in row["texts"] for mark in _marks(written_out(plain(one))))
        for row in read_table("reply_examples")["topic"]
    }
    whole = sum(counts.values(), Counter[str]())
    return {topic: _weighed(whole, own) for topic, own in counts.items()}


def _weighed(whole: Counter[str], own: Counter[str]) -> dict[str, int]:
    """How much rarer each mark is outside a topic than marks are there on the whole; half an example is added
    to each, so that one example alone proves little."""
    others = 2 * (whole.total() - own.total()) + len(whole)
    rare = {mark: round(1000 * math.log(others / (2 * (whole[mark] - own[mark]) + 1))) for mark in whole}
    usual = sum(rare[mark] * times for mark, times in whole.items()) // whole.total()
    return {mark: weight - usual for mark, weight in rare.items()}

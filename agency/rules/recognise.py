"""What a document is, from its own words: weighted words in four languages, the same answer every time."""

from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from agency.rules.facts import DocumentKind
from agency.rules.reading import Reading, fold
from agency.rules.tables import read_table
from agency.rules.trace import Trace, TraceLine

TABLE: Final = "document_words"
PERCENT: Final = 100


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a document is taken for, how sure that is in percent, and the words that say so.

    `kind` is None when the words do not tell: too few of them, or two kinds as likely.
    """

    kind: DocumentKind | None
    confidence: int
    language: str
    words: tuple[str, ...]
    points: tuple[tuple[DocumentKind, int], ...]
    trace: Trace


@dataclass(frozen=True, slots=True)
class _Row:
    kind: DocumentKind
    language: str
    weight: int
    title: tuple[str, ...]
    strong: tuple[str, ...]
    weak: tuple[str, ...]


def recognise(reading: Reading) -> Recognised:
    """Tell what a document is.

    A title word counts in full in the head of the first page (where a document says what it is) and as a
    weak one elsewhere; a phrase counts once however often it stands there.
    """
    head, body = _head(reading), _body(reading)
    points: dict[DocumentKind, int] = {}
    said: dict[DocumentKind, list[str]] = {}
    languages: dict[str, int] = {}
    for row in _rows():
        for phrase, worth in _found(row, head, body):
            points[row.kind] = points.get(row.kind, 0) + worth
            languages[row.language] = languages.get(row.language, 0) + worth
            if phrase not in said.setdefault(row.kind, []):
                said[row.kind].append(phrase)
    ranked = sorted(points.items(), key=lambda one: (-one[1], one[0].value))
    kind, confidence = _decide(ranked)
    words = tuple(said[ranked[0][0]]) if ranked else ()
    language = max(languages, key=lambda code: (languages[code], code), default="")
    return Recognised(kind, confidence, language, words, tuple(ranked), _trace(kind, confidence, words))


def _decide(ranked: list[tuple[DocumentKind, int]]) -> tuple[DocumentKind | None, int]:
    """Sure is who has much, and much more than the next."""
    if not ranked:
        return None, 0
    limits = read_table(TABLE)["limits"]
    best, second = ranked[0][1], ranked[1][1] if len(ranked) > 1 else 0
    lead = PERCENT * (best - second) // best
    weight = min(PERCENT, PERCENT * best // limits["enough_points"])
    confidence = min(limits["confidence_max"], (lead + weight) * weight // (2 * PERCENT))
    enough = best >= limits["least_points"] and lead >= limits["least_lead_percent"]
    return (ranked[0][0], confidence) if enough else (None, confidence)


def _found(row: _Row, head: str, body: str) -> list[tuple[str, int]]:
    weights = read_table(TABLE)["weights"]
    found: list[tuple[str, int]] = []
    for phrase in sorted(row.title, key=len, reverse=True):
        if any(_says(f" {longer} ", phrase) for longer, _ in found):
            continue  # "terms and conditions" inside "general terms and conditions" is the same title
        if _says(head, phrase):
            found.append((phrase, row.weight))
        elif _says(body, phrase):
            found.append((phrase, weights["weak"]))
    found += [(phrase, weights["strong"]) for phrase in row.strong if _says(body, phrase)]
    found += [(phrase, weights["weak"]) for phrase in row.weak if _says(body, phrase)]
    return found


def _says(text: str, phrase: str) -> bool:
    return f" {phrase} " in text


def _head(reading: Reading) -> str:
    """Return the short lines at the top of the first page: a title stands alone, a sentence only mentions."""
    limits = read_table(TABLE)["limits"]
    if not reading.pages:
        return "  "
    words = reading.pages[0].words
    on_line = Counter(word.line for word in words)
    head = [
        word
        for number, word in enumerate(words)
        if on_line[word.line] <= limits["head_line_words"]
        and (word.box.top <= limits["head_ten_thousandths"] if word.box else number < limits["head_words"])
    ]
    return f" {fold(' '.join(word.text for word in head))} "


def _body(reading: Reading) -> str:
    return f" {fold(' '.join(word.text for page in reading.pages for word in page.words))} "


@cache
def _rows() -> tuple[_Row, ...]:
    return tuple(_row(row) for row in read_table(TABLE)["words"])


def _row(row: dict[str, Any]) -> _Row:
    def phrases(name: str) -> tuple[str, ...]:
        return tuple(fold(phrase) for phrase in row.get(name, ()))

    return _Row(
        DocumentKind(row["kind"]), row["language"], row["weight"],
        phrases("title"), phrases("strong"), phrases("weak"),
    )  # fmt: skip


def _trace(kind: DocumentKind | None, confidence: int, words: tuple[str, ...]) -> Trace:
    table = read_table(TABLE)
    line = TraceLine(
        rule="documents.recognise",
        version=table["version"],
        source=table["source"],
        inputs={"words": ", ".join(words)},
        outcome=f"{kind.value if kind else 'not told'}, {confidence} % sure",
    )
    return (line,)

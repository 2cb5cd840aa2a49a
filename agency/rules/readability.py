"""How easy a text reads, measured against level B1 and its equivalents."""

import re
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any, Final

from agency.rules.syllables import syllables
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import Trace, TraceLine

_TENTH: Final = Decimal("0.1")
_SHOWN_MAX: Final = 5
_WORD: Final = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*|\d(?:[\d.,:/]*\d)?")
_SENTENCE_END: Final = re.compile(r"(?<=[.!?…])[\"”»’')]*\s+|\n+")
_ABBREVIATION: Final = re.compile(
    r"\b(?:art|nr|no|p|pag|blz|bijv|enz|m\.b\.t|d\.w\.z|t\.n\.v|i\.v\.m|o\.a|ca|dhr|mevr|mr|drs|"
    r"mme|mlle|m|cf|etc|ex|mrs|ms|dr|st|e\.g|i\.e|abs|bzw|ca|ggf|z\.b|d\.h|u\.a|str|hr|fr)\.\s+$",
    re.IGNORECASE,
)


class NoFormula(LookupError):
    """No formula is kept for this language, so nobody can say how easy the text reads."""


@dataclass(frozen=True, slots=True)
class Readability:
    """How easy a text reads, and what a writer can mend.

    `score`: 100 is very easy, 0 very hard, with one decimal. `failures` are the codes "too_hard",
    "sentences_too_long", "sentence_too_long" and "too_many_long_words". `long_sentences` are those over the
    limit, the longest first, or the longest few when none is; `hard_words` are the longest words by
    syllables.
    """

    passes: bool
    score: Decimal
    words: int
    sentences: int
    words_per_sentence: Decimal
    long_words_percent: Decimal
    failures: tuple[str, ...]
    long_sentences: tuple[str, ...]
    hard_words: tuple[str, ...]
    trace: Trace


@dataclass(frozen=True, slots=True)
class _Measured:
    sentences: tuple[str, ...]
    lengths: tuple[int, ...]
    words: tuple[str, ...]
    syllables: tuple[int, ...]

    def words_per_sentence(self) -> Fraction:
        return Fraction(len(self.words), len(self.sentences))

    def score(self, row: dict[str, Any]) -> Fraction:
        per_word = Fraction(row["per_word"]) * self.words_per_sentence()
        per_syllable = Fraction(row["per_syllable"]) * Fraction(sum(self.syllables), len(self.words))
        return Fraction(row["constant"]) - per_word - per_syllable

    def long_words_percent(self, row: dict[str, Any]) -> Fraction:
        return Fraction(
            100 * sum(count >= row["long_syllables"] for count in self.syllables), len(self.words)
        )


def readability(*, text: str, language: str, on: date) -> Readability:
    """Measure how easy a text reads, by the formula of its language.

    Dutch law asks for level B1 (Rki art. 1, Bki). No formula measures B1 itself, so that the thresholds in
    the table are the nearest bands of Flesch-Douma (nl), Kandel-Moles (fr), Flesch (en) and Amstad (de),
    with the length of sentences and the share of long words beside them. A number or an amount counts as one
    word of one syllable; a line break ends a sentence.

    :param text: plain words, paragraphs on lines of their own.
    :param language: nl, fr, en or de.
    :param on: the day of publishing; it picks the thresholds in force.
    :raises NoFormula: when the language or the day has none.
    :raises ValueError: when the text has no words.
    """
    rows = [row for row in read_table("readability")["language"] if row["language"] == language]
    row = row_in_force(rows, on)
    if row is None:
        raise NoFormula(f"no formula for {language!r} on {on}")
    found = _measure(text, language)
    if not found.words:
        raise ValueError("a text without words cannot be read")
    failures = _failures(found, row)
    measured = Readability(
        passes=not failures,
        score=_tenths(found.score(row)),
        words=len(found.words),
        sentences=len(found.sentences),
        words_per_sentence=_tenths(found.words_per_sentence()),
        long_words_percent=_tenths(found.long_words_percent(row)),
        failures=failures,
        long_sentences=_longest(found, row["sentence_max"]),
        hard_words=_hardest(found),
        trace=(),
    )
    return _with_trace(measured, row, max(found.lengths))


def _failures(found: _Measured, row: dict[str, Any]) -> tuple[str, ...]:
    failing = {
        "too_hard": found.score(row) < row["score_min"],
        "sentences_too_long": found.words_per_sentence() > row["mean_sentence_max"],
        "sentence_too_long": max(found.lengths) > row["sentence_max"],
        "too_many_long_words": found.long_words_percent(row) > row["long_percent_max"],
    }
    return tuple(code for code, fails in failing.items() if fails)


def sentences_in(text: str) -> tuple[str, ...]:
    """Divide a text into its sentences; an abbreviation's full stop ends none."""
    found: list[str] = []
    start = 0
    for end in _SENTENCE_END.finditer(text):
        if "\n" not in end[0] and _ABBREVIATION.search(text[start : end.end()]):
            continue
        found.append(text[start : end.end()].strip())
        start = end.end()
    found.append(text[start:].strip())
    return tuple(sentence for sentence in found if _WORD.search(sentence))


def words_in(sentence: str) -> tuple[str, ...]:
    """Divide a sentence into its words; a number with its separators is one word, a sign of money none."""
    return tuple(_WORD.findall(sentence))


def _measure(text: str, language: str) -> _Measured:
    sentences = sentences_in(text)
    words = [words_in(sentence) for sentence in sentences]
    flat = tuple(word for some in words for word in some)
    counts = tuple(1 if word[0].isdigit() else syllables(word, language) for word in flat)
    return _Measured(sentences, tuple(len(some) for some in words), flat, counts)


def _longest(found: _Measured, limit: int) -> tuple[str, ...]:
    by_length = sorted(zip(found.lengths, found.sentences, strict=True), key=lambda one: -one[0])
    over = [sentence for length, sentence in by_length if length > limit]
    return tuple(over or [sentence for _, sentence in by_length[:_SHOWN_MAX]])


def _hardest(found: _Measured) -> tuple[str, ...]:
    counts = {word.lower(): count for word, count in zip(found.words, found.syllables, strict=True)}
    return tuple(sorted(counts, key=lambda word: (-counts[word], word))[:_SHOWN_MAX])


def _tenths(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(_TENTH, ROUND_HALF_UP)


def _with_trace(measured: Readability, row: dict[str, Any], longest: int) -> Readability:
    inputs = {
        "formula": row["formula"],
        "language": row["language"],
        "score": str(measured.score),
        "score_min": str(row["score_min"]),
        "mean": str(measured.words_per_sentence),
        "mean_max": str(row["mean_sentence_max"]),
        "longest": str(longest),
        "longest_max": str(row["sentence_max"]),
        "long": str(measured.long_words_percent),
        "long_max": str(row["long_percent_max"]),
    }
    lines = tuple(
        TraceLine(
            rule=f"readability.{row['language']}",
            version=row["since"].isoformat(),
            source=row["source"],
            inputs=inputs,
            outcome=f"readability.{code}",
        )
        for code in (*measured.failures, "measured")
    )
    return replace(measured, trace=lines)

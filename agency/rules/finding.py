"""Finding values in what a document says: numbers, amounts, dates and names, each with its place.

Everything is looked for in windows of a few words that follow each other, because a PDF may break a number
or an amount wherever it likes.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final, TypeVar

from agency.rules.reading import Box, Reading, Word, fold, squeeze
from agency.rules.tables import read_table

TABLE: Final = "evidence"
WINDOW: Final = 6

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: the page, the box around it (a text file has none), and the words."""

    page: int
    box: Box | None
    text: str


def find_number(reading: Reading, number: str) -> Place | None:
    """Return where a number stands, whatever blanks, points and dashes are in it or around it."""
    return find_numbers(reading, (number,)).get(number)


def find_numbers(reading: Reading, numbers: Iterable[str]) -> dict[str, Place]:
    """Return where each of many numbers stands first; those that stand nowhere are left out."""
    wanted = {squeeze(number): number for number in numbers}
    longest = max(map(len, wanted), default=0)
    found: dict[str, Place] = {}
    for page, words in _pages(reading):
        squeezed = [squeeze(word.text) for word in words]
        for start in range(len(words)):
            joined = ""
            for end in range(start, min(start + WINDOW, len(words))):
                joined += squeezed[end]
                if len(joined) > longest or not squeezed[start]:
                    break
                if squeezed[end] and joined in wanted:
                    found.setdefault(wanted[joined], _place(page, words[start : end + 1]))
    return found


def find_name(reading: Reading, name: str) -> tuple[Place, int] | None:
    """Return where a name stands and how much of it is there, in percent of its telling words.

    Words of the name may be apart by one other word (an initial, a legal form), in any order on the line.
    """
    wanted = name_words(name)
    best: tuple[Place, int] | None = None
    if not wanted:
        return None
    for page, words in _pages(reading):
        folded = [fold(word.text).split() for word in words]
        for start, parts in enumerate(folded):
            if not wanted.intersection(parts):
                continue
            window = range(start, min(start + len(wanted) + 3, len(words)))
            there = [index for index in window if wanted.intersection(folded[index])]
            seen = wanted.intersection(part for index in there for part in folded[index])
            share = 100 * sum(map(len, seen)) // sum(map(len, wanted))
            if best is None or share > best[1]:
                best = _place(page, words[there[0] : there[-1] + 1]), share
            if share == 100:
                return best
    return best


def name_words(name: str) -> frozenset[str]:
    """Return the words of a name that tell whose it is: no legal forms, no articles, no initials."""
    empty = frozenset(read_table(TABLE)["names"]["legal_forms"])
    words = [word for word in fold(name).split() if word not in empty]
    telling = [word for word in words if len(word) > 1] or words
    return frozenset(telling or fold(name).split())


def find_amounts(reading: Reading) -> Iterator[tuple[Place, int]]:
    """Yield every amount with two decimals, in minor units, with its place."""
    yield from _windows(reading, read_minor, words_max=4)


def find_dates(reading: Reading) -> Iterator[tuple[Place, tuple[date, ...]]]:
    """Yield every date with its place; more than one when day and month could be either way round."""
    yield from _windows(reading, read_dates, words_max=3)


def find_labelled(
    reading: Reading, field: str, read: Callable[[str], Value | None], *, words_max: int
) -> tuple[Place, Value] | None:
    """Return the first value that stands behind (or below) a label of a field."""
    for page, words in _pages(reading):
        for label in _labels(words, field):
            for start in _after(words, label):
                if not _tells(words[start]):
                    continue
                found = _read_from(page, words, start, read, words_max)
                if found is not None:
                    return found
    return None


def find_labels(reading: Reading, field: str) -> Iterator[tuple[int, Place]]:
    """Yield every place where a label of a field stands, with the number of its line."""
    for page, words in _pages(reading):
        for start, end in _labels(words, field):
            yield words[start].line, _place(page, words[start:end])


_AMOUNT = re.compile(r"-?\d{1,3}(?:[.,'\s]?\d{3})*[.,]\d{2}")
_MARKS = re.compile(r"€|£|\$|eur(?:os?)?|gbp|usd|chf", re.IGNORECASE)


def read_minor(text: str) -> int | None:
    """Read an amount with two decimals, however thousands are set apart, as minor units."""
    bare = _MARKS.sub("", text).replace("\u00a0", " ").replace("\u202f", " ").strip(" :;–=*")
    bare = bare.rstrip(".,-").lstrip(".,")
    if not _AMOUNT.fullmatch(bare):
        return None
    return int(re.sub(r"[^0-9]", "", bare)) * (-1 if bare.startswith("-") else 1)


_NUMERIC = re.compile(r"(\d{1,4})[-/. ]+(\d{1,2})[-/. ]+(\d{1,4})")
_DAY_FIRST = re.compile(r"(\d{1,2})(?:er|e|st|nd|rd|th)? ([a-z]+) (\d{4})")
_MONTH_FIRST = re.compile(r"([a-z]+) (\d{1,2})(?:st|nd|rd|th)? (\d{4})")


def read_dates(text: str) -> tuple[date, ...] | None:
    """Read a date of four languages; two when day and month could be either way round, day first."""
    bare = text.strip(" ,;:.()")
    if numeric := _NUMERIC.fullmatch(bare):
        first, middle, last = (int(part) for part in numeric.groups())
        if len(numeric[1]) == 4:
            return _days((first, middle, last))
        year = last + 2000 if len(numeric[3]) == 2 else last
        return _days((year, middle, first), (year, first, middle))
    plain = fold(bare)
    if named := _DAY_FIRST.fullmatch(plain):
        return _days((int(named[3]), _month(named[2]), int(named[1])))
    if named := _MONTH_FIRST.fullmatch(plain):
        return _days((int(named[3]), _month(named[1]), int(named[2])))
    return None


def read_code(text: str) -> str | None:
    """Read a number that a document is known by: it has a digit, and is no date or amount."""
    bare = text.strip(" ,;:.()#")
    digits = sum(sign.isdigit() for sign in bare)
    if digits < 2 or len(bare) > 30 or read_dates(bare) or read_minor(bare) is not None:
        return None
    return bare


def _days(*candidates: tuple[int, int, int]) -> tuple[date, ...] | None:
    days: list[date] = []
    for year, month, day in candidates:
        if 1990 <= year <= 2100:
            try:
                found = date(year, month, day)
            except ValueError:
                continue
            if found not in days:
                days.append(found)
    return tuple(days) or None


def _month(name: str) -> int:
    number: int = read_table(TABLE)["months"].get(name, 0)
    return number


def _windows(
    reading: Reading, read: Callable[[str], Value | None], *, words_max: int
) -> Iterator[tuple[Place, Value]]:
    for page, words in _pages(reading):
        start = 0
        while start < len(words):
            found = _read_from(page, words, start, read, words_max) if _may_begin(words[start]) else None
            if found is not None:
                yield found
            start += len(found[0].text.split()) if found else 1


def _tells(word: Word) -> bool:
    """A colon that stands alone is no part of the value behind it."""
    return any(sign.isalnum() for sign in word.text) or bool(_MARKS.match(word.text))


def _may_begin(word: Word) -> bool:
    """Only what has a digit, is a currency's mark or names a month begins an amount or a date."""
    digits = any(sign.isdigit() for sign in word.text)
    return digits or bool(_MARKS.match(word.text)) or bool(_month(fold(word.text)))


def _read_from(
    page: int, words: tuple[Word, ...], start: int, read: Callable[[str], Value | None], words_max: int
) -> tuple[Place, Value] | None:
    """Read the longest value that begins at a word, on its line."""
    for end in range(min(start + words_max, len(words)), start, -1):
        window = words[start:end]
        if window[-1].line != window[0].line:
            continue
        value = read(" ".join(word.text for word in window))
        if value is not None:
            return _place(page, window), value
    return None


@cache
def _label_phrases(field: str) -> tuple[tuple[str, ...], ...]:
    rows = [row["words"] for row in read_table(TABLE)["label"] if row["field"] == field]
    phrases = {tuple(fold(phrase).split()) for row in rows for phrase in row}
    return tuple(sorted(phrases, key=lambda phrase: (-len(phrase), phrase)))


def _labels(words: tuple[Word, ...], field: str) -> Iterator[tuple[int, int]]:
    """Yield the first and past-last index of every label of a field."""
    folded = [fold(word.text) for word in words]
    for start in range(len(words)):
        for phrase in _label_phrases(field):
            joined = " ".join(filter(None, folded[start : start + len(phrase)]))
            if joined == " ".join(phrase) and folded[start]:
                yield start, start + len(phrase)
                break


def _after(words: tuple[Word, ...], label: tuple[int, int]) -> Iterator[int]:
    """Yield where the value of a label may begin: behind it on its line, or below it."""
    start, end = label
    line, box = words[start].line, words[start].box
    yield from (index for index in range(end, min(end + WINDOW, len(words))) if words[index].line == line)
    for index in range(end, len(words)):
        below, own = words[index].line - line, words[index].box
        if below > 2:
            return
        if below >= 1 and (
            box is None or own is None or (own.left < box.right + 800 and own.right > box.left)
        ):
            yield index


def _pages(reading: Reading) -> Iterator[tuple[int, tuple[Word, ...]]]:
    for page in reading.pages:
        yield page.number, page.words


def _place(page: int, words: tuple[Word, ...]) -> Place:
    box: Box | None = None
    for word in words:
        if word.box is not None:
            box = word.box.around(box)
    return Place(page, box, " ".join(word.text for word in words))

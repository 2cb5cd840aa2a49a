"""Why a mail came back, from the words of the diagnosis and its figures."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from agency.rules.inbound.plain_words import plain
from agency.rules.tables import read_table

UNDEFINED: Final = "undefined"
_ANYTHING: Final = r".{0,40}?"
# "user unknown" after the text was handed over: the mailbox is there, and turned this mail away.
_AFTER_DATA: Final = re.compile(
    r"\bend of data\b|\bafter (?:end of )?data\b|\bsmtp command data\b|-smtp command data\b"
)
_UNKNOWN_USER: Final = "userunknown"
# What is only the name of something says nothing: a host may well be called antispam.
_NAMES: Final = re.compile(
    r"https?://\S+|[^\s@]+@[\w-]+(?:\.[\w-]+)*>?|(?<![\w.])[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,12}(?![\w.])"
)
DIAGNOSIS_MAX: Final = 2_000


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason of the table; `hard` when the address itself is no good."""

    key: str
    hard: bool
    own: str

    @property
    def known(self) -> bool:
        """Whether the words or figures told a reason."""
        return self.key != UNDEFINED


@dataclass(frozen=True, slots=True)
class _Row:
    reason: Reason
    words: re.Pattern[str] | None
    weak: re.Pattern[str] | None
    status: frozenset[str]


def reason_of(*, diagnosis: str, status: str, recipient: str) -> Reason:
    """Return why a mail to an address came back.

    :param diagnosis: the server's own words, as far as they are known.
    :param status: as class.subject.detail, empty where none was told.
    """
    words = plain(_NAMES.sub(" ", diagnosis[:DIAGNOSIS_MAX]).replace("_", " "))
    found = _by_words(words) or _by_status(status) or _by_weak_words(words) or _by_key(UNDEFINED)
    if found.key != _UNKNOWN_USER or _unknown_for_sure().search(words):
        return found
    return _by_key("filtered") if _AFTER_DATA.search(words) or _filters(recipient) else found


def _by_words(words: str) -> Reason | None:
    return next((row.reason for row in _rows() if row.words and row.words.search(words)), None)


def _by_status(status: str) -> Reason | None:
    _, _, detail = status.partition(".")
    return next((row.reason for row in _rows() if detail in row.status), None)


def _by_weak_words(words: str) -> Reason | None:
    return next((row.reason for row in _rows() if row.weak and row.weak.search(words)), None)


def _filters(recipient: str) -> bool:
    """Whether "unknown user" comes from a carrier that says so of mail its reader filters."""
    domain = recipient.rpartition("@")[2]
    carriers = read_table("bounce_reasons")["carriers_that_filter"]
    return any(domain == one or domain.endswith(f".{one}") for one in carriers)


@lru_cache(maxsize=1)
def _unknown_for_sure() -> re.Pattern[str]:
    return _phrases(read_table("bounce_reasons")["unknown_at_any_stage"])


@lru_cache(maxsize=1)
def _rows() -> tuple[_Row, ...]:
    return tuple(_row(row) for row in read_table("bounce_reasons")["reason"])


@lru_cache(maxsize=64)
def _by_key(key: str) -> Reason:
    return {row.reason.key: row.reason for row in _rows()}[key]


def _row(row: dict[str, Any]) -> _Row:
    return _Row(
        Reason(row["key"], row["hard"], row["own"]),
        _pattern(row["words"]),
        _pattern(row["weak"]),
        frozenset(row["status"]),
    )


def _pattern(words: list[str]) -> re.Pattern[str] | None:
    return _phrases(words) if words else None


def _phrases(words: list[str]) -> re.Pattern[str]:
    phrases = [_ANYTHING.join(re.escape(piece) for piece in plain(one).split("*")) for one in words]
    return re.compile(rf"(?<!\w)(?:{'|'.join(phrases)})")

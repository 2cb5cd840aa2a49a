"""Print batches: which letters travel together, and the totals by which nothing gets lost or doubled."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from agency.rules.tables import read_table, row_in_force


class MailClass(StrEnum):
    """How the post carries a letter."""

    PLAIN = "plain"
    REGISTERED = "registered"


class Envelope(StrEnum):
    """The format of a batch: A4 folded once, or unfolded."""

    C5 = "c5"
    C4 = "c4"


class TooThick(ValueError):
    """A letter that no envelope takes."""


@dataclass(frozen=True, slots=True)
class CountedLetter:
    """What a letter adds to a batch's totals; `sha256` is that of its PDF, `amount_minor` what it asks."""

    reference: str
    sha256: str
    pages: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class ControlTotals:
    """What a batch comes to, for both sides to compare; `files_sha256` is over the list of its files."""

    letters: int
    pages: int
    sheets: int
    amount_minor: int
    files_sha256: str

    def as_fields(self) -> dict[str, Any]:
        """Return the totals by name, as they travel and are kept."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Difference:
    """A total that the printer counted otherwise, with both figures as they were told."""

    total: str
    ours: str
    theirs: str


# What a printer reports of the press and the post; amounts and files it cannot see there any more.
COUNTED: Final = ("letters", "pages", "sheets")


def sheets_of(*, pages: int, on: date) -> int:
    """Return the sheets of a letter of so many pages."""
    per_sheet: int = _printing(on)["pages_per_sheet"]
    return -(-pages // per_sheet)


def envelope_for(*, sheets: int) -> Envelope:
    """Return the narrowest envelope for so many sheets.

    :raises TooThick: there is none.
    """
    for row in sorted(read_table("print_batches")["envelope"], key=lambda row: row["sheets_max"]):
        if sheets <= row["sheets_max"]:
            return Envelope(row["name"])
    raise TooThick(f"no envelope takes {sheets} sheets")


def mail_class_of(*, template: str, on: date) -> MailClass:
    """Return how the letter of a template goes by post."""
    return MailClass.REGISTERED if template in _printing(on)["registered"] else MailClass.PLAIN


def letters_max(*, on: date) -> int:
    """Return how many letters a batch holds at most."""
    most: int = _printing(on)["letters_max"]
    return most


def days_to_the_post(*, on: date) -> int:
    """Return after how many days a printed batch of which the post has told nothing is looked into."""
    days: int = _printing(on)["days_to_the_post"]
    return days


def totals_of(letters: Iterable[CountedLetter], *, on: date) -> ControlTotals:
    """Return the control totals of letters, whatever their order."""
    listed = sorted(letters, key=lambda letter: (letter.reference, letter.sha256))
    return ControlTotals(
        letters=len(listed),
        pages=sum(letter.pages for letter in listed),
        sheets=sum(sheets_of(pages=letter.pages, on=on) for letter in listed),
        amount_minor=sum(letter.amount_minor for letter in listed),
        files_sha256=list_sha256((letter.reference, letter.sha256) for letter in listed),
    )


def list_sha256(files: Iterable[tuple[str, str]]) -> str:
    """Return the hash of a list of (reference, SHA-256 of the file): one line each, in order of reference."""
    lines = "".join(f"{reference} {sha256}\n" for reference, sha256 in sorted(files))
    return hashlib.sha256(lines.encode()).hexdigest()


def differences(ours: ControlTotals, theirs: ControlTotals) -> tuple[Difference, ...]:
    """Name every total that the printer counted otherwise when it took a batch in."""
    mine, told = ours.as_fields(), theirs.as_fields()
    return tuple(_difference(name, mine[name], told[name]) for name in mine if mine[name] != told[name])


def report_differences(ours: ControlTotals, told: Mapping[str, int]) -> tuple[Difference, ...]:
    """Name every count that was printed or posted otherwise; a count that the report lacks counts as zero."""
    counted = {name: (ours.as_fields()[name], told.get(name, 0)) for name in COUNTED}
    return tuple(_difference(name, *both) for name, both in counted.items() if both[0] != both[1])


def returned_differences(ours: ControlTotals, told: Mapping[str, int]) -> tuple[Difference, ...]:
    """Name what is wrong with letters that came back: more of them than were ever posted."""
    back = told.get("letters", 0)
    return () if 0 <= back <= ours.letters else (_difference("letters", ours.letters, back),)


def batches_of(keys: Sequence[Any], *, most: int) -> list[list[int]]:
    """Return the positions of letters by batch: one key each, in order of arrival, none above `most`."""
    groups: dict[Any, list[list[int]]] = {}
    for position, key in enumerate(keys):
        batches = groups.setdefault(key, [[]])
        if len(batches[-1]) == most:
            batches.append([])
        batches[-1].append(position)
    return [batch for batches in groups.values() for batch in batches]


def _difference(name: str, ours: Any, theirs: Any) -> Difference:
    return Difference(name, str(ours), str(theirs))


def _printing(on: date) -> Mapping[str, Any]:
    row = row_in_force(read_table("print_batches")["printing"], on)
    assert row is not None, "the first row of printing holds since before the agency began"
    return row

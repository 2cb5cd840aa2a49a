"""A table as it comes out of a file, whatever the file was: headers, rows, and what was left out of it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

COLUMNS_MAX: Final = 300
FIELD_CHARACTERS_MAX: Final = 20_000
ROWS_MAX: Final = 1_000_000
PREAMBLE_ROWS_MAX: Final = 40
SAMPLE_ROWS: Final = 500
ALL_SHEETS: Final = "*"
"""Asks for every sheet with the same headers as the first; no sheet can be called so. After it may stand the
names of sheets that are left out, each behind a `/`, which is in no name either."""
ALL_KINDS: Final = "**"
"""Asks for every sheet, those with different headers each by a mapping of their own; left out as above."""
SHEET_ROWS: Final = 10_000_000
"""With several sheets read, row 12 of the third is row 30,000,012; `place_of` tells them apart again."""
UNKNOWN: Final = "=?"
"""A cell that holds a formula without its value, as programs leave it that do not reckon."""

Cell = str | Decimal | date | None
Row = tuple[int, Sequence[Cell]]


class Progress:
    """How far a reading has come, in parts of the whole; readers move it, jobs look at it."""

    def __init__(self, whole: int) -> None:
        self.whole = max(whole, 1)
        self.done = 0

    @property
    def percent(self) -> int:
        """Whole per cents done, 0 to 100."""
        return min(100, self.done * 100 // self.whole)


@dataclass(frozen=True)
class Table:
    """Headers and rows of a file.

    `rows` can be gone through once; numbers are as a spreadsheet shows them, so with the headers on row 1 the
    first is row 2. `sample` holds the first of those rows, to be looked at without using them up. Headers are
    never empty and never alike: the second "Name" is "Name (2)", one without a name is "column 4".

    :param has_headers: False where the file has none; then all are "column 1" and so on.
    :param preamble: the rows above the headers, as text.
    :param left_out: numbers of the rows that are no claim (totals, headings of groups, lines of a page); it
        grows while the rows are gone through.
    :param sheet: the sheet that is read, or `all_but` some, where there are several; `other_sheets` are not.
    :param sheets: all filled sheets in their order; `rivals` are the others that look like claims too.
    """

    headers: tuple[str, ...]
    rows: Iterator[Row]
    bytes_read: Progress
    sample: tuple[Row, ...] = ()
    has_headers: bool = True
    preamble: tuple[str, ...] = ()
    left_out: list[int] = field(default_factory=list)
    sheet: str = ""
    other_sheets: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()


def all_but(left_out: Iterable[str], *, of: str = ALL_SHEETS) -> str:
    """This function will return what asks for all sheets without some of them.

    :param of: `ALL_SHEETS` for those that are alike, or `ALL_KINDS`.
    """
    return "/".join((of, *sorted(left_out)))


def asks_for_kinds(sheet: str) -> bool:
    """This function will tell whether sheets with different headers are read, each kind apart."""
    return sheet.partition("/")[0] == ALL_KINDS


def sheets_left_out(sheet: str) -> frozenset[str] | None:
    """This function will return the sheets left out of all; None where one sheet or none is asked for."""
    first, *names = sheet.split("/")
    return frozenset(names) if first in (ALL_SHEETS, ALL_KINDS) else None


def has_sheet(table: Table, sheet: str) -> bool:
    """This function will tell whether a workbook has the sheet asked for, or any that is not left out."""
    left_out = sheets_left_out(sheet)
    return sheet in table.sheets if left_out is None else bool(set(table.sheets) - left_out)


def place_of(number: int, sheets: Sequence[str] = ()) -> str:
    """This function will write a row's number as people find it: `12`, or `3:12` for row 12 of sheet 3.

    :param sheets: the names of the sheets in their order; then it is `Openstaand:12`.
    """
    sheet, row = divmod(number, SHEET_ROWS)
    if not sheet:
        return f"{row}"
    return f"{sheet_of(number, sheets) or sheet}:{row}"


def sheet_of(number: int, sheets: Sequence[str]) -> str:
    """This function will return the name of the sheet that a row stands on; empty where it is not known."""
    sheet = number // SHEET_ROWS
    return sheets[sheet - 1] if 0 < sheet <= len(sheets) else ""


def number_of(place: str) -> int | None:
    """This function will return the number of a row from what `place_of` wrote, None for anything else."""
    sheet, _, row = place.rpartition(":")
    parts = [part for part in (sheet, row) if part]
    if len(place) > 15 or not all(part.isascii() and part.isdigit() for part in (*parts, row)):
        return None
    return int(sheet or 0) * SHEET_ROWS + int(row)

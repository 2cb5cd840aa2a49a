"""Tables in workbooks: xlsx, xlsm, xlsb, xls and ods, the sheet that holds the open items."""

import contextlib
import pickle
import subprocess
import sys
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from agency.intake.archive import guard_archive
from agency.intake.cells import is_number
from agency.intake.headers import folded, known_field
from agency.intake.layout import find_headers, lay_out
from agency.intake.table import (
    COLUMNS_MAX,
    PREAMBLE_ROWS_MAX,
    ROWS_MAX,
    SHEET_ROWS,
    Cell,
    Progress,
    Row,
    Table,
    asks_for_kinds,
    sheets_left_out,
)
from agency.ports.readers import Unreadable

OLE_MARK: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LOCKED: Final = ("EncryptedPackage", "EncryptionInfo")
_PROGRAM: Final = Path(__file__).with_name("sheet_process.py")
_NEEDED: Final = frozenset({"invoice_number", "amount", "total", "due_on", "issued_on"})
_FIELDS_OF_A_RIVAL: Final = 3  # a number, a name and an amount, or two of these and a date
Sheet = tuple[str, int, int, int, Sequence[Sequence[object]]]
"""Name, height, width, number of the first filled row from 0, first rows."""


def read_workbook(content: bytes, sheet: str = "") -> Table:
    """This function will open a workbook and return the table of a sheet, or of all that are alike.

    Without a name it is the visible one whose headers name most of what a claim needs; the names of the
    others go along. The library that opens it works in a process of its own, so that a workbook that breaks
    it breaks nothing else, and rows come in chunks.

    :param sheet: its name, or `all_but` some for those with the same headers.
    :raises Unreadable: it is damaged, locked, a bomb, or holds no filled sheet, or none of this name.
    """
    if content[:2] == b"PK":
        guard_archive(content)
    opened = _Opened(content)
    try:
        sheets = opened.sheets()
        chosen = _choose(sheets, sheet)
        _refuse_large(sheets, chosen)
    except Unreadable:
        opened.close()
        raise
    progress = Progress(sum(sheets[at][1] for at in chosen))
    tables = _tables(opened, sheets, chosen, progress, told_apart=len(chosen) > 1)
    first = next(tables)
    others = [at for at in range(len(sheets)) if at not in chosen]
    return replace(
        first,
        rows=_one_by_one(first, tables),
        sheet=sheet if len(chosen) > 1 else first.sheet,
        other_sheets=tuple(sheets[at][0] for at in others),
        sheets=tuple(sheet[0] for sheet in sheets),
        rivals=tuple(sheets[at][0] for at in others if _claim_fields(sheets[at]) >= _FIELDS_OF_A_RIVAL),
    )


def read_sheets(content: bytes, names: Collection[str], progress: Progress) -> Iterator[Table]:
    """This function will open a workbook and give the table of each of these sheets in turn, in their order;
    the rows of one are gone through before the next is asked for. Their numbers tell the sheets apart.

    :raises Unreadable: as `read_workbook`.
    """
    if content[:2] == b"PK":
        guard_archive(content)
    opened = _Opened(content)
    try:
        sheets = opened.sheets()
        chosen = [at for at, sheet in enumerate(sheets) if sheet[0] in names]
        _refuse_large(sheets, chosen)
        progress.whole = max(1, sum(sheets[at][1] for at in chosen))
        yield from _tables(opened, sheets, chosen, progress, told_apart=True)
    finally:
        opened.close()


@dataclass(frozen=True)
class SheetLook:
    """A sheet as its first rows show it.

    :param rows: how many rows stand below its headers, empty ones included.
    :param read: whether it is read as was asked; `alike`: whether its headers are those of what is read.
    :param table: its headers and first rows; None where it holds no table.
    :param amounts: whether it names columns as claims do, or holds any number: then it is asked about.
    """

    name: str
    rows: int
    read: bool
    alike: bool
    table: Table | None
    amounts: bool = False


def look_at_sheets(content: bytes, sheet: str = "") -> tuple[SheetLook, ...]:
    """This function will return every filled sheet of a workbook as its first rows show it.

    :param sheet: what is read of it, as `read_workbook` takes it.
    :raises Unreadable: as `read_workbook`.
    """
    if content[:2] == b"PK":
        guard_archive(content)
    opened = _Opened(content)
    try:
        sheets = opened.sheets()
    finally:
        opened.close()
    chosen = _choose(sheets, sheet)
    names = _names(sheets[chosen[0]])
    return tuple(
        _look(
            one,
            at,
            read=at in chosen,
            alike=_names(one) == names,
            several=len(chosen) > 1 or asks_for_kinds(sheet),
        )
        for at, one in enumerate(sheets)
    )


def _look(sheet: Sheet, at: int, *, read: bool, alike: bool, several: bool) -> SheetLook:
    name, height, _, start, first_rows = sheet
    before = SHEET_ROWS * (at + 1) if several and read else 0
    cells = ([as_cell(cell) for cell in row] for row in first_rows)
    rows = [
        (before + start + n, row)
        for n, row in enumerate(cells, 1)
        if any(cell not in (None, "") for cell in row)
    ]
    try:
        table = lay_out(rows, Progress(1), sheet=name)
    except Unreadable:
        return SheetLook(name, height, read, alike, None)
    first = table.sample[0][0] - before if table.sample else start + height + 1
    numbers = any(is_number(cell) for _, row in table.sample for cell in row)
    amounts = numbers or _claim_fields(sheet) >= _FIELDS_OF_A_RIVAL
    return SheetLook(name, start + height - first + 1, read, alike, table, amounts)


def _choose(sheets: Sequence[Sheet], wanted: str) -> list[int]:
    """The places of the sheets that are to be read, in their order."""
    left_out = sheets_left_out(wanted)
    within = [at for at, sheet in enumerate(sheets) if sheet[0] not in (left_out or ())]
    if not within:
        raise Unreadable("the workbook has no filled sheet" if not sheets else "every sheet was left out")
    best = max(within, key=lambda at: (*_tells_of_claims(sheets[at]), -at))
    if asks_for_kinds(wanted):
        return within
    if left_out is not None:
        names = _names(sheets[best])
        return [at for at in within if _names(sheets[at]) == names]
    if not wanted:
        return [best]
    named = [at for at, sheet in enumerate(sheets) if sheet[0] == wanted]
    if not named:
        raise Unreadable(f"the workbook has no filled sheet {wanted}")
    return named[:1]


def _names(sheet: Sheet) -> list[str]:
    """The headers of a sheet as they are compared; where it has none, none."""
    rows = [[as_cell(cell) for cell in row] for row in sheet[4]]
    at = find_headers(rows).at
    return [] if at is None else [folded(str(cell or "")) for cell in rows[at]]


def _refuse_large(sheets: Sequence[Sheet], chosen: list[int]) -> None:
    for _, height, width, *_ in (sheets[at] for at in chosen):
        if width > COLUMNS_MAX or height > ROWS_MAX + PREAMBLE_ROWS_MAX:
            raise Unreadable(f"the sheet is larger than {COLUMNS_MAX} columns by {ROWS_MAX:,} rows")


def _tables(
    opened: "_Opened", sheets: Sequence[Sheet], chosen: list[int], progress: Progress, *, told_apart: bool
) -> Iterator[Table]:
    """The table of each chosen sheet, opened when its turn comes; the process ends with the last."""
    try:
        before = 0
        for at in chosen:
            name, height, _, start, _ = sheets[at]
            rows = _rows(opened, at, start + 1, progress, before)
            if told_apart:
                rows = _numbered(rows, SHEET_ROWS * (at + 1))
            yield lay_out(rows, progress, sheet=name)
            before += height
    finally:
        opened.close()


def _numbered(rows: Iterator[Row], before: int) -> Iterator[Row]:
    return ((before + number, cells) for number, cells in rows)


def _one_by_one(first: Table, tables: Iterator[Table]) -> Iterator[Row]:
    yield from first.rows
    for table in tables:
        if table.headers != first.headers:
            raise Unreadable(f"the sheet {table.sheet} is arranged otherwise than {first.sheet}; choose one")
        yield from table.rows


class _Opened:
    """A workbook in the process that reads it."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-I", str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
        )
        # Written beside the reading: a process that ends early must not leave us waiting.
        threading.Thread(target=self._send, daemon=True).start()

    def _send(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(len(self._content).to_bytes(8, "big") + self._content)
            self._process.stdin.flush()

    def sheets(self) -> list[Sheet]:
        """The filled sheets, in their order."""
        found: list[Sheet] = self._hear()
        return found

    def rows(self, at: int) -> Iterator[Sequence[object]]:
        """The rows of one sheet, once those of an earlier one have all been read."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(at.to_bytes(4, "big"))
            self._process.stdin.flush()
        while (chunk := self._hear()) is not None:
            yield from chunk

    def _hear(self) -> Any:
        assert self._process.stdout is not None
        try:
            message = pickle.load(self._process.stdout)  # noqa: S301 - from our own program
        except (EOFError, pickle.UnpicklingError, OSError, ValueError):
            raise self._refusal("") from None
        if isinstance(message, str):
            raise self._refusal(message)
        return message

    def _refusal(self, said: str) -> Unreadable:
        is_ole = self._content[:8] == OLE_MARK
        locked = is_ole and any(mark.encode("utf-16-le") in self._content for mark in _LOCKED)
        hidden, _, row = said.partition(" ")
        if locked or "assword" in said:
            return Unreadable("the workbook is protected with a password")
        if hidden == "hidden" and row.isdigit():
            return Unreadable(
                f"row {row} of the sheet is hidden, by a filter perhaps; show all rows, or copy those that"
                " are meant to a new sheet"
            )
        if said:
            return Unreadable(f"the workbook cannot be read: {said}")
        return Unreadable("the workbook is damaged, or takes more memory than a workbook may")

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                assert pipe is not None
                pipe.close()
        self._process.wait()


def _tells_of_claims(sheet: Sheet) -> tuple[int, int]:
    """How many of the columns without which there is no claim a sheet names, and how many of any: a list of
    customers names more columns than one of what they owe."""
    named = [{known_field(cell) for cell in row} - {None} for row in sheet[4]]
    needed = max(len(names & _NEEDED) for names in named)
    return needed, max(map(len, named))


def _claim_fields(sheet: Sheet) -> int:
    return max(len({name for cell in row if (name := known_field(cell))}) for row in sheet[4])


def _rows(opened: _Opened, at: int, first: int, progress: Progress, before: int) -> Iterator[Row]:
    """Rows from the first filled one; the library gives the empty ones above it too."""
    skipped = first - 1
    for number, cells in enumerate(opened.rows(at), start=1):
        progress.done = before + number - skipped
        values = [as_cell(cell) for cell in cells]
        if any(value is not None and value != "" for value in values):
            yield number, values


def as_cell(value: object) -> Cell:
    """This function will return a spreadsheet's value as a cell.

    It keeps every number as a binary fraction: its shortest text is what was typed.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):  # lint-skip: float  a cell of a workbook
        return Decimal(repr(value)) if value == value and abs(value) < 10**15 else str(value)
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return str(value)

"""Tables in workbooks: xlsx, xlsm, xlsb, xls and ods, the sheet that holds the open items."""

import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from agency.intake.archive import guard_archive
from agency.intake.headers import known_field
from agency.intake.layout import lay_out
from agency.intake.table import COLUMNS_MAX, PREAMBLE_ROWS_MAX, ROWS_MAX, Cell, Progress, Row, Table
from agency.ports.readers import Unreadable

OLE_MARK: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LOCKED: Final = ("EncryptedPackage", "EncryptionInfo")
SHEETS_MAX: Final = 100


def read_workbook(content: bytes) -> Table:
    """This function will open a workbook and return the table of one sheet.

    That is the first visible one whose headers name most of what a claim needs; the names of the others go
    along.

    :raises Unreadable: it is damaged, locked, a bomb, or holds no filled sheet.
    """
    if content[:2] == b"PK":
        guard_archive(content)
    try:
        name, rows, start, others = _filled_sheet(content)
    except Unreadable:
        raise
    # The library's own panics come as BaseException; a damaged workbook must not end the process.
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
            raise
        raise Unreadable(_why(content, error)) from error
    progress = Progress(len(rows))
    return lay_out(_rows(rows, start + 1, progress), progress, sheet=name, other_sheets=others)


def _why(content: bytes, error: BaseException) -> str:
    locked = content[:8] == OLE_MARK and any(mark.encode("utf-16-le") in content for mark in _LOCKED)
    if locked or "assword" in str(error):
        return "the workbook is protected with a password"
    if isinstance(error, CalamineError | ValueError | OSError | OverflowError | KeyError):
        return f"the workbook cannot be read: {str(error)[:200]}"
    return "the workbook is damaged"


def _filled_sheet(content: bytes) -> tuple[str, Sequence[Sequence[object]], int, tuple[str, ...]]:
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
    visible = [
        meta.name for meta in workbook.sheets_metadata if meta.visible == SheetVisibleEnum.Visible
    ] or workbook.sheet_names
    sheets = [workbook.get_sheet_by_name(name) for name in visible[:SHEETS_MAX]]
    filled = [sheet for sheet in sheets if sheet.height and sheet.width]
    if not filled:
        raise Unreadable("the workbook has no filled sheet")
    chosen = max(filled, key=_claim_fields) if len(filled) > 1 else filled[0]
    if chosen.width > COLUMNS_MAX or chosen.height > ROWS_MAX + PREAMBLE_ROWS_MAX:
        raise Unreadable(f"the sheet is larger than {COLUMNS_MAX} columns by {ROWS_MAX:,} rows")
    others = tuple(sheet.name for sheet in filled if sheet is not chosen)
    start = (chosen.start or (0, 0))[0]
    return chosen.name, list(chosen.to_python(skip_empty_area=True)), start, others


def _claim_fields(sheet: CalamineSheet) -> int:
    rows = sheet.to_python(skip_empty_area=True, nrows=PREAMBLE_ROWS_MAX)
    return max(len({name for cell in row if (name := known_field(cell))}) for row in rows)


def _rows(rows: Sequence[Sequence[object]], first: int, progress: Progress) -> Iterator[Row]:
    for offset, cells in enumerate(rows):
        progress.done = offset + 1
        values = [as_cell(cell) for cell in cells]
        if any(value is not None and value != "" for value in values):
            yield first + offset, values


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

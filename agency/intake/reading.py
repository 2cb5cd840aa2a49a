"""Reading a table from a file: CSV in any usual delimiter and encoding, or the first sheet of a workbook.

Nothing is interpreted here beyond the cell: text stays text, so leading zeros survive; a number or date that
a spreadsheet stores as such keeps its type, because it is not ambiguous.
"""

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from python_calamine import CalamineError, CalamineWorkbook

from agency.ports.readers import Unreadable

COLUMNS_MAX: Final = 300
FIELD_CHARACTERS_MAX: Final = 20_000
ROWS_MAX: Final = 1_000_000
UNPACKED_BYTES_MAX: Final = 300_000_000
PACKING_RATIO_MAX: Final = 200
DELIMITERS: Final = (";", ",", "\t", "|")

Cell = str | Decimal | date | None
Row = tuple[int, Sequence[Cell]]


@dataclass(frozen=True)
class Table:
    """Headers and rows of a file. `rows` can be gone through once; numbers are as a spreadsheet shows
    them, so the first row under the headers is row 2."""

    headers: tuple[str, ...]
    rows: Iterator[Row]
    bytes_read: "Progress"


class Progress:
    """How far a reading has come, in parts of the whole; readers move it, jobs look at it."""

    def __init__(self, whole: int) -> None:
        self.whole = max(whole, 1)
        self.done = 0

    @property
    def percent(self) -> int:
        """Whole per cents done, 0 to 100."""
        return min(100, self.done * 100 // self.whole)


def read_table(content: bytes) -> Table:
    """This function will open a CSV or workbook and return its headers with its rows yet to be read.

    :raises Unreadable: it is neither, or is damaged; also while the rows are gone through, with the line.
    """
    if not content.strip(b"\x00 \t\r\n"):
        raise Unreadable("the file is empty")
    if content[:4] == b"PK\x03\x04" or content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return _read_workbook(content)
    return _read_csv(content)


def _read_csv(content: bytes) -> Table:
    text, encoding = _decoded_start(content)
    delimiter = _delimiter(text)
    progress = Progress(len(content))
    stream = io.BytesIO(content)
    lines = io.TextIOWrapper(stream, encoding=encoding, errors="strict", newline="")
    records = _records(lines, delimiter, stream, progress)
    _, headers = next(records, (0, ()))
    if not headers:
        raise Unreadable("the file has no header line")
    names = tuple(str(name or "").strip() for name in headers)
    if len(names) < 2:
        raise Unreadable("the header line has only one column; no delimiter was found")
    return Table(names, records, progress)


def _decoded_start(content: bytes) -> tuple[str, str]:
    """Find the encoding: by its mark, else UTF-8 when the whole file is, else Windows-1252."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16"]
    else:
        if b"\x00" in content:
            line = content[: content.index(b"\x00")].count(b"\n") + 1
            raise Unreadable(f"line {line} contains a NUL character; this is not a text file")
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            raise Unreadable(f"line {text[: text.index(chr(0))].count(chr(10)) + 1} contains a NUL character")
        return text[:65_536], encoding
    raise Unreadable("the text is in no encoding that is read: UTF-8, UTF-16 with its mark or Windows-1252")


def _delimiter(start: str) -> str:
    """Choose the delimiter that gives the header the most columns and the rows the same number."""
    lines = [line for line in start.splitlines() if line.strip()][:20]
    best, best_columns = ",", 0
    for delimiter in DELIMITERS:
        widths: list[int] = []
        # What cannot be read further on is told with its line when the rows are gone through.
        with suppress(csv.Error):
            widths.extend(len(row) for row in csv.reader(lines, delimiter=delimiter))
        agree = sum(width == widths[0] for width in widths)
        columns = widths[0] * agree if widths and widths[0] > 1 else 0
        if columns > best_columns:
            best, best_columns = delimiter, columns
    return best


def _records(
    lines: io.TextIOWrapper, delimiter: str, stream: io.BytesIO, progress: Progress
) -> Iterator[Row]:
    csv.field_size_limit(FIELD_CHARACTERS_MAX)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            raise Unreadable(f"line {reader.line_num} cannot be read: {error}") from error
        number += 1
        if number % 1000 == 0:
            progress.done = stream.tell()
        if len(cells) > COLUMNS_MAX:
            raise Unreadable(f"line {reader.line_num} has more than {COLUMNS_MAX} columns")
        if number > ROWS_MAX:
            raise Unreadable(f"the file has more than {ROWS_MAX:,} rows")
        if any(cell and not cell.isspace() for cell in cells):
            yield number, cells
    progress.done = progress.whole


def _read_workbook(content: bytes) -> Table:
    if content[:2] == b"PK":
        guard_archive(content)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [workbook.get_sheet_by_index(index) for index in range(len(workbook.sheet_names))]
        filled = [sheet for sheet in sheets if sheet.height and sheet.width]
        if not filled:
            raise Unreadable("the workbook has no filled sheet")
        if filled[0].width > COLUMNS_MAX or filled[0].height > ROWS_MAX:
            raise Unreadable(f"the sheet is larger than {COLUMNS_MAX} columns by {ROWS_MAX:,} rows")
        start = (filled[0].start or (0, 0))[0]
        rows = list(filled[0].to_python(skip_empty_area=True))
    except Unreadable:
        raise
    except (CalamineError, ValueError, OSError, OverflowError, KeyError) as error:
        raise Unreadable(f"the workbook cannot be read: {str(error)[:200]}") from error
    progress = Progress(len(rows))
    headers = tuple(str(_cell(cell) or "").strip() for cell in rows[0])
    return Table(headers, _sheet_rows(rows[1:], start + 2, progress), progress)


def _sheet_rows(rows: Sequence[Sequence[object]], first: int, progress: Progress) -> Iterator[Row]:
    for offset, cells in enumerate(rows):
        progress.done = offset + 1
        values = [_cell(cell) for cell in cells]
        if any(value is not None and value != "" for value in values):
            yield first + offset, values


def _cell(value: object) -> Cell:
    """A spreadsheet keeps every number as a binary fraction: its shortest text is what was typed."""
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


def guard_archive(content: bytes) -> list[zipfile.ZipInfo]:
    """This function will return the entries of a ZIP that is safe to unpack: bounded in number, size and
    packing ratio, none encrypted. Names are never used as paths, so they need no check.

    :raises Unreadable: it is damaged, a bomb, or encrypted.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, OverflowError) as error:
        raise Unreadable(f"the archive is damaged: {str(error)[:200]}") from error
    if len(entries) > 20_000:
        raise Unreadable("the archive holds too many files")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > UNPACKED_BYTES_MAX or any(
        entry.file_size > 1_000_000 and entry.file_size > PACKING_RATIO_MAX * max(entry.compress_size, 1)
        for entry in entries
    ):
        raise Unreadable("the archive unpacks to more than is allowed")
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise Unreadable("the archive is protected with a password")
    return entries

"""Lists as files: CSV and XLSX in which no cell is ever a formula (OWASP ASVS 5.0, 1.2.10)."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from tempfile import SpooledTemporaryFile
from typing import Any, Literal

import xlsxwriter
from starlette.background import BackgroundTask
from starlette.responses import Response, StreamingResponse

from agency.kernel.written_files import safe_cell
from agency.money import Money
from portal.shared.i18n import gettext

Cell = str | int | Decimal | date | Money | None
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WIDTH = 18
SHEET_ROWS_MAX = 1_048_575
"""Rows of a sheet of XLSX below its titles; what is more goes on in another sheet, for none may be lost."""
_IN_MEMORY_MAX = 8_000_000
_ROWS_AT_ONCE = 2_000
_PIECE = 64 * 1024


def list_file(
    *, name: str, headers: Sequence[str], rows: Iterable[Sequence[Cell]], kind: Literal["csv", "xlsx"]
) -> Response:
    """This function will answer with a list as a file; amounts are numbers in major units.

    :param headers: texts marked with `N_`.
    """
    titles = [gettext(header) for header in headers]
    content = _csv(titles, rows) if kind == "csv" else _xlsx(titles, rows)
    return _download(name, kind, content)


def long_csv(*, name: str, headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """This function will answer with a list too long for memory; half a file never leaves, so it is written
    whole before it is sent.

    :param headers: texts marked with `N_`.
    """
    file = SpooledTemporaryFile(max_size=_IN_MEMORY_MAX)  # noqa: SIM115 - closed when it was sent
    try:
        file.write(_csv([gettext(header) for header in headers], ()))
        waiting = iter(rows)
        while some := list(islice(waiting, _ROWS_AT_ONCE)):
            file.write(_csv_rows(some).encode())
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return StreamingResponse(
        iter(lambda: file.read(_PIECE), b""),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}.csv"'},
        background=BackgroundTask(file.close),
    )


@dataclass(frozen=True)
class Listed:
    """One list of a file of several: the name of its sheet, its headers as they stand, its rows."""

    name: str
    headers: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def lists_file(*, name: str, lists: Sequence[Listed], kind: Literal["csv", "xlsx"]) -> Response:
    """This function will answer with lists that differ in columns: a sheet each, or one CSV with them all."""
    if kind == "xlsx":
        content = _book([(one.name, one.headers, one.rows) for one in lists])
    else:
        titles = list(dict.fromkeys(header for one in lists for header in one.headers))
        content = _csv(titles, (_spread(titles, one.headers, row) for one in lists for row in one.rows))
    return _download(name, kind, content)


def _spread(titles: Sequence[str], headers: Sequence[str], row: Sequence[Cell]) -> Sequence[Cell]:
    """A row's cells under the columns of all lists."""
    if len(titles) == len(headers):
        return row
    cells = dict(zip(headers, row, strict=False))
    return [cells.get(title, "") for title in titles]


def _download(name: str, kind: str, content: bytes) -> Response:
    media_type = "text/csv; charset=utf-8" if kind == "csv" else _XLSX
    disposition = f'attachment; filename="{name}.{kind}"'
    return Response(content, media_type=media_type, headers={"content-disposition": disposition})


def _csv(titles: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    return (_csv_rows([titles], plain=str) + _csv_rows(rows)).encode("utf-8-sig")


def _csv_rows(rows: Iterable[Sequence[Cell]], *, plain: Callable[[Cell], str] | None = None) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL)
    for row in rows:
        writer.writerow([(plain or _plain)(cell) for cell in row])
    return out.getvalue()


def _plain(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Money):
        return str(cell.decimal)
    return safe_cell(cell) if isinstance(cell, str) else str(cell)


def _xlsx(titles: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    return _book([("", titles, rows)])


def _book(lists: Iterable[tuple[str, Sequence[str], Iterable[Sequence[Cell]]]]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    styles = tuple(
        book.add_format(style)
        for style in ({"bold": True}, {"num_format": "yyyy-mm-dd"}, {"num_format": "#,##0.00"})
    )
    for name, titles, rows in lists:
        # A name that Excel does not take would lose the file; the sheet then has a number.
        fitting = name if name and len(name) <= 31 and not set(name) & set("[]:*?/\\") else None
        waiting = iter(rows)
        _fill(book.add_worksheet(fitting), titles, islice(waiting, SHEET_ROWS_MAX), styles)
        while (further := next(waiting, None)) is not None:
            some = chain([further], islice(waiting, SHEET_ROWS_MAX - 1))
            _fill(book.add_worksheet(), titles, some, styles)
    book.close()
    return out.getvalue()


def _fill(
    sheet: Any, titles: Sequence[str], rows: Iterable[Sequence[Cell]], styles: tuple[Any, Any, Any]
) -> None:
    head, day, money = styles
    sheet.set_column(0, len(titles) - 1, _WIDTH)
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, titles, head)
    for index, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            if isinstance(cell, Money):
                sheet.write_number(index, column, cell.decimal, money)
            elif isinstance(cell, int | Decimal):
                sheet.write_number(index, column, cell)
            elif isinstance(cell, date):
                naive = cell.replace(tzinfo=None) if isinstance(cell, datetime) else cell
                sheet.write_datetime(index, column, naive, day)
            elif cell is not None:
                sheet.write_string(index, column, cell)

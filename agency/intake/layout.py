"""Where a table begins and ends inside what a program exported: lines above the headers, totals below."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import chain, islice
from typing import Final

from agency.intake.headers import known_field
from agency.intake.table import PREAMBLE_ROWS_MAX, SAMPLE_ROWS, Cell, Progress, Row, Table
from agency.ports.readers import Unreadable

_NUMBER: Final = re.compile(r"[-+(]?[€$£]?\s*\d[\d.,' \u00a0]*[-)]?%?", re.ASCII)
_YEAR: Final = re.compile(r"(?:19|20)\d\d", re.ASCII)
_DATE: Final = re.compile(r"\d{1,4}[-/. ]\d{1,2}[-/. ]\d{1,4}(?:[T ]\d.*)?|\d{8}", re.ASCII)
_ACCOUNT: Final = re.compile(r"[A-Z]{2}\d{2}[ ]?(?:[A-Z0-9]{4}[ ]?){2,7}[A-Z0-9]{0,4}", re.ASCII)
_TOTAL: Final = re.compile(
    r"(?:algemeen |grand |eind|sub|sous-|zwischen|gesamt)?\s*-?"
    r"(?:totaa?l(?:en)?|totals?|total général|totaux|summe|gesamtsumme|endsumme|som|saldo)\b.*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Layout:
    """Which of the first rows holds the headers; None where the table has none."""

    at: int | None
    width: int


def lay_out(
    records: Iterable[Row], progress: Progress, *, sheet: str = "", other_sheets: tuple[str, ...] = ()
) -> Table:
    """This function will find the headers among the first rows and return the table below them.

    :raises Unreadable: there is no row, or only one column.
    """
    rows = iter(records)
    start = list(islice(rows, PREAMBLE_ROWS_MAX + SAMPLE_ROWS))
    if not start:
        raise Unreadable("the file has no header line")
    layout = find_headers([cells for _, cells in start])
    if layout.width < 2:
        raise Unreadable("the header line has only one column; no delimiter was found")
    first = 0 if layout.at is None else layout.at + 1
    names = [] if layout.at is None else [str(cell or "").strip() for cell in start[layout.at][1]]
    left_out: list[int] = []
    below = list(_without_totals(start[first:], layout.width, left_out))
    return Table(
        headers=_distinct([*names, *[""] * (layout.width - len(names))]),
        rows=chain(below, _without_totals(rows, layout.width, left_out)),
        bytes_read=progress,
        sample=tuple(below[:SAMPLE_ROWS]),
        has_headers=layout.at is not None,
        preamble=tuple(_line(cells) for _, cells in start[: layout.at or 0]),
        left_out=left_out,
        sheet=sheet,
        other_sheets=other_sheets,
    )


def find_headers(rows: Sequence[Sequence[Cell]]) -> Layout:
    """This function will tell which row names the columns.

    The first row that holds two or more names by which packages call such columns; else the first as wide as
    the table that holds only words; else none, when the first wide row holds a date, amount or account.
    """
    usual = Counter(_width(cells) for cells in rows).most_common(1)[0][0]
    looked_at = rows[:PREAMBLE_ROWS_MAX]
    known = [len({name for cell in cells if (name := known_field(cell))}) for cells in looked_at]
    best = max(known)
    if best >= 2:
        at = known.index(best)
        return Layout(at, max(usual, _width(rows[at])))
    wide = [at for at, cells in enumerate(looked_at) if _width(cells) >= max(2, (usual * 2 + 2) // 3)]
    at = wide[0] if wide else 0
    # A wide line of text with hardly any cell filled is a title, not a row of headers.
    for candidate in wide:
        filled = [cell for cell in rows[candidate] if not _blank(cell)]
        if len(filled) * 2 >= usual:
            at = candidate
            break
    if any(_is_value(cell) for cell in rows[at]) or _mostly_numbers(rows[at]):
        return Layout(None, usual)
    return Layout(at, max(usual, _width(rows[at])))


def _mostly_numbers(cells: Sequence[Cell]) -> bool:
    """Half of the cells or more are numbers; years do not count, columns are often called by them."""
    filled = [str(cell).strip() for cell in cells if not _blank(cell)]
    numbers = [text for text in filled if _NUMBER.fullmatch(text) and not _YEAR.fullmatch(text)]
    return len(numbers) * 2 >= len(filled)


def _width(cells: Sequence[Cell]) -> int:
    return max((at for at, cell in enumerate(cells, 1) if not _blank(cell)), default=0)


def _blank(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, Decimal) or (isinstance(cell, str) and bool(_NUMBER.fullmatch(cell.strip())))


def _is_value(cell: Cell) -> bool:
    """A date, an amount with decimals, an account or an address of mail: no header looks like these."""
    if isinstance(cell, date | Decimal):
        return True
    text = str(cell or "").strip()
    amount = "," in text or "." in text
    return bool(
        _DATE.fullmatch(text)
        or (amount and _NUMBER.fullmatch(text))
        or (len(text) > 14 and _ACCOUNT.fullmatch(text))
        or ("@" in text and "." in text and " " not in text)
    )


def _without_totals(rows: Iterable[Row], width: int, left_out: list[int]) -> Iterator[Row]:
    for number, cells in rows:
        if ("" in cells or None in cells or len(cells) < width) and _is_total(cells):
            left_out.append(number)
            continue
        yield number, cells


def _is_total(cells: Sequence[Cell]) -> bool:
    """A row that says "total" first and holds nothing but numbers besides."""
    filled = (cell for cell in cells if not _blank(cell))
    first = next(filled, None)
    if not isinstance(first, str) or not _TOTAL.fullmatch(first.strip()):
        return False
    rest = list(filled)
    return bool(rest) and all(_is_number(cell) or cell in ("EUR", "€") for cell in rest)


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Name what has no name and number what is named alike."""
    found: list[str] = []
    taken = set(names)
    for at, name in enumerate(names, 1):
        wanted = name or f"column {at}"
        again = 2
        while wanted in found or (wanted != name and wanted in taken):
            wanted = f"{name or f'column {at}'} ({again})"
            again += 1
        found.append(wanted)
    return tuple(found)


def _line(cells: Sequence[Cell]) -> str:
    return " ".join(str(cell).strip() for cell in cells if not _blank(cell))[:300]

"""Where a table begins inside what a program exported: the row that names its columns."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from agency.intake.arrangement import arrange
from agency.intake.cells import as_line, is_blank, is_number, is_value, is_year
from agency.intake.headers import known_field
from agency.intake.table import PREAMBLE_ROWS_MAX, SAMPLE_ROWS, Cell, Progress, Row, Table
from agency.ports.readers import Unreadable


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
    headers = _distinct([*names, *[""] * (layout.width - len(names))])
    preamble = [cells for _, cells in start[: layout.at or 0]]
    arranged = arrange(headers, names, preamble, [cells for _, cells in start[first:]])
    left_out: list[int] = []
    stream = arranged.rows(chain(start[first:], rows), left_out)
    sample = tuple(islice(stream, SAMPLE_ROWS))
    return Table(
        headers=(*arranged.in_front, *headers),
        rows=chain(sample, stream),
        bytes_read=progress,
        sample=sample,
        has_headers=layout.at is not None,
        preamble=tuple(as_line(cells) for cells in preamble),
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
        filled = [cell for cell in rows[candidate] if not is_blank(cell)]
        if len(filled) * 2 >= usual:
            at = candidate
            break
    if any(is_value(cell) for cell in rows[at]) or _mostly_numbers(rows[at]):
        return Layout(None, usual)
    return Layout(at, max(usual, _width(rows[at])))


def _mostly_numbers(cells: Sequence[Cell]) -> bool:
    """Half of the cells or more are numbers; years do not count, columns are often called by them."""
    filled = [str(cell).strip() for cell in cells if not is_blank(cell)]
    numbers = [text for text in filled if is_number(text) and not is_year(text)]
    return len(numbers) * 2 >= len(filled)


def _width(cells: Sequence[Cell]) -> int:
    return max((at for at, cell in enumerate(cells, 1) if not is_blank(cell)), default=0)


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

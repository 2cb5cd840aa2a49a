"""Where a table begins inside what a program exported: the row that names its columns."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final

from agency.intake.arrangement import arrange
from agency.intake.cells import as_line, is_blank, is_number, is_value, is_year
from agency.intake.headers import folded, known_field
from agency.intake.table import PREAMBLE_ROWS_MAX, SAMPLE_ROWS, Cell, Progress, Row, Table
from agency.ports.readers import Unreadable

_SECOND_WORDS: Final = frozenset(
    ("nr", "nummer", "no", "number", "code", "verval", "factuur", "open", "totaal", "total", "debet",
     "credit", "debit", "eur", "excl", "incl", "btw", "vat", "dagen", "days", "echeance", "facture",
     "invoice", "due", "betaald", "paid", "saldo", "numero")
)  # fmt: skip
"""What stands in the second of two rows of headers, below "Datum", "Bedrag" or "Klant"."""


@dataclass(frozen=True)
class Layout:
    """Which of the first rows holds the headers; None where the table has none."""

    at: int | None
    width: int


def lay_out(records: Iterable[Row], progress: Progress, *, sheet: str = "") -> Table:
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
    if names and _names_go_on([cells for _, cells in start[first : first + 2]]):
        names = _joined(names, start[first][1])
        first += 1
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


def _names_go_on(rows: Sequence[Sequence[Cell]]) -> bool:
    """Whether a second row of headers follows: words by which columns are called, and values right below."""
    if len(rows) < 2:
        return False
    filled = [cell for cell in rows[0] if not is_blank(cell)]
    called = [cell for cell in filled if isinstance(cell, str) and (known_field(cell) or _is_word(cell))]
    below = any(is_value(cell) for cell in rows[1])
    return len(called) >= 2 and len(called) == len(filled) and below


def _is_word(cell: str) -> bool:
    return folded(cell) in _SECOND_WORDS


def _joined(names: Sequence[str], more: Sequence[Cell]) -> list[str]:
    """Headers of two rows: a name over several columns stands in the first of them."""
    joined, over = [], ""
    for at in range(max(len(names), len(more))):
        name = names[at] if at < len(names) else ""
        below = "" if at >= len(more) or is_blank(more[at]) else str(more[at]).strip()
        over = name or (over if below else "")
        joined.append(f"{over} {below}".strip())
    return joined


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

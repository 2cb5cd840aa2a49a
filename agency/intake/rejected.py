"""The rows that were not taken, as they stood in the creditor's file, each with every reason."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from agency.intake.models import Placement
from agency.intake.name_columns import WORKED_OUT
from agency.intake.table import Cell, Table, number_of
from agency.kernel.unit import Unit

MARKS = ("agency_row", "agency_reason")
"""Headers of the two columns in front of a file of rejected rows; by them it is known when it comes back."""
SHEET_MARK = "agency_sheet"
"""Header of the column that names the sheet, where several were read."""
_NOT_OWN = frozenset((*MARKS, SHEET_MARK)) | WORKED_OUT


@dataclass(frozen=True)
class Why:
    """One reason: the field as the creditor calls it (empty: the whole row), and a fixed sentence."""

    field: str
    reason: str
    value: str


@dataclass(frozen=True)
class RejectedRow:
    """A row by its number in the file that was handed over first, with its cells as they stood; `at` is its
    number in this file."""

    number: int
    at: int
    cells: tuple[Cell, ...]
    why: tuple[Why, ...]


def reasons_by_row(unit: Unit, *, creditor_id: UUID, placement_id: UUID) -> dict[int, tuple[Why, ...]]:
    """This function will return why each rejected row of a placement was not taken, by its number."""
    rows = unit.session.connection().execute(
        text(
            "SELECT row, field, reason, value FROM placement_reject WHERE creditor_id = :c"
            " AND placement_id = :p ORDER BY row, field"
        ),
        {"c": creditor_id, "p": placement_id},
    )
    found: dict[int, list[Why]] = {}
    for row in rows:
        found.setdefault(row.row, []).append(Why(row.field, row.reason, row.value))
    return {number: tuple(why) for number, why in found.items()}


def own_headers(table: Table) -> tuple[str, ...]:
    """This function will return a file's headers without those that a file of rejects has in front, and
    without those of columns that are worked out of others."""
    return tuple(header for header in table.headers if header not in _NOT_OWN)


def rejected_rows(table: Table, why: dict[int, tuple[Why, ...]]) -> Iterator[RejectedRow]:
    """This function will find the rejected rows in their file.

    A file of rejected rows that came back says which row of the first file each of its rows was; they keep
    that number.

    :raises Unreadable: the file can no longer be read so far.
    """
    own = [place for place, header in enumerate(table.headers) if header not in _NOT_OWN]
    first = table.headers.index(MARKS[0]) if MARKS[0] in table.headers else None
    for number, cells in table.rows:
        if number in why:
            kept = tuple(cells[place] if place < len(cells) else "" for place in own)
            told = _number(cells[first] if first is not None else None, number)
            yield RejectedRow(told, number, kept, why[number])


def _number(cell: Cell, otherwise: int) -> int:
    told = number_of(str(cell or "").partition(".")[0])
    return otherwise if told is None else told


def is_table(placement: Placement) -> bool:
    """This function will tell whether a placement's file has rows of cells (and not e-invoices)."""
    return placement.media_type != "application/xml"

"""Open items that name their debtors by number only, put together with the creditor's list of debtors.

SAP and other packages list open items by the debtor's number; names and addresses stand in a list of their
own. Together they are one file with the columns of both, which is mapped and kept as any other.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import Final

from sqlmodel import select

from agency.intake.columns import propose
from agency.intake.models import Placement, PlacementState
from agency.intake.table import Cell, Row, Table
from agency.intake.values import identifier
from agency.kernel.errors import Invalid
from agency.kernel.files import store
from agency.kernel.locks import take_turns
from agency.kernel.unit import Unit
from agency.ports.providers import FileStore

FIELD: Final = "debtors"
NO_NAMES_IN_LIST: Final = "the list of debtors has no column of names; hand over the list with their names"
NO_NUMBER_SHARED: Final = (
    "the numbers in the open items do not stand in the list of debtors; hand over the list with these numbers"
)
OF_A_DEBTOR: Final = frozenset(
    ("debtor_name", "street", "house_number", "postal_code", "city", "country", "email", "phone",
     "vat_number", "registration_number", "language", "debtor_kind")
)  # fmt: skip
_LINES_PADDED_MAX: Final = 1_000
_DISTINCT: Final = 90  # per cent: a number of debtors stands in their list once
_MATCHED: Final = 50  # per cent of the open items whose debtor must stand in the list
_LOOKED_AT: Final = 2_000  # open items: enough to know by which column they name their debtor


@dataclass(frozen=True)
class _Key:
    """The columns that both lists know a debtor by, and the debtor of each number: None where two have it."""

    at: int
    debtors: Mapping[str, Sequence[Cell] | None]


def join_debtors(items: Table, debtors: Table) -> bytes:
    """This function will write the open items with the columns of their debtor behind them, as a CSV.

    The columns that hold the numbers are found by their values. Rows keep their line, so that what is said of
    a row points at the creditor's own file; a row whose debtor is not listed, or whose number two debtors
    have, gets no name.

    :raises Invalid: the list has no names, or the two have no numbers in common.
    """
    rows, listed = list(items.rows), list(debtors.rows)
    told = propose(debtors.headers, debtors.sample).columns
    if "debtor_name" not in told:
        raise Invalid(NO_NAMES_IN_LIST, field=FIELD)
    key = _find_key(items.headers, rows, debtors.headers, listed)
    wanted = [at for at, header in enumerate(debtors.headers) if header in _of_debtor(told)]
    names = [_apart(debtors.headers[at], items.headers) for at in wanted]
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    first = rows[0][0] if rows else 2
    line = max(first - 1, 1) if first <= _LINES_PADDED_MAX else 1
    out.write("\r\n" * (line - 1))
    writer.writerow([*items.headers, *names])
    for number, cells in rows:
        skipped = number - line - 1
        out.write("\r\n" * (skipped if 0 < skipped <= _LINES_PADDED_MAX else 0))
        line = max(number, line + 1)
        debtor = key.debtors.get(_number(cells[key.at] if key.at < len(cells) else None)) or ()
        full = [*cells, *[None] * (len(items.headers) - len(cells))]
        beside = (debtor[at] if at < len(debtor) else None for at in wanted)
        writer.writerow([_as_text(cell) for cell in chain(full, beside)])
    return out.getvalue().encode("utf-8-sig")


def put_together(unit: Unit, files: FileStore, *, placement: Placement, content: bytes) -> bool:
    """This function will let a placement that waits for its columns be the joined file from now on.

    :return: False where these same lists were put together before, in another placement; nothing changes.
    """
    kept = store(unit, files, creditor_id=placement.creditor_id, content=content, media_type="text/csv")
    take_turns(unit, "placement", placement.creditor_id, kept)
    known = unit.session.exec(
        select(Placement.id).where(Placement.creditor_id == placement.creditor_id, Placement.sha256 == kept)
    ).one_or_none()
    if known not in (None, placement.id):
        return False
    placement.sha256, placement.media_type = kept, "text/csv"
    placement.state = PlacementState.RECEIVED
    unit.session.flush()
    return True


def _of_debtor(told: Mapping[str, str]) -> frozenset[str]:
    return frozenset(header for field, header in told.items() if field in OF_A_DEBTOR)


def _find_key(
    headers: Sequence[str], rows: Sequence[Row], listed_headers: Sequence[str], listed: Sequence[Row]
) -> _Key:
    """The pair of columns with most numbers in common; one that is called after the debtor goes first."""
    named = propose(headers, rows[:100]).columns.get("debtor_reference")
    named_in_list = propose(listed_headers, listed[:100]).columns.get("debtor_reference")
    best: tuple[tuple[int, int, int], _Key] | None = None
    numbers = [[_number(cells[at]) if at < len(cells) else "" for _, cells in rows[:_LOOKED_AT]]
               for at in range(len(headers))]  # fmt: skip
    for other, header in enumerate(listed_headers):
        debtors = _by_number(listed, other)
        if len(debtors) * 100 < _filled(listed, other) * _DISTINCT:
            continue
        for at, column in enumerate(numbers):
            found = sum(number in debtors for number in column)
            if not found or found * 100 < sum(map(bool, column)) * _MATCHED:
                continue
            said = (headers[at] == named) + (header == named_in_list)
            score = (said, found, len(set(column)))
            if best is None or score > best[0]:
                best = score, _Key(at, debtors)
    if best is None:
        raise Invalid(NO_NUMBER_SHARED, field=FIELD)
    return best[1]


def _by_number(listed: Sequence[Row], at: int) -> dict[str, Sequence[Cell] | None]:
    debtors: dict[str, Sequence[Cell] | None] = {}
    for _, cells in listed:
        number = _number(cells[at]) if at < len(cells) else ""
        if number:
            same = number not in debtors or debtors[number] == cells
            debtors[number] = cells if same else None
    return debtors


def _filled(listed: Sequence[Row], at: int) -> int:
    return sum(bool(_number(cells[at])) for _, cells in listed if at < len(cells))


def _number(cell: Cell) -> str:
    """A number as both lists write it: one may fill it up with zeros, and a workbook holds 10234.0."""
    text = identifier(cell) if isinstance(cell, Decimal) else str("" if cell is None else cell)
    return text.strip().casefold().lstrip("0") if any(map(str.isdigit, text)) else text.strip().casefold()


def _apart(header: str, taken: Sequence[str]) -> str:
    return f"{header} (2)" if header in taken else header


def _as_text(cell: Cell) -> str:
    if isinstance(cell, date):
        return cell.isoformat()[:10]
    if isinstance(cell, Decimal):
        return f"{cell:f}" if cell != cell.to_integral_value() else identifier(cell)
    return " ".join(str("" if cell is None else cell).split())

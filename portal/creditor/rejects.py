"""The rows of a file that were not taken, to be mended and handed over again; and stopping a reading."""

from collections.abc import Iterator, Sequence
from typing import Final, Literal
from uuid import UUID

from sqlmodel import select
from starlette.responses import Response

from agency.intake.bulk import cancel_reading
from agency.intake.mapping import UnclearColumns, open_as
from agency.intake.models import Placement
from agency.intake.reading import read_table
from agency.intake.receive import saved_mapping
from agency.intake.rejected import (
    MARKS,
    SHEET_MARK,
    RejectedRow,
    Why,
    is_table,
    own_headers,
    reasons_by_row,
    rejected_rows,
)
from agency.intake.table import Table, place_of, sheet_of
from agency.kernel.errors import Conflict
from agency.kernel.files import fetch
from agency.kernel.unit import Unit
from agency.parties.models import Creditor
from agency.ports.readers import Unreadable
from portal.creditor.doors import routes
from portal.placing import find_placement
from portal.shared.audience import CreditorUnit, TheVisitor, TheWiring, leave_for, own_creditor
from portal.shared.claim_fields import FIELDS
from portal.shared.filled_in import told
from portal.shared.i18n import LANGUAGES, N_, current_language, gettext, speaking
from portal.shared.spreadsheets import Cell, Listed, list_file, lists_file
from portal.wiring import Wiring


@routes.get("/placements/{placement_id:uuid}/rejects.csv")
def rejects_csv(unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, placement_id: UUID) -> Response:
    """Every rejected row as it stood, with its number and reasons in front, as CSV."""
    return _file(unit, wiring, own_creditor(visitor), placement_id, "csv")


@routes.get("/placements/{placement_id:uuid}/rejects.xlsx")
def rejects_xlsx(unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, placement_id: UUID) -> Response:
    """The same as a workbook, in which every cell stays the text that it was."""
    return _file(unit, wiring, own_creditor(visitor), placement_id, "xlsx")


@routes.post("/placements/{placement_id:uuid}/cancel")
def cancel(unit: CreditorUnit, visitor: TheVisitor, placement_id: UUID) -> Response:
    """Stop the reading of a file; nothing of it is kept."""
    creditor_id = own_creditor(visitor)
    find_placement(unit, creditor_id, placement_id)
    page = f"/creditor/placements/{placement_id}"
    try:
        cancel_reading(unit, creditor_id=creditor_id, placement_id=placement_id)
    except Conflict:
        return leave_for(page, notice=N_("This file had been read already; it was not stopped."), tone="info")
    return leave_for(page, notice=N_("The reading was stopped; nothing of this file was kept."), tone="info")


def _file(
    unit: Unit, wiring: Wiring, creditor_id: UUID, placement_id: UUID, kind: Literal["csv", "xlsx"]
) -> Response:
    placement = find_placement(unit, creditor_id, placement_id)
    why = reasons_by_row(unit, creditor_id=creditor_id, placement_id=placement_id)
    headers: Sequence[str] = (N_("Row"), N_("Reason"))
    language = _language(unit, creditor_id)
    rows: Iterator[Sequence[Cell]] = (
        (place_of(number, placement.sheets), _told(reasons, language, value=True))
        for number, reasons in why.items()
    )
    if is_table(placement) and why:
        content, _ = fetch(unit, wiring.ports.files, creditor_id=creditor_id, sha256=placement.sha256)
        try:
            lists = [_list(table, placement, why, language) for table in _tables(unit, placement, content)]
        except (Unreadable, UnclearColumns):
            lists = []
        return lists_file(name="rejects", lists=[one for one in lists if one.rows] or [_EMPTY], kind=kind)
    return list_file(name="rejects", headers=headers, rows=rows, kind=kind)


_EMPTY: Final = Listed("", MARKS, [])


def _tables(unit: Unit, placement: Placement, content: bytes) -> Iterator[Table]:
    """The tables as the placement was read, each gone through before the next."""
    if placement.mapping_id is None:
        yield read_table(content)
        return
    mapped = saved_mapping(unit, creditor_id=placement.creditor_id, mapping_id=placement.mapping_id)
    if mapped.parts:
        yield from (table for table, _ in open_as(content, mapped).tables())
    else:
        yield read_table(content, mapped.sheet)


def _list(table: Table, placement: Placement, why: dict[int, tuple[Why, ...]], language: str) -> Listed:
    """The rejected rows of one table; where several sheets were read, each row names its own."""
    told_apart = (SHEET_MARK,) if placement.sheets else ()
    rows = [
        (*_marks(row, language), *([sheet_of(row.at, placement.sheets)] if told_apart else ()), *row.cells)
        for row in rejected_rows(table, why)
    ]
    return Listed(table.sheet, (*MARKS, *told_apart, *own_headers(table)), rows)


def _language(unit: Unit, creditor_id: UUID) -> str:
    """The creditor's own where the reasons are written in it, else that of the page."""
    own = unit.session.exec(select(Creditor.language).where(Creditor.id == creditor_id)).one()
    return own if own in LANGUAGES else current_language()


def _marks(row: RejectedRow, language: str) -> Sequence[Cell]:
    return (place_of(row.number), _told(row.why, language))


def _told(why: Sequence[Why], language: str, *, value: bool = False) -> str:
    with speaking(language):
        return _sentence(why, value=value)


def _sentence(why: Sequence[Why], *, value: bool) -> str:
    return "; ".join(
        " ".join(
            part
            for part in (
                gettext(FIELDS[one.field]) if one.field in FIELDS else one.field,
                told(one.reason),
                f"({one.value})" if value and one.value else "",
            )
            if part
        )
        for one in why
    )

"""The rows of a file that were not taken, to be mended and handed over again; and stopping a reading."""

from collections.abc import Iterator, Sequence
from typing import Literal
from uuid import UUID

from sqlmodel import select
from starlette.responses import Response

from agency.intake.bulk import cancel_reading
from agency.intake.models import Placement
from agency.intake.reading import read_table
from agency.intake.receive import saved_mapping
from agency.intake.rejected import (
    MARKS,
    RejectedRow,
    Why,
    is_table,
    own_headers,
    reasons_by_row,
    rejected_rows,
)
from agency.intake.table import place_of
from agency.kernel.errors import Conflict, NotFound
from agency.kernel.files import fetch
from agency.kernel.unit import Unit
from agency.parties.models import Creditor
from agency.ports.readers import Unreadable
from portal.creditor.doors import routes
from portal.creditor.words import FIELDS
from portal.shared.audience import CreditorUnit, TheVisitor, TheWiring, leave_for, own_creditor
from portal.shared.i18n import FILE_LANGUAGES, N_, current_language, gettext, speaking
from portal.shared.spreadsheets import Cell, list_file
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
    _placement(unit, creditor_id, placement_id)
    page = f"/creditor/placements/{placement_id}"
    try:
        cancel_reading(unit, creditor_id=creditor_id, placement_id=placement_id)
    except Conflict:
        return leave_for(page, notice=N_("This file had been read already; it was not stopped."), tone="info")
    return leave_for(page, notice=N_("The reading was stopped; nothing of this file was kept."), tone="info")


def _placement(unit: Unit, creditor_id: UUID, placement_id: UUID) -> Placement:
    found = unit.session.exec(
        select(Placement).where(Placement.creditor_id == creditor_id, Placement.id == placement_id)
    ).one_or_none()
    if found is None:
        raise NotFound("no such placement")
    return found


def _file(
    unit: Unit, wiring: Wiring, creditor_id: UUID, placement_id: UUID, kind: Literal["csv", "xlsx"]
) -> Response:
    placement = _placement(unit, creditor_id, placement_id)
    why = reasons_by_row(unit, creditor_id=creditor_id, placement_id=placement_id)
    headers: Sequence[str] = (N_("Row"), N_("Reason"))
    language = _language(unit, creditor_id)
    rows: Iterator[Sequence[Cell]] = (
        (place_of(number), _told(reasons, language, value=True)) for number, reasons in why.items()
    )
    if is_table(placement) and why:
        content, _ = fetch(unit, wiring.ports.files, creditor_id=creditor_id, sha256=placement.sha256)
        try:
            table = read_table(content, _sheet(unit, placement))
            headers = (*MARKS, *own_headers(table))
            found = list(rejected_rows(table, why))
        except Unreadable:
            found = []
        rows = (_cells(row, language) for row in found)
    return list_file(name="rejects", headers=headers, rows=rows, kind=kind)


def _sheet(unit: Unit, placement: Placement) -> str:
    """The sheet by which the placement was read."""
    if placement.mapping_id is None:
        return ""
    return saved_mapping(unit, creditor_id=placement.creditor_id, mapping_id=placement.mapping_id).sheet


def _language(unit: Unit, creditor_id: UUID) -> str:
    """The creditor's own where the reasons are written in it, else that of the page."""
    own = unit.session.exec(select(Creditor.language).where(Creditor.id == creditor_id)).one()
    return own if own in FILE_LANGUAGES else current_language()


def _cells(row: RejectedRow, language: str) -> Sequence[Cell]:
    return (place_of(row.number), _told(row.why, language), *row.cells)


def _told(why: Sequence[Why], language: str, *, value: bool = False) -> str:
    with speaking(language):
        return _sentence(why, value=value)


def _sentence(why: Sequence[Why], *, value: bool) -> str:
    return "; ".join(
        " ".join(
            part
            for part in (
                gettext(FIELDS[one.field]) if one.field in FIELDS else one.field,
                gettext(one.reason),
                f"({one.value})" if value and one.value else "",
            )
            if part
        )
        for one in why
    )

"""Handing over claims: drop files, say what unclear columns mean, see what became of every row."""

import csv
import io
import zipfile
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import select
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from agency.intake.mapping import HEADERS, REQUIRED, Mapped, UnclearColumns, recognise, save_mapping
from agency.intake.models import Placement
from agency.intake.reading import Table, read_table
from agency.kernel.errors import Invalid, NotFound
from agency.kernel.files import fetch
from agency.kernel.unit import Unit
from agency.money import Money
from agency.ports.readers import Unreadable
from portal.creditor.doors import creditor_page, routes
from portal.creditor.exports import safe_cell
from portal.creditor.figures import placements
from portal.creditor.words import FIELDS, PLACEMENT_STATES, SEVERITIES
from portal.placing import place_file, read_and_price
from portal.shared.audience import CreditorUnit, TheVisitor, TheWiring, leave_for, own_creditor
from portal.shared.forms import Fields, Form, blank
from portal.shared.i18n import N_, gettext
from portal.shared.listing import Column, Cut
from portal.wiring import Wiring

REJECTS_SHOWN = 200
PREVIEW_ROWS = 5
RECENT = (
    Column("name", N_("File"), "link"),
    Column("state", N_("Status"), "chip"),
    Column("rows", N_("Rows"), "number", phone=False),
    Column("taken", N_("Taken"), "number"),
    Column("rejected", N_("Rejected"), "number"),
    Column("received_at", N_("Received"), "moment", phone=False),
)


@routes.get("/placements/new")
def new(request: Request, unit: CreditorUnit, visitor: TheVisitor) -> Response:
    """The place to drop files."""
    return _upload_page(request, unit, own_creditor(visitor))


def _upload_page(
    request: Request, unit: Unit, creditor_id: UUID, *, error: str = "", status: int = 200
) -> Response:
    rows = [
        {
            "href": f"/creditor/placements/{row.id}",
            "name": row.name,
            "state": PLACEMENT_STATES[row.state],
            "rows": row.rows,
            "taken": row.rows - row.rejected,
            "rejected": row.rejected,
            "received_at": row.received_at,
        }
        for row in placements(unit, creditor_id=creditor_id)
    ]
    return creditor_page(request, "upload.html", status=status, recent=Cut(rows), columns=RECENT, error=error)


@routes.post("/placements")
def hand_over(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, fields: Fields
) -> Response:
    """Take files in; a small one is read and priced before the answer."""
    creditor_id = own_creditor(visitor)
    try:
        name, content = _bundle(fields)
        with unit.session.begin_nested():
            placed = place_file(
                unit,
                wiring.ports,
                creditor_id=creditor_id,
                name=name,
                content=content,
                bytes_max=wiring.settings.upload_bytes_max,
            )
    except Invalid as refusal:
        return _upload_page(request, unit, creditor_id, error=refusal.message, status=422)
    if placed.again:
        return leave_for(
            f"/creditor/placements/{placed.placement_id}",
            notice=N_("You sent this file before; nothing was changed."),
            tone="info",
        )
    return leave_for(_next_page(unit, creditor_id, placed.placement_id))


def _next_page(unit: Unit, creditor_id: UUID, placement_id: UUID) -> str:
    """Straight to the price when every row was taken; else first to what became of the rows."""
    row = unit.session.connection().execute(
        text(
            "SELECT p.rejected, q.id FROM placement p JOIN quote q ON q.creditor_id = p.creditor_id"
            " AND q.placement_id = p.id AND q.state = 'open' WHERE p.creditor_id = :c AND p.id = :p"
        ),
        {"c": creditor_id, "p": placement_id},
    )
    found = row.first()
    if found and not found.rejected:
        return f"/creditor/quotes/{found.id}"
    return f"/creditor/placements/{placement_id}"


def _bundle(fields: dict[str, Any]) -> tuple[str, bytes]:
    """One file as it is; several e-invoices as one archive, the same bytes for the same files."""
    given = fields.get("file", [])
    uploads = [
        part for part in (given if isinstance(given, list) else [given]) if isinstance(part, UploadFile)
    ]
    if not uploads:
        raise Invalid("choose a file first", field="file")
    if len(uploads) == 1:
        return uploads[0].filename or "file", uploads[0].file.read()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for upload in sorted(uploads, key=lambda part: part.filename or ""):
            archive.writestr(zipfile.ZipInfo(upload.filename or "file"), upload.file.read())
    return gettext("%(count)s files") % {"count": len(uploads)}, packed.getvalue()


@routes.get("/placements/{placement_id:uuid}")
def placement(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, placement_id: UUID
) -> Response:
    """What became of a file: progress, columns to explain, rejects, and the price."""
    creditor_id = own_creditor(visitor)
    found = _placement(unit, creditor_id, placement_id)
    if found.state == "mapping":
        return _mapping_page(request, unit, wiring, found, None)
    return creditor_page(
        request,
        "placement.html",
        placement=found,
        chip=PLACEMENT_STATES[found.state],
        quote=_latest_quote(unit, creditor_id, placement_id),
        rejects=_rejects(unit, creditor_id, placement_id, REJECTS_SHOWN),
        findings=_findings(unit, creditor_id, placement_id),
    )


def _placement(unit: Unit, creditor_id: UUID, placement_id: UUID) -> Placement:
    found = unit.session.exec(
        select(Placement).where(Placement.creditor_id == creditor_id, Placement.id == placement_id)
    ).one_or_none()
    if found is None:
        raise NotFound("no such placement")
    return found


def _latest_quote(unit: Unit, creditor_id: UUID, placement_id: UUID) -> dict[str, Any] | None:
    row = (
        unit.session.connection()
        .execute(
            text(
                "SELECT id, number, claims, principal_minor, currency, fee_bps_average FROM quote"
                " WHERE creditor_id = :c AND placement_id = :p AND state IN ('open', 'accepted')"
                " ORDER BY issued_at DESC LIMIT 1"
            ),
            {"c": creditor_id, "p": placement_id},
        )
        .one_or_none()
    )
    if row is None:
        return None
    return dict(row._mapping) | {"principal": Money(row.principal_minor, row.currency)}


def _rejects(unit: Unit, creditor_id: UUID, placement_id: UUID, limit: int | None) -> list[dict[str, Any]]:
    rows = unit.session.connection().execute(
        text(
            "SELECT row, field, reason, value FROM placement_reject WHERE creditor_id = :c"
            " AND placement_id = :p ORDER BY row, field LIMIT :limit"
        ),
        {"c": creditor_id, "p": placement_id, "limit": limit},
    )
    return [
        {
            "row": row.row,
            "field": gettext(FIELDS[row.field]) if row.field in FIELDS else row.field,
            "reason": row.reason,
            "value": row.value,
        }
        for row in rows
    ]


def _findings(unit: Unit, creditor_id: UUID, placement_id: UUID) -> list[dict[str, Any]]:
    """What was remarkable about rows that were taken; questions first."""
    rows = unit.session.connection().execute(
        text(
            "SELECT f.row, f.field, f.severity, f.reason, f.value, f.source, r.claim_id FROM"
            " placement_finding f"
            " JOIN placement_row r ON r.creditor_id = f.creditor_id AND r.placement_id = f.placement_id"
            "  AND r.row = f.row AND r.outcome <> 'rejected'"
            " WHERE f.creditor_id = :c AND f.placement_id = :p ORDER BY f.severity, f.row, f.field"
            " LIMIT :limit"
        ),
        {"c": creditor_id, "p": placement_id, "limit": REJECTS_SHOWN},
    )
    return [
        dict(row._mapping) | {"label": FIELDS.get(row.field, row.field), "chip": SEVERITIES[row.severity]}
        for row in rows
    ]


@routes.get("/placements/{placement_id:uuid}/rejects.csv")
def rejects(unit: CreditorUnit, visitor: TheVisitor, placement_id: UUID) -> Response:
    """Every rejected row with its field and reason, to be mended in a spreadsheet."""
    creditor_id = own_creditor(visitor)
    _placement(unit, creditor_id, placement_id)
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL)
    writer.writerow([gettext("Row"), gettext("Column"), gettext("Reason"), gettext("What stood there")])
    for reject in _rejects(unit, creditor_id, placement_id, None):
        reason = reject["reason"]
        cells = (str(reject["row"]), reject["field"], gettext(reason), reject["value"])
        writer.writerow([safe_cell(cell) for cell in cells])
    return Response(
        out.getvalue().encode("utf-8-sig"),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": "attachment; filename=rejects.csv"},
    )


def _open_table(unit: Unit, wiring: Wiring, found: Placement) -> Table:
    content, _ = fetch(unit, wiring.ports.files, creditor_id=found.creditor_id, sha256=found.sha256)
    return read_table(content)


def _mapping_page(
    request: Request,
    unit: Unit,
    wiring: Wiring,
    found: Placement,
    form: Form[Any] | None,
    status: int = 200,
) -> Response:
    table = _open_table(unit, wiring, found)
    try:
        preview = [
            [str(cell) if cell is not None else "" for cell in row]
            for (_, row), _ in zip(table.rows, range(PREVIEW_ROWS), strict=False)
        ]
    except Unreadable:
        preview = []
    if form is None:
        try:
            proposal = recognise(table.headers)
        except UnclearColumns as unclear:
            proposal = unclear.proposal
        form = blank(**{f"column_{i}": _field_of(proposal, header) for i, header in enumerate(table.headers)})
    return creditor_page(
        request,
        "mapping.html",
        status=status,
        placement=found,
        form=form,
        headers=table.headers,
        preview=preview,
        fields=[(field, FIELDS[field]) for field in HEADERS],
        required=[FIELDS[field] for field in (*REQUIRED, "due_on")],
    )


def _field_of(proposal: Mapped, header: str) -> str:
    return next((field for field, name in proposal.columns.items() if name == header), "")


@routes.post("/placements/{placement_id:uuid}/mapping")
def explain_columns(
    request: Request,
    unit: CreditorUnit,
    visitor: TheVisitor,
    wiring: TheWiring,
    fields: Fields,
    placement_id: UUID,
) -> Response:
    """Keep what the creditor says of its columns for this and later files, and read the file by it."""
    creditor_id = own_creditor(visitor)
    found = _placement(unit, creditor_id, placement_id)
    if found.state not in ("mapping", "refused"):
        return leave_for(f"/creditor/placements/{placement_id}")
    form = blank(**{name: value for name, value in fields.items() if name != "csrf"})
    table = _open_table(unit, wiring, found)
    with form.attempt(unit):
        mapped = _mapped(fields, table.headers)
        found.mapping_id = save_mapping(unit, creditor_id=creditor_id, name="upload", mapped=mapped)
        read_and_price(unit, wiring.ports, creditor_id=creditor_id, placement_id=placement_id, mapped=mapped)
        if found.state == "mapping":
            raise Invalid(found.refusal or "the columns are still unclear")
    if form.errors:
        return _mapping_page(request, unit, wiring, found, form, 422)
    return leave_for(_next_page(unit, creditor_id, placement_id))


def _mapped(fields: dict[str, Any], headers: tuple[str, ...]) -> Mapped:
    columns: dict[str, str] = {}
    for index, header in enumerate(headers):
        field = fields.get(f"column_{index}", "")
        if field not in HEADERS:
            continue
        if field in columns:
            raise Invalid("two columns cannot be the same field", field=f"column_{index}")
        columns[field] = header
    sign = fields.get("decimal_sign")
    if sign not in (",", "."):
        raise Invalid("say which decimal sign the file uses", field="decimal_sign")
    return Mapped(
        columns=columns,
        decimal_sign="," if sign == "," else ".",
        date_order="month" if fields.get("date_order") == "month" else "day",
        one_claim_per="debtor" if fields.get("one_claim_per") == "debtor" else "invoice",
    )

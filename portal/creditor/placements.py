"""Handing over claims: drop files, say what unclear columns mean, see what became of every row."""

import io
import zipfile
from typing import Any
from uuid import UUID

from sqlalchemy import text
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from agency.intake.models import Placement
from agency.intake.profiles import profile_of
from agency.kernel.errors import Invalid
from agency.kernel.unit import Unit
from agency.money import Money
from agency.parties.products import product_of
from portal.creditor.doors import creditor_page, routes
from portal.creditor.drops import earlier_drops
from portal.creditor.figures import placements
from portal.creditor.mappings import mapping_page
from portal.creditor.placed import next_page
from portal.creditor.words import PLACEMENT_STATES, SEVERITIES
from portal.placing import find_placement, place_file
from portal.products import chosen_words
from portal.shared.audience import CreditorUnit, TheVisitor, TheWiring, leave_for, own_creditor
from portal.shared.claim_fields import FIELDS
from portal.shared.filled_in import told
from portal.shared.forms import Fields
from portal.shared.i18n import N_, gettext
from portal.shared.listing import Column, Cut, Listing

REJECTS_SHOWN = 200
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
    listing = Listing.read(
        "/creditor/placements/new", request.query_params, sorts=("received_at",), default="-received_at",
        filters=("q",),
    )  # fmt: skip
    cut = placements(unit, listing, creditor_id=creditor_id)
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
        for row in cut.rows
    ]
    chosen = product_of(unit, creditor_id=creditor_id)
    return creditor_page(
        request,
        "upload.html",
        status=status,
        listing=listing,
        recent=Cut(rows, cut.next_url, cut.previous_url),
        columns=RECENT,
        product=chosen_words(chosen.product, chosen.hand_over),
        drops=earlier_drops(unit, creditor_id=creditor_id),
        error=error,
    )


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
    return leave_for(next_page(unit, creditor_id, placed.placement_id))


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
    found = find_placement(unit, creditor_id, placement_id)
    if found.state == "mapping":
        return mapping_page(request, unit, wiring, found)
    return creditor_page(
        request,
        "placement.html",
        placement=found,
        chip=PLACEMENT_STATES[found.state],
        profile=found.mapping_id and profile_of(unit, creditor_id=creditor_id, mapping_id=found.mapping_id),
        quote=_latest_quote(unit, creditor_id, placement_id),
        rejects=_rejects(unit, creditor_id, placement_id, REJECTS_SHOWN),
        findings=_findings(unit, creditor_id, placement_id),
        rate=_rows_per_second(unit, found),
    )


def _rows_per_second(unit: Unit, found: Placement) -> int:
    if found.reading_since is None:
        return 0
    return round(found.read_rows / max(1.0, (unit.now - found.reading_since).total_seconds()))


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
        dict(row._mapping)
        | {
            "label": FIELDS.get(row.field, row.field),
            "chip": SEVERITIES[row.severity],
            # Remarks about a whole e-invoice are sentences themselves.
            "value": "; ".join(map(told, row.value.split("; "))) if row.field == "file" else row.value,
        }
        for row in rows
    ]

"""Putting names beside the numbers of an open-items list: the creditor's list of debtors, handed over where
the columns are explained."""

from uuid import UUID

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from agency.intake.joining import FIELD, join_debtors, put_together
from agency.intake.reading import read_table
from agency.kernel.errors import Invalid
from agency.kernel.files import fetch
from agency.ports.readers import Unreadable
from portal.creditor.doors import routes
from portal.creditor.mapping_sheets import open_sheets
from portal.creditor.mappings import mapping_page
from portal.creditor.placed import next_page
from portal.placing import find_placement, read_and_price
from portal.shared.audience import CreditorUnit, TheVisitor, TheWiring, leave_for, own_creditor
from portal.shared.forms import Fields, blank
from portal.shared.i18n import N_


@routes.post("/placements/{placement_id:uuid}/debtors")
def put_names_beside(
    request: Request,
    unit: CreditorUnit,
    visitor: TheVisitor,
    wiring: TheWiring,
    fields: Fields,
    placement_id: UUID,
) -> Response:
    """Join a waiting list of open items with the list of its debtors, and read it when that says enough."""
    creditor_id = own_creditor(visitor)
    found = find_placement(unit, creditor_id, placement_id)
    if found.state not in ("mapping", "refused"):
        return leave_for(f"/creditor/placements/{placement_id}")
    form = blank()
    sheet = {"sheet": str(fields.get("sheet", ""))}
    with form.attempt(unit):
        debtors = _uploaded(fields.get(FIELD), wiring.settings.upload_bytes_max)
        content, _ = fetch(unit, wiring.ports.files, creditor_id=creditor_id, sha256=found.sha256)
        try:
            joined = join_debtors(open_sheets(content, sheet), read_table(debtors))
        except Unreadable as refusal:
            raise Invalid(refusal.reason, field=FIELD) from refusal
        if not put_together(unit, wiring.ports.files, placement=found, content=joined):
            raise Invalid("these two lists were handed over together before", field=FIELD)
        read_and_price(unit, wiring.ports, creditor_id=creditor_id, placement_id=placement_id)
    if form.errors:
        unit.session.refresh(found)
        return mapping_page(request, unit, wiring, found, status=422, debtors_error=form.errors)
    return leave_for(
        next_page(unit, creditor_id, placement_id), notice=N_("The names stand beside the numbers now.")
    )


def _uploaded(upload: object, bytes_max: int) -> bytes:
    if not isinstance(upload, UploadFile) or not upload.filename:
        raise Invalid("choose a file first", field=FIELD)
    content = upload.file.read(bytes_max + 1)
    if len(content) > bytes_max:
        raise Invalid(f"the file is larger than {bytes_max // 1_000_000} MB", field=FIELD)
    return content

"""A collector sorts files of a creditor that came without their claim."""

from uuid import UUID

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import Response

from agency.documents.sorting import waiting_count
from agency.kernel.unit import Unit
from portal import sorting
from portal.collector.doors import claim_url, desk_page, routes
from portal.shared.audience import StaffUnit, TheWiring
from portal.shared.forms import Fields
from portal.sorting import Pile
from portal.wiring import Wiring


def _pile(unit: Unit, wiring: Wiring, creditor_id: UUID) -> Pile:
    return Pile(
        unit,
        wiring.ports.files,
        creditor_id,
        f"/desk/sorting/{creditor_id}",
        lambda claim_id: claim_url(creditor_id, claim_id),
        title=_names(unit, [creditor_id]).get(creditor_id, ""),
    )


def _names(unit: Unit, ids: list[UUID]) -> dict[UUID, str]:
    rows = unit.session.connection().execute(
        text("SELECT id, name FROM creditor WHERE id = ANY(:ids)"), {"ids": ids}
    )
    return {row.id: row.name for row in rows}


@routes.get("/sorting")
def piles(request: Request, unit: StaffUnit) -> Response:
    """How many files wait, by creditor."""
    counts = waiting_count(unit)
    names = _names(unit, list(counts))
    found = sorted(((names[key], key, count) for key, count in counts.items()), key=lambda one: -one[2])
    return desk_page(request, "piles.html", piles=found)


@routes.get("/sorting/{creditor_id:uuid}")
def pile(request: Request, unit: StaffUnit, wiring: TheWiring, creditor_id: UUID) -> Response:
    """Every file of a creditor that waits."""
    return sorting.show_pile(request, _pile(unit, wiring, creditor_id))


@routes.post("/sorting/{creditor_id:uuid}")
def several(
    request: Request, unit: StaffUnit, wiring: TheWiring, fields: Fields, creditor_id: UUID
) -> Response:
    """Give the chosen files their place."""
    return sorting.decide_many(request, _pile(unit, wiring, creditor_id), fields)


@routes.get("/sorting/{creditor_id:uuid}/next")
def following(unit: StaffUnit, wiring: TheWiring, creditor_id: UUID) -> Response:
    """The first file that waits."""
    return sorting.go_to_next(_pile(unit, wiring, creditor_id))


@routes.get("/sorting/{creditor_id:uuid}/{incoming_id:uuid}")
def one(
    request: Request, unit: StaffUnit, wiring: TheWiring, creditor_id: UUID, incoming_id: UUID
) -> Response:
    """One file with the claims it may belong to."""
    return sorting.show_file(request, _pile(unit, wiring, creditor_id), incoming_id)


@routes.post("/sorting/{creditor_id:uuid}/{incoming_id:uuid}")
def place(
    request: Request,
    unit: StaffUnit,
    wiring: TheWiring,
    fields: Fields,
    creditor_id: UUID,
    incoming_id: UUID,
) -> Response:
    """Give a file its place; the next one opens."""
    return sorting.decide(request, _pile(unit, wiring, creditor_id), incoming_id, fields)


@routes.post("/sorting/{creditor_id:uuid}/{incoming_id:uuid}/undo")
def undo(unit: StaffUnit, wiring: TheWiring, creditor_id: UUID, incoming_id: UUID) -> Response:
    """Take a decision back."""
    return sorting.take_back(_pile(unit, wiring, creditor_id), incoming_id)


@routes.get("/sorting/{creditor_id:uuid}/{incoming_id:uuid}/pages/{number}")
def picture(
    unit: StaffUnit, wiring: TheWiring, creditor_id: UUID, incoming_id: UUID, number: int
) -> Response:
    """A page of a file as a picture."""
    return sorting.page_picture(_pile(unit, wiring, creditor_id), incoming_id, number)


@routes.get("/sorting/{creditor_id:uuid}/{incoming_id:uuid}/file")
def download(unit: StaffUnit, wiring: TheWiring, creditor_id: UUID, incoming_id: UUID) -> Response:
    """A file as it came."""
    return sorting.original(_pile(unit, wiring, creditor_id), incoming_id)

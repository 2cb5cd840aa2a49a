"""The creditor sorts files that came without their claim."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.kernel.unit import Unit
from portal import sorting
from portal.creditor.doors import routes
from portal.shared.audience import CreditorUnit, TheVisitor, TheWiring, own_creditor
from portal.shared.forms import Fields
from portal.shared.sessions import Visitor
from portal.sorting import Pile
from portal.wiring import Wiring


def _pile(unit: Unit, visitor: Visitor, wiring: Wiring) -> Pile:
    return Pile(
        unit,
        wiring.ports.files,
        own_creditor(visitor),
        "/creditor/sorting",
        lambda claim_id: f"/creditor/claims/{claim_id}",
        "/creditor/claims/new",
    )


@routes.get("/sorting")
def pile(request: Request, unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring) -> Response:
    """Every file that waits, for choosing several at once."""
    return sorting.show_pile(request, _pile(unit, visitor, wiring))


@routes.post("/sorting")
def several(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, fields: Fields
) -> Response:
    """Give the chosen files their place."""
    return sorting.decide_many(request, _pile(unit, visitor, wiring), fields)


@routes.get("/sorting/next")
def following(unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring) -> Response:
    """The first file that waits."""
    return sorting.go_to_next(_pile(unit, visitor, wiring))


@routes.get("/sorting/{incoming_id:uuid}")
def one(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, incoming_id: UUID
) -> Response:
    """One file with the claims it may belong to."""
    return sorting.show_file(request, _pile(unit, visitor, wiring), incoming_id)


@routes.post("/sorting/{incoming_id:uuid}")
def place(
    request: Request,
    unit: CreditorUnit,
    visitor: TheVisitor,
    wiring: TheWiring,
    fields: Fields,
    incoming_id: UUID,
) -> Response:
    """Give a file its place; the next one opens."""
    return sorting.decide(request, _pile(unit, visitor, wiring), incoming_id, fields)


@routes.post("/sorting/{incoming_id:uuid}/undo")
def undo(unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, incoming_id: UUID) -> Response:
    """Take a decision back."""
    return sorting.take_back(_pile(unit, visitor, wiring), incoming_id)


@routes.get("/sorting/{incoming_id:uuid}/pages/{number}")
def picture(
    unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, incoming_id: UUID, number: int
) -> Response:
    """A page of a file as a picture."""
    return sorting.page_picture(_pile(unit, visitor, wiring), incoming_id, number)


@routes.get("/sorting/{incoming_id:uuid}/file")
def download(unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, incoming_id: UUID) -> Response:
    """A file as it came."""
    return sorting.original(_pile(unit, visitor, wiring), incoming_id)

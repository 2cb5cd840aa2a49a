"""What changed between a price and the one before it."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.pricing.comparing import SHOWN_MAX, compare_quote
from portal.creditor.doors import creditor_page, routes
from portal.creditor.price_changes import change_words
from portal.quote_rows import quote_of
from portal.shared.audience import CreditorUnit, TheVisitor, own_creditor


@routes.get("/quotes/{quote_id:uuid}/changes")
def changes(request: Request, unit: CreditorUnit, visitor: TheVisitor, quote_id: UUID) -> Response:
    """The price beside the one in whose place it came."""
    creditor_id = own_creditor(visitor)
    compared = compare_quote(unit, creditor_id=creditor_id, quote_id=quote_id)
    return creditor_page(
        request,
        "quote_changes.html",
        quote=quote_of(unit, creditor_id, quote_id),
        older=quote_of(unit, creditor_id, compared.old_id),
        lines=[change_words(line) for line in compared.lines],
        cut_off=len(compared.lines) == SHOWN_MAX,
    )

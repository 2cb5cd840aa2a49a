"""The routers of the creditors' door and what its pages share."""

from typing import Any
from uuid import UUID

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import HTMLResponse

from agency.claims.erased import refuse_erased
from agency.claims.models import Claim
from agency.kernel.unit import Door
from portal.shared.audience import own_creditor, router, show, visitor_of, wiring_of

EVERYBODY = {"creditor_clerk", "creditor_manager"}
# A price binds the creditor, so only a manager accepts or declines it.
MANAGERS = {"creditor_manager"}

routes = router(audience="creditor", roles=EVERYBODY, prefix="/creditor")
binding = router(audience="creditor", roles=MANAGERS, prefix="/creditor")


def _still_there(request: Request) -> None:
    """Nothing is written into a file that was erased, from however old a page: it would never be erased.

    In a unit of its own, which ends before the route begins, as at the collectors' door.
    """
    claim_id = request.path_params.get("claim_id")
    if request.method != "POST" or claim_id is None:
        return
    visitor = visitor_of(request)
    creditor_id = own_creditor(visitor)
    with wiring_of(request).units.open(Door.CREDITOR, by=visitor.by, creditor_id=creditor_id) as unit:
        if claim := unit.session.get(Claim, (creditor_id, UUID(str(claim_id)))):
            refuse_erased(claim)


routes.dependencies.append(Depends(_still_there))
binding.dependencies.append(Depends(_still_there))


def creditor_page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """This function will answer with a page of this door."""
    return show(request, f"creditor/{template}", values, status=status)

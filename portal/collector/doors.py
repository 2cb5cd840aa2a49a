"""The router of the collectors' door and what its pages share."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import HTMLResponse

from agency.claims.erased import refuse_erased
from agency.claims.models import Claim
from agency.kernel.errors import NotFound
from agency.kernel.unit import Door, Unit
from portal.shared.audience import router, show, visitor_of, wiring_of

routes = router(audience="collector", roles={"collector"}, prefix="/desk")


def _still_there(request: Request) -> None:
    """Nothing is written into a file that was erased: it would never be erased again.

    In a unit of its own, which ends before the route begins: some routes wait for a provider.
    """
    at = request.path_params
    if request.method != "POST" or not {"creditor_id", "claim_id"} <= at.keys():
        return
    with wiring_of(request).units.open(Door.STAFF, by=visitor_of(request).by) as unit:
        if claim := unit.session.get(Claim, (UUID(str(at["creditor_id"])), UUID(str(at["claim_id"])))):
            refuse_erased(claim)


routes.dependencies.append(Depends(_still_there))
# What a price rests on is set by hand by an administrator only.
lifting = router(audience="collector", roles={"admin"}, prefix="/desk")
# What is kept of a person, and what he asks of us, is looked after by both.
persons = router(audience="collector", roles={"collector", "admin"}, prefix="/desk")


def desk_page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """This function will answer with a page of this door."""
    return show(request, f"collector/{template}", values, status=status)


def claim_of(unit: Unit, creditor_id: UUID, claim_id: UUID) -> Claim:
    """This function will return a claim.

    :raises NotFound: there is none.
    """
    claim = unit.session.get(Claim, (creditor_id, claim_id))
    if claim is None:
        raise NotFound("no such claim")
    return claim


def claim_url(creditor_id: UUID, claim_id: UUID) -> str:
    """This function will return the address of a claim's page."""
    return f"/desk/claims/{creditor_id}/{claim_id}"


def person_url(creditor_id: UUID, debtor_id: UUID) -> str:
    """This function will return the address of the page of one person over all creditors."""
    return f"/desk/debtors/{creditor_id}/{debtor_id}"


def who(by: str | None, staff: Mapping[UUID, str]) -> str:
    """This function will return the name behind `user:<id>`, empty for programs and debtors."""
    kind, _, found = (by or "").partition(":")
    return staff.get(UUID(found), "") if kind == "user" else ""

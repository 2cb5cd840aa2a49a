"""The router of the collectors' door and what its pages share."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse

from portal.shared.audience import router, show

routes = router(audience="collector", roles={"collector"}, prefix="/desk")
# What a price rests on is set by hand by an administrator only.
lifting = router(audience="collector", roles={"admin"}, prefix="/desk")
# What is kept of a person, and what he asks of us, is looked after by both.
persons = router(audience="collector", roles={"collector", "admin"}, prefix="/desk")


def desk_page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """This function will answer with a page of this door."""
    return show(request, f"collector/{template}", values, status=status)


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

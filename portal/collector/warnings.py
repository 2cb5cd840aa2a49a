"""Debtors of all creditors that show signs of trouble, for whoever calls them or their creditors."""

from typing import Literal
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from portal.collector.doors import claim_url, routes
from portal.early_warnings import WarningDoor, warning_page, warnings_file, warnings_page
from portal.shared.audience import StaffUnit
from portal.shared.i18n import N_

_BASE = "/desk/warnings"
_DOOR = WarningDoor(
    base=_BASE,
    home=(N_("Work queue"), "/desk"),
    claim_url=claim_url,
    debtor_url=lambda creditor_id, debtor_id: f"{_BASE}/{creditor_id}/{debtor_id}",
    names_creditor=True,
)


@routes.get("/warnings")
def warnings(request: Request, unit: StaffUnit) -> Response:
    """Debtors with signs of trouble over all creditors, the gravest first."""
    return warnings_page(request, unit, _DOOR)


@routes.get("/warnings.{kind}")
def warnings_as_file(request: Request, unit: StaffUnit, kind: Literal["csv", "xlsx"]) -> Response:
    """The filtered list as a file."""
    return warnings_file(request, unit, _DOOR, kind)


@routes.get("/warnings/{creditor_id:uuid}/{debtor_id:uuid}")
def warning(request: Request, unit: StaffUnit, creditor_id: UUID, debtor_id: UUID) -> Response:
    """One debtor of one creditor: each sign, and what is proposed."""
    return warning_page(request, unit, _DOOR, creditor_id=creditor_id, debtor_id=debtor_id)

"""The creditor's own debtors that show signs of trouble."""

from typing import Literal
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from portal.creditor.doors import routes
from portal.early_warnings import WarningDoor, warning_page, warnings_file, warnings_page
from portal.shared.audience import CreditorUnit, TheVisitor, own_creditor
from portal.shared.i18n import N_

_BASE = "/creditor/warnings"
_DOOR = WarningDoor(
    base=_BASE,
    home=(N_("Overview"), "/creditor"),
    claim_url=lambda _, claim_id: f"/creditor/claims/{claim_id}",
    debtor_url=lambda _, debtor_id: f"{_BASE}/{debtor_id}",
    names_creditor=False,
)


@routes.get("/warnings")
def warnings(request: Request, unit: CreditorUnit) -> Response:
    """Debtors with signs of trouble, the gravest first."""
    return warnings_page(request, unit, _DOOR)


@routes.get("/warnings.{kind}")
def warnings_as_file(request: Request, unit: CreditorUnit, kind: Literal["csv", "xlsx"]) -> Response:
    """The filtered list as a file."""
    return warnings_file(request, unit, _DOOR, kind)


@routes.get("/warnings/{debtor_id:uuid}")
def warning(request: Request, unit: CreditorUnit, visitor: TheVisitor, debtor_id: UUID) -> Response:
    """One debtor: each sign, and what is proposed."""
    return warning_page(request, unit, _DOOR, creditor_id=own_creditor(visitor), debtor_id=debtor_id)

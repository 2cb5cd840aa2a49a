"""Entries of a register that nobody understood, for a collector: do they stop collection?"""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.desk.queue import drop_asked
from agency.screening.asking import work_key
from agency.screening.unclear import WHY_MAX, settle_unclear, unclear_debtors
from portal.collector.doors import claim_url, desk_page, routes
from portal.shared.audience import StaffUnit, leave_for
from portal.shared.forms import Fields, blank
from portal.shared.i18n import N_

SHOWN = 200


@routes.get("/registers")
def registers(request: Request, unit: StaffUnit) -> Response:
    """Every debtor who waits for an answer, of every creditor, the longest first."""
    return _page(request, unit)


@routes.post("/registers/{creditor_id:uuid}/{debtor_id:uuid}")
def settle(request: Request, unit: StaffUnit, fields: Fields, creditor_id: UUID, debtor_id: UUID) -> Response:
    """Keep that an entry does not stop collection, and why; the debtor may be contacted again."""
    form = blank()
    with form.attempt(unit):
        why = str(fields.get("why", ""))
        screening_id = settle_unclear(unit, creditor_id=creditor_id, debtor_id=debtor_id, why=why)
        drop_asked(unit, creditor_id=creditor_id, key=work_key(screening_id))
    if form.errors:
        return _page(request, unit, error=next(iter(form.errors.values())), status=422)
    return leave_for("/desk/registers", notice=N_("The answer is kept; collection goes on."))


def _page(request: Request, unit: StaffUnit, *, error: str = "", status: int = 200) -> Response:
    found = unclear_debtors(unit, limit=SHOWN)
    return desk_page(
        request,
        "registers.html",
        status=status,
        debtors=found,
        error=error,
        why_max=WHY_MAX,
        claim_url=claim_url,
    )

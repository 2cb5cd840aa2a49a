"""Requests to give up parts of claims: decided here by a second person who has the authority."""

from typing import Any
from uuid import UUID

from pydantic import Field
from sqlmodel import col, select
from starlette.requests import Request
from starlette.responses import Response

from agency.claims.models import Claim, RequestState, WaiverRequest
from agency.claims.waiver_requests import asked_amounts, grant, refuse
from agency.kernel.unit import Unit
from agency.parties.models import Creditor, Debtor
from portal.finance.doors import finance_page, names_of
from portal.finance.words import WAIVER_STATES
from portal.shared.audience import StaffUnit, TheVisitor, leave_for, router
from portal.shared.forms import Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_
from portal.shared.listing import Column, Cut
from portal.waivers import ACTS, part_rows

# Above finance's own limit an administrator decides here.
routes = router(audience="finance", roles={"finance", "admin"}, prefix="/finance/waivers")

PAGE = "/finance/waivers"
COLUMNS = (
    Column("claim", N_("Claim"), sub="debtor"),
    Column("state", N_("Status"), "chip"),
    Column("why", N_("Why"), phone=False),
    Column("decided_at", N_("Decided"), "moment", phone=False),
    Column("amount", N_("Amount"), "money"),
)
_SHOWN_MAX = 100


class RefuseForm(FormModel):
    """Why nothing is given up."""

    why: str = Field(default="", max_length=500)


@routes.get("")
def waivers(request: Request, unit: StaffUnit, visitor: TheVisitor) -> Response:
    """What waits for a second person, the oldest first, and what was decided."""
    return _page(request, unit, visitor.by, blank())


@routes.post("/{creditor_id:uuid}/{request_id:uuid}/approval")
def approve(
    request: Request, unit: StaffUnit, visitor: TheVisitor, creditor_id: UUID, request_id: UUID
) -> Response:
    """Give up what was asked."""
    form = blank()
    with form.attempt(unit):
        grant(unit, creditor_id=creditor_id, request_id=request_id, roles=visitor.roles)
    if form.errors:
        return _page(request, unit, visitor.by, form, status=409)
    return leave_for(PAGE, notice=N_("Given up."))


@routes.post("/{creditor_id:uuid}/{request_id:uuid}/refusal")
def decline(
    request: Request,
    unit: StaffUnit,
    visitor: TheVisitor,
    creditor_id: UUID,
    request_id: UUID,
    fields: Fields,
) -> Response:
    """Give up nothing, and say why."""
    form = submitted(RefuseForm, fields)
    with form.attempt(unit):
        refuse(unit, creditor_id=creditor_id, request_id=request_id, why=form.data.why)
    if form.errors:
        return _page(request, unit, visitor.by, form, status=422)
    return leave_for(PAGE, notice=N_("Refused. All is owed as before."), tone="info")


def _page(request: Request, unit: Unit, by: str, form: Form[Any], *, status: int = 200) -> Response:
    waiting = _found(unit, waiting=True)
    decided = _found(unit, waiting=False)
    return finance_page(
        request,
        "waivers.html",
        status=status,
        form=form,
        waiting=[
            {
                "request": one,
                "act": ACTS[one.act],
                "number": claim.number,
                "debtor": debtor.name,
                "creditor": creditor.name,
                "total": asked_amounts(one).total,
                "parts": part_rows(asked_amounts(one)),
                "mine": one.asked_by == by,
                "url": f"{PAGE}/{one.creditor_id}/{one.id}",
            }
            for one, claim, debtor, creditor in waiting
        ],
        names=names_of(unit, [one.asked_by for one, *_ in waiting]),
        columns=COLUMNS,
        cut=Cut([_row(one, claim, debtor) for one, claim, debtor, _ in decided]),
    )


def _found(unit: Unit, *, waiting: bool) -> list[tuple[WaiverRequest, Claim, Debtor, Creditor]]:
    order = col(WaiverRequest.asked_at) if waiting else col(WaiverRequest.decided_at).desc()
    is_waiting = col(WaiverRequest.state) == RequestState.WAITING
    rows = unit.session.exec(
        select(WaiverRequest, Claim, Debtor, Creditor)
        .join(
            Claim,
            (col(Claim.creditor_id) == WaiverRequest.creditor_id) & (col(Claim.id) == WaiverRequest.claim_id),
        )
        .join(Debtor, (col(Debtor.creditor_id) == Claim.creditor_id) & (col(Debtor.id) == Claim.debtor_id))
        .join(Creditor, col(Creditor.id) == WaiverRequest.creditor_id)
        .where(is_waiting if waiting else ~is_waiting)
        .order_by(order, col(WaiverRequest.id))
        .limit(_SHOWN_MAX)
    )
    return list(rows)


def _row(one: WaiverRequest, claim: Claim, debtor: Debtor) -> dict[str, Any]:
    return {
        "claim": claim.number,
        "debtor": debtor.name,
        "state": WAIVER_STATES[one.state],
        "why": one.decision or one.why,
        "decided_at": one.decided_at,
        "amount": asked_amounts(one).total,
    }

"""Setting aside what only an earlier proof can tell: proposed by one person, accepted by another, kept for
ever."""

from typing import Any
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from agency.banking.models import AsideState, ProofAside, ProofRun
from agency.banking.proof import (
    accept_aside,
    latest_proof,
    only_earlier,
    propose_aside,
    prove,
    refuse_aside,
    waiting_aside,
)
from agency.banking.proof.setting_aside import REASON_CHARACTERS_MAX, FoundOtherwise
from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from portal.finance.doors import finance_page, names_of, routes
from portal.finance.proof_rows import CHECK_COLUMNS, ROW_COLUMNS, check_rows, differing_rows
from portal.finance.words import ASIDE_STATES
from portal.shared.audience import StaffUnit, TheVisitor, leave_for
from portal.shared.forms import Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_
from portal.shared.sessions import Visitor

PAGE = "/finance/proof"


class ReasonForm(FormModel):
    """Why the books of today are right."""

    reason: str = Field(default="", max_length=REASON_CHARACTERS_MAX)


class RefuseForm(FormModel):
    """Why it is not set aside."""

    why: str = Field(default="", max_length=REASON_CHARACTERS_MAX)


@routes.get("/proof/{run_id:uuid}/aside")
def aside_form(request: Request, unit: StaffUnit, run_id: UUID) -> Response:
    """What a proof found that only an earlier one can tell, and where to say why it is set aside."""
    return _asking(request, unit, run_id, blank())


@routes.post("/proof/{run_id:uuid}/aside")
def propose(request: Request, unit: StaffUnit, run_id: UUID, fields: Fields) -> Response:
    """Propose to set it aside."""
    form = submitted(ReasonForm, fields)
    aside_id = None
    with form.attempt(unit):
        aside_id = propose_aside(unit, run_id=run_id, reason=form.data.reason).id
    if form.errors:
        return _asking(request, unit, run_id, form, status=422 if "reason" in form.errors else 409)
    return leave_for(f"{PAGE}/asides/{aside_id}", notice=N_("Proposed. Another person accepts."))


@routes.get("/proof/asides/{aside_id:uuid}")
def aside(request: Request, unit: StaffUnit, visitor: TheVisitor, aside_id: UUID) -> Response:
    """One proposal with the figures that were looked at, and what became of it."""
    return _one(request, unit, visitor, aside_id, blank())


@routes.post("/proof/asides/{aside_id:uuid}/acceptance")
def accept(request: Request, unit: StaffUnit, visitor: TheVisitor, aside_id: UUID) -> Response:
    """Set it aside, as the second person."""
    form = blank()
    changed = False
    with form.attempt(unit):
        try:
            run = accept_aside(unit, aside_id=aside_id)
        except FoundOtherwise:
            changed = True
            raise
    if changed:
        # What the proof finds now is kept, so that it can be looked at.
        prove(unit, on=unit.today)
    if form.errors:
        return _one(request, unit, visitor, aside_id, form, status=409)
    if run.green:
        return leave_for(PAGE, notice=N_("Set aside. From now on the proof looks for what is there today."))
    return leave_for(
        PAGE, notice=N_("Set aside. Other checks are red still, and block payouts."), tone="warning"
    )


@routes.post("/proof/asides/{aside_id:uuid}/refusal")
def refuse(
    request: Request, unit: StaffUnit, visitor: TheVisitor, aside_id: UUID, fields: Fields
) -> Response:
    """Do not set it aside, or take back one's own proposal."""
    form = submitted(RefuseForm, fields)
    with form.attempt(unit):
        refuse_aside(unit, aside_id=aside_id, why=form.data.why)
    if form.errors:
        status = 422 if "why" in form.errors else 409
        return _one(request, unit, visitor, aside_id, form, status=status)
    return leave_for(PAGE, notice=N_("Not set aside. What is red stays red."), tone="info")


def _asking(request: Request, unit: Unit, run_id: UUID, form: Form[Any], *, status: int = 200) -> Response:
    run = unit.session.get(ProofRun, run_id)
    if run is None:
        raise NotFound("no such proof")
    checks = only_earlier(run)
    latest = latest_proof(unit)
    return finance_page(
        request,
        "proof_aside_form.html",
        status=status,
        form=form,
        proof=run,
        outdated=latest is not None and only_earlier(latest) != checks,
        waiting=waiting_aside(unit),
        **_tables(checks),
    )


def _one(
    request: Request,
    unit: Unit,
    visitor: Visitor,
    aside_id: UUID,
    form: Form[Any],
    *,
    status: int = 200,
) -> Response:
    aside = unit.session.get(ProofAside, aside_id, populate_existing=True)
    if aside is None:
        raise NotFound("no such proposal")
    latest = latest_proof(unit)
    waits = aside.state == AsideState.WAITING
    return finance_page(
        request,
        "proof_aside.html",
        status=status,
        form=form,
        aside=aside,
        chip=ASIDE_STATES[aside.state],
        looked_at=unit.session.get_one(ProofRun, aside.run_id).at,
        waits=waits,
        mine=aside.asked_by == visitor.by,
        outdated=waits and latest is not None and only_earlier(latest) != aside.checks,
        names=names_of(unit, [aside.asked_by, aside.decided_by]),
        **_tables(aside.checks),
    )


def _tables(checks: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "columns": CHECK_COLUMNS,
        "cut": check_rows(checks),
        "row_columns": ROW_COLUMNS,
        "differing": differing_rows(checks),
    }

"""Creditors' new accounts: asked, approved by two people, waiting, in force."""

from typing import Any
from uuid import UUID

from sqlmodel import col, select
from starlette.requests import Request
from starlette.responses import Response

from agency.kernel.unit import Unit
from agency.parties.models import Creditor
from agency.remittance.account_changes import (
    Change,
    approve_account_change,
    ask_change,
    list_changes,
    stop_change,
)
from agency.rules.account_change import RUNNING, ChangeState, waiting_days
from portal.finance.doors import finance_page, names_of
from portal.finance.words import CHANGE_STATES
from portal.shared.audience import StaffUnit, TheVisitor, leave_for, router
from portal.shared.forms import Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_
from portal.shared.listing import Column, Cut
from portal.shared.sessions import Visitor

# Administrators ask and approve here too: the second person need not be of finance.
routes = router(audience="finance", roles={"finance", "admin"}, prefix="/finance/account-changes")
asking = router(audience="finance", roles={"admin"}, prefix="/finance/account-changes")

COLUMNS = (
    Column("creditor", N_("Creditor")),
    Column("iban", N_("New account"), sub="holder"),
    Column("state", N_("Status"), "chip", sub="why"),
    Column("asked_at", N_("Asked"), "moment", phone=False),
    Column("pays_from", N_("In use from"), "moment", phone=False),
)
PAGE = "/finance/account-changes"


class AskForm(FormModel):
    """For which creditor, and which account."""

    creditor_id: UUID
    iban: str
    holder: str
    reason: str


class StopForm(FormModel):
    """Why a change is refused."""

    why: str


@routes.get("")
def account_changes(request: Request, unit: StaffUnit, visitor: TheVisitor) -> Response:
    """Changes that run, each with what may be done, and those that ended."""
    return _page(request, unit, visitor)


@asking.post("")
def ask(request: Request, unit: StaffUnit, visitor: TheVisitor, fields: Fields) -> Response:
    """Ask for a creditor; two others approve."""
    form = submitted(AskForm, fields)
    with form.attempt(unit):
        ask_change(
            unit,
            creditor_id=form.data.creditor_id,
            iban=form.data.iban,
            holder=form.data.holder,
            reason=form.data.reason,
        )
    if form.errors:
        return _page(request, unit, visitor, asking=form, status=422)
    return leave_for(PAGE, notice=N_("Asked. Two other people approve it."))


@routes.post("/{creditor_id:uuid}/{change_id:uuid}/approval")
def approve(
    request: Request, unit: StaffUnit, visitor: TheVisitor, creditor_id: UUID, change_id: UUID
) -> Response:
    """Approve, as the first or the second person."""
    form = blank()
    with form.attempt(unit):
        approve_account_change(unit, creditor_id=creditor_id, change_id=change_id)
    if form.errors:
        return _page(request, unit, visitor, deciding=form, status=409)
    return leave_for(PAGE, notice=N_("Approved."))


@routes.post("/{creditor_id:uuid}/{change_id:uuid}/refusal")
def refuse(
    request: Request,
    unit: StaffUnit,
    visitor: TheVisitor,
    creditor_id: UUID,
    change_id: UUID,
    fields: Fields,
) -> Response:
    """Refuse a change, also one that was approved and waits."""
    form = submitted(StopForm, fields)
    with form.attempt(unit):
        stop_change(unit, creditor_id=creditor_id, change_id=change_id, why=form.data.why)
    if form.errors:
        return _page(request, unit, visitor, deciding=form, status=422)
    return leave_for(PAGE, notice=N_("Refused. Payouts stay with the old account."), tone="info")


def _page(
    request: Request,
    unit: Unit,
    visitor: Visitor,
    *,
    asking: Form[Any] | None = None,
    deciding: Form[Any] | None = None,
    status: int = 200,
) -> Response:
    changes = list_changes(unit)
    running = [change for change in changes if change.state in RUNNING]
    creditors = unit.session.exec(
        select(Creditor).where(col(Creditor.iban).is_not(None)).order_by(Creditor.name).limit(1000)
    )
    people = [who for one in running for who in (one.asked_by, one.first_by, one.second_by)]
    return finance_page(
        request,
        "account_changes.html",
        status=status,
        form=asking or blank(),
        deciding=deciding or blank(),
        running=[(one, CHANGE_STATES[one.state], _mine(one, visitor.by)) for one in running],
        names=names_of(unit, people),
        days=waiting_days(unit.today),
        may_ask="admin" in visitor.roles,
        creditors=[(str(one.id), one.name) for one in creditors],
        columns=COLUMNS,
        cut=Cut([_row(one) for one in changes if one.state not in RUNNING]),
    )


def _mine(change: Change, by: str) -> bool:
    """Whether this person asked or approved before, and so may not approve."""
    return by in (change.asked_by, change.first_by)


def _row(change: Change) -> dict[str, Any]:
    return {
        "creditor": change.creditor,
        "iban": change.iban,
        "holder": change.holder,
        "state": CHANGE_STATES[change.state],
        "why": change.ended_why if change.state == ChangeState.REFUSED else "",
        "asked_at": change.asked_at,
        "pays_from": change.pays_from,
    }

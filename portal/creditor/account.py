"""The creditor's account for payouts: which one it is, and how it changes."""

from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.kernel.unit import Unit
from agency.parties.models import Creditor
from agency.remittance.account_changes import ask_change, list_changes, stop_change
from agency.rules.account_change import RUNNING, waiting_days
from portal.creditor.doors import binding, creditor_page, routes
from portal.creditor.words import CHANGE_STATES
from portal.shared.audience import CreditorUnit, TheVisitor, leave_for, own_creditor
from portal.shared.forms import Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_
from portal.shared.listing import Column, Cut

CHANGES = (
    Column("asked_at", N_("Asked"), "moment"),
    Column("iban", N_("New account"), sub="holder"),
    Column("state", N_("Status"), "chip"),
    Column("pays_from", N_("In use from"), "moment", phone=False),
)


class ChangeForm(FormModel):
    """Where payouts should go from now on, and why."""

    iban: str
    holder: str
    reason: str = ""


@routes.get("/account")
def account(request: Request, unit: CreditorUnit, visitor: TheVisitor) -> Response:
    """The account that is paid to, and every change of it."""
    return _page(request, unit, visitor.roles, own_creditor(visitor), blank())


@binding.post("/account/changes")
def ask(request: Request, unit: CreditorUnit, visitor: TheVisitor, fields: Fields) -> Response:
    """Ask for another account; it counts after two people of the agency approved it and a wait."""
    creditor_id = own_creditor(visitor)
    form = submitted(ChangeForm, fields)
    with form.attempt(unit):
        ask_change(
            unit,
            creditor_id=creditor_id,
            iban=form.data.iban,
            holder=form.data.holder,
            reason=form.data.reason,
        )
    if form.errors:
        return _page(request, unit, visitor.roles, creditor_id, form, status=422)
    return leave_for("/creditor/account", notice=N_("Asked. We tell your contact by e-mail."))


@routes.post("/account/changes/{change_id:uuid}/stop")
def stop(request: Request, unit: CreditorUnit, visitor: TheVisitor, change_id: UUID) -> Response:
    """Stop a change; everybody of the creditor may, because stopping harms nobody."""
    creditor_id = own_creditor(visitor)
    form = blank()
    with form.attempt(unit):
        stop_change(
            unit,
            creditor_id=creditor_id,
            change_id=change_id,
            why="stopped by the creditor",
            by_creditor=True,
        )
    if form.errors:
        return _page(request, unit, visitor.roles, creditor_id, form, status=409)
    return leave_for("/creditor/account", notice=N_("Stopped. Payouts stay with the account that you had."))


def _page(
    request: Request,
    unit: Unit,
    roles: frozenset[str],
    creditor_id: UUID,
    form: Form[Any],
    *,
    status: int = 200,
) -> Response:
    creditor = unit.session.get_one(Creditor, creditor_id)
    changes = list_changes(unit, creditor_id=creditor_id)
    running = next((change for change in changes if change.state in RUNNING), None)
    return creditor_page(
        request,
        "account.html",
        status=status,
        form=form,
        creditor=creditor,
        running=running,
        chip=CHANGE_STATES[running.state] if running else None,
        may_ask="creditor_manager" in roles,
        days=waiting_days(unit.today),
        columns=CHANGES,
        cut=Cut(
            [
                {
                    "asked_at": change.asked_at,
                    "iban": change.iban,
                    "holder": change.holder,
                    "state": CHANGE_STATES[change.state],
                    "pays_from": change.pays_from,
                }
                for change in changes
                if change is not running
            ]
        ),
    )

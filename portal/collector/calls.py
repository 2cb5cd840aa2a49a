"""Calling a debtor, and saying how the call ended."""

import re
from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator
from starlette.requests import Request
from starlette.responses import Response

from agency.arrangements.plans import Wish
from agency.desk.calls import UnableToCall, place_call
from agency.desk.dispositions import CallOutcome, close_call
from agency.desk.models import Disposition
from agency.kernel.errors import Invalid
from agency.kernel.unit import Door
from portal.collector.claim_views import OWN_NUMBER_COOKIE, show_claim
from portal.collector.doors import claim_url, routes
from portal.collector.fields import amount_of, currency_of
from portal.collector.words import reasons
from portal.shared.audience import StaffUnit, TheVisitor, TheWiring, leave_for
from portal.shared.forms import AmountField, Fields, FormModel, submitted
from portal.shared.i18n import N_

_YEAR_SECONDS = 31_536_000
_BETWEEN_DIGITS = re.compile(r"[\s().\-/]")


def _plain_number(text: object) -> object:
    """A number as people type it, with the signs between the digits left out."""
    return _BETWEEN_DIGITS.sub("", text) if isinstance(text, str) else text


Number = Annotated[str, BeforeValidator(_plain_number)]


class CallForm(FormModel):
    """Whom to ring: the debtor's number, and the collector's own."""

    number: Number
    collector: Number


class CloseForm(FormModel):
    """How a call ended, with what the debtor promised or disputes."""

    disposition: Disposition
    note: str = ""
    promised: AmountField | None = None
    promised_on: date | None = None
    dispute_reason: str = ""
    to_confirm: bool = False
    points: str = ""
    plan_amount: AmountField | None = None
    plan_from: date | None = None


@routes.post("/claims/{creditor_id:uuid}/{claim_id:uuid}/calls")
def call(
    request: Request,
    wiring: TheWiring,
    visitor: TheVisitor,
    fields: Fields,
    creditor_id: UUID,
    claim_id: UUID,
) -> Response:
    """Ring the collector, then the debtor; the rules are asked again in this moment."""
    form = submitted(CallForm, fields)
    if not form.errors:
        try:
            # No transaction is open while the provider is asked.
            place_call(
                wiring.units,
                wiring.ports.calls,
                by=visitor.by,
                creditor_id=creditor_id,
                claim_id=claim_id,
                number=form.data.number,
                collector=form.data.collector,
                caller_id=wiring.settings.twilio_caller_id,
            )
        except UnableToCall as refusal:
            form.refuse(" ".join(reasons(refusal.decision.reasons)))
        except Invalid as refusal:
            form.refuse(refusal.message, refusal.field)
    if form.errors:
        with wiring.units.open(Door.STAFF, by=visitor.by) as unit:
            return show_claim(request, unit, visitor, creditor_id, claim_id, failed=("call", form))
    response = leave_for(
        claim_url(creditor_id, claim_id), notice=N_("Your telephone rings first."), tone="info"
    )
    response.set_cookie(
        OWN_NUMBER_COOKIE,
        form.data.collector,
        max_age=_YEAR_SECONDS,
        httponly=True,
        samesite="lax",
        path="/desk",
    )
    return response


@routes.post("/claims/{creditor_id:uuid}/{claim_id:uuid}/calls/{call_id:uuid}/disposition")
def close(
    request: Request,
    unit: StaffUnit,
    visitor: TheVisitor,
    fields: Fields,
    creditor_id: UUID,
    claim_id: UUID,
    call_id: UUID,
) -> Response:
    """Say how a call ended; what follows from it happens at once."""
    form = submitted(CloseForm, _asked(fields))
    with form.attempt(unit):
        data = form.data
        currency = currency_of(unit, creditor_id=creditor_id, claim_id=claim_id)
        close_call(
            unit,
            creditor_id=creditor_id,
            call_id=call_id,
            outcome=CallOutcome(
                disposition=data.disposition,
                note=data.note,
                promised=amount_of(data.promised, currency, "promised"),
                promised_on=data.promised_on,
                dispute_reason=data.dispute_reason,
                to_confirm=data.to_confirm,
                points=data.points,
                plan=_plan(data, currency),
            ),
        )
    _beside_their_fields(form.errors, data_of_plan=bool(fields.get("plan_amount")))
    if form.errors:
        form.values = {**fields, **form.values}
        return show_claim(request, unit, visitor, creditor_id, claim_id, failed=("close", form))
    return leave_for(claim_url(creditor_id, claim_id), notice=N_("The call is on file."))


def _asked(fields: dict[str, object]) -> dict[str, object]:
    """What the form holds for another ending than the chosen one is left out."""
    unasked = {"promised", "promised_on"} if fields.get("disposition") != Disposition.PROMISE else set()
    if fields.get("disposition") != Disposition.RIGHT_PARTY or not fields.get("to_confirm"):
        unasked |= {"plan_amount", "plan_from"}
    return {name: value for name, value in fields.items() if name not in unasked}


def _plan(data: CloseForm, currency: str) -> Wish | None:
    """The plan that was talked through: an amount each month from a day on."""
    amount = amount_of(data.plan_amount, currency, "plan_amount")
    if amount is None and data.plan_from is None:
        return None
    if amount is None:
        raise Invalid("fill in how much the debtor pays each month", field="plan_amount")
    if data.plan_from is None:
        raise Invalid("fill in the first day of the plan", field="plan_from")
    return Wish(first_on=data.plan_from, amount=amount)


def _beside_their_fields(errors: dict[str, str], *, data_of_plan: bool) -> None:
    """A promise's and a plan's own fields have other names on this form."""
    for theirs, ours in (
        ("amount", "plan_amount" if data_of_plan else "promised"), ("due_on", "promised_on"),
        ("first_on", "plan_from"),
    ):  # fmt: skip
        if theirs in errors:
            errors[ours] = errors.pop(theirs)

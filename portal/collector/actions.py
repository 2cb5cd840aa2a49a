"""What a collector does on a claim besides calling: notes, promises, holds, disputes and their outcomes."""

from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from uuid import UUID

from pydantic import Field, field_validator
from starlette.requests import Request
from starlette.responses import Response

from agency.arrangements.promises import make_promise, take_back_promise
from agency.claims.holds import lawful_end, lift_hold, place_hold
from agency.claims.states import HoldGround
from agency.desk.notes import add_note
from agency.disputes.lines import whole_lines
from agency.disputes.raising import raise_dispute
from agency.disputes.resolving import resolve_dispute
from agency.kernel.audit import record
from agency.kernel.errors import Invalid
from agency.kernel.unit import AGENCY_ZONE, Unit
from portal.collector.claim_views import show_claim
from portal.collector.doors import claim_url, routes
from portal.collector.fields import amount_of, currency_of
from portal.shared.audience import StaffUnit, TheVisitor, leave_for
from portal.shared.forms import AmountField, Fields, Form, FormModel, submitted
from portal.shared.i18n import N_
from portal.shared.sessions import Visitor

Reason = Literal["not_ordered", "not_delivered", "not_as_agreed", "wrong_amount", "cancelled", "other"]


class NoteForm(FormModel):
    """What a collector wants to keep."""

    note: str
    shareable: bool = False


class PromiseForm(FormModel):
    """How much the debtor will pay, and when."""

    promise_amount: AmountField
    promise_on: date


class HoldForm(FormModel):
    """Why nothing may leave, and until when; without a day until somebody lifts it."""

    ground: HoldGround
    hold_note: str
    hold_until: date | None = None


class WhyForm(FormModel):
    """Why a hold is no longer needed, or a promise no longer stands."""

    why: str


class DisputeForm(FormModel):
    """What the debtor contests; without an amount the whole claim."""

    reason: Reason
    dispute_words: str = ""
    disputed: AmountField | None = None
    lines: list[UUID] = Field(default_factory=list)
    substantiated: bool = False

    @field_validator("lines", mode="before")
    @classmethod
    def several(cls, given: Any) -> Any:
        """One box that is ticked comes alone."""
        return given if isinstance(given, list) else [given]


class OutcomeForm(FormModel):
    """Who was right, and why."""

    outcome: Literal["resolved_creditor", "partly_accepted", "resolved_debtor"]
    outcome_why: str
    accepted: AmountField | None = None


@routes.post("/claims/{creditor_id:uuid}/{claim_id:uuid}/notes")
def write_note(
    request: Request, unit: StaffUnit, visitor: TheVisitor, fields: Fields, creditor_id: UUID, claim_id: UUID
) -> Response:
    """Write a note."""
    form = submitted(NoteForm, fields)
    with form.attempt(unit):
        add_note(
            unit,
            creditor_id=creditor_id,
            claim_id=claim_id,
            words=form.data.note,
            shareable=form.data.shareable,
        )
    return _answer(request, unit, visitor, creditor_id, claim_id, ("note", form), N_("The note is on file."))


@routes.post("/claims/{creditor_id:uuid}/{claim_id:uuid}/promises")
def note_promise(
    request: Request, unit: StaffUnit, visitor: TheVisitor, fields: Fields, creditor_id: UUID, claim_id: UUID
) -> Response:
    """Note a promise to pay; the plan pauses until its day."""
    form = submitted(PromiseForm, fields)
    with form.attempt(unit):
        currency = currency_of(unit, creditor_id=creditor_id, claim_id=claim_id)
        amount = amount_of(form.data.promise_amount, currency, "promise_amount")
        assert amount is not None, "the form asks for it"
        promise_id = make_promise(
            unit, creditor_id=creditor_id, claim_id=claim_id, amount=amount, due_on=form.data.promise_on
        )
        facts = {"claim": str(claim_id), "amount": str(amount), "due_on": form.data.promise_on.isoformat()}
        _audit(unit, "promise.noted", f"promise:{promise_id}", creditor_id, facts)
    _rename(form, amount="promise_amount", due_on="promise_on")
    return _answer(
        request, unit, visitor, creditor_id, claim_id, ("promise", form), N_("The promise is on file.")
    )


@routes.post("/claims/{creditor_id:uuid}/{claim_id:uuid}/promises/{promise_id:uuid}/end")
def take_promise_back(
    request: Request,
    unit: StaffUnit,
    visitor: TheVisitor,
    fields: Fields,
    creditor_id: UUID,
    claim_id: UUID,
    promise_id: UUID,
) -> Response:
    """Take an open promise back, with the reason why."""
    form = submitted(WhyForm, fields)
    with form.attempt(unit):
        take_back_promise(
            unit, creditor_id=creditor_id, claim_id=claim_id, promise_id=promise_id, why=form.data.why
        )
    return _answer(
        request, unit, visitor, creditor_id, claim_id, (f"unpromise-{promise_id}", form),
        N_("The promise no longer stands."),
    )  # fmt: skip


@routes.post("/claims/{creditor_id:uuid}/{claim_id:uuid}/holds")
def hold(
    request: Request, unit: StaffUnit, visitor: TheVisitor, fields: Fields, creditor_id: UUID, claim_id: UUID
) -> Response:
    """Hold a claim: nothing leaves until the hold ends or is lifted."""
    form = submitted(HoldForm, fields)
    with form.attempt(unit):
        data = form.data
        hold_id = place_hold(
            unit,
            creditor_id=creditor_id,
            claim_id=claim_id,
            ground=data.ground,
            note=data.hold_note,
            ends_at=_end_of(unit, creditor_id, claim_id, data),
        )
        facts = {"claim": str(claim_id), "ground": data.ground.value}
        _audit(unit, "hold.placed", f"hold:{hold_id}", creditor_id, facts)
    return _answer(request, unit, visitor, creditor_id, claim_id, ("hold", form), N_("The claim is on hold."))


@routes.post("/claims/{creditor_id:uuid}/{claim_id:uuid}/holds/{hold_id:uuid}/end")
def lift(
    request: Request,
    unit: StaffUnit,
    visitor: TheVisitor,
    fields: Fields,
    creditor_id: UUID,
    claim_id: UUID,
    hold_id: UUID,
) -> Response:
    """Lift a hold, with the reason why."""
    form = submitted(WhyForm, fields)
    with form.attempt(unit):
        lift_hold(unit, creditor_id=creditor_id, hold_id=hold_id, why=form.data.why)
    return _answer(
        request, unit, visitor, creditor_id, claim_id, (f"lift-{hold_id}", form), N_("The hold is lifted.")
    )


@routes.post("/claims/{creditor_id:uuid}/{claim_id:uuid}/disputes")
def dispute(
    request: Request, unit: StaffUnit, visitor: TheVisitor, fields: Fields, creditor_id: UUID, claim_id: UUID
) -> Response:
    """Record a dispute: collection stops for it."""
    form = submitted(DisputeForm, fields)
    with form.attempt(unit):
        data = form.data
        currency = currency_of(unit, creditor_id=creditor_id, claim_id=claim_id)
        dispute_id = raise_dispute(
            unit,
            creditor_id=creditor_id,
            claim_id=claim_id,
            reason=data.reason,
            words=data.dispute_words,
            disputed=amount_of(data.disputed, currency, "disputed"),
            lines=whole_lines(unit, creditor_id=creditor_id, claim_id=claim_id, invoice_ids=data.lines),
            substantiated=data.substantiated,
        )
        facts = {"claim": str(claim_id), "reason": data.reason}
        _audit(unit, "dispute.recorded", f"dispute:{dispute_id}", creditor_id, facts)
    return _answer(
        request, unit, visitor, creditor_id, claim_id, ("dispute", form), N_("The dispute is on file.")
    )


@routes.post("/claims/{creditor_id:uuid}/{claim_id:uuid}/disputes/{dispute_id:uuid}/outcome")
def settle_dispute(
    request: Request,
    unit: StaffUnit,
    visitor: TheVisitor,
    fields: Fields,
    creditor_id: UUID,
    claim_id: UUID,
    dispute_id: UUID,
) -> Response:
    """Settle a dispute for one side."""
    form = submitted(OutcomeForm, fields)
    with form.attempt(unit):
        resolve_dispute(
            unit,
            creditor_id=creditor_id,
            dispute_id=dispute_id,
            outcome=form.data.outcome,
            why=form.data.outcome_why,
            accepted=amount_of(
                form.data.accepted, currency_of(unit, creditor_id=creditor_id, claim_id=claim_id), "accepted"
            ),
        )
    return _answer(
        request, unit, visitor, creditor_id, claim_id, ("resolve", form), N_("The dispute is settled.")
    )


def _answer(
    request: Request,
    unit: Unit,
    visitor: Visitor,
    creditor_id: UUID,
    claim_id: UUID,
    sent: tuple[str, Form[Any]],
    done: str,
) -> Response:
    if sent[1].errors:
        return show_claim(request, unit, visitor, creditor_id, claim_id, failed=sent)
    return leave_for(claim_url(creditor_id, claim_id), notice=done)


def _end_of(unit: Unit, creditor_id: UUID, claim_id: UUID, data: HoldForm) -> datetime | None:
    """A hold until a day runs through it, on the agency's clock; the ground's own rule bounds it."""
    if data.hold_until is not None and data.hold_until < unit.today:
        raise Invalid(N_("This day has passed."), field="hold_until")
    day = lawful_end(
        unit, creditor_id=creditor_id, claim_id=claim_id, ground=data.ground, until=data.hold_until
    )
    if day is None:
        return None
    if day == date.max:  # no day follows on which it would be over
        raise Invalid("this hold may not last so long", field="hold_until")
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=AGENCY_ZONE)


def _audit(unit: Unit, action: str, subject: str, creditor_id: UUID, facts: dict[str, str]) -> None:
    record(unit, action=action, subject=subject, creditor_id=creditor_id, facts=facts)


def _rename(form: Form[Any], **ours: str) -> None:
    """Put errors of a use case beside the fields as this page names them."""
    for theirs, name in ours.items():
        if theirs in form.errors:
            form.errors[name] = form.errors.pop(theirs)

"""Placing and lifting legal holds, and writing down and answering what a person asks of us."""

from datetime import date
from typing import Final
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from agency.privacy.jobs import write_later
from agency.privacy.legal_holds import ask_lifting, lift_legal_hold, place_legal_hold
from agency.privacy.persons_requests import (
    answer_request,
    ask_access_export,
    extend_request,
    register_request,
)
from agency.rules.retention import RequestKind
from portal.collector.doors import lifting, person_url, persons
from portal.collector.people import show_person
from portal.shared.audience import StaffUnit, TheVisitor, leave_for
from portal.shared.forms import Fields, FormModel, submitted
from portal.shared.i18n import N_, current_language

_ADDRESS: Final = "/debtors/{creditor_id:uuid}/{debtor_id:uuid}"
# Refusals of the use cases that people read beside a field.
REFUSALS = (
    N_("say on what ground, in a sentence"),
    N_("choose a day that has not passed"),
    N_("this claim was erased already"),
    N_("nobody has asked to lift this hold"),
    N_("somebody else than who asked lifts it"),
    N_("this hold was lifted already"),
    N_("give the day on which it came, of the last year"),
    N_("say how it came and how we know who asks"),
    N_("this request was answered already"),
    N_("nothing is kept of this person any more"),
    N_("this claim is closed; you do not have to do anything"),
)


class HoldForm(FormModel):
    """On what a hold is placed, why, and until when."""

    claim_id: UUID | None = None
    ground: str = Field(default="", max_length=1_000)
    until: date | None = None


class LiftForm(FormModel):
    """Why a hold is not needed any more."""

    why: str = Field(default="", max_length=500)


class RequestForm(FormModel):
    """What a person asks, when it came, and how we know who it is."""

    kind: RequestKind
    received_on: date
    note: str = Field(default="", max_length=1_000)


@persons.post(f"{_ADDRESS}/legal-holds")
def hold(
    request: Request, unit: StaffUnit, visitor: TheVisitor, fields: Fields, creditor_id: UUID, debtor_id: UUID
) -> Response:
    """Place a legal hold on the person or one claim."""
    form = submitted(HoldForm, fields)
    with form.attempt(unit):
        place_legal_hold(
            unit, creditor_id=creditor_id, debtor_id=debtor_id, claim_id=form.data.claim_id,
            ground=form.data.ground, until=form.data.until,
        )  # fmt: skip
    if form.errors:
        return show_person(request, unit, visitor, creditor_id, debtor_id, forms={"hold": form})
    return leave_for(
        person_url(creditor_id, debtor_id), notice=N_("Nothing of it is erased while this stands.")
    )


@persons.post(f"{_ADDRESS}/legal-holds/{{hold_id:uuid}}/lifting")
def ask_to_lift(
    request: Request,
    unit: StaffUnit,
    visitor: TheVisitor,
    fields: Fields,
    creditor_id: UUID,
    debtor_id: UUID,
    hold_id: UUID,
) -> Response:
    """Ask somebody else to lift a hold."""
    form = submitted(LiftForm, fields)
    with form.attempt(unit):
        ask_lifting(unit, creditor_id=creditor_id, hold_id=hold_id, why=form.data.why)
    if form.errors:
        refused = {f"lift-{hold_id}": form}
        return show_person(request, unit, visitor, creditor_id, debtor_id, forms=refused)
    return leave_for(person_url(creditor_id, debtor_id), notice=N_("Somebody else can lift it now."))


@persons.post(f"{_ADDRESS}/legal-holds/{{hold_id:uuid}}/end")
def lift(unit: StaffUnit, creditor_id: UUID, debtor_id: UUID, hold_id: UUID) -> Response:
    """Lift a hold as a second person."""
    lift_legal_hold(unit, creditor_id=creditor_id, hold_id=hold_id)
    return leave_for(person_url(creditor_id, debtor_id), notice=N_("The legal hold is lifted."))


@persons.post(f"{_ADDRESS}/requests")
def register(
    request: Request, unit: StaffUnit, visitor: TheVisitor, fields: Fields, creditor_id: UUID, debtor_id: UUID
) -> Response:
    """Write down what a person asks."""
    form = submitted(RequestForm, fields)
    with form.attempt(unit):
        register_request(
            unit, creditor_id=creditor_id, debtor_id=debtor_id, kind=form.data.kind,
            received_on=form.data.received_on, note=form.data.note,
        )  # fmt: skip
    if form.errors:
        return show_person(request, unit, visitor, creditor_id, debtor_id, forms={"request": form})
    return leave_for(
        person_url(creditor_id, debtor_id), notice=N_("The request is written down with its last day.")
    )


@persons.post(f"{_ADDRESS}/requests/{{request_id:uuid}}/extension")
def extend(unit: StaffUnit, creditor_id: UUID, debtor_id: UUID, request_id: UUID) -> Response:
    """Extend the term of an answer once."""
    extend_request(unit, creditor_id=creditor_id, request_id=request_id)
    return leave_for(
        person_url(creditor_id, debtor_id), notice=N_("Extended. Tell the person why within the first month.")
    )


@persons.post(f"{_ADDRESS}/requests/{{request_id:uuid}}/answer")
def answer(unit: StaffUnit, creditor_id: UUID, debtor_id: UUID, request_id: UUID) -> Response:
    """Answer a request by the rules."""
    answer_request(unit, creditor_id=creditor_id, request_id=request_id)
    return leave_for(
        person_url(creditor_id, debtor_id), notice=N_("The answer stands here with its reasons.")
    )


@lifting.post(f"{_ADDRESS}/requests/{{request_id:uuid}}/export")
def export(unit: StaffUnit, creditor_id: UUID, debtor_id: UUID, request_id: UUID) -> Response:
    """Have the file made of everything that is kept of a person."""
    export_id = ask_access_export(
        unit, creditor_id=creditor_id, request_id=request_id, language=current_language()
    )
    write_later(unit, export_id=export_id)
    return leave_for(
        f"/admin/inspection/exports/{export_id}", notice=N_("The export is being made; it shows here.")
    )

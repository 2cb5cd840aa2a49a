"""A question about what is open no more in a creditor's books: paid to the creditor, credited, or neither."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.bookkeeping.falls import answer_credited, answer_nothing, answer_paid
from agency.bookkeeping.models import BookedFall, BookedInvoice, FallState
from agency.kernel.errors import Conflict, NotFound
from agency.kernel.unit import Unit
from agency.money import Money
from agency.remittance.direct import REPORTED_ALREADY
from portal.creditor.bookkeeping import HOME
from portal.creditor.doors import creditor_page, routes
from portal.shared.audience import CreditorUnit, TheVisitor, TheWiring, leave_for, own_creditor
from portal.shared.forms import AmountField, Fields, Form, FormModel, blank, money_of, submitted
from portal.shared.i18n import N_, typed_money

ANSWERED: Final = N_("This question was answered already.")


class PaidForm(FormModel):
    """What came in at the creditor."""

    amount: AmountField
    paid_on: date
    another: bool = False


class CreditForm(FormModel):
    """The credit note that lowered the invoice."""

    number: str
    issued_on: date


@routes.get("/bookkeeping/questions/{fall_id:uuid}")
def question(request: Request, unit: CreditorUnit, visitor: TheVisitor, fall_id: UUID) -> Response:
    """What the books show, and the answers that there are."""
    return _page(request, unit, own_creditor(visitor), fall_id)


@routes.post("/bookkeeping/questions/{fall_id:uuid}/paid")
def paid(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, fields: Fields, fall_id: UUID
) -> Response:
    """It was paid to the creditor: reported as every other direct payment."""
    creditor_id = own_creditor(visitor)
    form = submitted(PaidForm, fields)
    fall = _fall(unit, creditor_id, fall_id)
    try:
        with form.attempt(unit):
            amount = money_of(form.data.amount, fall.currency, "amount")
            answer_paid(
                unit,
                creditor_id=creditor_id,
                fall_id=fall_id,
                amount=amount,
                paid_on=form.data.paid_on,
                another=form.data.another,
            )
    except Conflict:
        return leave_for(HOME, notice=ANSWERED, tone="info")
    if form.errors:
        return _page(request, unit, creditor_id, fall_id, paid_form=form)
    return leave_for(HOME, notice=N_("Thank you. The claim is adjusted."))


@routes.post("/bookkeeping/questions/{fall_id:uuid}/credited")
def credited(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, wiring: TheWiring, fields: Fields,
    fall_id: UUID,
) -> Response:  # fmt: skip
    """It was credited: the credit note is taken in as every other."""
    creditor_id = own_creditor(visitor)
    form = submitted(CreditForm, fields)
    with form.attempt(unit):
        answer_credited(
            unit,
            wiring.ports.files,
            wiring.ports.read_einvoice,
            creditor_id=creditor_id,
            fall_id=fall_id,
            number=form.data.number,
            issued_on=form.data.issued_on,
        )
    if form.errors:
        return _page(request, unit, creditor_id, fall_id, credit_form=form)
    return leave_for(HOME, notice=N_("Thank you. The claim is adjusted."))


@routes.post("/bookkeeping/questions/{fall_id:uuid}/nothing")
def nothing(unit: CreditorUnit, visitor: TheVisitor, fall_id: UUID) -> Response:
    """It was no payment to the creditor."""
    try:
        answer_nothing(unit, creditor_id=own_creditor(visitor), fall_id=fall_id)
    except Conflict:
        return leave_for(HOME, notice=ANSWERED, tone="info")
    return leave_for(HOME, notice=N_("Thank you. The claim stays as it is."))


def _fall(unit: Unit, creditor_id: UUID, fall_id: UUID) -> BookedFall:
    fall = unit.session.get(BookedFall, (creditor_id, fall_id))
    if fall is None:
        raise NotFound("no such question")
    return fall


def _page(
    request: Request,
    unit: Unit,
    creditor_id: UUID,
    fall_id: UUID,
    *,
    paid_form: Form[Any] | None = None,
    credit_form: Form[Any] | None = None,
) -> Response:
    fall = _fall(unit, creditor_id, fall_id)
    if fall.state != FallState.OPEN:
        return leave_for(HOME, notice=ANSWERED, tone="info")
    invoice = unit.session.get_one(BookedInvoice, (creditor_id, fall.invoice_id))
    amount = Money(fall.minor, fall.currency)
    paid_form = paid_form or blank(amount=typed_money(amount), paid_on=str(fall.paid_on or ""))
    failed = bool(paid_form.errors or (credit_form and credit_form.errors))
    return creditor_page(
        request,
        "booked_fall.html",
        status=422 if failed else 200,
        fall=fall,
        invoice=invoice,
        amount=amount,
        collected=Money(fall.collected_minor, fall.currency) if fall.collected_minor else None,
        paid_form=paid_form,
        again=REPORTED_ALREADY in paid_form.errors.values(),
        credit_form=credit_form or blank(),
        today=unit.today,
    )

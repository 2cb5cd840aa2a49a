"""Money that a debtor paid to the creditor itself: told one by one or by file, and taken back when wrong."""

from datetime import date
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import and_, or_
from sqlmodel import col, select
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.money import Money
from agency.payments.models import Payment
from agency.remittance.direct import REFUSED_LATER, report_file, report_payment, take_back_report
from agency.remittance.models import DirectPayment, ReportState
from portal.creditor.doors import creditor_page, routes
from portal.creditor.words import REPORT_FIELDS, REPORT_STATES
from portal.shared.audience import CreditorUnit, TheVisitor, leave_for, own_creditor
from portal.shared.forms import AmountField, Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_, gettext
from portal.shared.listing import Column, Cut
from portal.shared.spreadsheets import list_file

SHOWN_MAX = 200
BYTES_MAX = 20 * 1024 * 1024
COLUMNS = (
    Column("claim", N_("Claim"), "html"),
    Column("amount", N_("Amount"), "money"),
    Column("paid_on", N_("Paid on"), "day", phone=False),
    Column("state", N_("Status"), "chip"),
    Column("reported_at", N_("Reported"), "moment", phone=False),
    Column("action", N_("Wrong?"), "html"),
)
REJECT_HEADERS = (N_("Row"), N_("Field"), N_("Reason"), N_("Claim"), N_("Amount"), N_("Paid on"))


class PaymentForm(FormModel):
    """One payment that the creditor received; `another` marks a second true one of that day and amount."""

    claim: str
    amount: AmountField
    paid_on: date
    another: bool = False


@routes.get("/direct-payments")
def direct_payments(request: Request, unit: CreditorUnit, visitor: TheVisitor) -> Response:
    """What was reported, and the form for more; `?claim=` fills in the claim."""
    form = blank(claim=request.query_params.get("claim", ""))
    return _page(request, unit, own_creditor(visitor), form, blank())


@routes.post("/direct-payments")
def report(request: Request, unit: CreditorUnit, visitor: TheVisitor, fields: Fields) -> Response:
    """Report one payment."""
    creditor_id = own_creditor(visitor)
    form = submitted(PaymentForm, fields)
    with form.attempt(unit):
        report_payment(
            unit,
            creditor_id=creditor_id,
            claim=form.data.claim,
            amount=form.data.amount,
            paid_on=form.data.paid_on,
            another=form.data.another,
        )
    if form.errors:
        return _page(request, unit, creditor_id, form, blank(), status=422)
    return leave_for("/creditor/direct-payments", notice=N_("Thank you. The claim is adjusted."))


@routes.post("/direct-payments/files")
def upload(request: Request, unit: CreditorUnit, visitor: TheVisitor, fields: Fields) -> Response:
    """Report the payments of a file; lines that cannot be taken are named with their reason."""
    creditor_id = own_creditor(visitor)
    form = blank()
    file = fields.get("file")
    if not isinstance(file, UploadFile):
        form.refuse(N_("Choose a file."), "file")
        return _page(request, unit, creditor_id, blank(), form, status=422)
    content = file.file.read(BYTES_MAX + 1)
    if len(content) > BYTES_MAX:
        form.refuse(N_("This file is too large: at most 20 MB."), "file")
        return _page(request, unit, creditor_id, blank(), form, status=422)
    reported = None
    with form.attempt(unit):
        reported = report_file(unit, creditor_id=creditor_id, content=content, name=file.filename or "")
    if form.errors or reported is None:
        return _page(request, unit, creditor_id, blank(), form, status=422)
    return leave_for(f"/creditor/direct-payments/{reported.report_id}")


@routes.get("/direct-payments/{report_id:uuid}")
def report_page(request: Request, unit: CreditorUnit, visitor: TheVisitor, report_id: UUID) -> Response:
    """What became of one file: what was taken, and each refused line with field and reason."""
    rows = _rows(unit, own_creditor(visitor), report_id)
    refused = [row for row in rows if row.state == ReportState.REFUSED]
    return creditor_page(
        request,
        "direct_report.html",
        report_id=report_id,
        name=rows[0].file_name,
        taken=len(rows) - len(refused),
        refused=len(refused),
        shown=[_reject(row) for row in refused[:SHOWN_MAX]],
    )


@routes.get("/direct-payments/{report_id:uuid}/rejects.{kind}")
def rejects(
    unit: CreditorUnit, visitor: TheVisitor, report_id: UUID, kind: Literal["csv", "xlsx"]
) -> Response:
    """The refused lines as a file, to be mended and sent again."""
    rows = [row for row in _rows(unit, own_creditor(visitor), report_id) if row.state == ReportState.REFUSED]
    cells = (
        (one["row"], one["field"], one["why"], *(row.given.get(name, "") for name in REPORT_FIELDS))
        for row in rows
        for one in [_reject(row)]
    )
    return list_file(name="direct-payments-refused", headers=REJECT_HEADERS, rows=cells, kind=kind)


@routes.post("/direct-payments/{row_id:uuid}/take-back")
def take_back(request: Request, unit: CreditorUnit, visitor: TheVisitor, row_id: UUID) -> Response:
    """Take a report back: the payment is reversed and its fee given back."""
    creditor_id = own_creditor(visitor)
    form = blank()
    with form.attempt(unit):
        take_back_report(unit, creditor_id=creditor_id, report_row_id=row_id)
    if form.errors:
        return _page(request, unit, creditor_id, form, blank(), status=409)
    return leave_for("/creditor/direct-payments", notice=N_("Taken back. The claim is adjusted."))


def _page(
    request: Request,
    unit: Unit,
    creditor_id: UUID,
    form: Form[Any],
    file_form: Form[Any],
    *,
    status: int = 200,
) -> Response:
    rows = unit.session.exec(
        select(DirectPayment, Payment)
        .outerjoin(
            Payment,
            and_(
                col(Payment.creditor_id) == col(DirectPayment.creditor_id),
                col(Payment.id) == col(DirectPayment.payment_id),
            ),
        )
        # What a file's page refused was said there; what was taken at first is answered for here. The form
        # keeps nothing that it refuses.
        .where(
            DirectPayment.creditor_id == creditor_id,
            or_(
                col(DirectPayment.state) != ReportState.REFUSED,
                col(DirectPayment.row_number) == 0,
                col(DirectPayment.why).in_(REFUSED_LATER),
            ),
        )
        .order_by(col(DirectPayment.reported_at).desc(), col(DirectPayment.id).desc())
        .limit(SHOWN_MAX)
    )
    return creditor_page(
        request,
        "direct_payments.html",
        status=status,
        form=form,
        file_form=file_form,
        columns=COLUMNS,
        cut=Cut([_row(row, payment) for row, payment in rows]),
    )


def _row(row: DirectPayment, payment: Payment | None) -> dict[str, Any]:
    asked = row.take_back_asked_at is not None and row.state != ReportState.TAKEN_BACK
    return {
        "id": row.id,
        "claim_id": row.claim_id,
        "claim": row.given.get("claim", ""),
        "amount": None if row.amount_minor is None else Money(row.amount_minor, row.currency),
        "paid_on": row.paid_on,
        "why": row.why,
        "over": Money(payment.over_minor, payment.currency)
        if payment and payment.over_minor and not payment.reversed_at
        else None,
        "state": REPORT_STATES["asked_back" if asked else ReportState(row.state).value],
        "reported_at": row.reported_at,
        "can_take_back": not asked and row.state in (ReportState.REPORTED, ReportState.BOOKED),
    }


def _reject(row: DirectPayment) -> dict[str, Any]:
    return {
        "row": row.row_number,
        "field": gettext(REPORT_FIELDS.get(row.field, row.field)),
        "why": gettext(row.why),
        "given": row.given.get(row.field, ""),
    }


def _rows(unit: Unit, creditor_id: UUID, report_id: UUID) -> list[DirectPayment]:
    found = unit.session.exec(
        select(DirectPayment)
        .where(DirectPayment.creditor_id == creditor_id, DirectPayment.report_id == report_id)
        .order_by(col(DirectPayment.row_number))
    ).all()
    if not found:
        raise NotFound("no such report")
    return list(found)

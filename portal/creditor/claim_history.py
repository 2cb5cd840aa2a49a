"""What a creditor tells of a claim beside the debt: its own reminders and notices, and its insurance."""

from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.claims.earlier_steps import NoticeWords, TakenStep, record_earlier_steps
from agency.claims.insurance import Policy, insure_claim
from agency.claims.models import EarlierKind
from agency.documents.upload import documents_of
from agency.kernel.errors import Invalid
from agency.kernel.unit import Unit
from agency.rules.facts import Channel
from portal.creditor.claims import show_claim
from portal.creditor.doors import routes
from portal.shared.audience import CreditorUnit, TheVisitor, leave_for, own_creditor
from portal.shared.forms import AmountField, Fields, FormModel, money_of, submitted
from portal.shared.i18n import N_

KNOWN: Final = N_(
    "A step of this kind on this day is in the file already; it stays as it was. Call us when it is wrong."
)


class EarlierForm(FormModel):
    """One step of the creditor's own; the last five fields are about a formal notice."""

    kind: EarlierKind
    channel: Channel
    sent_on: date
    document_id: UUID | None = None
    notice_days: int | None = None
    notice_costs: AmountField | None = None
    consequences_stated: bool = False


class CoverForm(FormModel):
    """The policy; without a last day of its own the house's usual one counts."""

    insurer: str
    policy_number: str
    covered_percent: AmountField
    indemnity_percent: AmountField = Decimal(0)
    notify_by: date | None = None
    notified_on: date | None = None


@routes.post("/claims/{claim_id:uuid}/earlier-steps")
def add_step(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, fields: Fields, claim_id: UUID
) -> Response:
    """Record a reminder, notice or call that the creditor did itself."""
    creditor_id = own_creditor(visitor)
    form = submitted(EarlierForm, fields)
    new = 0
    with form.attempt(unit):
        data = form.data
        costs = None if data.notice_costs is None else money_of(data.notice_costs, "EUR", "notice_costs")
        step = TakenStep(
            claim_id=claim_id,
            kind=data.kind,
            channel=data.channel,
            sent_on=data.sent_on,
            document_id=_own_document(unit, creditor_id, claim_id, data.document_id),
            notice=NoticeWords(
                days=data.notice_days,
                costs_minor=None if costs is None else costs.minor,
                consequences_stated=data.consequences_stated,
            ),
        )
        new = record_earlier_steps(unit, creditor_id=creditor_id, steps=[step])
    if form.errors:
        return show_claim(request, unit, creditor_id, claim_id, refused={"step": form}, status=422)
    if not new:
        return leave_for(f"/creditor/claims/{claim_id}#earlier", notice=KNOWN, tone="info")
    return leave_for(f"/creditor/claims/{claim_id}#earlier", notice=N_("Your step is in the file."))


@routes.post("/claims/{claim_id:uuid}/insurance")
def insure(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, fields: Fields, claim_id: UUID
) -> Response:
    """Record or change the credit insurance of a claim."""
    creditor_id = own_creditor(visitor)
    form = submitted(CoverForm, fields)
    with form.attempt(unit):
        insure_claim(
            unit, creditor_id=creditor_id, claim_id=claim_id, policy=Policy(**form.data.model_dump())
        )
    if form.errors:
        return show_claim(request, unit, creditor_id, claim_id, refused={"policy": form}, status=422)
    return leave_for(f"/creditor/claims/{claim_id}#insurance", notice=N_("The insurance is in the file."))


def _own_document(unit: Unit, creditor_id: UUID, claim_id: UUID, document_id: UUID | None) -> UUID | None:
    """A document of this very claim."""
    if document_id is None:
        return None
    if document_id not in {one.id for one in documents_of(unit, creditor_id=creditor_id, claim_id=claim_id)}:
        raise Invalid("choose a document of this claim", field="document_id")
    return document_id

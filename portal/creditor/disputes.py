"""Disputes as the creditor sees them: which lines, what was said, and the creditor's own answer."""

from typing import Literal
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.claims.models import Claim
from agency.disputes.resolving import answer_dispute, resolve_dispute
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.unit import Unit
from portal.creditor.claims import show_claim
from portal.creditor.doors import routes
from portal.shared.audience import CreditorUnit, TheVisitor, leave_for, own_creditor
from portal.shared.forms import AmountField, Fields, FormModel, money_of, submitted
from portal.shared.i18n import N_


class AnswerForm(FormModel):
    """What the creditor answers: it stands by the claim, or the debtor is right, in whole or in part."""

    verdict: Literal["stand", "part", "all"]
    answer: str
    accepted: AmountField | None = None


@routes.post("/claims/{claim_id:uuid}/disputes/{dispute_id:uuid}/answer")
def answer(
    request: Request,
    unit: CreditorUnit,
    visitor: TheVisitor,
    fields: Fields,
    claim_id: UUID,
    dispute_id: UUID,
) -> Response:
    """Answer a dispute. Standing by the claim leaves the outcome to the agency; giving in settles it."""
    creditor_id = own_creditor(visitor)
    claim = unit.session.get(Claim, (creditor_id, claim_id))
    if claim is None:
        raise NotFound("no such claim")
    form = submitted(AnswerForm, fields)
    error = N_("Choose what you answer, and say why.")
    if not form.errors:
        try:
            with unit.session.begin_nested():
                _answer(unit, claim, dispute_id, form.data)
        except (Invalid, Conflict) as refusal:
            error = refusal.message
            form.refuse(error)
    if form.errors:
        answers = {dispute_id: form}
        return show_claim(request, unit, creditor_id, claim_id, error=error, answers=answers, status=422)
    return leave_for(f"/creditor/claims/{claim_id}#disputes", notice=N_("Your answer is on file."))


def _answer(unit: Unit, claim: Claim, dispute_id: UUID, data: AnswerForm) -> None:
    answer_dispute(unit, creditor_id=claim.creditor_id, dispute_id=dispute_id, words=data.answer)
    if data.verdict == "stand":
        return
    accepted = None
    if data.verdict == "part":
        if not data.accepted:
            raise Invalid(N_("Say for which amount the debtor is right."), field="accepted")
        accepted = money_of(data.accepted, claim.currency, "accepted")
    resolve_dispute(
        unit,
        creditor_id=claim.creditor_id,
        dispute_id=dispute_id,
        outcome="resolved_debtor" if accepted is None else "partly_accepted",
        why=data.answer,
        accepted=accepted,
    )

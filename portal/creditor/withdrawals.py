"""Taking a claim back from the agency: what it costs is shown first."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.claims.models import Claim
from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.money import Money
from agency.remittance.withdrawing import withdraw_claim, withdrawal_terms
from agency.rules.fee_agreement import withdrawal_fee
from portal.creditor.doors import binding, creditor_page
from portal.shared.audience import CreditorUnit, TheVisitor, leave_for, own_creditor
from portal.shared.forms import Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_


class WithdrawalForm(FormModel):
    """Why the claim is taken back."""

    why: str


@binding.get("/claims/{claim_id:uuid}/withdrawal")
def withdrawal(request: Request, unit: CreditorUnit, visitor: TheVisitor, claim_id: UUID) -> Response:
    """What taking the claim back means and costs."""
    return _page(request, unit, own_creditor(visitor), claim_id, blank())


@binding.post("/claims/{claim_id:uuid}/withdrawal")
def withdraw(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, claim_id: UUID, fields: Fields
) -> Response:
    """Take the claim back."""
    creditor_id = own_creditor(visitor)
    form = submitted(WithdrawalForm, fields)
    with form.attempt(unit):
        withdraw_claim(unit, creditor_id=creditor_id, claim_id=claim_id, why=form.data.why)
    if form.errors:
        return _page(request, unit, creditor_id, claim_id, form, status=422)
    return leave_for(
        f"/creditor/claims/{claim_id}", notice=N_("Taken back. We stopped collecting this claim.")
    )


def _page(
    request: Request, unit: Unit, creditor_id: UUID, claim_id: UUID, form: Form[Any], *, status: int = 200
) -> Response:
    claim = unit.session.get(Claim, (creditor_id, claim_id))
    if claim is None:
        raise NotFound("no such claim")
    terms = withdrawal_terms(unit, creditor_id=creditor_id, claim_id=claim_id)
    fee = withdrawal_fee(
        open_amount=terms.open_amount, bps=terms.bps, minimum=terms.minimum, vat_percent=Decimal(0)
    )
    return creditor_page(
        request,
        "withdrawal.html",
        status=status,
        form=form,
        claim=claim,
        terms=terms,
        fee=fee.net if fee else Money.zero(claim.currency),
        trace=fee.trace if fee else (),
    )

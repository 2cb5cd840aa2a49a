"""A customer that the creditor wants to keep: said on the page of a claim, heard by whoever collects."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from agency.parties.relations import mark_relation
from portal.creditor.claims import show_claim
from portal.creditor.doors import routes
from portal.shared.audience import CreditorUnit, TheVisitor, leave_for, own_creditor
from portal.shared.forms import Fields, FormModel, submitted
from portal.shared.i18n import N_


class RelationForm(FormModel):
    """Whether the customer is to be kept, and what a collector should know."""

    important: bool = False
    why: str = ""


@routes.post("/claims/{claim_id:uuid}/relation")
def mark(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, claim_id: UUID, fields: Fields
) -> Response:
    """Keep how important the relation with this debtor is."""
    creditor_id = own_creditor(visitor)
    form = submitted(RelationForm, fields)
    with form.attempt(unit):
        mark_relation(
            unit,
            creditor_id=creditor_id,
            claim_id=claim_id,
            important=form.data.important,
            why=form.data.why,
        )
    if form.errors:
        return show_claim(request, unit, creditor_id, claim_id, refused={"relation": form}, status=422)
    return leave_for(f"/creditor/claims/{claim_id}#relation", notice=N_("Kept."))

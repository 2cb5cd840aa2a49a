"""Resolving a dispute: an outcome with its reason; the hold is lifted, and a debtor who was right is told
so.
"""

from typing import Literal
from uuid import UUID

from sqlmodel import select

from agency.claims.holds import lift_holds_on
from agency.claims.lifecycle import claim_to_change
from agency.claims.states import HoldGround
from agency.disputes.models import Dispute
from agency.events import DisputeResolved
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, NotFound
from agency.kernel.unit import Unit
from agency.rules.facts import DisputeStatus

Outcome = Literal["resolved_creditor", "resolved_debtor"]


class AlreadyResolved(Conflict):
    """The dispute has an outcome; a new one needs a new dispute."""


def resolve_dispute(unit: Unit, *, creditor_id: UUID, dispute_id: UUID, outcome: Outcome, why: str) -> None:
    """This function will close a dispute for one side and lift its hold.

    For the debtor, the disputed part stays recorded on the claim: it is no longer asked, and the creditor
    lowers the claim with a credit note. For the creditor, nothing is disputed any more.

    :raises NotFound: this creditor has no such dispute.
    :raises AlreadyResolved: it has an outcome.
    """
    dispute = unit.session.exec(
        select(Dispute).where(Dispute.creditor_id == creditor_id, Dispute.id == dispute_id).with_for_update()
    ).one_or_none()
    if dispute is None:
        raise NotFound("no such dispute")
    if dispute.resolved_at is not None:
        raise AlreadyResolved("this dispute was resolved before")
    claim = claim_to_change(unit, creditor_id=creditor_id, claim_id=dispute.claim_id)
    dispute.status = DisputeStatus(outcome)
    dispute.outcome = why
    dispute.resolved_at = unit.now
    dispute.resolved_by = unit.by
    if outcome == "resolved_creditor":
        claim.disputed_minor = 0
    unit.session.flush()
    fully_lost = outcome == "resolved_debtor" and claim.disputed_minor >= claim.principal_minor
    if not fully_lost:
        lift_holds_on(unit, creditor_id=creditor_id, claim_id=claim.id, ground=HoldGround.DISPUTE)
    record(
        unit,
        action="dispute.resolved",
        subject=f"dispute:{dispute.id}",
        creditor_id=creditor_id,
        facts={"claim": str(claim.id), "outcome": outcome},
    )
    emit(
        unit,
        DisputeResolved(creditor_id=creditor_id, claim_id=claim.id, dispute_id=dispute.id, outcome=outcome),
    )

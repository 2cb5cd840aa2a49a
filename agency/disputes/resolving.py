"""Resolving a dispute: an outcome with its reason. What the debtor was right about is not asked any more; the
rest is asked again.
"""

from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlmodel import select

from agency.claims.holds import lift_holds_on, place_hold
from agency.claims.lifecycle import claim_to_change
from agency.claims.models import Claim
from agency.claims.states import HoldGround
from agency.disputes.lines import lines_of, mark, note_change, nothing_else_open
from agency.disputes.models import Dispute, DisputeAction
from agency.events import DisputeAnswered, DisputeResolved
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.unit import Unit
from agency.money import Money
from agency.rules.facts import DisputeStatus

Outcome = Literal["resolved_creditor", "partly_accepted", "resolved_debtor"]

_STANDING = text(
    "SELECT lines FROM dispute_change WHERE creditor_id = :c AND claim_id = :claim AND action = 'settled'"
    " ORDER BY at DESC, id DESC LIMIT 1"
)


class AlreadyResolved(Conflict):
    """The dispute has an outcome; a new one needs a new dispute."""


def resolve_dispute(
    unit: Unit,
    *,
    creditor_id: UUID,
    dispute_id: UUID,
    outcome: Outcome,
    why: str,
    accepted: Money | None = None,
) -> None:
    """This function will close a dispute for one side or in part, and lift its hold where something is asked.

    For the debtor, the disputed part stays recorded on the claim: it is no longer asked, and the creditor
    lowers the claim with a credit note. For the creditor, nothing of this dispute is contested any more: what
    earlier disputes were lost on stays lost.

    :param accepted: the part in which the debtor is right, for `partly_accepted`.
    :raises NotFound: this creditor has no such dispute.
    :raises AlreadyResolved: it has an outcome.
    :raises Invalid: the accepted part is not within what is contested.
    """
    dispute, claim = _to_change(unit, creditor_id, dispute_id)
    mark(unit, claim, _left_contested(unit, claim, outcome, accepted))
    dispute.status = DisputeStatus(outcome)
    dispute.outcome = why
    dispute.resolved_at = unit.now
    dispute.resolved_by = unit.by
    if outcome == "partly_accepted" and accepted is not None:
        dispute.disputed_minor = accepted.minor
    unit.session.flush()
    note_change(unit, dispute, DisputeAction.SETTLED, why)
    if claim.disputed_minor and nothing_else_open(unit, claim):
        place_hold(unit, creditor_id=creditor_id, claim_id=claim.id, ground=HoldGround.DISPUTE)
    else:
        lift_holds_on(unit, creditor_id=creditor_id, claim_id=claim.id, ground=HoldGround.DISPUTE)
    facts = {"claim": str(claim.id), "outcome": outcome, "contested_minor": claim.disputed_minor}
    record(
        unit,
        action="dispute.resolved",
        subject=f"dispute:{dispute.id}",
        creditor_id=creditor_id,
        facts=facts,
    )
    emit(
        unit,
        DisputeResolved(creditor_id=creditor_id, claim_id=claim.id, dispute_id=dispute.id, outcome=outcome),
    )


def answer_dispute(unit: Unit, *, creditor_id: UUID, dispute_id: UUID, words: str) -> None:
    """This function will keep the creditor's answer to a dispute; a collector decides what follows.

    :raises NotFound: this creditor has no such dispute.
    :raises AlreadyResolved: it has an outcome.
    :raises Invalid: nothing was said.
    """
    if not words.strip():
        raise Invalid("say what you answer the debtor", field="answer")
    dispute, claim = _to_change(unit, creditor_id, dispute_id)
    note_change(unit, dispute, DisputeAction.ANSWERED, words.strip())
    record(
        unit,
        action="dispute.answered",
        subject=f"dispute:{dispute.id}",
        creditor_id=creditor_id,
        facts={"claim": str(claim.id)},
    )
    emit(unit, DisputeAnswered(creditor_id=creditor_id, claim_id=claim.id, dispute_id=dispute.id))


def _to_change(unit: Unit, creditor_id: UUID, dispute_id: UUID) -> tuple[Dispute, Claim]:
    dispute = unit.session.exec(
        select(Dispute).where(Dispute.creditor_id == creditor_id, Dispute.id == dispute_id).with_for_update()
    ).one_or_none()
    if dispute is None:
        raise NotFound("no such dispute")
    if dispute.resolved_at is not None:
        raise AlreadyResolved("this dispute was resolved before")
    return dispute, claim_to_change(unit, creditor_id=creditor_id, claim_id=dispute.claim_id)


def _left_contested(unit: Unit, claim: Claim, outcome: Outcome, accepted: Money | None) -> dict[UUID, int]:
    """What is not asked from now on, by invoice."""
    now = {
        line.invoice_id: line.disputed_minor
        for line in lines_of(unit, creditor_id=claim.creditor_id, claim_id=claim.id)
        if line.disputed_minor
    }
    if outcome == "resolved_debtor":
        return now
    lost = _lost_before(unit, claim)
    if outcome == "resolved_creditor":
        return lost
    contested = {key: minor - lost.get(key, 0) for key, minor in now.items()}
    most = sum(contested.values())
    if accepted is None or accepted.currency != claim.currency or not 0 < accepted.minor < most:
        raise Invalid("the accepted part must be less than what is disputed", field="accepted")
    left, parts = accepted.minor, dict(lost)
    for key, minor in contested.items():
        part = min(left, minor)
        if part:
            parts[key] = parts.get(key, 0) + part
        left -= part
    return parts


def _lost_before(unit: Unit, claim: Claim) -> dict[UUID, int]:
    """What earlier disputes ended with: each outcome wrote down all that stayed contested then."""
    values = {"c": claim.creditor_id, "claim": claim.id}
    lines = unit.session.connection().execute(_STANDING, values).scalar_one_or_none() or []
    return {UUID(line["invoice"]): int(line["minor"]) for line in lines}

"""Raising a dispute: recorded with its disputed part, and from that moment nothing leaves for the claim."""

from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.claims.holds import place_hold
from agency.claims.lifecycle import claim_to_change
from agency.claims.states import HoldGround
from agency.disputes.models import Dispute
from agency.events import DisputeRaised
from agency.kernel.emitting import emit
from agency.kernel.errors import Invalid
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.money import Money
from agency.rules.facts import DisputeStatus

OPEN = (DisputeStatus.raised, DisputeStatus.substantiated)


def raise_dispute(
    unit: Unit,
    *,
    creditor_id: UUID,
    claim_id: UUID,
    reason: str,
    words: str = "",
    disputed: Money | None = None,
    substantiated: bool = False,
) -> UUID:
    """This function will record a dispute, hold the claim and tell; an open dispute takes the new words in.

    :param disputed: the part that is contested; the whole principal by default.
    :param substantiated: the debtor gave grounds or proof, not only a no.
    :raises NotFound: this creditor has no such claim.
    :raises Invalid: the disputed part is not within the claim.
    """
    claim = claim_to_change(unit, creditor_id=creditor_id, claim_id=claim_id)
    part = Money(claim.principal_minor, claim.currency) if disputed is None else disputed
    if part.currency != claim.currency or not 0 < part.minor <= claim.principal_minor:
        raise Invalid("the disputed part must lie within the claim", field="disputed")
    status = DisputeStatus.substantiated if substantiated else DisputeStatus.raised
    dispute = open_dispute(unit, creditor_id=creditor_id, claim_id=claim_id)
    if dispute is None:
        dispute = Dispute(
            creditor_id=creditor_id,
            id=new_id(),
            claim_id=claim_id,
            status=status,
            reason=reason,
            text=words,
            disputed_minor=part.minor,
            raised_at=unit.now,
            raised_by=unit.by,
        )
        unit.session.add(dispute)
    else:
        dispute.status = DisputeStatus.substantiated if substantiated else dispute.status
        dispute.text = "\n".join(part_of for part_of in (dispute.text, words) if part_of)
        dispute.disputed_minor = max(dispute.disputed_minor, part.minor)
    claim.disputed_minor = dispute.disputed_minor
    unit.session.flush()
    place_hold(unit, creditor_id=creditor_id, claim_id=claim_id, ground=HoldGround.DISPUTE)
    emit(
        unit, DisputeRaised(creditor_id=creditor_id, claim_id=claim_id, dispute_id=dispute.id, reason=reason)
    )
    return dispute.id


def open_dispute(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> Dispute | None:
    """This function will return the claim's dispute that has no outcome yet, if there is one."""
    return unit.session.exec(
        select(Dispute).where(
            Dispute.creditor_id == creditor_id,
            Dispute.claim_id == claim_id,
            col(Dispute.resolved_at).is_(None),
        )
    ).first()


def raise_at_intake(unit: Unit, *, creditor_id: UUID, placement_id: UUID, staging: str) -> None:
    """This function will record the disputes that the creditor told of when it placed the claims.

    One statement for the whole placement; the price weighs them, so no event follows per claim.
    """
    unit.session.connection().execute(
        text(
            "INSERT INTO dispute (creditor_id, id, claim_id, status, reason, text, disputed_minor, raised_at,"
            " raised_by) SELECT :c, uuidv7(), c.id, 'raised', 'known_at_intake', s.why, c.disputed_minor,"
            " :now, :by FROM (SELECT claim_id, coalesce(max(dispute_reason), '') AS why"
            f"  FROM {staging} WHERE disputed AND claim_id IS NOT NULL GROUP BY claim_id) s"
            " JOIN claim c ON c.creditor_id = :c AND c.id = s.claim_id"
            " WHERE c.placement_id = :p AND c.disputed_minor > 0"
            " AND NOT EXISTS (SELECT 1 FROM dispute d WHERE d.creditor_id = c.creditor_id"
            "  AND d.claim_id = c.id AND d.resolved_at IS NULL)"
        ),
        {"c": creditor_id, "p": placement_id, "now": unit.now, "by": unit.by},
    )

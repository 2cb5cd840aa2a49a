"""Raising a dispute: recorded with its disputed lines, and from that moment nothing is asked for them.

What is not contested goes on: it is asked with its own interest and costs. When nothing else is open, the
claim is held as a whole.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.claims.holds import place_hold
from agency.claims.lifecycle import claim_to_change
from agency.claims.models import Claim
from agency.claims.states import HoldGround
from agency.disputes.lines import check_lines, lines_of, mark, note_change, nothing_else_open, spread
from agency.disputes.models import Dispute, DisputeAction
from agency.events import DisputeRaised
from agency.kernel.emitting import emit
from agency.kernel.errors import Invalid
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.money import Money
from agency.rules.facts import DisputeStatus


def raise_dispute(
    unit: Unit,
    *,
    creditor_id: UUID,
    claim_id: UUID,
    reason: str,
    words: str = "",
    disputed: Money | None = None,
    lines: Mapping[UUID, Money] | None = None,
    substantiated: bool = False,
) -> UUID:
    """This function will record a dispute and tell; an open dispute takes the new words and lines in.

    :param disputed: the part that is contested; the whole principal by default.
    :param lines: the contested part of each invoice, by its id; instead of `disputed`.
    :param substantiated: the debtor gave grounds or proof, not only a no.
    :raises NotFound: this creditor has no such claim.
    :raises Invalid: the disputed part is not within the claim, or a line not within its invoice.
    """
    claim = claim_to_change(unit, creditor_id=creditor_id, claim_id=claim_id)
    parts = _parts(unit, claim, disputed, lines)
    dispute = open_dispute(unit, creditor_id=creditor_id, claim_id=claim_id)
    if dispute is None:
        action = DisputeAction.RAISED
        dispute = Dispute(
            creditor_id=creditor_id,
            id=new_id(),
            claim_id=claim_id,
            status=DisputeStatus.raised,
            reason=reason,
            text=words,
            disputed_minor=0,
            raised_at=unit.now,
            raised_by=unit.by,
        )
        unit.session.add(dispute)
    else:
        action = DisputeAction.SUBSTANTIATED if substantiated else DisputeAction.WIDENED
        dispute.text = "\n".join(part_of for part_of in (dispute.text, words) if part_of)
    if substantiated:
        dispute.status = DisputeStatus.substantiated
    _contest(unit, claim, dispute, parts)
    note_change(unit, dispute, action, words)
    emit(
        unit, DisputeRaised(creditor_id=creditor_id, claim_id=claim_id, dispute_id=dispute.id, reason=reason)
    )
    return dispute.id


def _parts(
    unit: Unit, claim: Claim, disputed: Money | None, lines: Mapping[UUID, Money] | None
) -> dict[UUID, int]:
    invoices = lines_of(unit, creditor_id=claim.creditor_id, claim_id=claim.id)
    if lines:
        if any(part.currency != claim.currency for part in lines.values()):
            raise Invalid("the disputed part must lie within the claim", field="lines")
        chosen = {invoice_id: part.minor for invoice_id, part in lines.items()}
        check_lines(invoices, chosen)
        return chosen
    if disputed is None:
        return spread(invoices, sum(max(0, line.open_minor) for line in invoices))
    if disputed.currency != claim.currency or not 0 < disputed.minor <= claim.principal_minor:
        raise Invalid("the disputed part must lie within the claim", field="disputed")
    return spread(invoices, disputed.minor)


def _contest(unit: Unit, claim: Claim, dispute: Dispute, parts: Mapping[UUID, int]) -> None:
    """Add to what is contested already; hold the claim when nothing else of it is open."""
    held = {
        line.invoice_id: line.disputed_minor
        for line in lines_of(unit, creditor_id=claim.creditor_id, claim_id=claim.id)
        if line.disputed_minor
    }
    together = {key: max(held.get(key, 0), parts.get(key, 0)) for key in {**held, **parts}}
    mark(unit, claim, together)
    dispute.disputed_minor = claim.disputed_minor
    unit.session.flush()
    if nothing_else_open(unit, claim):
        place_hold(unit, creditor_id=claim.creditor_id, claim_id=claim.id, ground=HoldGround.DISPUTE)


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

    The price weighs them, so no event follows per claim. The contested invoices are marked, so that the rest
    of a claim goes on.
    """
    values = {"c": creditor_id, "p": placement_id, "now": unit.now, "by": unit.by}
    for statement in (_MARK_AT_INTAKE, _AT_INTAKE, _HISTORY_AT_INTAKE):
        unit.session.connection().execute(text(statement.replace("{staging}", staging)), values)


_MARK_AT_INTAKE = (
    "UPDATE invoice i SET disputed_minor = i.open_minor FROM {staging} s, claim c"
    " WHERE s.disputed AND s.claim_id IS NOT NULL AND i.creditor_id = :c AND i.claim_id = s.claim_id"
    " AND i.number = s.invoice_number AND i.open_minor > 0"
    " AND c.creditor_id = :c AND c.id = s.claim_id AND c.placement_id = :p"
)
_AT_INTAKE = (
    "INSERT INTO dispute (creditor_id, id, claim_id, status, reason, text, disputed_minor, raised_at,"
    " raised_by) SELECT :c, uuidv7(), c.id, 'raised', 'known_at_intake', s.why, c.disputed_minor,"
    " :now, :by FROM (SELECT claim_id, coalesce(max(dispute_reason), '') AS why"
    "  FROM {staging} WHERE disputed AND claim_id IS NOT NULL GROUP BY claim_id) s"
    " JOIN claim c ON c.creditor_id = :c AND c.id = s.claim_id"
    " WHERE c.placement_id = :p AND c.disputed_minor > 0"
    " AND NOT EXISTS (SELECT 1 FROM dispute d WHERE d.creditor_id = c.creditor_id"
    "  AND d.claim_id = c.id AND d.resolved_at IS NULL)"
)
_HISTORY_AT_INTAKE = (
    "INSERT INTO dispute_change (creditor_id, id, claim_id, dispute_id, action, status, disputed_minor,"
    " words, lines, at, by) SELECT d.creditor_id, uuidv7(), d.claim_id, d.id, 'raised', d.status,"
    " d.disputed_minor, d.text, coalesce((SELECT jsonb_agg(jsonb_build_object('invoice', i.id,"
    "  'number', i.number, 'minor', i.disputed_minor) ORDER BY i.due_on, i.number) FROM invoice i"
    "  WHERE i.creditor_id = d.creditor_id AND i.claim_id = d.claim_id AND i.disputed_minor > 0), '[]'),"
    " d.raised_at, d.raised_by FROM dispute d JOIN claim c ON c.creditor_id = d.creditor_id"
    " AND c.id = d.claim_id WHERE d.creditor_id = :c AND c.placement_id = :p"
    " AND d.reason = 'known_at_intake' AND NOT EXISTS (SELECT 1 FROM dispute_change h"
    "  WHERE h.creditor_id = d.creditor_id AND h.dispute_id = d.id)"
)

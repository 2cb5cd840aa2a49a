"""What pricing does when something happens elsewhere: price what was read, price anew what got documents or
disputes, also after it was accepted, and open the books of what was accepted."""

from uuid import UUID

from sqlalchemy import text

from agency.claims.states import ClaimState
from agency.events import (
    ClaimClosed,
    ClaimPaidOff,
    CompletenessOverridden,
    DisputeRaised,
    DisputeResolved,
    DocumentAdded,
    DocumentRemoved,
    DueDateCorrected,
    DuplicateDecided,
    EvidenceChecked,
    PartOwedAgain,
    PaymentReversed,
    PlacementRead,
    QuoteAccepted,
)
from agency.kernel.unit import Unit
from agency.ledger.posting import post_openings
from agency.pricing.asking import settle_requests
from agency.pricing.quoting import quote_placement
from agency.pricing.requoting import drop_new_price, requote_claim

Changed = (
    CompletenessOverridden
    | DisputeRaised
    | DisputeResolved
    | DocumentAdded
    | DocumentRemoved
    | DueDateCorrected
    | EvidenceChecked
    | PartOwedAgain
    | PaymentReversed
)


def price_read(unit: Unit, event: PlacementRead) -> None:
    """This function will quote a placement that was read, and anew those whose claims it touched, unless
    that was done while the person waited."""
    waiting = unit.session.connection().execute(
        text("SELECT id FROM placement WHERE creditor_id = :c AND id = :p AND state = 'read'"),
        {"c": event.creditor_id, "p": event.placement_id},
    )
    for placement_id in [*waiting.scalars().all(), *map(UUID, event.requote)]:
        quote_placement(unit, creditor_id=event.creditor_id, placement_id=placement_id)


def price_again(unit: Unit, event: Changed) -> None:
    """This function will replace the open quote of a claim whose facts changed; beside an accepted one it
    works out what the claim costs now."""
    claim = (
        unit.session.connection()
        .execute(
            text("SELECT id, state, placement_id FROM claim WHERE creditor_id = :c AND id = :claim"),
            {"c": event.creditor_id, "claim": event.claim_id},
        )
        .one_or_none()
    )
    if claim is None:
        return
    if claim.state == ClaimState.ACTIVE:
        requote_claim(unit, creditor_id=event.creditor_id, claim_id=claim.id)
    elif claim.state == ClaimState.QUOTED and claim.placement_id is not None:
        quote_placement(unit, creditor_id=event.creditor_id, placement_id=claim.placement_id)
    settle_requests(unit, creditor_id=event.creditor_id, placement_id=claim.placement_id)


def price_no_more(unit: Unit, event: ClaimPaidOff | ClaimClosed) -> None:
    """This function will no longer ask a higher price for a claim whose collection has ended."""
    assert event.claim_id is not None, "these events always name their claim"
    drop_new_price(unit, creditor_id=event.creditor_id, claim_id=event.claim_id)
    placement = unit.session.connection().execute(
        text("SELECT placement_id FROM claim WHERE creditor_id = :c AND id = :claim"),
        {"c": event.creditor_id, "claim": event.claim_id},
    )
    settle_requests(unit, creditor_id=event.creditor_id, placement_id=placement.scalar_one_or_none())


def price_without(unit: Unit, event: DuplicateDecided) -> None:
    """This function will quote a placement anew when one of its claims turned out to be claimed twice."""
    if event.answer == "same" and event.placement_id is not None:
        quote_placement(unit, creditor_id=event.creditor_id, placement_id=event.placement_id)
        settle_requests(unit, creditor_id=event.creditor_id, placement_id=event.placement_id)


def open_books(unit: Unit, event: QuoteAccepted) -> None:
    """This function will book what the accepted claims' debtors owe. Creditors may not write in the ledger,
    so it follows the acceptance through a worker, before treatment starts."""
    placement_id = (
        unit.session.connection()
        .execute(
            text("SELECT placement_id FROM quote WHERE creditor_id = :c AND id = :q"),
            {"c": event.creditor_id, "q": event.quote_id},
        )
        .scalar_one()
    )
    post_openings(unit, creditor_id=event.creditor_id, placement_id=placement_id)

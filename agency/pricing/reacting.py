"""What pricing does when something happens elsewhere: price what was read, price anew what got documents,
and open the books of what was accepted."""

from uuid import UUID

from sqlalchemy import text

from agency.events import (
    CompletenessOverridden,
    DisputeRaised,
    DisputeResolved,
    DocumentAdded,
    DuplicateDecided,
    EvidenceChecked,
    PlacementRead,
    QuoteAccepted,
)
from agency.kernel.unit import Unit
from agency.ledger.posting import post_openings
from agency.pricing.quoting import quote_placement

Changed = CompletenessOverridden | DisputeRaised | DisputeResolved | DocumentAdded | EvidenceChecked


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
    """This function will replace the open quote of a claim whose facts changed; an accepted one stands."""
    placement_id = (
        unit.session.connection()
        .execute(
            text(
                "SELECT placement_id FROM claim WHERE creditor_id = :c AND id = :claim AND state = 'quoted'"
            ),
            {"c": event.creditor_id, "claim": event.claim_id},
        )
        .scalar_one_or_none()
    )
    if placement_id is not None:
        quote_placement(unit, creditor_id=event.creditor_id, placement_id=placement_id)


def price_without(unit: Unit, event: DuplicateDecided) -> None:
    """This function will quote a placement anew when one of its claims turned out to be claimed twice."""
    if event.answer == "same" and event.placement_id is not None:
        quote_placement(unit, creditor_id=event.creditor_id, placement_id=event.placement_id)


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

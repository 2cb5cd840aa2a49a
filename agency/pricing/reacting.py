"""What pricing does when something happens elsewhere: price what was read, price anew what got documents,
and open the books of what was accepted."""

from uuid import UUID

from sqlalchemy import text

from agency.events import (
    DisputeRaised,
    DisputeResolved,
    DocumentAdded,
    DocumentRemoved,
    PlacementRead,
    QuoteAccepted,
)
from agency.kernel.unit import Unit
from agency.ledger.posting import post_openings
from agency.pricing.quoting import quote_placement


def price_read(unit: Unit, event: PlacementRead) -> None:
    """This function will quote a placement that was read, and anew those whose claims it touched, unless
    that was done while the person waited."""
    waiting = unit.session.connection().execute(
        text("SELECT id FROM placement WHERE creditor_id = :c AND id = :p AND state = 'read'"),
        {"c": event.creditor_id, "p": event.placement_id},
    )
    for placement_id in [*waiting.scalars().all(), *map(UUID, event.requote)]:
        quote_placement(unit, creditor_id=event.creditor_id, placement_id=placement_id)


def price_again(unit: Unit, event: DocumentAdded | DocumentRemoved | DisputeRaised | DisputeResolved) -> None:
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


def open_books(unit: Unit, event: QuoteAccepted) -> None:
    """This function will book what the accepted claims' debtors owe. Creditors may not write in the ledger,
    so it follows the acceptance through a worker, before treatment starts."""
    claim_ids = (
        unit.session.connection()
        .execute(
            text(
                "SELECT l.claim_id FROM quote_line l JOIN claim c ON c.creditor_id = l.creditor_id"
                " AND c.id = l.claim_id WHERE l.creditor_id = :c AND l.quote_id = :q AND c.state = 'active'"
            ),
            {"c": event.creditor_id, "q": event.quote_id},
        )
        .scalars()
        .all()
    )
    post_openings(unit, creditor_id=event.creditor_id, claim_ids=claim_ids)

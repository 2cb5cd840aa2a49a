"""Jobs of the intake: reading large files with progress, linking identities, booking credits."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlmodel import select

from agency.claims.lifecycle import claim_to_change, move
from agency.claims.models import Claim
from agency.claims.states import ClaimState
from agency.events import PlacementRead, PlacementReceived
from agency.intake.bulk import CHUNK_SECONDS, BulkReading
from agency.intake.models import Placement
from agency.kernel.actor import actor
from agency.kernel.outbox import enqueue
from agency.kernel.ports import installed_ports
from agency.kernel.statistics import MANY
from agency.kernel.unit import Unit, Units
from agency.ledger.models import Book
from agency.ledger.posting import Leg, post
from agency.ledger.queries import claim_balance
from agency.money import Money
from agency.parties.identity import link_identities


def read_later(unit: Unit, event: PlacementReceived) -> None:
    """This function will have a file read by a job of its own, unless it was read while the person waited."""
    placement = unit.session.exec(
        select(Placement).where(
            Placement.creditor_id == event.creditor_id, Placement.id == event.placement_id
        )
    ).one()
    if placement.state == "received":
        enqueue(
            unit,
            read_in_background,
            key=f"read:{event.placement_id}",
            creditor_id=event.creditor_id,
            placed_by=str(event.creditor_id),
            placement_id=str(event.placement_id),
        )


@actor(queue="intake", lease_seconds=CHUNK_SECONDS, own_units=True)
def read_in_background(units: Units, *, placed_by: str, placement_id: str) -> None:
    """This function will read a large file in parts, and go on where a worker was killed."""
    BulkReading(units, installed_ports(), creditor_id=UUID(placed_by), placement_id=UUID(placement_id)).run()


def know_debtors(unit: Unit, event: PlacementRead) -> None:
    """This function will link the debtors of a placement to the people whom the agency knows already."""
    if event.rows > MANY:
        unit.allow_long_statements()
    link_identities(unit, creditor_id=event.creditor_id)


def book_credits(unit: Unit, event: PlacementRead) -> None:
    """This function will lower claims in collection by the credit notes that came in after their acceptance.

    A credit note larger than what is still owed lowers the claim to nothing; the rest is between creditor
    and debtor. A claim of which nothing is left is closed.
    """
    for claim_id in map(UUID, event.credited):
        claim = claim_to_change(unit, creditor_id=event.creditor_id, claim_id=claim_id)
        for note in _unbooked_credits(unit, claim):
            _book_credit(unit, claim, note)
        left = claim_balance(unit, creditor_id=claim.creditor_id, claim_id=claim.id).principal
        if claim.state == ClaimState.ACTIVE and left.minor <= 0:
            move(unit, claim=claim, to=ClaimState.CLOSED, why="credited in full", close_code="credited")


def _unbooked_credits(unit: Unit, claim: Claim) -> list[Row[Any]]:
    """Credit notes from before the acceptance are part of the opening; later ones are booked one by one."""
    return list(
        unit.session.connection().execute(
            text(
                "SELECT i.id, i.number, -i.open_minor AS credit, i.issued_on FROM invoice i"
                " WHERE i.creditor_id = :c AND i.claim_id = :claim AND i.kind = 'credit_note'"
                " AND i.created_at > (SELECT max(q.accepted_at) FROM quote q JOIN quote_line l"
                "  ON l.creditor_id = q.creditor_id AND l.quote_id = q.id"
                "  WHERE q.creditor_id = :c AND l.claim_id = :claim AND q.state = 'accepted'"
                "  AND q.claim_id IS NULL)"
                " AND NOT EXISTS (SELECT 1 FROM ledger_transaction t WHERE t.creditor_id = i.creditor_id"
                "  AND t.book = 'claims' AND t.kind = 'credit_note' AND t.source_key = 'invoice:' || i.id)"
                " ORDER BY i.id"
            ),
            {"c": claim.creditor_id, "claim": claim.id},
        )
    )


def _book_credit(unit: Unit, claim: Claim, note: Row[Any]) -> None:
    owed = claim_balance(unit, creditor_id=claim.creditor_id, claim_id=claim.id).principal
    credit = Money(max(0, min(note.credit, owed.minor)), claim.currency)
    if not credit:
        return
    post(
        unit,
        creditor_id=claim.creditor_id,
        book=Book.CLAIMS,
        kind="credit_note",
        source_key=f"invoice:{note.id}",
        legs=[
            Leg("claims.control", credit, claim.id),
            Leg("claims.principal", -credit, claim.id),
        ],
        effective_on=note.issued_on,
        memo=note.number,
    )

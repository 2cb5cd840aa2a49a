"""Everything a collector sees of one claim, each part from the room that owns it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlmodel import select

from agency.claims.holds import running_holds
from agency.claims.itemisation import ItemisedClaim, itemise
from agency.claims.models import Claim, Hold
from agency.desk.models import Note
from agency.kernel.errors import NotFound
from agency.kernel.unit import Unit
from agency.parties.models import ContactPoint, Creditor, Debtor
from agency.progress.timeline import Happening, PlannedAction, planned_actions, timeline

_OTHERS = text(
    "SELECT c.creditor_id, c.id, c.number, c.state, c.principal_minor, c.currency, cr.name AS creditor"
    " FROM debtor mine JOIN debtor d ON d.identity_id = mine.identity_id"
    " JOIN claim c ON c.creditor_id = d.creditor_id AND c.debtor_id = d.id"
    " JOIN creditor cr ON cr.id = c.creditor_id"
    " WHERE mine.creditor_id = :creditor AND mine.id = :debtor AND c.id <> :claim ORDER BY c.number LIMIT 50"
)
_MESSAGES = text(
    "SELECT id, channel, step, state, subject, due_at, sent_at, content_sha256, reasons, trace FROM message"
    " WHERE creditor_id = :creditor AND claim_id = :claim ORDER BY coalesce(sent_at, due_at) DESC LIMIT 50"
)
_PAYMENTS = text(
    "SELECT id, source, amount_minor, currency, value_on, costs_minor, interest_minor, principal_minor,"
    " over_minor, reversed_at FROM payment WHERE creditor_id = :creditor AND claim_id = :claim"
    " ORDER BY value_on DESC, id DESC LIMIT 50"
)
_PROMISES = text(
    "SELECT id, amount_minor, currency, due_on, state FROM promise"
    " WHERE creditor_id = :creditor AND claim_id = :claim ORDER BY made_at DESC LIMIT 20"
)
_DISPUTES = text(
    "SELECT id, status, reason, text, disputed_minor, raised_at, outcome FROM dispute"
    " WHERE creditor_id = :creditor AND claim_id = :claim ORDER BY raised_at DESC LIMIT 20"
)
_DOCUMENTS = text(
    "SELECT id, kind, name, sha256, size, added_at FROM document"
    " WHERE creditor_id = :creditor AND claim_id = :claim ORDER BY added_at DESC LIMIT 100"
)


@dataclass(frozen=True)
class ClaimPage:
    """What stands on the collector's page; rows are as their tables name the columns."""

    claim: Claim
    creditor: Creditor
    debtor: Debtor
    contact_points: list[ContactPoint]
    owed: ItemisedClaim
    holds: list[Hold]
    notes: list[Note]
    messages: list[Row[Any]]
    payments: list[Row[Any]]
    promises: list[Row[Any]]
    disputes: list[Row[Any]]
    documents: list[Row[Any]]
    other_claims: list[Row[Any]]
    happened: list[Happening]
    planned: list[PlannedAction]


def claim_page(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> ClaimPage:
    """This function will read one claim with everything around it, as of today.

    :raises NotFound: no such claim.
    """
    claim = unit.session.get(Claim, (creditor_id, claim_id))
    if claim is None:
        raise NotFound("no such claim")
    key = {"creditor": creditor_id, "claim": claim_id}

    def rows(statement: Any, **more: object) -> list[Row[Any]]:
        return list(unit.session.connection().execute(statement, {**key, **more}).all())

    return ClaimPage(
        claim=claim,
        creditor=unit.session.get_one(Creditor, creditor_id),
        debtor=unit.session.get_one(Debtor, (creditor_id, claim.debtor_id)),
        contact_points=list(
            unit.session.exec(
                select(ContactPoint)
                .where(ContactPoint.creditor_id == creditor_id, ContactPoint.debtor_id == claim.debtor_id)
                .order_by(ContactPoint.channel, ContactPoint.value)
            ).all()
        ),
        owed=itemise(unit, creditor_id=creditor_id, claim_id=claim_id, on=unit.today),
        holds=list(running_holds(unit, creditor_id=creditor_id, claim_id=claim_id)),
        notes=list(
            unit.session.exec(
                select(Note).where(Note.creditor_id == creditor_id, Note.claim_id == claim_id)
            ).all()
        ),
        messages=rows(_MESSAGES),
        payments=rows(_PAYMENTS),
        promises=rows(_PROMISES),
        disputes=rows(_DISPUTES),
        documents=rows(_DOCUMENTS),
        other_claims=rows(_OTHERS, debtor=claim.debtor_id),
        happened=timeline(unit, creditor_id=creditor_id, claim_id=claim_id, for_creditor=False),
        planned=planned_actions(unit, creditor_id=creditor_id, claim_id=claim_id),
    )


def claim_by_number(unit: Unit, *, number: str) -> tuple[UUID, UUID] | None:
    """This function will return (creditor_id, claim_id) of the agency's claim number, None if unknown."""
    row = (
        unit.session.connection()
        .execute(text("SELECT creditor_id, id FROM claim WHERE number = :number"), {"number": number.strip()})
        .first()
    )
    return (row.creditor_id, row.id) if row else None

"""What is about a debtor and not about a claim holds each of his claims: who is in debt help, or dead, is so
for all that he owes. These reactions run as a worker, because a debtor's door reaches one claim only."""

from typing import Final

from sqlalchemy import text
from sqlmodel import select

from agency.claims.holds import lift_hold, place_hold
from agency.claims.models import Hold
from agency.claims.states import HoldGround
from agency.events import HoldLifted, HoldPlaced, QuoteAccepted
from agency.kernel.unit import Unit
from agency.rules.holds import grounds_about_person, is_about_person

_OTHER_CLAIMS: Final = text(
    "SELECT o.id FROM claim c JOIN claim o ON o.creditor_id = c.creditor_id AND o.debtor_id = c.debtor_id"
    " AND o.id <> c.id WHERE c.creditor_id = :creditor AND c.id = :claim"
    " AND o.state IN ('new', 'quoted', 'active') ORDER BY o.id"
)
_FOLLOWERS: Final = text(
    "SELECT h.id FROM claim c JOIN claim o ON o.creditor_id = c.creditor_id AND o.debtor_id = c.debtor_id"
    " JOIN hold h ON h.creditor_id = o.creditor_id AND h.claim_id = o.id AND h.lifted_at IS NULL"
    " WHERE c.creditor_id = :creditor AND c.id = :claim AND h.facts->>'follows' = :hold ORDER BY h.id"
)

# Of several holds on one ground the longest counts.
_HELD_BEFORE: Final = text(
    "WITH held AS MATERIALIZED (SELECT h.id, h.ground, h.note, h.ends_at, o.debtor_id FROM hold h"
    "  JOIN claim o ON o.creditor_id = h.creditor_id AND o.id = h.claim_id"
    "  WHERE h.creditor_id = :creditor AND h.ground = ANY(:grounds) AND h.lifted_at IS NULL"
    "  AND (h.ends_at IS NULL OR h.ends_at > :now) AND NOT h.facts ? 'follows')"
    " SELECT DISTINCT ON (c.id, held.ground) c.id AS claim_id, held.id, held.ground, held.note, held.ends_at"
    " FROM held JOIN claim c ON c.creditor_id = :creditor AND c.debtor_id = held.debtor_id"
    " WHERE c.placement_id = :placement AND c.state = 'active'"
    " ORDER BY c.id, held.ground, held.ends_at DESC NULLS FIRST, held.id"
)


def hold_accepted(unit: Unit, event: QuoteAccepted) -> None:
    """This reaction will hold the claims of a placement whose debtors are held already as persons, before
    their treatment begins."""
    if event.placement_id is None:
        return
    asked = {
        "creditor": event.creditor_id,
        "placement": event.placement_id,
        "grounds": sorted(grounds_about_person(on=unit.today)),
        "now": unit.now,
    }
    for row in unit.session.connection().execute(_HELD_BEFORE, asked).all():
        place_hold(
            unit,
            creditor_id=event.creditor_id,
            claim_id=row.claim_id,
            ground=HoldGround(row.ground),
            note=row.note,
            ends_at=row.ends_at,
            lengthens=True,
            follows=row.id,
        )


def hold_other_claims(unit: Unit, event: HoldPlaced) -> None:
    """This reaction will hold the debtor's other claims with the same creditor at least as long."""
    if not is_about_person(ground=event.ground, on=unit.today):
        return
    hold = unit.session.exec(
        select(Hold).where(Hold.creditor_id == event.creditor_id, Hold.id == event.hold_id)
    ).one()
    if hold.lifted_at is not None:
        return
    others = unit.session.connection().execute(
        _OTHER_CLAIMS, {"creditor": event.creditor_id, "claim": event.claim_id}
    )
    for claim_id in others.scalars().all():
        place_hold(
            unit,
            creditor_id=event.creditor_id,
            claim_id=claim_id,
            ground=HoldGround(event.ground),
            note=hold.note,
            ends_at=hold.ends_at,
            lengthens=True,
            follows=hold.id,
        )


def free_other_claims(unit: Unit, event: HoldLifted) -> None:
    """This reaction will let those claims go on that were held because of this hold alone."""
    if not is_about_person(ground=event.ground, on=unit.today):
        return
    followers = unit.session.connection().execute(
        _FOLLOWERS,
        {"creditor": event.creditor_id, "claim": event.claim_id, "hold": str(event.hold_id)},
    )
    for hold_id in followers.scalars().all():
        lift_hold(unit, creditor_id=event.creditor_id, hold_id=hold_id)

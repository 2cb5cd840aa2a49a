"""What is about a debtor and not about a claim holds each of his claims: who is in debt help, or dead, is so
for all that he owes. Both reactions run as a worker, because a debtor's door reaches one claim only."""

from typing import Final

from sqlalchemy import text
from sqlmodel import select

from agency.claims.holds import lift_hold, place_hold
from agency.claims.models import Hold
from agency.claims.states import HoldGround
from agency.events import HoldLifted, HoldPlaced
from agency.kernel.unit import Unit
from agency.rules.holds import is_about_person

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

"""While a message is not read, its claim's path stands still. What it tells of a person (a death, a court's
order, a guardian) stops all that he owes this creditor, also while nobody knows which claim it is about."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from agency.claims.holds import lift_holds_on, place_hold
from agency.claims.states import HoldGround
from agency.communication.inbound.models import Inbound
from agency.kernel.ids import HOUSE
from agency.kernel.locks import lock_claims, lock_claims_of
from agency.kernel.unit import Unit
from agency.rules.inbound.kind import said_by_writer
from agency.rules.inbound.triage import ABOUT_PERSON, Topic, triage

_OTHERS: Final = text(
    "SELECT o.id FROM claim c JOIN claim o ON o.creditor_id = c.creditor_id AND o.debtor_id = c.debtor_id"
    " WHERE c.creditor_id = :c AND c.id = :claim AND o.id <> c.id AND o.state IN ('new', 'quoted', 'active')"
    " ORDER BY o.id"
)
# A claim goes on when no message on it waits, none on the person, and none that may belong to it.
_READ: Final = text(
    "SELECT o.id FROM claim c JOIN claim o ON o.creditor_id = c.creditor_id AND o.debtor_id = c.debtor_id"
    " WHERE c.creditor_id = :c AND c.id = :claim"
    " AND EXISTS (SELECT FROM hold h WHERE h.creditor_id = o.creditor_id AND h.claim_id = o.id"
    "  AND h.ground = 'reply_unread' AND h.lifted_at IS NULL)"
    " AND NOT EXISTS (SELECT FROM reply r WHERE r.creditor_id = o.creditor_id AND r.claim_id = o.id"
    "  AND r.state = 'waiting')"
    " AND NOT EXISTS (SELECT FROM reply r JOIN claim x ON x.creditor_id = r.creditor_id AND x.id = r.claim_id"
    "  WHERE x.creditor_id = o.creditor_id AND x.debtor_id = o.debtor_id AND r.state = 'waiting'"
    "  AND r.topic = ANY(:about))"
    " AND NOT EXISTS (SELECT FROM inbound i WHERE i.creditor_id = :house AND i.state = 'quarantined'"
    "  AND i.candidates @> jsonb_build_array(jsonb_build_object('claim_id', o.id, 'held', true)))"
    " ORDER BY o.id"
)
_ABOUT: Final = sorted(topic.value for topic in ABOUT_PERSON)


def pause(unit: Unit, *, creditor_id: UUID, claim_id: UUID, topic: Topic) -> None:
    """This function will let a claim's path stand still until its message was read; a message about the
    person stops his other claims of the same creditor as well.

    :raises NotFound: this creditor has no such claim.
    """
    claims = [claim_id]
    if topic in ABOUT_PERSON:
        found = unit.session.connection().execute(_OTHERS, {"c": creditor_id, "claim": claim_id})
        claims += found.scalars()
        lock_claims(unit, creditor_id=creditor_id, claim_ids=claims)
    for one in claims:
        place_hold(unit, creditor_id=creditor_id, claim_id=one, ground=HoldGround.REPLY_UNREAD)


def pause_candidates(unit: Unit, inbound: Inbound) -> None:
    """This function will let every claim stand still that a message about a person may belong to, while it
    waits for somebody who finds the claim; other messages stop nothing."""
    told = triage(said_by_writer(inbound.subject, inbound.words)).topic
    if told not in ABOUT_PERSON or not inbound.candidates:
        return
    keys = _keys(inbound.candidates)
    lock_claims_of(unit, keys=keys)
    for creditor_id, claim_id in sorted(keys):
        place_hold(unit, creditor_id=creditor_id, claim_id=claim_id, ground=HoldGround.REPLY_UNREAD)
    inbound.candidates = [one | {"held": True} for one in inbound.candidates]
    unit.session.flush()


def free_candidates(unit: Unit, inbound: Inbound) -> None:
    """This function will let those claims go on that stood still for a message that waits no more."""
    for creditor_id, claim_id in _keys([one for one in inbound.candidates if one.get("held")]):
        free_when_read(unit, creditor_id=creditor_id, claim_id=claim_id)


def free_when_read(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> None:
    """This function will let a claim's path go on when none of its messages waits any more, and the paths of
    the debtor's other claims that stood still for it."""
    asked = {"c": creditor_id, "claim": claim_id, "about": _ABOUT, "house": HOUSE}
    for one in unit.session.connection().execute(_READ, asked).scalars().all():
        lift_holds_on(unit, creditor_id=creditor_id, claim_id=one, ground=HoldGround.REPLY_UNREAD)


def _keys(candidates: list[Any]) -> list[tuple[UUID, UUID]]:
    return [(UUID(one["creditor_id"]), UUID(one["claim_id"])) for one in candidates]

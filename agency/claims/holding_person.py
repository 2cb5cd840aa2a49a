"""What is about a debtor and not about a claim holds each of his claims: who is in debt help, or dead, is so
for all that he owes, to whomever. These reactions run as a worker: a debtor's door reaches one claim only."""

from datetime import date
from typing import Final

from sqlalchemy import text
from sqlmodel import select

from agency.claims.holds import lift_hold, place_hold
from agency.claims.models import Hold
from agency.claims.states import HoldGround
from agency.events import HoldLifted, HoldPlaced, QuoteAccepted
from agency.kernel.unit import Unit
from agency.rules.holds import grounds_about_person, grounds_everywhere, is_about_person

# Who is dead is so for each creditor. The identity that links him over creditors, and over the numbers which
# one creditor has for him, is the agency's own.
_OTHER_CLAIMS: Final = text(
    "SELECT o.creditor_id, o.id FROM claim c JOIN claim o ON o.creditor_id = c.creditor_id"
    " AND o.debtor_id = c.debtor_id AND o.id <> c.id WHERE c.creditor_id = :creditor AND c.id = :claim"
    " AND o.state IN ('new', 'quoted', 'active')"
    " UNION ALL SELECT o.creditor_id, o.id FROM claim c JOIN debtor d ON d.creditor_id = c.creditor_id"
    " AND d.id = c.debtor_id JOIN debtor s ON s.identity_id = d.identity_id"
    " AND s.id <> d.id JOIN claim o ON o.creditor_id = s.creditor_id"
    " AND o.debtor_id = s.id WHERE (s.creditor_id = d.creditor_id OR CAST(:everywhere AS boolean))"
    " AND c.creditor_id = :creditor AND c.id = :claim AND o.state IN ('new', 'quoted', 'active')"
    " ORDER BY 1, 2"
)
_FOLLOWERS: Final = text(
    "WITH his AS (SELECT d.creditor_id, d.id, d.identity_id FROM claim c JOIN debtor d"
    "  ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    "  WHERE c.creditor_id = :creditor AND c.id = :claim)"
    " SELECT h.creditor_id, h.id FROM (SELECT creditor_id, id FROM his UNION SELECT s.creditor_id, s.id"
    "  FROM his JOIN debtor s ON s.identity_id = his.identity_id) person"
    " JOIN claim o ON o.creditor_id = person.creditor_id AND o.debtor_id = person.id"
    " JOIN hold h ON h.creditor_id = o.creditor_id AND h.claim_id = o.id AND h.lifted_at IS NULL"
    " WHERE h.facts->>'follows' = :hold ORDER BY 1, 2"
)
_ANOTHER: Final = text(
    "SELECT h.id, h.ends_at FROM hold f JOIN claim c ON c.creditor_id = f.creditor_id AND c.id = f.claim_id"
    " JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id JOIN debtor s"
    " ON s.identity_id = d.identity_id OR (s.creditor_id, s.id) = (d.creditor_id, d.id)"
    " JOIN claim o ON o.creditor_id = s.creditor_id AND o.debtor_id = s.id"
    " JOIN hold h ON h.creditor_id = o.creditor_id AND h.claim_id = o.id AND h.ground = f.ground"
    " WHERE f.creditor_id = :creditor AND f.id = :hold AND h.lifted_at IS NULL"
    " AND (h.ends_at IS NULL OR h.ends_at > :now) AND NOT h.facts ? 'follows'"
    " AND (s.creditor_id = f.creditor_id OR CAST(:everywhere AS boolean))"
    " ORDER BY h.ends_at DESC NULLS FIRST, h.id LIMIT 1"
)

# Of several holds on one ground the longest counts, and of equals the creditor's own.
_RUNS: Final = "h.lifted_at IS NULL AND (h.ends_at IS NULL OR h.ends_at > :now) AND NOT h.facts ? 'follows'"
_HELD_BEFORE: Final = text(
    "WITH placed AS MATERIALIZED (SELECT c.id AS claim_id, c.debtor_id, d.identity_id FROM claim c"
    "  JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    "  WHERE c.creditor_id = :creditor AND c.placement_id = :placement AND c.state = 'active'),"
    " held AS (SELECT p.claim_id, h.id, h.ground, h.note, h.ends_at, true AS own FROM placed p JOIN claim o"
    "  ON o.creditor_id = :creditor AND o.debtor_id = p.debtor_id JOIN hold h"
    f"  ON h.creditor_id = :creditor AND h.claim_id = o.id WHERE h.ground = ANY(:about_person) AND {_RUNS}"
    "  UNION ALL SELECT p.claim_id, h.id, h.ground, '', h.ends_at, false FROM placed p JOIN debtor s"
    "  ON s.identity_id = p.identity_id AND s.id <> p.debtor_id JOIN claim o"
    "  ON o.creditor_id = s.creditor_id AND o.debtor_id = s.id JOIN hold h"
    "  ON h.creditor_id = o.creditor_id AND h.claim_id = o.id WHERE h.ground ="
    "   ANY(CASE WHEN s.creditor_id = :creditor THEN CAST(:about_person AS text[])"
    f"   ELSE CAST(:everywhere AS text[]) END) AND {_RUNS})"
    " SELECT DISTINCT ON (claim_id, ground) claim_id, id, ground, note, ends_at FROM held"
    " ORDER BY claim_id, ground, ends_at DESC NULLS FIRST, own DESC, id"
)


def held_as_person(row: str, claim: str) -> str:
    """This function will return a query for the grounds that hold a claim because of its debtor, whichever of
    his claims they were written on: the reactions here write them on the others too, but may wait their turn.
    Where somebody has lifted the ground on the claim itself since, it goes on.

    :param row: the alias of a row with `creditor_id` and `debtor_id`; `claim` is the claim's id. What
        `person_grounds` returns is asked for with it.
    """
    return (
        "SELECT h.ground FROM debtor pd"
        " JOIN claim pc ON pc.creditor_id = pd.creditor_id AND pc.debtor_id = pd.id"
        " JOIN hold h ON h.creditor_id = pc.creditor_id AND h.claim_id = pc.id"
        f" WHERE (pd.creditor_id, pd.id) IN (SELECT {row}.creditor_id, {row}.debtor_id UNION ALL"
        "  SELECT s.creditor_id, s.id FROM debtor me JOIN debtor s ON s.identity_id = me.identity_id"
        f"  WHERE me.creditor_id = {row}.creditor_id AND me.id = {row}.debtor_id)"
        f" AND h.ground = ANY(CASE WHEN pd.creditor_id = {row}.creditor_id"
        "  THEN CAST(:about_person AS text[]) ELSE CAST(:everywhere AS text[]) END)"
        " AND h.lifted_at IS NULL AND (h.ends_at IS NULL OR h.ends_at > app.now())"
        " AND NOT h.facts ? 'follows'"
        f" AND NOT EXISTS (SELECT FROM hold own WHERE own.creditor_id = {row}.creditor_id"
        f"  AND own.claim_id = {claim} AND own.ground = h.ground"
        "  AND own.lifted_at > coalesce(CAST(h.facts->>'own_since' AS timestamptz), h.starts_at))"
    )


def grounds_holding(row: str, claim: str) -> str:
    """This function will return a query for all grounds that hold a claim now, some of them more than once:
    its own holds, and what holds its debtor; see `held_as_person`."""
    return (
        f"SELECT h.ground FROM hold h WHERE h.creditor_id = {row}.creditor_id AND h.claim_id = {claim}"
        " AND h.lifted_at IS NULL AND (h.ends_at IS NULL OR h.ends_at > app.now())"
        f" UNION ALL {held_as_person(row, claim)}"
    )


def person_grounds(on: date) -> dict[str, list[str]]:
    """This function will return what `held_as_person` asks for: the grounds in force on a day."""
    return {
        "about_person": sorted(grounds_about_person(on=on)),
        "everywhere": sorted(grounds_everywhere(on=on)),
    }


def hold_accepted(unit: Unit, event: QuoteAccepted) -> None:
    """This reaction will hold the claims of a placement whose debtors are held already as persons, before
    their treatment begins."""
    if event.placement_id is None:
        return
    asked = {
        "creditor": event.creditor_id,
        "placement": event.placement_id,
        "now": unit.now,
        **person_grounds(unit.today),
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
    """This reaction will hold the debtor's other claims at least as long: those with the same creditor, by
    whatever number, and those with every creditor when he died, or a court or the law says so.

    What was written about it stays with the creditor whose claim it was written on: another creditor's file
    says that collection rests and on which ground, never how the agency came to know.
    """
    if not is_about_person(ground=event.ground, on=unit.today):
        return
    hold = unit.session.exec(
        select(Hold).where(Hold.creditor_id == event.creditor_id, Hold.id == event.hold_id)
    ).one()
    if hold.lifted_at is not None:
        return
    others = unit.session.connection().execute(
        _OTHER_CLAIMS,
        {
            "creditor": event.creditor_id,
            "claim": event.claim_id,
            "everywhere": event.ground in grounds_everywhere(on=unit.today),
        },
    )
    for creditor_id, claim_id in others.all():
        place_hold(
            unit,
            creditor_id=creditor_id,
            claim_id=claim_id,
            ground=HoldGround(event.ground),
            note=hold.note if creditor_id == event.creditor_id else "",
            ends_at=hold.ends_at,
            lengthens=True,
            follows=hold.id,
        )


def free_other_claims(unit: Unit, event: HoldLifted) -> None:
    """This reaction will let those claims go on that were held because of this hold alone; where the person
    is held on the same ground for another of his claims, they follow that one."""
    if not is_about_person(ground=event.ground, on=unit.today):
        return
    everywhere = event.ground in grounds_everywhere(on=unit.today)
    followers = unit.session.connection().execute(
        _FOLLOWERS,
        {"creditor": event.creditor_id, "claim": event.claim_id, "hold": str(event.hold_id)},
    )
    for creditor_id, hold_id in followers.all():
        asked = {"creditor": creditor_id, "hold": hold_id, "now": unit.now, "everywhere": everywhere}
        another = unit.session.connection().execute(_ANOTHER, asked).first()
        if another is None:
            lift_hold(unit, creditor_id=creditor_id, hold_id=hold_id)
        else:
            hold = unit.session.get_one(Hold, (creditor_id, hold_id), with_for_update=True)
            hold.facts, hold.ends_at = {**hold.facts, "follows": str(another.id)}, another.ends_at
    unit.session.flush()

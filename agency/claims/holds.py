"""Holds: the reasons why nothing may leave for a claim. They are rows, so several may run at once."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, or_, select

from agency.claims.models import Claim, Hold
from agency.claims.states import HoldGround
from agency.events import HoldLifted, HoldPlaced
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.rules.facts import DebtorKind
from agency.rules.holds import Ground, HoldTooLong, NoSuchHold, hold_of, is_about_person

NOTE_MAX = 20_000


def place_hold(
    unit: Unit,
    *,
    creditor_id: UUID,
    claim_id: UUID,
    ground: HoldGround,
    note: str = "",
    ends_at: datetime | None = None,
    starts_at: datetime | None = None,
    lengthens: bool = False,
    follows: UUID | None = None,
) -> UUID:
    """This function will hold a claim; a hold that runs on the same ground is kept, with the new end
    and the new note beside the old one.

    :param starts_at: an earlier moment when the pause was asked for then and is only written down now.
    :param lengthens: an earlier end is not taken over: what a debtor tells of himself never shortens a hold.
    :param follows: the hold of another claim because of which this one is held, too.
    :raises NotFound: this creditor has no such claim.
    :raises Invalid: it would begin in the future.
    """
    if starts_at is not None and starts_at > unit.now:
        raise Invalid("a hold cannot begin in the future", field="starts_at")
    # The claim's row is the lock that sending takes too: what is reserved after this commit sees the hold.
    claim = unit.session.exec(
        select(Claim.id).where(Claim.creditor_id == creditor_id, Claim.id == claim_id).with_for_update()
    ).one_or_none()
    if claim is None:
        raise NotFound("no such claim")
    same = [
        hold
        for hold in running_holds(unit, creditor_id=creditor_id, claim_id=claim_id)
        if hold.ground == ground
    ]
    if same:
        if follows is None and "follows" in same[0].facts:
            _take_over(unit, same[0])
        _add_words(unit, same[0], note)
        _move_end(unit, same[0], ends_at, lengthens=lengthens)
        return same[0].id
    hold = Hold(
        creditor_id=creditor_id,
        id=new_id(),
        claim_id=claim_id,
        ground=ground,
        note=note,
        by=unit.by,
        starts_at=starts_at or unit.now,
        ends_at=ends_at,
        facts={} if follows is None else {"follows": str(follows)},
    )
    unit.session.add(hold)
    unit.session.flush()
    _tell_placed(unit, hold)
    return hold.id


def _take_over(unit: Unit, hold: Hold) -> None:
    """Held by its own right from now on, it stays when the hold that it followed is lifted; and what is told
    now holds again whatever somebody has freed before."""
    facts = {key: value for key, value in hold.facts.items() if key != "follows"}
    hold.facts = facts | {"own_since": unit.now.isoformat()}
    unit.session.flush()
    _tell_placed(unit, hold)


def _add_words(unit: Unit, hold: Hold, note: str) -> None:
    """What is told about a hold that runs already stands beside what was told before, up to what a reader can
    take in."""
    words = note.strip()
    if words and words not in hold.note:
        hold.note = f"{hold.note}\n{words}".strip()[-NOTE_MAX:]
        unit.session.flush()


def _move_end(unit: Unit, hold: Hold, ends_at: datetime | None, *, lengthens: bool) -> None:
    longer = hold.ends_at is not None and (ends_at is None or ends_at > hold.ends_at)
    if lengthens and not longer:
        return
    hold.ends_at = ends_at
    unit.session.flush()
    # The debtor's other claims are held as long.
    if longer and is_about_person(ground=hold.ground, on=unit.today):
        _tell_placed(unit, hold)


def _tell_placed(unit: Unit, hold: Hold) -> None:
    emit(
        unit,
        HoldPlaced(creditor_id=hold.creditor_id, claim_id=hold.claim_id, hold_id=hold.id, ground=hold.ground),
    )


def lift_hold(unit: Unit, *, creditor_id: UUID, hold_id: UUID, why: str = "") -> None:
    """This function will end a hold now; ending it twice changes nothing.

    :raises NotFound: this creditor has no such hold.
    """
    hold = unit.session.exec(
        select(Hold).where(Hold.creditor_id == creditor_id, Hold.id == hold_id).with_for_update()
    ).one_or_none()
    if hold is None:
        raise NotFound("no such hold")
    if hold.lifted_at is not None:
        return
    hold.lifted_at = unit.now
    if why:
        hold.facts = {**hold.facts, "why": why}
    unit.session.flush()
    emit(
        unit, HoldLifted(creditor_id=creditor_id, claim_id=hold.claim_id, hold_id=hold.id, ground=hold.ground)
    )
    if unit.by.startswith("user:"):
        record(
            unit,
            action="hold.lifted",
            subject=f"hold:{hold.id}",
            creditor_id=creditor_id,
            facts={"claim": str(hold.claim_id), "ground": hold.ground, "why": why},
        )


def running_holds(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> Sequence[Hold]:
    """This function will return the holds that run at this moment, the oldest first."""
    return unit.session.exec(
        select(Hold)
        .where(
            Hold.creditor_id == creditor_id,
            Hold.claim_id == claim_id,
            col(Hold.lifted_at).is_(None),
            or_(col(Hold.ends_at).is_(None), col(Hold.ends_at) > unit.now),
        )
        .order_by(col(Hold.starts_at), col(Hold.id))
    ).all()


def lift_holds_on(unit: Unit, *, creditor_id: UUID, claim_id: UUID, ground: HoldGround) -> int:
    """This function will lift every running hold of a claim on one ground and return how many there were."""
    holds = [
        hold
        for hold in running_holds(unit, creditor_id=creditor_id, claim_id=claim_id)
        if hold.ground == ground
    ]
    for hold in holds:
        lift_hold(unit, creditor_id=creditor_id, hold_id=hold.id)
    return len(holds)


def hold_disputed(unit: Unit, *, creditor_id: UUID, placement_id: UUID) -> None:
    """This function will hold every claim of a placement that is contested as a whole, in one statement."""
    unit.session.connection().execute(
        text(
            "INSERT INTO hold (creditor_id, id, claim_id, ground, note, by, starts_at, facts)"
            " SELECT c.creditor_id, uuidv7(), c.id, 'dispute', '', :by, :now, '{}'::jsonb FROM claim c"
            " WHERE c.creditor_id = :c AND c.placement_id = :p AND c.disputed_minor >= c.principal_minor"
            " AND NOT EXISTS (SELECT 1 FROM hold h WHERE h.creditor_id = c.creditor_id AND h.claim_id = c.id"
            " AND h.ground = 'dispute' AND h.lifted_at IS NULL)"
        ),
        {"c": creditor_id, "p": placement_id, "by": unit.by, "now": unit.now},
    )


def lawful_end(
    unit: Unit, *, creditor_id: UUID, claim_id: UUID, ground: HoldGround, until: date | None
) -> date | None:
    """This function will return the last day of a hold as its rule gives it; None lasts until it is lifted.

    :param until: the last day as a person knows it; grounds without a term of their own need it.
    :raises NotFound: this creditor has no such claim.
    :raises Invalid: the debtor's country has no such ground, the day is too late, or it is missing.
    """
    row = (
        unit.session.connection()
        .execute(
            text(
                "SELECT d.country, d.kind FROM claim c JOIN debtor d ON d.creditor_id = c.creditor_id"
                " AND d.id = c.debtor_id WHERE c.creditor_id = :c AND c.id = :claim"
            ),
            {"c": creditor_id, "claim": claim_id},
        )
        .one_or_none()
    )
    if row is None:
        raise NotFound("no such claim")
    try:
        return hold_of(
            ground=Ground(ground.value),
            country=row.country,
            debtor=DebtorKind(row.kind),
            since=unit.today,
            until=until,
        ).ends
    except NoSuchHold:
        raise Invalid("this ground is not known where the debtor lives", field="ground") from None
    except HoldTooLong:
        raise Invalid("this hold may not last so long", field="hold_until") from None
    except ValueError:
        raise Invalid("say until when this hold lasts", field="hold_until") from None

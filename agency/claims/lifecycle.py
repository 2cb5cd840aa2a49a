"""Moving claims along their table of moves, one or a whole placement.

A claim's history is its `ClaimMoved` events: who moved it, when, from where to where, and why.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm.util import identity_key
from sqlmodel import select

from agency.claims.models import Claim
from agency.claims.states import ENDED, MOVES, ClaimState
from agency.events import ClaimClosed, ClaimMoved, ClaimPaidOff, Event
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, NotFound
from agency.kernel.unit import Unit


class UnableToMove(Conflict):
    """The claim's table of moves has no way from where it stands to where it should go."""


def move(unit: Unit, *, claim: Claim, to: ClaimState, why: str, close_code: str | None = None) -> None:
    """This function will move a claim (whose row the caller has locked) and tell that it moved.

    Being there already changes nothing. What cancels contacts is told too: ClaimPaidOff, or ClaimClosed.

    :raises UnableToMove: the table has no such move.
    """
    if claim.state == to:
        return
    if to not in MOVES[ClaimState(claim.state)]:
        raise UnableToMove(f"a claim that is {claim.state} cannot become {to}")
    before, claim.state = claim.state, to
    closed = to in ENDED
    claim.closed_at = unit.now if closed else None
    claim.close_code = (close_code or to.value) if closed else None
    unit.session.add(claim)
    unit.session.flush()
    emit(unit, *_told((claim.creditor_id, claim.id), before, to, why, claim.close_code))


def _told(
    key: tuple[UUID, UUID], before: str, to: ClaimState, why: str, close_code: str | None = None
) -> list[Event]:
    whose = {"creditor_id": key[0], "claim_id": key[1]}
    moved = ClaimMoved(**whose, from_state=before, to_state=to, why=why)
    if to == ClaimState.PAID:
        return [moved, ClaimPaidOff(**whose)]
    # Taken back while it was collected: contacts, visits and plans end as for one that was given up.
    if to == ClaimState.CLOSED or (to == ClaimState.WITHDRAWN and before == ClaimState.ACTIVE):
        return [moved, ClaimClosed(**whose, close_code=close_code or to.value)]
    return [moved]


_MOVE = text(
    "WITH asked AS (SELECT CAST(:to AS text) AS target, CAST(:now AS timestamptz) AS moment)"
    " UPDATE claim c SET state = target, closed_at = CASE WHEN :closes THEN moment END,"
    "  close_code = CASE WHEN :closes THEN target END"
    "  FROM asked, unnest(CAST(:creditors AS uuid[]), CAST(:claims AS uuid[])) AS k(creditor_id, claim_id)"
    "  WHERE c.creditor_id = k.creditor_id AND c.id = k.claim_id AND c.state = ANY(:sources)"
    "  RETURNING c.creditor_id, c.id, old.state AS before"
)


def move_many(unit: Unit, *, keys: Sequence[tuple[UUID, UUID]], to: ClaimState, why: str) -> None:
    """This function will move claims (whose rows the caller has locked), as `move` does one by one.

    :param keys: a creditor's id and a claim's, of claims that are not there yet.
    :raises UnableToMove: the table has no such move for one of them; then none is moved.
    """
    if not keys:
        return
    rows = unit.session.connection().execute(
        _MOVE,
        {
            "creditors": [creditor_id for creditor_id, _ in keys],
            "claims": [claim_id for _, claim_id in keys],
            "sources": [state.value for state, targets in MOVES.items() if to in targets],
            "to": to.value,
            "closes": to in ENDED,
            "now": unit.now,
        },
    )
    before = {(row.creditor_id, row.id): row.before for row in rows}
    if len(before) != len(keys):
        raise UnableToMove(f"{len(keys) - len(before)} of the claims cannot become {to}")
    claims_changed(unit, keys=keys)
    emit(unit, *[event for key in keys for event in _told(key, before[key], to, why)])


def claims_changed(unit: Unit, *, keys: Collection[tuple[UUID, UUID]]) -> None:
    """This function will read claims that stand in the session as objects again, after statements that
    changed their rows."""
    if not unit.session.identity_map:  # as where many are worked on: nothing was read as an object
        return
    for key in keys:
        read = unit.session.identity_map.get(identity_key(Claim, key))
        if read is not None:
            unit.session.refresh(read)


def claim_to_change(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> Claim:
    """This function will return a claim with its row locked until the transaction ends.

    :raises NotFound: this creditor has no such claim.
    """
    claim = unit.session.exec(
        select(Claim)
        .where(Claim.creditor_id == creditor_id, Claim.id == claim_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if claim is None:
        raise NotFound("no such claim")
    return claim


def move_placement(
    unit: Unit,
    *,
    creditor_id: UUID,
    placement_id: UUID,
    to: ClaimState,
    why: str,
    claim_ids: Collection[UUID] | None = None,
) -> int:
    """This function will move every claim of a placement that may make the move, or only those named, in one
    statement.

    Claims that cannot (withdrawn ones, those taken back) stay where they are. No event here has a reaction:
    what follows for the whole placement hangs on the placement's own event.

    :returns: how many moved.
    """
    sources = [state.value for state, targets in MOVES.items() if to in targets]
    moved = unit.session.connection().execute(
        text(
            "WITH asked AS (SELECT CAST(:to AS text) AS target, CAST(:now AS timestamptz) AS moment,"
            "  CAST(:by AS text) AS mover, CAST(:why AS text) AS reason),"
            " locked AS (SELECT id, state FROM claim WHERE creditor_id = :c AND placement_id = :p"
            "  AND state = ANY(:sources) AND (NOT :some OR id = ANY(CAST(:ids AS uuid[])))"
            "  ORDER BY id FOR UPDATE),"
            " moved AS (UPDATE claim SET state = target, closed_at = CASE WHEN :closes THEN moment END,"
            "  close_code = CASE WHEN :closes THEN target END FROM locked, asked"
            "  WHERE claim.creditor_id = :c AND claim.id = locked.id"
            "  RETURNING claim.id, locked.state AS before, asked.*)"
            " INSERT INTO event (creditor_id, id, kind, at, by, claim_id, creditor_sees, facts)"
            " SELECT :c, uuidv7(), 'ClaimMoved', moment, mover, id, true,"
            "  jsonb_build_object('from_state', before, 'to_state', target, 'why', reason) FROM moved"
        ),
        {
            "c": creditor_id,
            "p": placement_id,
            "some": claim_ids is not None,
            "ids": list(claim_ids or ()),
            "sources": sources,
            "to": to.value,
            "closes": to in ENDED,
            "now": unit.now,
            "by": unit.by,
            "why": why,
        },
    )
    return moved.rowcount

"""Legal holds: why nothing of a claim or of a person is erased. One person places it; two lift it."""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, or_, select

from agency.claims.models import Claim
from agency.kernel.audit import record
from agency.kernel.errors import Conflict, Invalid, NotFound
from agency.kernel.unit import Unit
from agency.privacy.models import LegalHold

GROUND_MIN: Final = 10
_LOCK: Final = text("SELECT 1 FROM debtor WHERE creditor_id = :c AND id = :d FOR UPDATE")


class AlreadyErased(Conflict):
    """What the hold would keep is gone."""


class LiftedByOne(Conflict):
    """Who asked for lifting may not lift."""


def place_legal_hold(
    unit: Unit,
    *,
    creditor_id: UUID,
    debtor_id: UUID,
    claim_id: UUID | None,
    ground: str,
    until: date | None,
) -> UUID:
    """This function will keep a claim, or with none all that there is of a person, from being erased.

    The same ground on the same thing twice is one hold; its end is taken over.

    :param until: the last day of the hold; None until it is lifted.
    :raises NotFound: no such debtor, or no such claim of his.
    :raises Invalid: no ground, or an end that has passed.
    :raises AlreadyErased: the claim was erased.
    """
    if len(ground.strip()) < GROUND_MIN:
        raise Invalid("say on what ground, in a sentence", field="ground")
    if until is not None and until < unit.today:
        raise Invalid("choose a day that has not passed", field="until")
    # The row that erasing locks too: what is erased after this commit sees the hold.
    if unit.session.connection().execute(_LOCK, {"c": creditor_id, "d": debtor_id}).first() is None:
        raise NotFound("no such debtor")
    if claim_id is not None:
        _check_claim(unit, creditor_id, debtor_id, claim_id)
    for hold in legal_holds(unit, creditor_id=creditor_id, debtor_id=debtor_id):
        if hold.claim_id == claim_id and hold.ground == ground.strip():
            hold.until = until
            unit.session.flush()
            return hold.id
    hold = LegalHold(
        creditor_id=creditor_id, debtor_id=debtor_id, claim_id=claim_id, ground=ground.strip(), until=until,
        placed_at=unit.now, placed_by=unit.by,
    )  # fmt: skip
    unit.session.add(hold)
    unit.session.flush()
    _audit(unit, hold, "placed")
    return hold.id


def ask_lifting(unit: Unit, *, creditor_id: UUID, hold_id: UUID, why: str) -> None:
    """This function will ask somebody else to lift a hold; asking again changes the reason.

    :raises NotFound: no such hold. :raises Invalid: no reason. :raises Conflict: it was lifted already.
    """
    hold = _locked(unit, creditor_id, hold_id)
    if not why.strip():
        raise Invalid("say why", field="why")
    hold.lift_asked_at, hold.lift_asked_by, hold.lift_why = unit.now, unit.by, why.strip()
    unit.session.flush()
    _audit(unit, hold, "lifting_asked")


def lift_legal_hold(unit: Unit, *, creditor_id: UUID, hold_id: UUID) -> None:
    """This function will lift a hold as a second person.

    :raises NotFound: no such hold. :raises Conflict: nobody asked for it, or it was lifted already.
    :raises LiftedByOne: who asked may not lift.
    """
    hold = _locked(unit, creditor_id, hold_id)
    if hold.lift_asked_by is None:
        raise Conflict("nobody has asked to lift this hold")
    if hold.lift_asked_by == unit.by:
        raise LiftedByOne("somebody else than who asked lifts it")
    hold.lifted_at, hold.lifted_by = unit.now, unit.by
    unit.session.flush()
    _audit(unit, hold, "lifted")


def legal_holds(unit: Unit, *, creditor_id: UUID, debtor_id: UUID) -> Sequence[LegalHold]:
    """This function will return the holds in force on a debtor and on claims of his, the oldest first."""
    return unit.session.exec(
        select(LegalHold)
        .where(
            LegalHold.creditor_id == creditor_id,
            LegalHold.debtor_id == debtor_id,
            col(LegalHold.lifted_at).is_(None),
            or_(col(LegalHold.until).is_(None), col(LegalHold.until) >= unit.today),
        )
        .order_by(col(LegalHold.placed_at), col(LegalHold.id))
    ).all()


def _check_claim(unit: Unit, creditor_id: UUID, debtor_id: UUID, claim_id: UUID) -> None:
    claim = unit.session.get(Claim, (creditor_id, claim_id))
    if claim is None or claim.debtor_id != debtor_id:
        raise NotFound("no such claim")
    if claim.erased_at is not None:
        raise AlreadyErased("this claim was erased already")


def _locked(unit: Unit, creditor_id: UUID, hold_id: UUID) -> LegalHold:
    hold = unit.session.get(LegalHold, (creditor_id, hold_id), with_for_update=True, populate_existing=True)
    if hold is None:
        raise NotFound("no such hold")
    if hold.lifted_at is not None:
        raise Conflict("this hold was lifted already")
    return hold


def _audit(unit: Unit, hold: LegalHold, what: str) -> None:
    # The ground is about a person: it stays in its own row, which can be erased.
    record(
        unit, action=f"legal_hold.{what}", subject=f"legal_hold:{hold.id}", creditor_id=hold.creditor_id,
        facts={"debtor": str(hold.debtor_id), "claim": str(hold.claim_id or ""), "until": hold.until},
    )  # fmt: skip

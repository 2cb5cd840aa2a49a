"""Lifting the completeness of a claim by hand: with a reason, seen by everybody, and to be taken back."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.documents.completeness import assess_claim
from agency.documents.models import CompletenessOverride
from agency.events import CompletenessOverridden
from agency.kernel.audit import record
from agency.kernel.emitting import emit
from agency.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from agency.kernel.unit import Door, Unit

REASON_MIN: Final = 10
REASON_MAX: Final = 1000


def override_completeness(
    unit: Unit, *, creditor_id: UUID, claim_id: UUID, at_least: int, reason: str
) -> CompletenessOverride:
    """This function will lift a claim's completeness to at least so many points, with the reason why.

    :raises Forbidden: whoever asks is not of the agency.
    :raises Invalid: the points are not above what the documents give, or the reason is too short.
    :raises Conflict: it is lifted already.
    :raises NotFound: no such claim.
    """
    _of_the_agency(unit)
    reason = _reason(reason)
    _lock(unit, creditor_id, claim_id)
    if open_override(unit, creditor_id=creditor_id, claim_id=claim_id) is not None:
        raise Conflict("the completeness is lifted already; withdraw that first")
    now = assess_claim(unit, creditor_id=creditor_id, claim_id=claim_id)
    if not now.completeness < at_least <= 100:
        raise Invalid("give more points than the documents give, at most 100", field="at_least")
    line = now.trace[0]
    made = CompletenessOverride(
        creditor_id=creditor_id,
        claim_id=claim_id,
        at_least=at_least,
        reason=reason,
        made_at=unit.now,
        made_by=unit.by,
        rule_version=line.version,
        facts={"completeness": now.completeness} | line.inputs,
    )
    unit.session.add(made)
    unit.session.flush()
    _tell(unit, made, action="completeness.overridden", at_least=at_least, reason=reason)
    return made


def withdraw_override(unit: Unit, *, creditor_id: UUID, claim_id: UUID, reason: str) -> None:
    """This function will take a lifted completeness back; what it was and why stays to be read.

    :raises Forbidden: whoever asks is not of the agency.
    :raises NotFound: nothing is lifted.
    :raises Invalid: the reason is too short.
    """
    _of_the_agency(unit)
    reason = _reason(reason)
    _lock(unit, creditor_id, claim_id)
    found = open_override(unit, creditor_id=creditor_id, claim_id=claim_id)
    if found is None:
        raise NotFound("the completeness of this claim is not lifted")
    found.withdrawn_at, found.withdrawn_by, found.withdrawn_reason = unit.now, unit.by, reason
    unit.session.flush()
    _tell(unit, found, action="completeness.override_withdrawn", at_least=0, reason=reason)


def open_override(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> CompletenessOverride | None:
    """This function will return what lifts a claim's completeness now, if anything does."""
    return unit.session.exec(
        select(CompletenessOverride).where(
            CompletenessOverride.creditor_id == creditor_id,
            CompletenessOverride.claim_id == claim_id,
            col(CompletenessOverride.withdrawn_at).is_(None),
        )
    ).one_or_none()


def overrides_of(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> Sequence[CompletenessOverride]:
    """This function will return every time a claim's completeness was lifted, the newest first."""
    return unit.session.exec(
        select(CompletenessOverride)
        .where(CompletenessOverride.creditor_id == creditor_id, CompletenessOverride.claim_id == claim_id)
        .order_by(col(CompletenessOverride.made_at).desc(), col(CompletenessOverride.id).desc())
    ).all()


def _of_the_agency(unit: Unit) -> None:
    if unit.door != Door.STAFF:
        raise Forbidden("only the agency lifts the completeness of a claim")


def _reason(reason: str) -> str:
    reason = reason.strip()
    if not REASON_MIN <= len(reason) <= REASON_MAX:
        raise Invalid("give the reason, in ten to a thousand signs", field="reason")
    return reason


def _lock(unit: Unit, creditor_id: UUID, claim_id: UUID) -> None:
    found = unit.session.connection().execute(
        text("SELECT 1 FROM claim WHERE creditor_id = :c AND id = :claim FOR UPDATE"),
        {"c": creditor_id, "claim": claim_id},
    )
    if found.first() is None:
        raise NotFound("no such claim")


def _tell(unit: Unit, override: CompletenessOverride, *, action: str, at_least: int, reason: str) -> None:
    record(
        unit,
        action=action,
        subject=f"claim:{override.claim_id}",
        creditor_id=override.creditor_id,
        facts={"at_least": override.at_least, "reason": reason},
    )
    emit(
        unit,
        CompletenessOverridden(
            creditor_id=override.creditor_id, claim_id=override.claim_id, at_least=at_least
        ),
    )

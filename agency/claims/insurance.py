"""Credit insurance on a claim: its policy, the insurer's notification, and the split of what is recovered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.claims.models import Claim, InsuranceCover
from agency.claims.told_days import check_told
from agency.events import CoverChanged
from agency.kernel.emitting import emit
from agency.kernel.errors import Invalid, NotFound
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.money import Money
from agency.rules.insured_fee import insured_fee
from agency.rules.insured_recovery import Notification, insured_recovery, notification, notify_by

_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a creditor tells of its insurance; percentages as people say them, exact decimals."""

    insurer: str
    policy_number: str
    covered_percent: Decimal
    indemnity_percent: Decimal = Decimal(0)
    notify_by: date | None = None
    notified_on: date | None = None


@dataclass(frozen=True, slots=True)
class CoverShares:
    """Whose money a recovery is, and what the insurer pays back of its fee."""

    insurer: Money
    creditor: Money
    fee_paid_back: Money


def insure_claim(unit: Unit, *, creditor_id: UUID, claim_id: UUID, policy: Policy) -> InsuranceCover:
    """This function will record or replace the insurance of a claim and tell its timeline.

    :raises NotFound: this creditor has no such claim.
    :raises Invalid: a percentage is out of range, a name is missing, or the notification lies ahead.
    """
    claim = unit.session.exec(
        select(Claim).where(Claim.creditor_id == creditor_id, Claim.id == claim_id).with_for_update()
    ).one_or_none()
    if claim is None:
        raise NotFound("no such claim")
    covered, indemnity = checked_policy(policy, today=unit.today)
    cover = cover_of(unit, creditor_id=creditor_id, claim_id=claim_id) or InsuranceCover(
        creditor_id=creditor_id, id=new_id(), claim_id=claim_id, created_at=unit.now, insurer="",
        policy_number="", covered_bps=covered, by=unit.by,
    )  # fmt: skip
    cover.insurer, cover.policy_number = policy.insurer.strip(), policy.policy_number.strip()
    cover.covered_bps, cover.indemnity_bps = covered, indemnity
    cover.notify_by = policy.notify_by or notify_by(due=claim.due_on, on=unit.today)
    cover.notified_on, cover.by = policy.notified_on, unit.by
    unit.session.add(cover)
    unit.session.flush()
    emit(
        unit,
        CoverChanged(
            creditor_id=creditor_id,
            claim_id=claim_id,
            insurer=cover.insurer,
            notify_by=cover.notify_by.isoformat(),
            notified_on=cover.notified_on.isoformat() if cover.notified_on else None,
        ),
    )
    return cover


def checked_policy(policy: Policy, *, today: date) -> tuple[int, int]:
    """This function will return cover and indemnity of a policy in basis points.

    :raises Invalid: naming the field that is wrong.
    """
    if not policy.insurer.strip():
        raise Invalid("name the insurer", field="insurer")
    if not policy.policy_number.strip():
        raise Invalid("name the policy", field="policy_number")
    if policy.notified_on and policy.notified_on > today:
        raise Invalid("this day lies in the future", field="notified_on")
    check_told(policy.notified_on, field="notified_on", today=today)
    check_told(policy.notify_by, field="notify_by", today=today)
    covered = _basis_points(policy.covered_percent, "covered_percent")
    if covered == 0:
        raise Invalid("give a percentage between 0 and 100", field="covered_percent")
    return covered, _basis_points(policy.indemnity_percent, "indemnity_percent")


def _basis_points(percent: Decimal, field: str) -> int:
    points = percent * _HUNDRED
    if not 0 <= percent <= _HUNDRED or points != points.to_integral_value():
        raise Invalid("give a percentage between 0 and 100", field=field)
    return int(points)


def cover_of(unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> InsuranceCover | None:
    """This function will return the insurance of a claim, None where there is none."""
    return unit.session.exec(
        select(InsuranceCover).where(
            InsuranceCover.creditor_id == creditor_id, InsuranceCover.claim_id == claim_id
        )
    ).one_or_none()


def covers_of(unit: Unit, *, creditor_id: UUID, claim_ids: Sequence[UUID]) -> dict[UUID, InsuranceCover]:
    """This function will return the insurances of these claims by claim."""
    found = unit.session.exec(
        select(InsuranceCover).where(
            InsuranceCover.creditor_id == creditor_id, col(InsuranceCover.claim_id).in_(claim_ids)
        )
    )
    return {cover.claim_id: cover for cover in found}


def shares_of(cover: InsuranceCover, *, recovered: Money, fee: Money) -> CoverShares:
    """This function will divide a recovery and its fee between insurer and creditor."""
    split = insured_recovery(recovered=recovered, covered_bps=cover.covered_bps)
    paid_back = insured_fee(
        fee=fee,
        indemnity_percent=Decimal(cover.indemnity_bps) / _HUNDRED,
        covered_percent=Decimal(cover.covered_bps) / _HUNDRED,
    )
    return CoverShares(split.insurer, split.creditor, paid_back.reimbursed)


def standing_of(cover: InsuranceCover, *, today: date) -> Notification:
    """This function will tell where the notification to the insurer stands."""
    assert cover.notify_by is not None, "every cover has a last day, the policy's or the house's"
    return notification(until=cover.notify_by, told=cover.notified_on, today=today)


def covers_due(unit: Unit, *, creditor_id: UUID, limit: int = 50) -> list[tuple[InsuranceCover, str]]:
    """This function will return the open claims whose insurer should hear of them, with their numbers."""
    rows = unit.session.connection().execute(
        text(
            "SELECT v.id, c.number FROM insurance_cover v JOIN claim c ON c.creditor_id = v.creditor_id"
            " AND c.id = v.claim_id WHERE v.creditor_id = :c AND v.notified_on IS NULL"
            " AND c.state IN ('new', 'quoted', 'active') AND v.notify_by <= :until"
            " ORDER BY v.notify_by, v.id LIMIT :limit"
        ),
        {"c": creditor_id, "until": date.fromordinal(unit.today.toordinal() + 30), "limit": limit},
    )
    numbers = {row.id: row.number for row in rows}
    covers = unit.session.exec(
        select(InsuranceCover)
        .where(InsuranceCover.creditor_id == creditor_id, col(InsuranceCover.id).in_(numbers))
        .order_by(col(InsuranceCover.notify_by), col(InsuranceCover.id))
    )
    soon = (Notification.soon, Notification.missed)
    return [(cover, numbers[cover.id]) for cover in covers if standing_of(cover, today=unit.today) in soon]

"""What a creditor wants of collection: asked once, changed at any time, for claims that start after."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlmodel import col, select

from agency.kernel.audit import record
from agency.kernel.errors import Invalid
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit
from agency.parties.models import CreditorGoals
from agency.rules.goals import Emphasis


@dataclass(frozen=True, slots=True)
class Goals:
    """What counts for a creditor now; `told` is False as long as nobody was asked."""

    emphasis: Emphasis = Emphasis.balanced
    maximum_fee_bps: int | None = None
    told: bool = False


def goals_of(unit: Unit, *, creditor_id: UUID) -> Goals:
    """This function will return a creditor's newest goals, balanced ones where it told none."""
    newest = unit.session.exec(
        select(CreditorGoals)
        .where(CreditorGoals.creditor_id == creditor_id)
        .order_by(col(CreditorGoals.created_at).desc(), col(CreditorGoals.id).desc())
        .limit(1)
    ).first()
    return Goals(Emphasis(newest.emphasis), newest.maximum_fee_bps, told=True) if newest else Goals()


def set_goals(
    unit: Unit, *, creditor_id: UUID, emphasis: Emphasis, maximum_fee_percent: Decimal | None
) -> None:
    """This function will keep a creditor's goals as a new row and in the audit.

    :raises Invalid: the maximum is no percentage above 0 and up to 100 with at most two decimals.
    """
    points = None if maximum_fee_percent is None else maximum_fee_percent * 100
    if points is not None and (not 0 < points <= 10_000 or points != points.to_integral_value()):
        raise Invalid("give a percentage between 0 and 100", field="maximum_fee_percent")
    goals = CreditorGoals(
        creditor_id=creditor_id,
        id=new_id(),
        created_at=unit.now,
        emphasis=emphasis,
        maximum_fee_bps=None if points is None else int(points),
        by=unit.by,
    )
    unit.session.add(goals)
    unit.session.flush()
    record(
        unit,
        action="goals.set",
        subject=f"creditor:{creditor_id}",
        creditor_id=creditor_id,
        facts={"emphasis": emphasis.value, "maximum_fee_bps": goals.maximum_fee_bps},
    )

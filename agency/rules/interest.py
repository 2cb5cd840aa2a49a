from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from agency.money import Money
from agency.rules.facts import InterestKind, Law
from agency.rules.trace import Trace


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of days at one rate over one base; the segments' amounts add up to the whole interest."""

    first_day: date
    last_day: date
    days: int
    base: Money
    percent: Decimal
    amount: Money
    source: str


@dataclass(frozen=True, slots=True)
class Interest:
    amount: Money
    segments: tuple[Segment, ...]
    trace: Trace


def interest(
    *,
    law: Law,
    kind: InterestKind,
    principal: Money,
    first_day: date,
    last_day: date,
    contractual_percent: Decimal | None = None,
    late_since: date | None = None,
) -> Interest:
    raise NotImplementedError

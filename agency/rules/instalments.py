"""Payment plans: computed before they are agreed, judged by bands, kept or broken by what is paid."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final, Literal

from agency.calendar import add_months
from agency.money import Money
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import Trace, TraceLine

INSTALMENTS_MAX: Final = 120
_BPS: Final = 10_000
_WEEKS_A_YEAR, _MONTHS_A_YEAR = 52, 12


class Rhythm(StrEnum):
    """How often an instalment is due."""

    MONTHLY = "monthly"
    WEEKLY = "weekly"


class UnworkablePlan(ValueError):
    """No such plan exists; `reason` is a stable code, `field` the choice that is wrong.

    Codes: nothing_owed, amount_too_small, amount_too_large, too_many, count_too_small.
    """

    def __init__(self, reason: str, field: Literal["amount", "count"]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field


@dataclass(frozen=True, slots=True)
class Instalment:
    """One part of a plan: what is due on a day. `number` counts from 1."""

    number: int
    due_on: date
    amount: Money


@dataclass(frozen=True, slots=True)
class Schedule:
    """All instalments of a plan, in order; together they are the total to the cent."""

    instalments: tuple[Instalment, ...]
    rhythm: Rhythm

    @property
    def total(self) -> Money:
        """What is paid in all."""
        first = self.instalments[0].amount
        return Money.total((one.amount for one in self.instalments), first.currency)

    @property
    def last_on(self) -> date:
        """The day of the last instalment."""
        return self.instalments[-1].due_on

    @property
    def usual(self) -> Money:
        """What is paid each time; only the last instalment may differ."""
        return self.instalments[0].amount

    @property
    def monthly(self) -> Money:
        """What is paid in a month; four and a third weeks make one, rounded down to the cent."""
        if self.rhythm is Rhythm.MONTHLY:
            return self.usual
        return Money(self.usual.minor * _WEEKS_A_YEAR // _MONTHS_A_YEAR, self.usual.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """What a creditor accepts unseen, and how strictly a plan is kept. Amounts in minor units of the claim.

    `share_min_bps`: the least part of the debt paid off a month, in basis points. `missed_max`: how many
    instalments may be overdue at once. `source` says who set them.
    """

    since: date
    months_max: int
    instalment_min_minor: int
    monthly_min_minor: int
    share_min_bps: int
    first_within_days: int
    interest_stops: bool
    grace_days: int
    missed_max: int
    late_days_max: int
    answer_days: int
    offer_days: int
    source: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a plan is accepted at once; `reasons` are stable codes of what lies outside the bands.

    Codes: too_long, too_little_a_month, too_small_a_share, starts_too_late.
    """

    accepted: bool
    reasons: tuple[str, ...]
    trace: Trace


def house_bands(on: date) -> Bands:
    """Return the bands of creditors who set none, as they are on a day.

    :raises LookupError: the table does not reach back to that day.
    """
    row = row_in_force(read_table("instalments")["bands"], on)
    if row is None:
        raise LookupError(f"no bands for payment plans on {on}")
    return Bands(**row)


def policy(kind: Literal["settlement", "promise"], on: date) -> dict[str, Any]:
    """Return the house policy on settlements or promises that is in force on a day.

    :raises LookupError: the table does not reach back to that day.
    """
    row = row_in_force(read_table("instalments")[kind], on)
    if row is None:
        raise LookupError(f"no policy for a {kind} on {on}")
    return row


def schedule_by_amount(
    *, total: Money, amount: Money, first_on: date, rhythm: Rhythm, least: Money
) -> Schedule:
    """Plan instalments of one amount; the last one takes the rest.

    A rest below `least` joins the instalment before it, so that none is too small to be worth a transfer.

    :param least: at least one minor unit.
    :raises UnworkablePlan: nothing is owed, the amount is below `least` or above the total, or it takes more
        than 120 instalments.
    """
    if total.minor <= 0:
        raise UnworkablePlan("nothing_owed", "amount")
    if amount > total:
        raise UnworkablePlan("amount_too_large", "amount")
    if amount < min(least, total):
        raise UnworkablePlan("amount_too_small", "amount")
    full, rest = divmod(total.minor, amount.minor)
    count = full + (rest >= least.minor)
    if count > INSTALMENTS_MAX:
        raise UnworkablePlan("too_many", "amount")
    return _schedule(amount.minor, count, total, first_on, rhythm)


def schedule_by_count(*, total: Money, count: int, first_on: date, rhythm: Rhythm, least: Money) -> Schedule:
    """Plan a number of equal instalments; the last one takes the cents that do not divide.

    :param least: at least one minor unit.
    :raises UnworkablePlan: nothing is owed, the count is not 1 to 120, or an instalment is below `least`.
    """
    if total.minor <= 0:
        raise UnworkablePlan("nothing_owed", "count")
    if count < 1:
        raise UnworkablePlan("count_too_small", "count")
    each = total.minor // count
    if count > INSTALMENTS_MAX or each < min(least.minor, total.minor):
        raise UnworkablePlan("too_many", "count")
    return _schedule(each, count, total, first_on, rhythm)


def judge(*, schedule: Schedule, bands: Bands, today: date) -> Judgement:
    """Tell whether a plan lies within a creditor's bands, and what lies outside."""
    total, monthly = schedule.total, schedule.monthly
    share = total.minor * bands.share_min_bps
    checks = (
        ("too_long", schedule.last_on > add_months(today, bands.months_max), str(bands.months_max)),
        # A debt that is paid off in one go is never too little a month.
        (
            "too_little_a_month",
            monthly.minor < min(bands.monthly_min_minor, total.minor),
            str(bands.monthly_min_minor),
        ),
        ("too_small_a_share", monthly.minor * _BPS < share, str(bands.share_min_bps)),
        (
            "starts_too_late",
            schedule.instalments[0].due_on > today + timedelta(days=bands.first_within_days),
            str(bands.first_within_days),
        ),
    )
    reasons = tuple(code for code, outside, _ in checks if outside)
    lines = tuple(
        TraceLine(
            rule=f"plan.{code}",
            version=bands.since.isoformat(),
            source=bands.source,
            inputs={"limit": limit, "monthly": str(monthly), "last_on": schedule.last_on.isoformat()},
            outcome="plan.outside" if outside else "plan.within",
        )
        for code, outside, limit in checks
    )
    return Judgement(not reasons, reasons, lines)


# --- Keeping


@dataclass(frozen=True, slots=True)
class Part:
    """An instalment as it stands, in minor units: what is due on a day and what of it is paid."""

    number: int
    due_on: date
    amount_minor: int
    paid_minor: int

    @property
    def open_minor(self) -> int:
        """What is still to be paid of it."""
        return self.amount_minor - self.paid_minor


class PartState(StrEnum):
    """How an instalment stands on a day; `late` runs in its days of grace."""

    OPEN = "open"
    LATE = "late"
    MISSED = "missed"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a plan stands: each instalment's state by number, and what follows for the plan."""

    parts: dict[int, PartState]
    outcome: Literal["running", "completed", "broken"]

    @property
    def missed(self) -> tuple[int, ...]:
        """The numbers of the instalments that are missed."""
        return tuple(number for number, state in self.parts.items() if state is PartState.MISSED)


def spread(parts: Sequence[Part], *, minor: int) -> tuple[tuple[Part, ...], int]:
    """Divide newly paid money over the instalments of a plan, or take back (negative) what was.

    The oldest comes first (BW 6:43(2)), those to come in their order: who pays ahead has missed nothing. What
    is taken back opens the latest first.

    :returns: the instalments in order, and what did not fit: more than the plan, or less than was paid.
    """
    ordered = sorted(parts, key=lambda part: (part.due_on, part.number))
    paid: dict[int, int] = {}
    for part in ordered if minor > 0 else reversed(ordered):
        paid[part.number] = min(max(part.paid_minor + minor, 0), part.amount_minor)
        minor -= paid[part.number] - part.paid_minor
    return tuple(replace(part, paid_minor=paid[part.number]) for part in ordered), minor


def within_owed(parts: Sequence[Part], *, owed_minor: int) -> tuple[Part, ...]:
    """Leave no more of the instalments open than is owed; what is too much comes off the end.

    A part of the debt may be given up or contested after the plan was made: nobody is asked for that.

    :param owed_minor: what is owed now of everything the plan pays off, in minor units.
    """
    over = max(0, sum(part.open_minor for part in parts) - max(0, owed_minor))
    asked: list[Part] = []
    for part in reversed(parts):
        taken = min(over, part.open_minor)
        over -= taken
        asked.append(replace(part, amount_minor=part.amount_minor - taken))
    return tuple(reversed(asked))


def asked_again(part: Part, *, given_back_on: date | None, missed_on: date | None) -> Part:
    """Count the days of grace of an instalment from the day on which the bank gave money of its plan back.

    The debtor had paid until then, so nothing that was due before is late before that day; what was missed
    already, for another reason, stays so.

    :param given_back_on: the last day on which a collection of the plan was seen to come back, if any did.
    :param missed_on: when the instalment was told to be missed, if it was.
    """
    if given_back_on is None or part.due_on >= given_back_on or (missed_on and missed_on < given_back_on):
        return part
    return replace(part, due_on=given_back_on)


def standing(parts: Sequence[Part], *, today: date, bands: Bands) -> Standing:
    """Tell how each instalment stands, and whether the plan runs, is completed or is broken.

    It is broken when more instalments than the bands allow are missed, or one of them for too long.
    """
    states = {part.number: _state(part, today, bands.grace_days) for part in parts}
    late_since = today - timedelta(days=bands.late_days_max)
    missed = [part for part in parts if states[part.number] is PartState.MISSED]
    if all(state is PartState.PAID for state in states.values()):
        return Standing(states, "completed")
    broken = len(missed) > bands.missed_max or any(part.due_on < late_since for part in missed)
    return Standing(states, "broken" if broken else "running")


def _state(part: Part, today: date, grace_days: int) -> PartState:
    if part.open_minor <= 0:
        return PartState.PAID
    if part.due_on >= today:
        return PartState.OPEN
    return PartState.LATE if today <= part.due_on + timedelta(days=grace_days) else PartState.MISSED


def _schedule(each: int, count: int, total: Money, first_on: date, rhythm: Rhythm) -> Schedule:
    amounts = [each] * count
    amounts[-1] += total.minor - each * count
    return Schedule(
        tuple(
            Instalment(number, _due_on(first_on, rhythm, number - 1), Money(minor, total.currency))
            for number, minor in enumerate(amounts, start=1)
        ),
        rhythm,
    )


def _due_on(first_on: date, rhythm: Rhythm, index: int) -> date:
    """Count every month from the first day: 31 January, 28 February, 31 March."""
    if rhythm is Rhythm.WEEKLY:
        return first_on + timedelta(weeks=index)
    return add_months(first_on, index)

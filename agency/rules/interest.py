"""Interest as of a date: nothing accrues by itself, every figure is computed when it is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Final

from agency.money import Money
from agency.rules.day_count import DayCount
from agency.rules.facts import InterestKind, Law
from agency.rules.interest_account import AccountedYear, RoundingPoint, Segment, account, interest_minor
from agency.rules.interest_plan import Plan, interest_plan
from agency.rules.interest_regime import InterestTerms, UnlawfulInterest, interest_regime
from agency.rules.interest_stops import Stop, StopGround, plan_request_stop
from agency.rules.interest_trace import day_lines, doubt_lines, settings_line
from agency.rules.trace import Trace

__all__ = [
    "DayCount",
    "Interest",
    "RoundingPoint",
    "Segment",
    "Stop",
    "StopGround",
    "UnlawfulInterest",
    "compounds",
    "interest",
    "plan_request_stop",
]

_ZERO: Final = Decimal(0)


@dataclass(frozen=True)
class Interest:
    """Interest over a period, and how it came about.

    Segments and trace are worked out when they are first asked for: most askers want the amount.
    """

    amount: Money
    _principal: Money
    _plan: Plan
    _rounding: RoundingPoint
    _day_count: DayCount

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """The runs of days at one rate over one base; their amounts add up to the interest."""
        return tuple(segment for year in self._years for segment in year.segments)

    @property
    def capitalised(self) -> Money:
        """How much of the interest has become part of the base: that of the full years of default."""
        added = (year.added for year in self._years if year.turn is not None)
        return Money.total(added, self.amount.currency)

    @cached_property
    def trace(self) -> Trace:
        """What was decided and why, with a line for each segment; the amounts add up to the interest."""
        return (
            *self._plan.regime.because,
            settings_line(self._day_count, self._rounding),
            *day_lines(self._plan, self._years),
            *doubt_lines(self._plan, self.segments),
        )

    @cached_property
    def _years(self) -> tuple[AccountedYear, ...]:
        return tuple(account(self._principal, self._plan, self._rounding))


def interest(
    *,
    law: Law,
    kind: InterestKind,
    principal: Money,
    first_day: date,
    last_day: date,
    contractual_percent: Decimal | None = None,
    late_since: date | None = None,
    surcharge_percent: Decimal = _ZERO,
    compounding_agreed: bool = False,
    simple: bool = False,
    public_body: bool = False,
    contract_on: date | None = None,
    stops: Sequence[Stop] = (),
    rounding: RoundingPoint = RoundingPoint.YEAR_AND_END,
    day_count: DayCount = DayCount.ACTUAL_365,
) -> Interest:
    """Compute interest over a principal; both days count, so the day of payment bears interest.

    Netherlands: statutory interest follows each change of rate (BW 6:120) and after each full year of default
    the base is raised with that year's interest (BW 6:119(2), 6:119a(3)). Belgium (law of 2 August 2002),
    Germany (BGB s. 289), the United Kingdom (1998 Act) and the Directive: simple interest. What becomes of an
    agreed rate, `interest_regime` says.

    :param principal: what the interest runs over; not negative.
    :param first_day: the first day of interest, the day after the due date when nothing was paid yet.
    :param last_day: the last day; when it is before `first_day` there is no interest.
    :param contractual_percent: the agreed yearly rate in per cent.
    :param late_since: the first day of default, when it lies before `first_day`; years are counted from it.
    :param surcharge_percent: points agreed on top of the statutory rate ("statutory + 2%").
    :param compounding_agreed: whether interest over interest was agreed beside a rate or points.
    :param simple: leave out what the law would capitalise.
    :param public_body: whether the debtor is a public body (BW 6:119b).
    :param contract_on: the day of the contract, where older ones keep another rate (Belgian trade).
    :param stops: periods in which no interest runs.
    :raises NoRate: when no statutory rate is known for a day.
    :raises UnlawfulInterest: when compounding was agreed where the law forbids it.
    :raises ValueError: when the principal or an agreed rate is negative, rate and points were both agreed,
        an agreed rate is missing, or the default is later than the first day.
    """
    _check_period(principal, first_day, late_since)
    plan = interest_plan(
        law, kind, contractual_percent, surcharge_percent, compounding_agreed, simple, public_body,
        contract_on, first_day, last_day, late_since or first_day, tuple(stops), day_count,
    )  # fmt: skip
    amount = Money(interest_minor(principal.minor, plan, rounding), principal.currency)
    return Interest(amount, principal, plan, rounding, day_count)


def compounds(
    *, law: Law, kind: InterestKind, late_since: date, contractual_percent: Decimal | None = None
) -> bool:
    """Tell whether interest of a full year of default raises the base, for whoever replays part payments.

    :param late_since: the first day of default.
    :raises NoRate: when no statutory rate is known.
    :raises ValueError: when an agreed rate is missing.
    """
    terms = InterestTerms(law=law, kind=kind, contractual_percent=contractual_percent)
    return interest_regime(terms, late_since).compounds


def _check_period(principal: Money, first_day: date, late_since: date | None) -> None:
    if principal.minor < 0:
        raise ValueError("interest runs over what is owed, not over a credit")
    if late_since is not None and late_since > first_day:
        raise ValueError("interest does not run before the default")

"""The lines that explain an interest: what was decided, each stretch of days, and what is doubtful in it."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from agency.money import Money
from agency.rules.day_count import DayCount
from agency.rules.interest_account import AccountedYear, RoundingPoint, Segment
from agency.rules.interest_plan import Plan
from agency.rules.interest_stops import stop_line
from agency.rules.rates import DatedRate
from agency.rules.trace import TraceLine

_SETTINGS_VERSION: Final = "2026-11-26"
_SETTINGS_SOURCE: Final = "agency's setting: the statute is silent"
_JOINS, _STOPS, _RUNS = range(3)


def settings_line(day_count: DayCount, rounding: RoundingPoint) -> TraceLine:
    """Return the line that tells how days and cents were counted."""
    return TraceLine(
        rule="interest.settings",
        version=_SETTINGS_VERSION,
        source=_SETTINGS_SOURCE,
        inputs={"day_count": day_count.value, "rounding": rounding.value},
        outcome="interest.settings",
    )


def day_lines(plan: Plan, years: Sequence[AccountedYear]) -> list[TraceLine]:
    """Return what happened, by day: what joined the base, what stopped, what ran.

    The amounts of these lines add up to the interest.
    """
    dated: list[tuple[date, int, TraceLine]] = [
        (span[0], _STOPS, stop_line(stop, span)) for stop, span in plan.stops
    ]
    for year in years:
        dated += [(segment.first_day, _RUNS, _segment_line(plan, segment)) for segment in year.segments]
        if year.turn is not None and year.added:
            dated.append((year.turn, _JOINS, _capitalised_line(plan, year.turn, year.added, year.raised_to)))
    return [line for _, _, line in sorted(dated, key=lambda entry: entry[:2])]


def doubt_lines(plan: Plan, segments: Sequence[Segment]) -> Iterator[TraceLine]:
    """Yield what is doubtful: no day at all, a row that is not sure, days after the last confirmed one."""
    if not segments:
        first = plan.regime.because[0]
        yield TraceLine(first.rule, first.version, first.source, {}, "interest.nothing")
        return
    for rate in _rates_in_force(plan, segments):
        if rate.doubt:
            yield TraceLine(
                rule="rates.doubt",
                version=rate.since.isoformat(),
                source=rate.source,
                inputs={"percent": f"{rate.percent:f}", "since": rate.since.isoformat(), "doubt": rate.doubt},
                outcome="rates.doubt",
            )
    confirmed = plan.regime.confirmed_until
    if confirmed is not None and segments[-1].last_day > confirmed:
        yield TraceLine(
            rule="rates.freshness",
            version=confirmed.isoformat(),
            source=plan.regime.course.title,
            inputs={"confirmed_until": confirmed.isoformat()},
            outcome="rates.unconfirmed",
        )


def _segment_line(plan: Plan, segment: Segment) -> TraceLine:
    return TraceLine(
        rule=plan.regime.because[0].rule,
        version=segment.since.isoformat(),
        source=segment.source,
        inputs={
            "percent": f"{segment.percent:f}",
            "base": str(segment.base),
            "first_day": segment.first_day.isoformat(),
            "last_day": segment.last_day.isoformat(),
            "days": str(segment.days),
            "year_days": str(segment.year_days),
        },
        outcome="interest.segment",
        amount=segment.amount,
    )


def _capitalised_line(plan: Plan, turn: date, added: Money, base: Money) -> TraceLine:
    how = plan.regime.because[-1]
    return TraceLine(
        rule=how.rule,
        version=how.version,
        source=how.source,
        inputs={"on": turn.isoformat(), "added": str(added), "base": str(base)},
        outcome="interest.capitalised",
    )


def _rates_in_force(plan: Plan, segments: Sequence[Segment]) -> list[DatedRate]:
    """Return each row in force on a day of interest, also where its percentage was that of the row before."""
    course = plan.regime.course
    places = {
        place
        for segment in segments
        for place in range(course.place(segment.first_day), course.place(segment.last_day) + 1)
    }
    return [course.rates[place] for place in sorted(places)]

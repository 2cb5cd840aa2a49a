"""Periods in which no interest runs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from agency.rules.tables import read_table
from agency.rules.trace import TraceLine

_DAY = timedelta(days=1)

Span = tuple[date, date]
"""A first and a last day, both counted."""


class StopGround(StrEnum):
    """Why no interest runs; each ground has its row with the legal source in the table of stops."""

    insolvency = "insolvency"
    wsnp = "wsnp"
    collective_settlement = "collective_settlement"
    plan_request = "plan_request"
    creditor_in_default = "creditor_in_default"
    not_attributable = "not_attributable"
    unregistered_collector = "unregistered_collector"
    payment_plan = "payment_plan"


@dataclass(frozen=True, slots=True)
class Stop:
    """A period without interest; both days are without it, and None means that it has not ended.

    It begins on the day of the ruling itself: insolvency, Dutch debt restructuring (Fw 303), Belgian
    collective debt settlement (from admissibility, Ger.W. 1675/7). Years of default go on during a stop.

    :raises ValueError: when it ends before it begins, or begins before the law knew its ground.
    """

    ground: StopGround
    first_day: date
    last_day: date | None = None

    def __post_init__(self) -> None:
        if self.last_day is not None and self.last_day < self.first_day:
            raise ValueError("a stop ends on or after its first day")
        if self.first_day < stop_rule(self.ground)["since"]:
            raise ValueError(f"no interest stopped on the ground of {self.ground} on {self.first_day}")


def plan_request_stop(*, requested_on: date, decided_on: date | None = None) -> Stop | None:
    """Return the stop that a Belgian consumer's request for a payment plan brings, if it brings one.

    When the creditor has not decided within 30 days of the request, default interest stops until he does
    (WER Book XIX): the days after the thirtieth are without interest, the day of the decision bears it again.

    :raises ValueError: when the decision is before the request.
    """
    if decided_on is not None and decided_on < requested_on:
        raise ValueError("a request is decided on after it is made")
    days: int = stop_rule(StopGround.plan_request)["after_days"]
    first_day = requested_on + timedelta(days=days + 1)
    if decided_on is not None and decided_on <= first_day:
        return None
    return Stop(StopGround.plan_request, first_day, None if decided_on is None else decided_on - _DAY)


def stop_rule(ground: StopGround) -> dict[str, Any]:
    """Return the row of a ground: since when, and the legal source."""
    row: dict[str, Any] = next(row for row in read_table("interest_stops")["stop"] if row["ground"] == ground)
    return row


def running_spans(first_day: date, last_day: date, stops: Sequence[Stop]) -> tuple[Span, ...]:
    """Return the parts of a period in which interest runs, in order; overlapping stops count once."""
    return tuple(_running(first_day, last_day, stops))


def stopped_span(stop: Stop, first_day: date, last_day: date) -> Span | None:
    """Return the part of a stop that lies in a period, None when it lies outside."""
    begins = max(first_day, stop.first_day)
    ends = last_day if stop.last_day is None else min(last_day, stop.last_day)
    return (begins, ends) if begins <= ends else None


def stop_line(stop: Stop, span: Span) -> TraceLine:
    """Return the line that explains why no interest runs over some days."""
    rule = stop_rule(stop.ground)
    begins, ends = span
    return TraceLine(
        rule=f"interest.stop.{stop.ground}",
        version=rule["since"].isoformat(),
        source=rule["source"],
        inputs={
            "ground": stop.ground.value,
            "first_day": begins.isoformat(),
            "last_day": ends.isoformat(),
            "days": str((ends - begins).days + 1),
        },
        outcome="interest.stopped",
    )


def _running(first_day: date, last_day: date, stops: Sequence[Stop]) -> Iterator[Span]:
    start = first_day
    for begins, ends in sorted(filter(None, (stopped_span(stop, first_day, last_day) for stop in stops))):
        if begins > start:
            yield start, begins - _DAY
        start = max(start, ends + _DAY)
    if start <= last_day:
        yield start, last_day

"""Where a step's day moves when a hold or a part payment came between; and how a standstill is caught up."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from agency.rules.tables import read_table, row_in_force

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Pause:
    """A hold that has ended: its first day, the day on which it ended, and its ground."""

    first_day: date
    ended_on: date
    ground: str


def reanchored(
    *, due_on: date, waits_from: date, pauses: Sequence[Pause], paid_part_on: date | None, on: date
) -> date:
    """Return the day of a step after all that came between; never before `due_on`.

    A hold that began before the step was due moves it: by its length where the days of the ground do not
    count, else to the day after it at the earliest. It makes no difference when a hold was written down: one
    that was told afterwards (a backdated pause) moves what has not been sent, and nothing is sent again.
    After a part payment the step leaves a few days of rest. Sources: the rows of `planning.toml`.

    :param due_on: the step's day as its path gives it.
    :param waits_from: the day from which it waits: that of the step before it, or the due date.
    :param on: picks the rules in force.
    """
    goes_on = _grounds_that_go_on(on)
    day = due_on
    counted_to = waits_from
    for pause in sorted(pauses):
        if pause.first_day > day or pause.ended_on < waits_from:
            continue
        if pause.ground not in goes_on:
            # Days that two holds share are moved once.
            day += max(timedelta(0), pause.ended_on - max(pause.first_day, counted_to))
            counted_to = max(counted_to, pause.ended_on)
        day = max(day, pause.ended_on + _DAY)
    if paid_part_on is not None and paid_part_on >= waits_from:
        day = max(day, paid_part_on + timedelta(days=_days_after_part_payment(on)))
    return day


@dataclass(frozen=True, slots=True)
class CatchUp:
    """When a late claim gets its turn: the day, and minutes after the first messages of that day."""

    on: date
    minutes: int


def catch_up(*, claim_id: UUID, was_due: date, late_claims: int, today: date) -> CatchUp:
    """Spread what is late over some days when it is much; a claim's place follows from its id alone.

    One step of a claim is planned at a time, so that a claim never gets two at once, however long it waited.

    :param late_claims: how many claims are as late.
    """
    rule = row_in_force(read_table("planning")["catch_up"], today)
    assert rule is not None, "the rule of the house has always been in force"
    late_days = (today - was_due).days
    if late_days < rule["days_late"] or late_claims <= rule["at_once_max"]:
        return CatchUp(today, 0)
    place = int.from_bytes(hashlib.sha256(claim_id.bytes).digest()[:8])
    days = min(late_days, rule["over_days"])
    return CatchUp(today + place % days * _DAY, place // days % rule["over_minutes"])


def late_from(today: date) -> date:
    """Return the last day on which a claim's turn must have been for it to count as late."""
    rule = row_in_force(read_table("planning")["catch_up"], today)
    assert rule is not None, "the rule of the house has always been in force"
    return today - timedelta(days=rule["days_late"])


def many_late(today: date) -> int:
    """Return how many late claims are too many for one day: counting further changes nothing."""
    rule = row_in_force(read_table("planning")["catch_up"], today)
    assert rule is not None, "the rule of the house has always been in force"
    at_once: int = rule["at_once_max"]
    return at_once + 1


def _grounds_that_go_on(on: date) -> frozenset[str]:
    rows = [row for row in read_table("planning")["pause"] if row["since"] <= on]
    return frozenset(ground for row in rows if row["effect"] == "goes_on" for ground in row["grounds"])


def _days_after_part_payment(on: date) -> int:
    rule = row_in_force(read_table("planning")["part_payment"], on)
    assert rule is not None, "the rule of the house has always been in force"
    days: int = rule["days"]
    return days

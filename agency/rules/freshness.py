"""Which rate tables somebody must renew: a missing row fails silently, so it is looked for."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from agency.rules.rates import all_rate_tables, half_year, reference_table

WARNING_DAYS: Final = 28
_DAY: Final = timedelta(days=1)


class AlarmLevel(StrEnum):
    """`missing`: decisions of today rest on a rate that nobody confirmed. `ending`: soon they will."""

    missing = "missing"
    ending = "ending"


@dataclass(frozen=True, slots=True)
class RateAlarm:
    """A table to renew: the file's name without ".toml", and the last day that it is known for."""

    table: str
    level: AlarmLevel
    confirmed_until: date


def rate_alarms(*, on: date, warning_days: int = WARNING_DAYS) -> tuple[RateAlarm, ...]:
    """Name the rate tables to renew, the missing ones first.

    A table is missing when it is not confirmed for the day itself; it is ending when the day after its last
    confirmed one begins within `warning_days`. The ECB's rate is missing when it does not reach the start
    of the half-year, from which the rates of trade follow; it never ends, as nobody knows it ahead.

    :param warning_days: how many days before a new half-year or year its rate should be in the table.
    :raises ValueError: when `warning_days` is negative.
    """
    if warning_days < 0:
        raise ValueError("a warning comes before the day, not after it")
    found = []
    for table in all_rate_tables():
        if table.confirmed_until < on:
            found.append(RateAlarm(table.name, AlarmLevel.missing, table.confirmed_until))
        elif table.confirmed_until + _DAY <= on + timedelta(days=warning_days):
            found.append(RateAlarm(table.name, AlarmLevel.ending, table.confirmed_until))
    reference = reference_table()
    if reference.confirmed_until < half_year(on):
        found.append(RateAlarm(reference.name, AlarmLevel.missing, reference.confirmed_until))
    return tuple(sorted(found, key=lambda alarm: (alarm.level is AlarmLevel.ending, alarm.table)))

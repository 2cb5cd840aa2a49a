"""The time on a person's own clock."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def local_time(*, at: datetime, zone: ZoneInfo) -> datetime:
    """Return a moment as the clock in that zone shows it.

    :raises ValueError: when the moment has no zone of its own.
    """
    if at.tzinfo is None:
        raise ValueError("a moment needs its zone")
    return at.astimezone(zone)


def at_local(*, day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Return the moment (UTC) when the clock in that zone shows this time on this day.

    In the hour that a clock shows twice, the first is meant; in the hour it skips, the moment is as long
    after the change as the asked time is after the start of the gap.
    """
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)

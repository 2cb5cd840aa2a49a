"""The hours in which a debtor may be contacted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from agency.calendar import HOME_ZONE, at_local, is_holiday, local_time, zone_of
from agency.rules.facts import Channel, DebtorKind
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import Trace, TraceLine

_SUNDAY: Final = 6
_DAY: Final = timedelta(days=1)
_DAYS_AHEAD_MAX: Final = 60
_ANY_COUNTRY: Final = "*"


@dataclass(frozen=True, slots=True)
class ContactDecision:
    """Whether a person may be contacted now; `next_slot` (UTC) is `at` itself when it is allowed."""

    allowed: bool
    reasons: tuple[str, ...]
    next_slot: datetime
    trace: Trace


def contact_window(
    *, country: str, region: str | None, channel: Channel, debtor: DebtorKind, at: datetime
) -> ContactDecision:
    """Decide whether a debtor may be contacted at a moment, and if not, when again.

    Netherlands: not between 20:00 and 07:00, nor on Sundays and recognised holidays (Bki). Belgium: no calls
    and visits between 22:00 and 08:00 (WER Book XIX); by the rule of the house no messages then either, and
    nothing on Sundays and holidays. The hours count on the debtor's own clock and, when that shows another
    time than the agency's, on both. A letter has no hours.

    :param country: where the debtor lives (ISO 3166-1 alpha-2), not the law of the claim.
    :param at: the moment, with a zone.
    :raises UnknownCountry: when the country's holidays and zone are not known.
    :raises ValueError: when the moment has no zone.
    """
    moment = local_time(at=at, zone=zone_of(country, region)).astimezone(UTC)
    window = _window(country, moment.date())
    reasons: tuple[str, ...] = ()
    slot = moment
    if channel is not Channel.letter:
        clocks = _clocks(country, region)
        reasons = _closed_because(window, country, region, clocks, moment)
        slot = _next_slot(window, country, region, clocks, moment) if reasons else moment
    return ContactDecision(
        allowed=not reasons,
        reasons=reasons,
        next_slot=slot,
        trace=(_line(window, country, channel, debtor, moment, slot, reasons),),
    )


@dataclass(frozen=True, slots=True)
class _Window:
    rule: str
    since: date
    source: str
    opens: time
    closes: time
    sundays: bool
    holidays: bool
    protects: frozenset[str]
    channels: frozenset[str]


@lru_cache(maxsize=4096)
def _window(country: str, on: date) -> _Window:
    rows = read_table("contact")["window"]
    row = row_in_force((row for row in rows if row["country"] == country), on) or row_in_force(
        (row for row in rows if row["country"] == _ANY_COUNTRY), on
    )
    assert row is not None, "the rule of the house has always been in force"
    sets = {"protects": frozenset(row["protects"]), "channels": frozenset(row["channels"])}
    return _Window(**{key: value for key, value in row.items() if key != "country"} | sets)


@lru_cache(maxsize=256)
def _clocks(country: str, region: str | None) -> tuple[ZoneInfo, ...]:
    """Return the zones whose clocks count: the debtor's, and the agency's where it is another one."""
    return tuple({zone.key: zone for zone in (zone_of(country, region), ZoneInfo(HOME_ZONE))}.values())


def _closed_because(
    window: _Window, country: str, region: str | None, clocks: Sequence[ZoneInfo], moment: datetime
) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for zone in clocks:
        local = moment.astimezone(zone)
        if not window.opens <= local.time() < window.closes:
            found["outside_hours"] = None
        for reason in _closed_day(window, country, region, local.date()):
            found[reason] = None
    return tuple(found)


def _closed_day(window: _Window, country: str, region: str | None, day: date) -> list[str]:
    reasons = ["sunday"] if day.weekday() == _SUNDAY and not window.sundays else []
    if not window.holidays and is_holiday(country=country, day=day, region=region):
        reasons.append("holiday")
    return reasons


def _next_slot(
    window: _Window, country: str, region: str | None, clocks: Sequence[ZoneInfo], moment: datetime
) -> datetime:
    """Return the first moment from `moment` on at which every clock is within the hours of an open day."""
    for _ in range(_DAYS_AHEAD_MAX * len(clocks)):
        openings = [_opening(window, country, region, zone, moment) for zone in clocks]
        if max(openings) == moment:
            return moment
        moment = max(openings)
    raise AssertionError(f"no open hour in {_DAYS_AHEAD_MAX} days for {country}")


def _opening(window: _Window, country: str, region: str | None, zone: ZoneInfo, moment: datetime) -> datetime:
    """Return the moment itself when this clock is open, else the next time that it opens."""
    local = moment.astimezone(zone)
    day = local.date() if local.time() < window.closes else local.date() + _DAY
    while _closed_day(window, country, region, day):
        day += _DAY
    return max(moment, at_local(day=day, clock=window.opens, zone=zone))


def _line(
    window: _Window,
    country: str,
    channel: Channel,
    debtor: DebtorKind,
    moment: datetime,
    slot: datetime,
    reasons: tuple[str, ...],
) -> TraceLine:
    by_law = debtor in window.protects and channel in window.channels
    return TraceLine(
        rule=window.rule,
        version=window.since.isoformat(),
        source=window.source if by_law else f"house rule, after: {window.source}",
        inputs={
            "country": country,
            "channel": channel.value,
            "debtor": debtor.value,
            "at": moment.isoformat(),
        },
        outcome=f"not now ({', '.join(reasons)}), again from {slot.isoformat()}" if reasons else "allowed",
    )


def frequency_rule(*, on: date) -> dict[str, Any]:
    """Return how often the agency contacts a debtor of its own accord: `hours_between`, `in_7_days_max`."""
    rule = row_in_force(read_table("contact")["frequency"], on)
    assert rule is not None, "the rule of the house has always been in force"
    return rule

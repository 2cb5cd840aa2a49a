"""The hours and days on which a debtor may be contacted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from agency.calendar import HOME_ZONE, at_local, is_holiday, local_time, region_code, zone_of
from agency.rules.facts import Channel, DebtorKind
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import Trace, TraceLine

_SUNDAY: Final = 6
_DAY: Final = timedelta(days=1)
_DAYS_AHEAD_MAX: Final = 60
_ANY_COUNTRY: Final = "*"
_REST_DAY_RULE: Final = "rest_day"


@dataclass(frozen=True, slots=True)
class ContactDecision:
    """Whether a person may be contacted now; `next_slot` (UTC) is `at` itself when it is allowed.

    `reasons` are the codes "outside_hours", "sunday" and "holiday"; `by_law` are those among them that the
    law of the debtor's country gives, the others are the house's own.
    """

    allowed: bool
    reasons: tuple[str, ...]
    by_law: tuple[str, ...]
    next_slot: datetime
    trace: Trace


# Messages that are decided on together share their moment.
@lru_cache(maxsize=2048)
def contact_window(
    *, country: str, region: str | None, channel: Channel, debtor: DebtorKind, at: datetime
) -> ContactDecision:
    """Decide whether a debtor may be contacted at a moment, and if not, when again.

    Netherlands: not between 20:00 and 07:00, nor on Sundays and recognised holidays, to which decrees add
    days (Bki art. 4.2; Algemene termijnenwet art. 3). Belgium: no calls and visits between 22:00 and 08:00
    (law of 20 December 2002, WER Book VI); by the rule of the house no messages then either, and nothing on
    Sundays, holidays and the days of a community. The hours count on the debtor's own clock and, when that
    shows another time than the agency's, on both. A letter has no hours.

    :param country: where the debtor lives (ISO 3166-1 alpha-2), not the law of the claim.
    :param region: the part of it (ISO 3166-2); when it is not known, the holidays of every region count.
    :param at: the moment, with a zone.
    :raises UnknownCountry: when the country's holidays and zone are not known.
    :raises ValueError: when the moment has no zone.
    """
    place = _Place(country, region_code(country, region))
    moment = local_time(at=at, zone=zone_of(country, region)).astimezone(UTC)
    if channel is Channel.letter:
        return ContactDecision(True, (), (), moment, (_letter_line(place, moment),))
    closures = _closed_because(place, moment)
    slot = _next_slot(place, moment) if closures else moment
    window = _window(country, moment.astimezone(zone_of(country, region)).date())
    protected = debtor in window.protects and channel in window.channels
    return ContactDecision(
        allowed=not closures,
        reasons=tuple(dict.fromkeys(closure.reason for closure in closures)),
        by_law=tuple(dict.fromkeys(closure.reason for closure in closures if closure.by_law and protected)),
        next_slot=slot,
        trace=_trace(place, window, channel, debtor, moment, slot, closures),
    )


@dataclass(frozen=True, slots=True)
class _Place:
    country: str
    region: str | None


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
    law: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Closure:
    """One reason why a moment is closed, on one clock; `by_law` where the law protects and not the house."""

    reason: str
    by_law: bool
    local: datetime
    rule: str
    since: date
    source: str


@lru_cache(maxsize=8192)
def _window(country: str, on: date) -> _Window:
    rows = read_table("contact")["window"]
    row = row_in_force((row for row in rows if row["country"] == country), on) or row_in_force(
        (row for row in rows if row["country"] == _ANY_COUNTRY), on
    )
    assert row is not None, "the rule of the house has always been in force"
    sets = {key: frozenset(row[key]) for key in ("protects", "channels", "law")}
    return _Window(**{key: value for key, value in row.items() if key != "country"} | sets)


@lru_cache(maxsize=256)
def _clocks(place: _Place) -> tuple[ZoneInfo, ...]:
    """Return the zones whose clocks count: the debtor's first, and the agency's where it is another one."""
    zones = (zone_of(place.country, place.region), ZoneInfo(HOME_ZONE))
    return tuple({zone.key: zone for zone in zones}.values())


def _closed_because(place: _Place, moment: datetime) -> list[_Closure]:
    own, *others = (moment.astimezone(zone) for zone in _clocks(place))
    found = list(_closed_on(place, own, own_clock=True))
    for local in others:
        # Brussels and Amsterdam have two names for one time: it is told once.
        if local.utcoffset() != own.utcoffset():
            found += _closed_on(place, local, own_clock=False)
    return found


def _closed_on(place: _Place, local: datetime, *, own_clock: bool) -> Iterator[_Closure]:
    window = _window(place.country, local.date())
    if not window.opens <= local.time() < window.closes:
        yield _closure(window, "outside_hours", local, own_clock)
    if local.weekday() == _SUNDAY and not window.sundays:
        yield _closure(window, "sunday", local, own_clock)
    if window.holidays:
        return
    if is_holiday(country=place.country, day=local.date(), region=place.region):
        yield _closure(window, "holiday", local, own_clock)
    elif (row := _rest_day(place, local.date())) is not None:
        by_law = own_clock and row["basis"] == "law"
        rule = f"{place.country.lower()}.{_REST_DAY_RULE}"
        yield _Closure("holiday", by_law, local, rule, row["since"], row["source"])


def _closure(window: _Window, reason: str, local: datetime, own_clock: bool) -> _Closure:
    return _Closure(
        reason, own_clock and reason in window.law, local, window.rule, window.since, window.source
    )


@lru_cache(maxsize=8192)
def _rest_day(place: _Place, day: date) -> dict[str, Any] | None:
    """Return the row of a day that rests there without being a public holiday."""
    rows = [row for row in read_table("contact")["rest_day"] if row["country"] == place.country]
    known = {region for row in rows for region in row.get("regions", ())}
    for row in rows:
        here = place.region not in known or "regions" not in row or place.region in row["regions"]
        this_day = day in row.get("days", ()) or f"{day:%m-%d}" == row.get("month_day")
        if here and this_day and row["since"] <= day:
            found: dict[str, Any] = row
            return found
    return None


def _next_slot(place: _Place, moment: datetime) -> datetime:
    """Return the first moment from `moment` on at which every clock is within the hours of an open day."""
    clocks = _clocks(place)
    for _ in range(_DAYS_AHEAD_MAX * len(clocks)):
        later = max(_opening(place, zone, moment) for zone in clocks)
        if later == moment:
            return moment
        moment = later
    raise AssertionError(f"no open hour in {_DAYS_AHEAD_MAX} days for {place.country}")


def _opening(place: _Place, zone: ZoneInfo, moment: datetime) -> datetime:
    """Return the moment itself when this clock is open, else the next time that it opens."""
    local = moment.astimezone(zone)
    day = local.date()
    if local.time() >= _window(place.country, day).closes:
        day += _DAY
    while _day_is_closed(place, day):
        day += _DAY
    return max(moment, at_local(day=day, clock=_window(place.country, day).opens, zone=zone))


@lru_cache(maxsize=65536)
def _day_is_closed(place: _Place, day: date) -> bool:
    # At the opening hour only the day itself can be the reason.
    first_minute = datetime.combine(day, _window(place.country, day).opens, tzinfo=UTC)
    return any(_closed_on(place, first_minute, own_clock=True))


def _letter_line(place: _Place, moment: datetime) -> TraceLine:
    window = _window(_ANY_COUNTRY, moment.date())
    return TraceLine(
        rule=window.rule,
        version=window.since.isoformat(),
        source="house rule: the post brings a letter by day, whenever it was handed over",
        inputs={
            "country": place.country,
            "zone": zone_of(place.country, place.region).key,
            "at": _local(place, moment),
        },
        outcome="contact.letter",
    )


def _trace(
    place: _Place,
    window: _Window,
    channel: Channel,
    debtor: DebtorKind,
    moment: datetime,
    slot: datetime,
    closures: Sequence[_Closure],
) -> Trace:
    facts = {
        "country": place.country,
        "region": place.region or "",
        "channel": channel.value,
        "debtor": debtor.value,
        "zone": zone_of(place.country, place.region).key,
    }
    hours = {"opens": f"{window.opens:%H:%M}", "closes": f"{window.closes:%H:%M}"}
    protected = debtor in window.protects and channel in window.channels

    def line(rule: str, since: date, source: str, by_law: bool, outcome: str, **more: str) -> TraceLine:
        where = source if by_law or source.startswith("house rule") else f"house rule, after: {source}"
        return TraceLine(rule, since.isoformat(), where, facts | hours | more, f"contact.{outcome}")

    at = _local(place, moment)
    if not closures:
        return (
            line(window.rule, window.since, window.source, protected and bool(window.law), "allowed", at=at),
        )
    lines = [
        line(
            closure.rule, closure.since, closure.source, closure.by_law and protected, closure.reason,
            at=closure.local.isoformat(), day=closure.local.date().isoformat(),
        )
        for closure in closures
    ]  # fmt: skip
    again = line(
        window.rule, window.since, window.source, protected and bool(window.law), "again_from",
        at=at, next=_local(place, slot),
    )  # fmt: skip
    return (*lines, again)


def _local(place: _Place, moment: datetime) -> str:
    return moment.astimezone(zone_of(place.country, place.region)).isoformat()

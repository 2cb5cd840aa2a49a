"""How often one person is contacted, whichever creditors' claims the contacts are about."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from agency.calendar import HOME_ZONE, at_local
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import Trace, TraceLine

_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)
_HOME: Final = ZoneInfo(HOME_ZONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonContacts:
    """The contacts of the agency's own accord with one person, over the claims of EVERY creditor.

    A person who owes three creditors is one person: the caller counts by the identity that links the debtors,
    never by claim or creditor. The letter and the e-mail of one step are one contact; an answer to the
    person's own act is none. `other_creditor_at` is the last contact about another creditor's claim than the
    one that would be contacted about now. `oldest_of_7_days_at` is the oldest contact among
    `in_7_days`, where it is known.

    :raises ValueError: when the number is negative, or a moment has no zone.
    """

    last_at: datetime | None = None
    in_7_days: int = 0
    oldest_of_7_days_at: datetime | None = None
    other_creditor_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.in_7_days < 0:
            raise ValueError("contacts are counted from zero")
        for moment in (self.last_at, self.oldest_of_7_days_at, self.other_creditor_at):
            if moment is not None and moment.tzinfo is None:
                raise ValueError("a moment needs its zone")


@dataclass(frozen=True, slots=True)
class FrequencyDecision:
    """Whether one more contact is within the cap; `free_at` is `at` itself when it is, else the next try."""

    allowed: bool
    reasons: tuple[str, ...]
    free_at: datetime
    trace: Trace


@dataclass(frozen=True, slots=True)
class FrequencyRule:
    """How many contacts with one person are proportionate: hours between two, at most in seven days, and
    whether one creditor a day is enough."""

    rule: str
    since: date
    source: str
    counts: str
    hours_between: int
    in_7_days_max: int
    one_creditor_a_day: bool


def one_more_contact(*, contacts: PersonContacts, at: datetime) -> FrequencyDecision:
    """Decide whether a person may be contacted once more of the agency's own accord.

    No law read so far names a number; the norm is "careful, fitting, proportionate" (Bki), and the number is
    the house's. The cap counts contacts about the claims of every creditor together.

    :param at: the moment of the contact, with a zone.
    :raises ValueError: when the moment has no zone.
    """
    if at.tzinfo is None:
        raise ValueError("a moment needs its zone")
    rule = frequency_rule(on=at.astimezone(_HOME).date())
    if contacts.in_7_days >= rule.in_7_days_max:
        # Where only the number is known, not when the oldest contact falls out: ask again tomorrow.
        oldest = contacts.oldest_of_7_days_at
        free_at = at + _DAY if oldest is None else max(at + timedelta(microseconds=1), oldest + _WEEK)
        return _decision(rule, contacts, at, ("contacts_in_7_days",), free_at)
    if contacts.last_at is not None and at < contacts.last_at + timedelta(hours=rule.hours_between):
        free_at = contacts.last_at + timedelta(hours=rule.hours_between)
        return _decision(rule, contacts, at, ("too_soon_after_last_contact",), free_at)
    if rule.one_creditor_a_day and _day(contacts.other_creditor_at) == _day(at):
        tomorrow = at_local(day=at.astimezone(_HOME).date() + _DAY, clock=time(0), zone=_HOME)
        return _decision(rule, contacts, at, ("another_creditor_today",), tomorrow)
    return _decision(rule, contacts, at, (), at)


def _day(moment: datetime | None) -> date | None:
    """Return the day of the agency's calendar."""
    return None if moment is None else moment.astimezone(_HOME).date()


@lru_cache(maxsize=512)
def frequency_rule(*, on: date) -> FrequencyRule:
    """Return how often the agency contacts a person of its own accord."""
    row = row_in_force(read_table("contact")["frequency"], on)
    assert row is not None, "the rule of the house has always been in force"
    return FrequencyRule(**row)


def _decision(
    rule: FrequencyRule, contacts: PersonContacts, at: datetime, reasons: tuple[str, ...], free_at: datetime
) -> FrequencyDecision:
    line = TraceLine(
        rule=rule.rule,
        version=rule.since.isoformat(),
        source=rule.source,
        inputs={
            "counts": rule.counts,
            "at": at.isoformat(),
            "last": "" if contacts.last_at is None else contacts.last_at.isoformat(),
            "contacts": str(contacts.in_7_days),
            "maximum": str(rule.in_7_days_max),
            "hours": str(rule.hours_between),
            "free_at": free_at.isoformat(),
        },
        outcome=f"contact.{reasons[0] if reasons else 'often_enough'}",
    )
    return FrequencyDecision(not reasons, reasons, free_at, (line,))

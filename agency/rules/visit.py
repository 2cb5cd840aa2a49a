"""How a visit is announced: how long before it, for how many hours, and when the words have arrived."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from agency.rules.facts import Channel
from agency.rules.tables import read_table, row_in_force


@dataclass(frozen=True, slots=True)
class VisitPolicy:
    """The days between an announcement and its visit, the hours it may take and how far ahead it may lie."""

    notice_days: int
    letter_days: int
    hours_max: int
    days_ahead_max: int

    def first_day(self, today: date) -> date:
        """The first day for which a visit can be announced."""
        return today + timedelta(days=self.notice_days)

    def last_day(self, today: date) -> date:
        """The last one."""
        return today + timedelta(days=self.days_ahead_max)


def visit_policy(*, on: date) -> VisitPolicy:
    """Return what is in force on a day."""
    row = row_in_force(read_table("visit")["policy"], on)
    assert row is not None, "the rule of the house has always been in force"
    return VisitPolicy(row["notice_days"], row["letter_days"], row["hours_max"], row["days_ahead_max"])


def hours_fault(*, first: time, last: time, policy: VisitPolicy) -> str | None:
    """Return what is wrong with the hours of a visit, "backwards" or "too_long"; None when nothing is."""
    length = datetime.combine(date.min, last) - datetime.combine(date.min, first)
    if length <= timedelta(0):
        return "backwards"
    return "too_long" if length > timedelta(hours=policy.hours_max) else None


def has_arrived(*, channel: Channel, left_on: date | None, visit_on: date, policy: VisitPolicy) -> bool:
    """Whether an announcement that left on a day (a letter: was posted) was read before the visit."""
    if left_on is None:
        return False
    under_way = policy.letter_days if channel is Channel.letter else 0
    return left_on + timedelta(days=under_way) < visit_on

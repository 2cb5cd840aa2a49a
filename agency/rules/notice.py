"""How long the debtor still pays without costs after a notice."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Literal

from agency.calendar import is_holiday, next_business_day
from agency.rules.facts import Law
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import Trace, TraceLine

_DAY = timedelta(days=1)


class NoNoticeTerm(ValueError):
    """No rule on the term of a notice was in force on that day."""


@dataclass(frozen=True, slots=True)
class NoticeTerm:
    """The term of a notice: paid on `last_day` is still free of costs, which run from `costs_from`.

    `delivered` is the day on which the notice counts as received.
    """

    delivered: date
    last_day: date
    costs_from: date
    trace: Trace


@lru_cache(maxsize=8192)
def notice_term(*, law: Law, by: Literal["post", "email"], sent: date) -> NoticeTerm:
    """Work out when the term of a notice runs out.

    Netherlands: fourteen days from the day after receipt; post arrives on the second day after dispatch, on
    which Sunday, Monday and holidays do not count (BW 6:96(6); HR ECLI:NL:HR:2016:2704). Belgium: fourteen
    calendar days from the third working day after dispatch, by e-mail from the next day (WER Book XIX).
    A last day in a weekend or on a holiday moves to the next business day.

    :param sent: the day the notice was really handed over for delivery, not the day it was planned.
    :raises NoNoticeTerm: when the rule was not in force yet on that day.
    """
    rows = [row for row in read_table("notice")["term"] if row["law"] == law and row["by"] == by]
    rule = row_in_force(rows, sent)
    if rule is None:
        raise NoNoticeTerm(f"no notice term under the law of {law} on {sent}")
    delivered = _delivered(rule, sent)
    first_day = delivered if rule["starts"] == "delivery_day" else delivered + _DAY
    statutory = first_day + timedelta(days=rule["days"] - 1)
    last_day = next_business_day(country=rule["country"], day=statutory) if rule["extend"] else statutory
    line = TraceLine(
        rule=rule["rule"],
        version=rule["since"].isoformat(),
        source=rule["source"],
        inputs={"by": by, "sent": sent.isoformat(), "first_day": first_day.isoformat()},
        outcome=f"{rule['days']} days to {statutory}"
        + (f", extended to the business day {last_day}" if last_day != statutory else ""),
    )
    return NoticeTerm(delivered=delivered, last_day=last_day, costs_from=last_day + _DAY, trace=(line,))


def _delivered(rule: dict[str, Any], sent: date) -> date:
    day, left = sent, rule["delivery_days"]
    while left:
        day += _DAY
        left -= day.weekday() not in rule["uncounted"] and not is_holiday(country=rule["country"], day=day)
    return day

"""How long the debtor still pays without costs after a notice."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Literal

from agency.calendar import is_holiday, next_business_day
from agency.rules.facts import DebtorKind, Law
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
def notice_term(
    *,
    law: Law,
    by: Literal["post", "email"],
    sent: date,
    debtor: DebtorKind = DebtorKind.consumer,
    days: int | None = None,
) -> NoticeTerm:
    """Work out when the term of a notice runs out.

    Netherlands: fourteen days from the day after receipt; post arrives on the second day after dispatch, on
    which Sunday, Monday and holidays do not count (BW 6:96(6); HR ECLI:NL:HR:2016:2704). A last day in a
    weekend or on a holiday moves to the next business day. Belgium: fourteen calendar days from the third
    working day after dispatch, by e-mail from the next day, wherever they end (WER Book XIX).

    :param sent: the day the notice was really handed over for delivery, not the day it was planned.
    :param debtor: between businesses no notice is needed; one that is sent gets the house's own term.
    :param days: a longer term than the shortest one.
    :raises NoNoticeTerm: when the rule was not in force yet on that day, or the term would be shorter.
    """
    terms = read_table("notice")["term"]
    mine = (row for row in terms if (row["law"], row["by"]) == (law, by) and debtor in row["debtors"])
    rule = row_in_force(mine, sent)
    if rule is None:
        raise NoNoticeTerm(f"no notice term under the law of {law} on {sent}")
    given = rule["days"] if days is None else days
    if given < rule["days"]:
        raise NoNoticeTerm(f"{rule['rule']}: a term of {given} days is shorter than {rule['days']}")
    delivered = _delivered(rule, sent)
    first_day = delivered if rule["starts"] == "delivery_day" else delivered + _DAY
    statutory = first_day + timedelta(days=given - 1)
    last_day = next_business_day(country=rule["country"], day=statutory) if rule["extend"] else statutory
    return NoticeTerm(
        delivered=delivered,
        last_day=last_day,
        costs_from=last_day + _DAY,
        trace=_trace(rule, sent, delivered, first_day, statutory, last_day),
    )


@dataclass(frozen=True, slots=True)
class DueWithoutNotice:
    """From which day a business owes costs although nobody sent it a notice."""

    costs_from: date
    trace: Trace


def due_without_notice(*, law: Law, debtor: DebtorKind, due: date) -> DueWithoutNotice:
    """Tell from when the fixed sum is due between businesses: the day after the last day of payment.

    :param due: the last day of payment, agreed or statutory.
    :raises NoNoticeTerm: for a consumer, who owes nothing without a notice, and where no rule was in force.
    """
    rows = (row for row in read_table("notice")["without_notice"] if row["law"] == law)
    rule = row_in_force(rows, due)
    if debtor is DebtorKind.consumer or rule is None:
        raise NoNoticeTerm(f"under the law of {law} a {debtor} owes no costs without a notice on {due}")
    costs_from = due + timedelta(days=rule["days"])
    line = TraceLine(
        rule=f"{law}.due_without_notice",
        version=rule["since"].isoformat(),
        source=rule["source"],
        inputs={"due": due.isoformat(), "costs_from": costs_from.isoformat()},
        outcome="notice.not_needed",
    )
    return DueWithoutNotice(costs_from=costs_from, trace=(line,))


def _trace(
    rule: dict[str, Any], sent: date, delivered: date, first_day: date, statutory: date, last_day: date
) -> Trace:
    inputs = {
        "by": rule["by"],
        "sent": sent.isoformat(),
        "delivered": delivered.isoformat(),
        "first_day": first_day.isoformat(),
        "days": str((statutory - first_day).days + 1),
        "statutory": statutory.isoformat(),
        "last_day": last_day.isoformat(),
    }
    keys = [f"delivered_by_{rule['by']}", "term"] + ["extended"] * (last_day != statutory)
    return tuple(
        TraceLine(
            rule=rule["rule"],
            version=rule["since"].isoformat(),
            source=rule["source"],
            inputs=inputs,
            outcome=f"notice.{key}",
        )
        for key in keys
    )


def _delivered(rule: dict[str, Any], sent: date) -> date:
    day, left = sent, rule["delivery_days"]
    while left:
        day += _DAY
        left -= day.weekday() not in rule["uncounted"] and not is_holiday(country=rule["country"], day=day)
    return day

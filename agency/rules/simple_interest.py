"""Statutory interest without interest on interest, for whoever asks less than a compounding law allows."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Final

from agency.money import Money, round_ratio
from agency.rules.facts import InterestKind, Law
from agency.rules.interest import Interest, Segment, interest
from agency.rules.trace import TraceLine

_YEAR: Final = 365
_HUNDRED: Final = 100


def simple_interest(
    *,
    law: Law,
    kind: InterestKind,
    principal: Money,
    first_day: date,
    last_day: date,
    late_since: date | None = None,
) -> Interest:
    """Compute statutory interest over a principal that is never raised; both days count, actual/365.

    A creditor may ask less than BW 6:119(2) and 6:119a(3) give. Rates and days are those of `interest`; it is
    rounded once, at the end. Under a law without compounding the answer is that of `interest`.

    :param principal: what the interest runs over; not negative.
    :param late_since: the first day of default, when it lies before `first_day`.
    :raises NoRate: when no statutory rate is known for a day.
    :raises ValueError: when the principal is negative, or the default is later than `first_day`.
    """
    found = interest(
        law=law,
        kind=kind,
        principal=principal,
        first_day=first_day,
        last_day=last_day,
        late_since=late_since,
    )
    exact, booked, segments = Fraction(0), 0, []
    for one in found.segments:
        # The running sum is rounded, never the part: the shown parts then add up to the whole.
        exact += Fraction(principal.minor) * Fraction(one.percent) * one.days / (_HUNDRED * _YEAR)
        amount = round_ratio(exact.numerator, exact.denominator) - booked
        booked += amount
        segments.append(replace(one, base=principal, amount=Money(amount, principal.currency)))
    return Interest(
        amount=Money(booked, principal.currency),
        segments=tuple(segments),
        trace=tuple(_line(law, kind, one) for one in segments),
    )


def _line(law: Law, kind: InterestKind, segment: Segment) -> TraceLine:
    return TraceLine(
        rule=f"{law}.interest.{kind}.simple",
        version=segment.first_day.isoformat(),
        source=segment.source,
        inputs={
            "base": str(segment.base),
            "percent": str(segment.percent),
            "first_day": segment.first_day.isoformat(),
            "last_day": segment.last_day.isoformat(),
            "days": str(segment.days),
        },
        outcome="simple_interest.segment",
        amount=segment.amount,
    )

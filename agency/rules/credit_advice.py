"""What is advised after a credit check, what it costs, and what may be told of others' experience."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median_low
from typing import Any, Final, Literal

from agency.money import Money, percent_of
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import Trace, TraceLine

Advice = Literal["deliver", "deliver_less", "advance_payment", "do_not_deliver"]

_VERSION: Final = "2026-11-26"
_GONE: Final = frozenset({"bankrupt", "dissolved", "moratorium"})


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a check costs without VAT, from when on."""

    price: Money
    since: date


@dataclass(frozen=True, slots=True)
class ClaimSeen:
    """A claim of another creditor on the company; `creditor` only tells creditors apart."""

    creditor: str
    claimed: Money
    paid: Money
    days_to_pay: int | None


@dataclass(frozen=True, slots=True)
class Experience:
    """How a company paid others, rounded, over at least the number of creditors that the table wants."""

    paid_percent: int
    days_to_pay: int | None


@dataclass(frozen=True, slots=True)
class CreditAdvice:
    """What to do, up to which amount on account, and why."""

    advice: Advice
    limit: Money | None
    trace: Trace


def tariff_on(day: date) -> Tariff:
    """Return what a check costs on a day."""
    row = _in_force("tariff", day)
    return Tariff(Money(row["price_minor"], row["currency"]), row["since"])


def experience_of(claims: Sequence[ClaimSeen], *, on: date) -> Experience | None:
    """Tell how a company paid, None while fewer creditors than the table wants know it.

    No creditor, claim or exact number can be read out of the answer: percentages and days are rounded, and
    every creditor weighs the same, so that a large one does not show through.
    """
    row = _in_force("experience", on)
    by_creditor: dict[str, list[ClaimSeen]] = {}
    for claim in claims:
        if claim.claimed.minor > 0:
            by_creditor.setdefault(claim.creditor, []).append(claim)
    if len(by_creditor) < row["creditors_min"]:
        return None
    shares = [_paid_percent(seen) for seen in by_creditor.values()]
    waits = [
        claim.days_to_pay for seen in by_creditor.values() for claim in seen if claim.days_to_pay is not None
    ]
    knowing = {
        claim.creditor for seen in by_creditor.values() for claim in seen if claim.days_to_pay is not None
    }
    enough = len(knowing) >= row["creditors_min"]
    return Experience(
        paid_percent=_rounded(sum(shares) // len(shares), row["round_to"]),
        days_to_pay=_rounded(median_low(waits), row["round_to"]) if enough else None,
    )


def advise(
    *, status: str, score: int | None, limit: Money | None, experience: Experience | None, on: date
) -> CreditAdvice:
    """Advise whether to deliver on account: never to who is insolvent or gone, else by score and experience.

    A company without a score is treated as one with the lowest.
    """
    inputs = {
        "status": status,
        "score": "" if score is None else str(score),
        "paid_percent": "" if experience is None else str(experience.paid_percent),
    }
    if status in _GONE:
        line = TraceLine("house.credit", _VERSION, "house rule of advice", inputs, "credit.do_not_deliver")
        return CreditAdvice("do_not_deliver", None, (line,))
    rows = [row for row in read_table("credit_check")["advice"] if row["since"] <= on]
    row = next(row for row in rows if _fits(row, score or 0, experience))
    line = TraceLine(
        "house.credit", row["since"].isoformat(), row["source"], inputs, f"credit.{row['advice']}"
    )
    advised = percent_of(limit, row["limit_percent"]) if limit is not None and limit.minor > 0 else None
    return CreditAdvice(row["advice"], advised if advised else None, (line,))


def _fits(row: dict[str, Any], score: int, experience: Experience | None) -> bool:
    paid = experience is None or experience.paid_percent >= row["paid_min"]
    return bool(score >= row["score_min"] and paid)


def _paid_percent(seen: Sequence[ClaimSeen]) -> int:
    claimed, paid = sum(one.claimed.minor for one in seen), sum(one.paid.minor for one in seen)
    return min(100, paid * 100 // claimed)


def _rounded(value: int, to: int) -> int:
    return (value + to // 2) // to * to


def _in_force(kind: str, on: date) -> dict[str, Any]:
    row = row_in_force(read_table("credit_check")[kind], on)
    assert row is not None, "the rule of the house has always been in force"
    return row

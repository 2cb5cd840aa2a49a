"""What a claim may be expected to bring in, with its range, and where that comes from."""

from bisect import bisect_right
from dataclasses import dataclass
from math import isqrt
from typing import Any, Final

from agency.money import Money, round_ratio
from agency.rules.facts import DebtorKind, DisputeStatus
from agency.rules.tables import read_table
from agency.rules.trace import Trace, TraceLine

__all__ = ["Expectation", "Kind", "OwnBooks", "expected_recovery", "kind_of"]

_WHOLE: Final = 10_000
_HUNDRED: Final = 100


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of claim that is counted together: debtor, and the numbers of its age and amount bands."""

    debtor: DebtorKind
    age_band: int
    amount_band: int


@dataclass(frozen=True, slots=True)
class OwnBooks:
    """What closed claims of one kind brought in: how many, of how many creditors, and the sums of their
    shares and of the squares of those, in basis points of the principal."""

    claims: int
    creditors: int
    share_sum: int
    share_squares: int


@dataclass(frozen=True, slots=True)
class Expectation:
    """The amount that claims like this bring in on average, and the range of that average.

    `source` is `own` for the agency's closed claims, of which `claims` were counted, else `house`.
    """

    low: Money
    middle: Money
    high: Money
    source: str
    claims: int
    trace: Trace


def kind_of(*, debtor: DebtorKind, age_days: int, amount: Money) -> Kind:
    """Return the kind that a claim is counted with; bands are numbered from 1."""
    table = read_table("recovery")
    return Kind(
        debtor,
        bisect_right(table["age_bands"], age_days),
        bisect_right(table["amount_bands"], amount.minor),
    )


def expected_recovery(
    *,
    amount: Money,
    age_days: int,
    debtor: DebtorKind,
    dispute: DisputeStatus,
    own: OwnBooks | None = None,
) -> Expectation:
    """Estimate what a claim brings in: from closed claims of its kind where there are enough, else by the
    house table. A dispute leaves part of it.

    The range of own figures is two standard errors of the mean around it: in about 95 of 100 such groups
    the average lies within.

    :param own: what closed claims of the kind brought in, None when nothing was counted.
    :raises ValueError: when the amount is not positive or the age negative.
    """
    if amount.minor <= 0 or age_days < 0:
        raise ValueError("an expectation needs a positive amount and an age")
    table = read_table("recovery")
    enough = (
        own is not None
        and own.claims >= table["own_claims_min"]
        and own.creditors >= table["own_creditors_min"]
    )
    shares = _own_shares(own) if enough and own is not None else _house_shares(table, debtor, age_days)
    left = table["dispute"].get(dispute, table["dispute"]["substantiated"])
    low, middle, high = (
        Money(round_ratio(amount.minor * share * left, _WHOLE * _HUNDRED), amount.currency)
        for share in shares
    )
    source, claims = ("own", own.claims) if enough and own is not None else ("house", 0)
    line = TraceLine(
        rule="recovery",
        version=table["version"],
        source="closed claims of the agency" if enough else "house table of recovery",
        inputs={"claims": str(claims), "share": str(shares[1]), "dispute": str(left)},
        outcome=f"recovery.{source}",
        amount=middle,
    )
    return Expectation(low, middle, high, source, claims, (line,))


def _own_shares(own: OwnBooks) -> tuple[int, int, int]:
    mean = own.share_sum // own.claims
    variance = max(0, own.share_squares // own.claims - mean * mean)
    error = 2 * isqrt(variance // own.claims)
    return max(0, mean - error), mean, min(_WHOLE, mean + error)


def _house_shares(table: dict[str, Any], debtor: DebtorKind, age_days: int) -> tuple[int, int, int]:
    reached = [row for row in table["share"] if row["debtor"] == debtor and row["from_days"] <= age_days]
    row = max(reached, key=lambda one: int(one["from_days"]))
    return int(row["low"] * _HUNDRED), int(row["percent"] * _HUNDRED), int(row["high"] * _HUNDRED)

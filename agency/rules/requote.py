"""What becomes of an accepted price when the facts of its claim change: it stands, falls by itself, or rises
once the creditor agrees; and what waits until then."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from agency.money import Money
from agency.rules.facts import DisputeStatus
from agency.rules.rate_card import WHOLE
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import Trace, TraceLine

OPEN_DISPUTES: Final = (DisputeStatus.raised, DisputeStatus.substantiated)
_UNCONTESTED: Final = (DisputeStatus.none, DisputeStatus.resolved_creditor)


class Verdict(StrEnum):
    """What is to be done with a price that was worked out anew."""

    stands = "stands"
    falls = "falls"
    rises = "rises"


class Waits(StrEnum):
    """What waits for the answer to a higher price."""

    nothing = "nothing"
    contested = "contested"  # only what the debtor contests, which its dispute holds already
    claim = "claim"


class Kept(StrEnum):
    """Why a price stands although it would be higher, where the house rule says so."""

    small_part = "small_part"
    small_rise = "small_rise"


@dataclass(frozen=True, slots=True)
class RequotePolicy:
    """From which change on a higher price is asked; see `requote.toml` for the units."""

    since: date
    contested_bps_min: int
    rise_minor_min: int
    remind_days_before: int
    source: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What a claim costs: the fee in basis points of what is collected, at least, and when all comes in."""

    fee_bps: int
    minimum: Money
    maximum: Money


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a price, what waits for it, why the house rule keeps it if it does, and the trace."""

    verdict: Verdict
    waits: Waits = Waits.nothing
    kept: Kept | None = None
    trace: Trace = ()


def requote_policy(on: date) -> RequotePolicy:
    """Return the house rule in force on a day.

    :raises LookupError: every row begins later.
    """
    row = row_in_force(read_table("requote")["policy"], on)
    if row is None:
        raise LookupError(f"no rule for higher prices is in force on {on}")
    return RequotePolicy(**row)


def leave_dispute_out(
    *,
    agreed: DisputeStatus,
    now: DisputeStatus,
    contested: Money,
    amount: Money,
    policy: RequotePolicy,
) -> Trace:
    """Return the trace of why a dispute is no new fact for the price: so little of the claim is contested.
    Empty where it is one.

    Only beside a price that was agreed for an uncontested claim; else leaving a dispute out could keep a
    price from falling.

    :param contested: what the debtor contests of the claim, or was right about.
    :raises CurrencyMismatch: the two are in different currencies.
    """
    if agreed not in _UNCONTESTED or now in _UNCONTESTED:
        return ()
    if contested.minor * WHOLE >= policy.contested_bps_min * amount.minor:
        return ()
    inputs = {
        "contested": str(contested), "claimed": str(amount), "dispute": now.value,
        "least": format((Decimal(policy.contested_bps_min) / 100).normalize(), "f"),
    }  # fmt: skip
    return (_line(policy, inputs, Kept.small_part),)


def judge_new_price(
    *,
    agreed: Terms,
    offered: Terms,
    only_evidence_added: bool,
    policy: RequotePolicy,
    undisputed: Terms | None = None,
    dispute: DisputeStatus = DisputeStatus.none,
) -> Decision:
    """Judge the price of new facts beside the one that was agreed.

    A price that is lower or equal in everything binds the agency alone, so it counts at once. One that is
    higher in anything binds the creditor, so it counts when the creditor says so; below the least difference
    of the house rule nobody is asked. Evidence that is added never raises a price: where a later table of
    evidence would, what was agreed stands (house rule).

    :param only_evidence_added: whether nothing else about the claim changed than that documents came in.
    :param undisputed: the terms of the new facts with the dispute as it was agreed on; None where it is the
        same. When only an open dispute makes it dearer, what is not contested goes on.
    :raises CurrencyMismatch: two are in different currencies.
    """
    if offered == agreed:
        return Decision(Verdict.stands)
    if not _dearer(agreed, offered):
        return Decision(Verdict.falls)
    if only_evidence_added:
        return Decision(Verdict.stands)
    rise = offered.maximum - agreed.maximum
    least = Money(policy.rise_minor_min, rise.currency)
    inputs = {
        "agreed_bps": str(agreed.fee_bps), "offered_bps": str(offered.fee_bps), "rise": str(rise),
        "least": str(least), "dispute": dispute.value,
    }  # fmt: skip
    if rise < least:
        kept = Kept.small_rise
        return Decision(Verdict.stands, kept=kept, trace=(_line(policy, inputs, kept),))
    by_dispute = undisputed is not None and not _dearer(agreed, undisputed)
    waits = Waits.contested if by_dispute and dispute in OPEN_DISPUTES else Waits.claim
    return Decision(Verdict.rises, waits, trace=(_line(policy, inputs, f"{waits}_waits"),))


def _dearer(agreed: Terms, offered: Terms) -> bool:
    return (
        offered.fee_bps > agreed.fee_bps
        or offered.minimum > agreed.minimum
        or offered.maximum > agreed.maximum
    )


def _line(policy: RequotePolicy, inputs: dict[str, str], outcome: str) -> TraceLine:
    return TraceLine("requote", str(policy.since), policy.source, inputs, f"requote.{outcome}")

"""What becomes of an accepted price when the facts of its claim change: it stands, falls by itself, or rises
once the creditor agrees."""

from dataclasses import dataclass
from enum import StrEnum

from agency.money import Money


class Verdict(StrEnum):
    """What is to be done with a price that was worked out anew."""

    stands = "stands"
    falls = "falls"
    rises = "rises"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a claim costs: the fee in basis points of what is collected, at least, and when all comes in."""

    fee_bps: int
    minimum: Money
    maximum: Money


def judge_new_price(*, agreed: Terms, offered: Terms, only_evidence_added: bool) -> Verdict:
    """Judge the price of new facts beside the one that was agreed.

    A price that is lower or equal in everything binds the agency alone, so it counts at once. One that is
    higher in anything binds the creditor, so it counts when the creditor says so. Evidence that is added
    never raises a price: where a later table of evidence would, what was agreed stands (house rule).

    :param only_evidence_added: whether nothing else about the claim changed than that documents came in.
    :raises CurrencyMismatch: the two are in different currencies.
    """
    if offered == agreed:
        return Verdict.stands
    dearer = (
        offered.fee_bps > agreed.fee_bps
        or offered.minimum > agreed.minimum
        or offered.maximum > agreed.maximum
    )
    if not dearer:
        return Verdict.falls
    return Verdict.stands if only_evidence_added else Verdict.rises

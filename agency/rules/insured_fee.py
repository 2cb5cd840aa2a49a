"""What a credit insurer pays back of a collection fee."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from agency.money import Money, percent_of
from agency.rules.trace import Trace, TraceLine

_HUNDRED: Final = Decimal(100)
_VERSION: Final = "2026-11-01"


@dataclass(frozen=True, slots=True)
class InsuredFee:
    """A fee divided between insurer and client: `reimbursed` and `client` add up to `fee`."""

    fee: Money
    reimbursed: Money
    client: Money
    trace: Trace


def insured_fee(*, fee: Money, indemnity_percent: Decimal, covered_percent: Decimal) -> InsuredFee:
    """Divide a fee by a credit insurance: the indemnity counts over the part of the claim that is covered.

    :param indemnity_percent: what the policy pays back, in per cent.
    :param covered_percent: how much of the claim the policy covers, in per cent.
    :raises ValueError: when a percentage is not between 0 and 100.
    """
    if not (0 <= indemnity_percent <= _HUNDRED and 0 <= covered_percent <= _HUNDRED):
        raise ValueError("percentages are between 0 and 100")
    reimbursed = percent_of(fee, indemnity_percent * covered_percent / _HUNDRED)
    inputs = {"indemnity": str(indemnity_percent), "covered": str(covered_percent), "fee": str(fee)}
    lines = (
        TraceLine("fee.insured", _VERSION, "policy of the credit insurer", inputs, "fee.whole", fee),
        TraceLine(
            "fee.insured", _VERSION, "policy of the credit insurer", inputs, "fee.insured", -reimbursed
        ),
    )
    return InsuredFee(fee=fee, reimbursed=reimbursed, client=fee - reimbursed, trace=lines)

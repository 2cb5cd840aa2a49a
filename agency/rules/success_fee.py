from dataclasses import dataclass
from decimal import Decimal

from agency.money import Money
from agency.rules.trace import Trace


@dataclass(frozen=True, slots=True)
class SuccessFee:
    """The agency's fee over money collected; gross is net plus VAT."""

    net: Money
    vat: Money
    gross: Money
    trace: Trace


def success_fee(
    *,
    collected: Money,
    fee_bps: int,
    vat_percent: Decimal,
    minimum_left: Money | None = None,
    maximum_left: Money | None = None,
) -> SuccessFee:
    raise NotImplementedError

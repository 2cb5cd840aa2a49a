"""The agency's fee over money that was collected."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from agency.money import Money, Rounding, bps_of, percent_of, round_minor
from agency.rules.trace import Trace, TraceLine

_VERSION: Final = "2026-11-01"
_HUNDRED: Final = Decimal(100)


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
    """Compute the fee over one collected amount: no cure, no pay, so nothing collected is nothing charged.

    With VAT it is never more than what was collected. Money given back (a refund, a chargeback) is a
    negative amount and gives the fee back.

    :param fee_bps: the agreed fee in basis points of what is collected.
    :param vat_percent: the VAT rate on the agency's invoice, in per cent.
    :param minimum_left: the part of an agreed minimum that earlier payments did not reach yet.
    :param maximum_left: the part of the quote's maximum that earlier fees left.
    :raises CurrencyMismatch: when minimum or maximum have another currency.
    :raises ValueError: when the fee or the VAT is negative, or the fee above 100%.
    """
    if not 0 <= fee_bps <= 10_000 or vat_percent < 0:
        raise ValueError("a fee is between 0 and 10,000 basis points, and VAT is not negative")
    net = bps_of(abs(collected), fee_bps)
    if minimum_left is not None and collected:
        net = max(net, minimum_left)
    if maximum_left is not None:
        net = min(net, max(maximum_left, Money.zero(collected.currency)))
    net = min(net, _most_net(abs(collected), vat_percent))
    if collected.minor < 0:
        net = -net
    vat = percent_of(net, vat_percent)
    line = TraceLine(
        rule="success_fee",
        version=_VERSION,
        source="fee agreement with the creditor",
        inputs={"collected": str(collected), "fee_bps": str(fee_bps), "vat_percent": str(vat_percent)},
        outcome=f"{net} and {vat} VAT",
        amount=net,
    )
    return SuccessFee(net=net, vat=vat, gross=net + vat, trace=(line,))


def _most_net(collected: Money, vat_percent: Decimal) -> Money:
    """Return the largest net fee whose gross does not exceed the money collected."""
    share = Decimal(collected.minor) * _HUNDRED / (_HUNDRED + vat_percent)
    return Money(round_minor(share, Rounding.DOWN), collected.currency)

"""The agency's fee over money that was collected."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from agency.money import Money, Rounding, bps_of, percent_of, round_minor
from agency.rules.no_cure_no_pay import Work, refuse_forbidden
from agency.rules.trace import Trace, TraceLine

_VERSION: Final = "2026-11-01"
_HUNDRED: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class SuccessFee:
    """The agency's fee over money collected; gross is net plus VAT, and what the trace adds up to."""

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
    work: Work | None = None,
) -> SuccessFee:
    """Compute the fee over one collected amount: no cure, no pay, so nothing collected is nothing charged.

    With VAT it is never more than what was collected. Money given back (a refund, a chargeback) is a
    negative amount and gives the fee back. Money that the debtor paid to the creditor directly earns the fee
    like any other.

    :param fee_bps: the agreed fee in basis points of what is collected.
    :param vat_percent: the VAT rate on the agency's invoice, in per cent.
    :param minimum_left: the part of an agreed minimum that earlier payments did not reach yet.
    :param maximum_left: the part of the quote's maximum that earlier fees left.
    :param work: what was done, where it is not certain that a fee by result is allowed.
    :raises UnlawfulFee: when the law forbids a fee by result for that work.
    :raises CurrencyMismatch: when minimum or maximum have another currency.
    :raises ValueError: when the fee or the VAT is negative, or the fee above 100%.
    """
    if not 0 <= fee_bps <= 10_000 or vat_percent < 0:
        raise ValueError("a fee is between 0 and 10,000 basis points, and VAT is not negative")
    if work is not None:
        refuse_forbidden(work)
    lines = _net_lines(abs(collected), fee_bps, minimum_left, maximum_left, vat_percent)
    net = Money.total((line.amount for line in lines if line.amount is not None), collected.currency)
    vat = percent_of(net, vat_percent)
    if vat:
        lines.append(_line("vat", vat, percent=_plain(vat_percent), net=str(net)))
    if collected.minor < 0:
        net, vat, lines = -net, -vat, [_given_back(line) for line in lines]
    return SuccessFee(net=net, vat=vat, gross=net + vat, trace=tuple(lines))


def _net_lines(
    collected: Money, fee_bps: int, minimum_left: Money | None, maximum_left: Money | None, vat: Decimal
) -> list[TraceLine]:
    """Return the addends of the net fee: the percentage, then what a minimum or maximum changes."""
    net = bps_of(collected, fee_bps)
    percent = _plain(Decimal(fee_bps) / _HUNDRED)
    lines = [_line("success", net, percent=percent, collected=str(collected))]
    if minimum_left is not None and collected and minimum_left > net:
        lines.append(_line("minimum", minimum_left - net, minimum=str(minimum_left)))
        net = minimum_left
    if maximum_left is not None:
        maximum = max(maximum_left, Money.zero(collected.currency))
        if net > maximum:
            lines.append(_line("maximum", maximum - net, maximum=str(maximum)))
            net = maximum
    most = _most_net(collected, vat)
    if net > most:
        lines.append(_line("not_above_collected", most - net, collected=str(collected)))
    return lines


def _given_back(line: TraceLine) -> TraceLine:
    assert line.amount is not None, "every line of a fee is an addend"
    outcome = "fee.given_back" if line.outcome == "fee.success" else line.outcome
    return replace(line, amount=-line.amount, outcome=outcome)


def _line(key: str, amount: Money, **inputs: str) -> TraceLine:
    return TraceLine(
        rule="success_fee",
        version=_VERSION,
        source="fee agreement with the creditor",
        inputs=inputs,
        outcome=f"fee.{key}",
        amount=amount,
    )


def _plain(percent: Decimal) -> str:
    """Write a percentage without an exponent or trailing zeros: 8.50 is "8.5"."""
    return format(percent.normalize(), "f")


def _most_net(collected: Money, vat_percent: Decimal) -> Money:
    """Return the largest net fee whose gross does not exceed the money collected."""
    share = Decimal(collected.minor) * _HUNDRED / (_HUNDRED + vat_percent)
    return Money(round_minor(share, Rounding.DOWN), collected.currency)

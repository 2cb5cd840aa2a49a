"""What was agreed beside the percentage: days in which a payment is free, what a withdrawal costs, and the
amounts and hours of an offer, and credit checks."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from agency.money import Money, bps_of, percent_of
from agency.rules.success_fee import SuccessFee
from agency.rules.trace import TraceLine

_VERSION: Final = "2026-11-01"
_SOURCE: Final = "fee agreement with the creditor"
_HUNDRED: Final = Decimal(100)
_MINUTES: Final = Decimal(60)
_CENT: Final = Decimal("0.01")


def free_demand_fee(*, collected: Money, accepted_on: date, paid_on: date, days: int) -> SuccessFee | None:
    """Decide whether a payment came so soon after the assignment that it bears no fee.

    :param days: how many days after acceptance are free; 0 when none were agreed.
    :returns: a fee of nothing with its reason, or None when the fee is due as usual.
    """
    if days <= 0 or paid_on > accepted_on + timedelta(days=days):
        return None
    zero = Money.zero(collected.currency)
    inputs = {"days": str(days), "accepted_on": accepted_on.isoformat(), "paid_on": paid_on.isoformat()}
    line = TraceLine("success_fee", _VERSION, _SOURCE, inputs, "fee.free_demand", zero)
    return SuccessFee(net=zero, vat=zero, gross=zero, trace=(line,))


def withdrawal_fee(
    *, open_amount: Money, bps: int, minimum: Money, vat_percent: Decimal
) -> SuccessFee | None:
    """Compute what the creditor owes for taking a claim back that the agency was working on.

    :param open_amount: what was open when it was taken back.
    :param bps: the agreed share of it in basis points.
    :param minimum: the least that was agreed for a withdrawal.
    :returns: None where nothing was agreed, or nothing was open.
    :raises ValueError: when the share is not between nothing and everything.
    """
    if not 0 <= bps <= 10_000:
        raise ValueError("a share is between 0 and 10,000 basis points")
    if open_amount.minor <= 0 or not (bps or minimum):
        return None
    net = bps_of(open_amount, bps)
    percent = format((Decimal(bps) / _HUNDRED).normalize(), "f")
    lines = [_line("withdrawal", net, percent=percent, open=str(open_amount))]
    if minimum > net:
        lines.append(_line("minimum", minimum - net, minimum=str(minimum)))
        net = minimum
    vat = percent_of(net, vat_percent)
    if vat:
        plain = format(vat_percent.normalize(), "f")
        lines.append(_line("vat", vat, percent=plain, net=str(net)))
    return SuccessFee(net=net, vat=vat, gross=net + vat, trace=tuple(lines))


def offer_fee(*, kind: str, net: Money, phase: str, minutes: int, vat_percent: Decimal) -> SuccessFee:
    """Write down what an offer asks beside a share of what is collected, with its VAT.

    :param kind: `flat`, the amount of a phase that began, or `hours`, work of so many `minutes`.
    :raises ValueError: it is neither.
    """
    if kind not in ("flat", "hours"):
        raise ValueError(f"no part of an offer is called {kind}")
    inputs = {"phase": f"phase_{phase}"}
    if kind == "hours":
        inputs["hours"] = format((Decimal(minutes) / _MINUTES).quantize(_CENT).normalize(), "f")
    lines = [_line(kind, net, **inputs)]
    vat = percent_of(net, vat_percent)
    if vat:
        lines.append(_line("vat", vat, percent=format(vat_percent.normalize(), "f"), net=str(net)))
    return SuccessFee(net=net, vat=vat, gross=net + vat, trace=tuple(lines))


def check_fee(*, net: Money, vat: Money, vat_percent: Decimal, number: str, on: date) -> SuccessFee:
    """Write down what a credit check cost, as it was charged on its day.

    :param vat: the VAT that was booked with it.
    :param number: the number of the check.
    :param on: the day on which it was answered.
    """
    lines = [_line("check", net, number=number, on=on.isoformat())]
    if vat:
        lines.append(_line("vat", vat, percent=format(vat_percent.normalize(), "f"), net=str(net)))
    return SuccessFee(net=net, vat=vat, gross=net + vat, trace=tuple(lines))


def _line(key: str, amount: Money, **inputs: str) -> TraceLine:
    return TraceLine("success_fee", _VERSION, _SOURCE, inputs, f"fee.{key}", amount)

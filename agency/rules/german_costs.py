"""What collection may cost under German law: at most what a lawyer would charge."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from agency.money import Money, percent_of
from agency.rules.facts import DebtorKind
from agency.rules.lawful_costs import UnlawfulCosts, addends
from agency.rules.rvg import CURRENCY, fee_at, fee_row, full_fee
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import TraceLine

_HUNDRED: Final = Decimal(100)
_FEE, _FLAT = "de.rvg_2300", "de.flat_40"


@dataclass(frozen=True, slots=True, kw_only=True)
class GermanFee:
    """What is asked beside the usual fee: another rate with its reason, the fee of an instalment agreement.

    `rate` None is the usual one. The instalment agreement counts only when the debtor was told what it costs
    before it was made (RDG s. 13a(3)). `paid_at_once` is a debtor that paid everything within two weeks of
    the first demand.
    """

    rate: Decimal | None
    reason: str
    instalment_agreement: bool
    paid_at_once: bool


def german_costs(*, value: Money, debtor: DebtorKind, on: date, fee: GermanFee) -> list[TraceLine]:
    """Return the lines of fee, expenses and, from a business, the raise to the flat sum of 40.

    The fee is a multiple of the table's fee for the principals together (RVG s. 13, 22): 0.9 as a rule, 0.5
    when the debtor paid at once, up to 1.3 only with a reason (VV 2300(2)). The flat sum is credited against
    it (BGB s. 288(5)), so that a business owes the higher of both.

    :param value: the principals together, more than nothing.
    :raises UnlawfulCosts: when the rate is not allowed, the value is not in EUR, or no rule was in force.
    """
    business = debtor is not DebtorKind.consumer
    row = row_in_force(read_table("rvg")["collection"], on)
    lines: list[TraceLine] = []
    if row is not None:
        lines = _fees(row, value, on, fee)
        lines.append(_expenses(row, addends(lines, CURRENCY)))
    if business:
        lines += _raise_to_flat(value, addends(lines, CURRENCY), on)
    if not lines:
        since = read_table("rvg")["flat" if business else "collection"][0]["since"]
        raise UnlawfulCosts(f"{_FEE} is not in force before {since}, so not on {on}")
    return lines


def _fees(row: dict[str, Any], value: Money, on: date, fee: GermanFee) -> list[TraceLine]:
    rate, lines = _rate(row, fee), []
    if fee.paid_at_once:
        lines.append(_line(row, "simple_case"))
    if rate > row["usual"]:
        lines.append(_line(row, "higher_rate", reason=fee.reason))
    whole = full_fee(value=value, on=on, small_claim=True)
    lines.append(_fee_line(row, "lawyer_fee", rate=rate, value=value, whole=whole, on=on))
    if fee.instalment_agreement:
        part = percent_of(value, Decimal(row["instalment_percent"]))
        whole = full_fee(value=part, on=on)
        lines.append(
            _fee_line(row, "instalment_fee", rate=row["instalment_rate"], value=part, whole=whole, on=on)
        )
    return lines


def _rate(row: dict[str, Any], fee: GermanFee) -> Decimal:
    usual, most = Decimal(row["usual"]), Decimal(row["most"])
    rate = (Decimal(row["simple"]) if fee.paid_at_once else usual) if fee.rate is None else fee.rate
    if not 0 < rate <= most:
        raise UnlawfulCosts(f"{_FEE}: a rate of {rate} is not above 0 and at most {most}")
    if fee.paid_at_once and rate > row["simple"]:
        raise UnlawfulCosts(
            f"{_FEE}: whoever pays within two weeks of the first demand owes {row['simple']}, not {rate}"
        )
    if rate > usual and not fee.reason.strip():
        raise UnlawfulCosts(f"{_FEE}: a rate of {rate} above {usual} needs its reason")
    return rate


def _fee_line(
    row: dict[str, Any], key: str, *, rate: Decimal, value: Money, whole: Money, on: date
) -> TraceLine:
    amount = fee_at(rate=rate, fee=whole, on=on)
    percent = format((rate * _HUNDRED).normalize(), "f")
    inputs = {"percent": percent, "rate": str(rate), "fee": str(whole), "value": str(value)}
    source = row["instalment_source"] if key == "instalment_fee" else row["source"]
    return TraceLine(
        rule="de.rvg_1000" if key == "instalment_fee" else _FEE,
        version=fee_row(on)["since"].isoformat(),
        source=f"{source}; {fee_row(on)['source']}",
        inputs=inputs,
        outcome=f"costs.{key}",
        amount=amount,
    )


def _expenses(row: dict[str, Any], fees: Money) -> TraceLine:
    percent, maximum = Decimal(row["expenses_percent"]), Money(row["expenses_maximum"], CURRENCY)
    return TraceLine(
        rule="de.rvg_7002",
        version=row["since"].isoformat(),
        source=row["expenses_source"],
        inputs={"percent": str(percent), "fees": str(fees), "maximum": str(maximum)},
        outcome="costs.expenses",
        amount=min(percent_of(fees, percent), maximum),
    )


def _raise_to_flat(value: Money, amount: Money, on: date) -> list[TraceLine]:
    if value.currency != CURRENCY:
        raise UnlawfulCosts(f"{_FLAT} is a sum in {CURRENCY}, not in {value.currency}")
    row = row_in_force(read_table("rvg")["flat"], on)
    if row is None:
        return []
    flat = Money(row["amount"], CURRENCY)
    more = flat - amount
    line = TraceLine(
        rule=_FLAT,
        version=row["since"].isoformat(),
        source=row["source"],
        inputs={"flat": str(flat), "fees": str(amount)},
        outcome="costs.flat_credited" if more.minor <= 0 else "costs.flat_raise",
        amount=None if more.minor <= 0 else more,
    )
    return [line]


def _line(row: dict[str, Any], key: str, **inputs: str) -> TraceLine:
    return TraceLine(
        rule=_FEE,
        version=row["since"].isoformat(),
        source=row["source"],
        inputs=inputs,
        outcome=f"costs.{key}",
    )

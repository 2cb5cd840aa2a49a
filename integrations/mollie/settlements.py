"""Explains the lumps that Mollie pays to the trust account: which payments, less which costs."""

from collections.abc import Iterator, Sequence, Set
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from mollie import ClientSDK

from agency.money import Money, Rounding, round_minor
from agency.ports.providers import Settlement, SettlementLine
from integrations.mollie.reading import PAGE, every_item, moment_of, outcomes, plain

# A settlement carries the bank's day, and Mollie banks in Amsterdam.
_BANK_ZONE = ZoneInfo("Europe/Amsterdam")


def paid_out(sdk: ClientSDK, *, since: date, amounts: Set[Money] | None) -> Sequence[Settlement]:
    """This function will return the settlements paid out from `since` on, oldest first.

    :param amounts: only those of one of these amounts, as each takes three more calls; all when None.
    :raises ProviderRefused, ProviderTransient: see the exceptions.
    """
    found = []
    with outcomes(effect=False):
        for entry in every_item(sdk.settlements.list(limit=PAGE), "settlements"):
            settled_at = moment_of(entry.settled_at)
            if plain(entry.status) != "paidout" or settled_at is None:
                continue
            settled_on = settled_at.astimezone(_BANK_ZONE).date()
            if settled_on < since:  # Mollie lists the newest first
                break
            amount = Money.parse(entry.amount.value, entry.amount.currency)
            if amounts is None or amount in amounts:
                found.append(_settlement(sdk, entry, amount, settled_on))
    return sorted(found, key=lambda settlement: (settlement.settled_on, settlement.ref))


def _settlement(sdk: ClientSDK, entry: Any, amount: Money, settled_on: date) -> Settlement:
    return Settlement(
        ref=entry.id,
        reference=str(plain(entry.reference) or ""),
        settled_on=settled_on,
        amount=amount,
        costs=_costs(entry),
        lines=tuple(_lines(sdk, entry.id)),
    )


def _lines(sdk: ClientSDK, settlement_id: str) -> Iterator[SettlementLine]:
    of = sdk.settlements
    for payment in every_item(of.list_payments(settlement_id=settlement_id, limit=PAGE), "payments"):
        amount = Money.parse(payment.amount.value, payment.amount.currency)
        yield SettlementLine(payment_ref=payment.id, kind="payment", amount=amount)
    for refund in every_item(of.list_refunds(settlement_id=settlement_id, limit=PAGE), "refunds"):
        amount = -Money.parse(refund.amount.value, refund.amount.currency)
        yield SettlementLine(payment_ref=refund.payment_id, kind="refund", amount=amount)
    for chargeback in every_item(of.list_chargebacks(settlement_id=settlement_id, limit=PAGE), "chargebacks"):
        amount = -Money.parse(chargeback.amount.value, chargeback.amount.currency)
        yield SettlementLine(payment_ref=chargeback.payment_id, kind="chargeback", amount=amount)


def _costs(entry: Any) -> Money:
    """What Mollie withheld, VAT included; it counts in hundredths of cents, and only the sum is rounded."""
    gross = sum(
        (
            Decimal(cost.amount_gross.value)
            for months in (entry.periods or {}).values()
            for period in months.values()
            for cost in period.costs or ()
        ),
        Decimal(0),
    )
    currency = entry.amount.currency
    return Money(round_minor(gross.scaleb(2), Rounding.HALF_UP), currency)

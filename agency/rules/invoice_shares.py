"""Which invoices of a claim a payment paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from agency.money import Money


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """An invoice of a claim as it was placed; a credit note has a negative amount."""

    number: str
    due_on: date
    amount: Money


@dataclass(frozen=True, slots=True)
class InvoiceShare:
    """The part of a payment's principal that paid one invoice."""

    number: str
    amount: Money


def invoice_shares(
    *, principal: Money, paid_before: Money, invoices: Sequence[OpenInvoice]
) -> tuple[InvoiceShare, ...]:
    """Divide the principal of a payment over the invoices of its claim, the oldest due first.

    Credit notes lower the youngest invoices first, so that what is left open stays with the oldest debts.
    What the invoices cannot take stands under an empty number, so that the shares add up to the principal.

    :param paid_before: the principal that earlier payments paid.
    :raises CurrencyMismatch: when amounts are in different currencies.
    """
    zero = Money.zero(principal.currency)
    debts = sorted((one for one in invoices if one.amount > zero), key=lambda one: (one.due_on, one.number))
    credited = Money.total((-one.amount for one in invoices if one.amount < zero), principal.currency)
    open_amounts = _lowered([one.amount for one in reversed(debts)], credited)[::-1]
    open_amounts = _lowered(open_amounts, paid_before)
    shares, left = [], principal
    for debt, open_amount in zip(debts, open_amounts, strict=True):
        part = min(left, open_amount)
        if part > zero:
            shares.append(InvoiceShare(debt.number, part))
            left -= part
    if left:
        shares.append(InvoiceShare("", left))
    return tuple(shares)


def _lowered(amounts: Sequence[Money], by: Money) -> list[Money]:
    """Lower amounts, in the order given, until `by` is used up."""
    lowered = []
    for amount in amounts:
        part = min(by, amount)
        lowered.append(amount - part)
        by -= part
    return lowered

"""The facts that the amount owed on a claim follows from: its invoices, payments and announced costs."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from agency.money import Money
from agency.rules.facts import InterestKind, Law, Phase
from agency.rules.interest import Stop


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """An invoice, or a credit note with a negative amount; `amount` was open when the claim was placed, and
    `disputed` is the part of it that is contested."""

    invoice_id: UUID
    number: str
    kind: str
    issued_on: date
    due_on: date
    amount: Money
    disputed_minor: int = 0


@dataclass(frozen=True, slots=True)
class Movement:
    """What a day changed in the ledger: principal and interest paid or waived (negative) or revived, costs
    fixed, costs paid, and how much of all of it was paid."""

    on: date
    principal: Money
    interest: Money
    costs_fixed: Money
    costs: Money
    paid: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimFacts:
    """Everything that the amount owed on a claim follows from.

    With `undisputed` only what nobody contests counts: the disputed part of each invoice bears no interest,
    and of costs that were announced over the whole only the share of the rest is asked. The scales of costs
    flatten, so that share is never more than the law allows over the rest alone.
    """

    creditor_id: UUID
    claim_id: UUID
    law: Law
    interest_kind: InterestKind
    phase: Phase
    currency: str
    costs_from: date | None
    costs: Money
    costs_vat: Money
    contractual_percent: Decimal | None
    invoices: tuple[InvoiceFacts, ...]
    movements: tuple[Movement, ...]
    stops: tuple[Stop, ...] = ()
    undisputed: bool = False
    # The principal that the notice announced costs over, and the contested part that it had left out.
    costs_over: Money | None = None
    costs_left_out_minor: int = 0

    def amount_of(self, invoice: InvoiceFacts) -> int:
        """What counts of an invoice, in minor units."""
        return invoice.amount.minor - (invoice.disputed_minor if self.undisputed else 0)

    def asked_share(self, costs: Money) -> Money:
        """What is asked of announced costs: less the share of what became contested since the notice."""
        if not self.undisputed or not costs:
            return costs
        billed = sum(invoice.amount.minor for invoice in self.invoices if invoice.amount.minor > 0)
        left_out = sum(invoice.amount.minor - self.amount_of(invoice) for invoice in self.invoices)
        over = self.costs_over.minor if self.costs_over else billed
        contested = min(over, max(0, left_out - self.costs_left_out_minor))
        return costs.allocate([over - contested, contested])[0] if contested else costs

"""What a fee invoice says, for whoever writes it down."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, Protocol

from agency.money import Money

Kind = Literal["invoice", "credit_note"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceParty:
    """Who stands on an invoice, as of its day; empty text where nothing is known."""

    name: str
    country: str
    legal_id: str = ""
    vat_number: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """One line: what it is for, over which amount at which rate, and the fee without VAT, positive; `kind` is
    "flat" or "hours" where an offer asks an amount beside a share of what was collected, or "check" for a
    credit check, of the day `on`."""

    name: str
    note: str
    base: Money
    fee_bps: int
    net: Money
    vat_percent: Decimal
    vat_category: str
    kind: str = "fee"
    on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VatTotal:
    """The VAT of one rate and category over the document."""

    category: str
    percent: Decimal
    taxable: Money
    vat: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDocument:
    """What a fee invoice says, before it is written: all amounts positive, also those of a credit note.

    `settled` is what the payout settled already; `credits` are the numbers of the invoices that are credited.
    """

    kind: Kind
    number: str
    issued_on: date
    due_on: date
    currency: str
    seller: InvoiceParty
    buyer: InvoiceParty
    buyer_reference: str
    seller_iban: str
    lines: tuple[InvoiceLine, ...]
    vat_totals: tuple[VatTotal, ...]
    net: Money
    vat: Money
    settled: Money
    credits: tuple[str, ...] = ()

    @property
    def total(self) -> Money:
        """The amount with VAT."""
        return self.net + self.vat

    @property
    def payable(self) -> Money:
        """What is left to pay after what the payout settled."""
        return self.total - self.settled


class InvoiceWriter(Protocol):
    """Writes an invoice as bytes for machines; equal documents give equal bytes."""

    def __call__(self, document: InvoiceDocument) -> bytes: ...

"""What an e-invoice and a bank file say, whatever their syntax; and how a reader refuses one.

Readers live in `integrations` and reach the business as plain callables:
`read_einvoice(content, name) -> EInvoice` and `read_bank_file(content) -> Sequence[BankStatement]`.
Both raise `Unreadable` and nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, Protocol

from agency.money import Money

NO_CURRENCY = "XXX"
"""Stands in for the currency of a bank file that names none (ISO 4217: no currency involved)."""


class Unreadable(Exception):
    """A file is refused as a whole; nothing of it may be used.

    :param reason: one sentence for the person who sent or uploaded it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


Box = tuple[int, int, int, int]
"""Left, top, right, bottom on a page as it is shown, in ten-thousandths of its width and height."""

SURE_ENOUGH = 80
"""Per cent of confidence from which a value read off a page is taken; below it a person is asked."""


@dataclass(frozen=True, slots=True)
class ReadValue:
    """A value read off a page: where it stands and how sure the reading is.

    :param value: an amount as decimal text, a day as ISO text, anything else as it is written.
    :param page: from 1.
    :param confidence: whole per cents, 0 to 100; at least `SURE_ENOUGH` is taken without a question.
    """

    value: str
    page: int
    box: Box
    confidence: int


class NotSure(Unreadable):
    """An invoice was read off its page, but not surely enough to become a claim without a person.

    :param values: what was found, by the names of `EInvoice` and, for the buyer, "buyer_name" and so on.
    :param unsure: the names that a person must give or confirm.
    """

    def __init__(self, reason: str, *, values: Mapping[str, ReadValue], unsure: tuple[str, ...]) -> None:
        super().__init__(reason)
        self.values = values
        self.unsure = unsure


class Scan(Unreadable):
    """A sound document of pictures, without a text that could be read: only a person can tell what it is."""


class NoInvoice(Unreadable):
    """A readable document that is no invoice, such as a delivery note: it may prove a claim, not make one."""


@dataclass(frozen=True, slots=True)
class Party:
    """Seller or buyer as the invoice names them; None where it is silent.

    :param name: the name the party trades under, or else its registered name.
    :param legal_name: the registered name, for whoever must be addressed in law.
    :param identifier: the number the other side knows this party by, such as a customer number.
    :param endpoint: electronic address as "scheme:value", for example "0208:0123456789".
    :param country: two-letter code.
    """

    name: str | None = None
    legal_name: str | None = None
    country: str | None = None
    vat: str | None = None
    legal_id: str | None = None
    identifier: str | None = None
    endpoint: str | None = None
    email: str | None = None
    phone: str | None = None
    street: str | None = None
    postal_code: str | None = None
    city: str | None = None


@dataclass(frozen=True, slots=True)
class EmbeddedFile:
    """A document that travels inside an e-invoice."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class EInvoice:
    """One e-invoice or credit note, with the amounts as its issuer stated them.

    :param kind: a credit note has positive amounts that reduce what is owed.
    :param due_date: None when the document names none; of several the last.
    :param total_incl_vat: what was invoiced (BT-112).
    :param payable: what is left to pay after prepayments and rounding (BT-115); may be negative.
    :param type_code: UNTDID 1001, for example "380".
    :param iban: the first account to pay to, without blanks; not checked.
    :param line_count: number of invoice lines; 0 in profiles that carry none.
    :param items: what the lines call what was bought, in their order, each once.
    :param warnings: sentences for a person; the invoice is read all the same.
    :param read_values: for an invoice read off its pages, each value with its place; empty for data.
    """

    kind: Literal["invoice", "credit_note"]
    number: str
    issue_date: date
    due_date: date | None
    currency: str
    seller: Party
    buyer: Party
    total_incl_vat: Money
    payable: Money
    iban: str | None = None
    payment_reference: str | None = None
    type_code: str | None = None
    terms: str | None = None
    order_reference: str | None = None
    billing_references: tuple[str, ...] = ()
    line_count: int = 0
    items: tuple[str, ...] = ()
    attachments: tuple[EmbeddedFile, ...] = ()
    warnings: tuple[str, ...] = ()
    read_values: Mapping[str, ReadValue] = field(default_factory=dict)

    @property
    def billing_reference(self) -> str | None:
        """The number of the one earlier invoice this document refers to; None for none or several."""
        return self.billing_references[0] if len(self.billing_references) == 1 else None


@dataclass(frozen=True, slots=True)
class BankLine:
    """One booked movement: a statement entry, or one detail of a collective entry.

    :param amount: signed; positive came in. A reversal carries its own sign, it is never flipped.
    :param marked: the currency that the file marks the amount with, where it is not the account's.
    :param value_on: the booking date where the bank gives no value date.
    :param bank_ref: the bank's own reference of the entry.
    :param text: the unstructured remittance text, or else what the bank wrote about the entry.
    :param structured_references: as written by the payer's bank; check digits are not verified.
    :param return_reason: ISO reason code of a returned payment, such as "MD06".
    :param batch: the line is one of several details of a collective entry.
    :param entry: the entry's place in its statement, from 1; the details of a collective entry share it.
    :param key: equal for the same line in every delivery of the same statement, different for two
        true payments that look the same. Unique within an account.
    """

    amount: Money
    booked_on: date
    value_on: date
    key: str
    bank_ref: str | None = None
    end_to_end: str | None = None
    text: str = ""
    structured_references: tuple[str, ...] = ()
    counterparty: str | None = None
    counterparty_iban: str | None = None
    reversal: bool = False
    return_reason: str | None = None
    batch: bool = False
    entry: int = 0
    marked: str | None = None

    @property
    def structured_reference(self) -> str | None:
        """The structured reference when there is exactly one; two are never chosen between."""
        return self.structured_references[0] if len(self.structured_references) == 1 else None


@dataclass(frozen=True, slots=True)
class BankStatement:
    """One statement of one account.

    :param kind: only a "statement" is final; a "report" (intraday) or "notification" comes before it.
    :param format: for example "camt.053.001.08" or "MT940".
    :param id: the bank's reference of the message; banks reuse it and renew it on redelivery.
    :param key: equal for the same account, period and balances, whatever the message is called.
    :param account: as the file writes it; None where it names none.
    :param currency: None where the file names none; then every amount is in `NO_CURRENCY`.
    :param entries: number of entries in the file, booked or not, before details are split out.
    :param net: sum of the booked entries by their figures, whatever currency an entry names.
    :param lines: the booked movements only.
    :param booked_days: the days on which they were booked; `value_days` those of their value.
    :param warnings: sentences for a person; the statement is read all the same.
    """

    kind: Literal["statement", "report", "notification"]
    format: str
    id: str | None
    key: str
    account: str | None
    currency: str | None
    opening: Money | None
    closing: Money | None
    net: Money
    entries: int
    lines: Sequence[BankLine]
    booked_days: frozenset[date]
    value_days: frozenset[date]
    number: str | None = None
    opens_on: date | None = None
    closes_on: date | None = None
    warnings: tuple[str, ...] = ()

    @property
    def balances(self) -> bool | None:
        """Whether opening balance plus entries is the closing balance; None when a balance is absent."""
        if self.opening is None or self.closing is None:
            return None
        return self.opening + self.net == self.closing


@dataclass(frozen=True, slots=True)
class PaymentStatus:
    """What a bank says of one payment of an order.

    :param status: ISO code, such as "RJCT", "ACSC" or "PDNG".
    :param refused: the payment will not be made.
    :param reason: ISO reason code, such as "AC04" (account closed).
    :param amount: as ordered, None where the report leaves it out.
    """

    end_to_end: str | None
    status: str
    refused: bool
    reason: str | None = None
    said: str = ""
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class OrderStatus:
    """A bank's answer to an order that was handed in.

    :param order_id: the order's own message id.
    :param status: of the whole order; None where its batches fare differently.
    :param payments: those that the report lists; what it does not list fares as its batch, else as the order.
    :param refused_batches: ids of the batches that are refused as a whole, each with the reason.
    """

    order_id: str
    status: str | None
    reason: str | None
    payments: tuple[PaymentStatus, ...]
    refused_batches: tuple[tuple[str, str | None], ...] = ()


class EInvoiceReader(Protocol):
    """Reads an e-invoice in any supported syntax, or raises `Unreadable`."""

    def __call__(self, content: bytes, name: str) -> EInvoice: ...


class BankFileReader(Protocol):
    """Reads every statement of a bank file, or raises `Unreadable`."""

    def __call__(self, content: bytes) -> Sequence[BankStatement]: ...

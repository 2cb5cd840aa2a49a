"""What the business asks of a creditor's bookkeeping: who owes it what, with the invoice and what was paid.

Nothing is ever written there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal, Protocol

from agency.money import Money

REVOKED: Final = "revoked"
"""Code of a `ProviderRefused`: the creditor must connect anew."""
EXPIRED: Final = "expired"
"""Code of a `ProviderRefused`: the access token is over; a refreshed one may do."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What opens a bookkeeping; never shown, not even where it is printed by mistake.

    :param refresh: what the next tokens are got with; empty when the vendor has none.
    :param lives_seconds: how long `access` works from now; None when it does not end.
    :param books: which books the creditor chose on the vendor's page, where that is told there only.
    """

    access: str = field(repr=False)
    refresh: str = field(default="", repr=False)
    lives_seconds: int | None = None
    books: str = ""


@dataclass(frozen=True, slots=True)
class Administration:
    """One set of books of a creditor; `currency` is empty where the vendor does not say it."""

    code: str
    name: str
    currency: str = ""


@dataclass(frozen=True, slots=True)
class BookedCustomer:
    """A customer as the books know it; what is not known is empty.

    :param number: the number that the creditor itself calls the customer by.
    """

    ref: str
    name: str
    number: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = ""
    email: str = ""
    phone: str = ""
    vat_number: str = ""
    registration_number: str = ""


@dataclass(frozen=True, slots=True)
class BookedItem:
    """What is open of one invoice; a vendor that pays it in terms tells a line of each.

    :param ref: the vendor's name of the invoice; lines of one invoice have the same.
    :param line: the vendor's name of this line, the same each time it is told.
    :param open: what is still owed by this line; negative is in the customer's favour.
    :param total: what the invoice came to; None where the vendor does not say it.
    :param credited: how much of the invoice was taken away by credit notes; None where it is not said.
    :param credits: the number of the invoice that a negative line belongs to, empty when it is not said.
    """

    ref: str
    line: str
    number: str
    customer_ref: str
    customer_name: str
    issued_on: date | None
    due_on: date | None
    open: Money
    total: Money | None = None
    credited: Money | None = None
    credits: str = ""


@dataclass(frozen=True, slots=True)
class BookPage:
    """Some of what is open.

    :param cursor: where to go on; None when all was told.
    :param pause_seconds: how long the vendor wants to be left alone before the next call.
    """

    customers: tuple[BookedCustomer, ...] = ()
    items: tuple[BookedItem, ...] = ()
    cursor: str | None = None
    pause_seconds: int = 0


@dataclass(frozen=True, slots=True)
class BookedPayment:
    """Money that the creditor booked as received from a customer.

    :param amount: positive.
    :param description: the text of the bank line, by which our own payouts are told apart.
    """

    ref: str
    paid_on: date
    amount: Money
    description: str


@dataclass(frozen=True, slots=True)
class InvoiceFile:
    """The invoice as the customer got it: a PDF, or the e-invoice."""

    name: str
    content: bytes


class Bookkeeping(Protocol):
    """One vendor's bookkeeping, read only."""

    @property
    def name(self) -> str:
        """What the vendor is called."""
        ...

    @property
    def by(self) -> Literal["consent", "key"]:
        """How a creditor lets us in: on a page of the vendor's, or with a key that it makes there."""
        ...

    def consent_url(self, *, state: str, redirect_url: str) -> str:
        """Return the vendor's page where the creditor agrees; it comes back to `redirect_url`, with `state`.

        :raises ProviderRefused: this vendor has no such page.
        """
        ...

    def connect(self, *, code: str, redirect_url: str, books: str = "") -> Tokens:
        """Return the tokens for what the creditor came back with, or for the key that it made.

        :param books: which books were chosen on the vendor's page, where it says so beside the code.

        :raises ProviderRefused: it was used before, has expired or is wrong.
        :raises ProviderTransient, ProviderAmbiguous: see the exceptions; the creditor starts anew.
        """
        ...

    def refresh(self, tokens: Tokens) -> Tokens:
        """Return the next tokens; the ones given may stop working at once.

        :raises ProviderRefused: with `REVOKED`, the connection is over.
        :raises ProviderTransient, ProviderAmbiguous: see the exceptions.
        """
        ...

    def administrations(self, tokens: Tokens) -> Sequence[Administration]:
        """Return the books that the creditor may choose from.

        :raises ProviderRefused, ProviderTransient: see the exceptions.
        """
        ...

    def page(
        self, tokens: Tokens, *, administration: str, cursor: str, customers_since: datetime | None
    ) -> BookPage:
        """Return the next part of everything that is open; a customer is told with its items or after them.

        :param cursor: as the page before told it; empty begins.
        :param customers_since: leave out customers that did not change since; None tells all.
        :raises ProviderRefused, ProviderTransient: see the exceptions; the same call may be made again.
        """
        ...

    def document(
        self, tokens: Tokens, *, administration: str, ref: str, number: str, customer_ref: str
    ) -> InvoiceFile | None:
        """Return the document of an invoice, None when the books hold none.

        :raises ProviderRefused, ProviderTransient: see the exceptions.
        """
        ...

    def payments(
        self, tokens: Tokens, *, administration: str, customer_ref: str, since: date, currency: str
    ) -> Sequence[BookedPayment]:
        """Return what was received from a customer from a day on; nothing where the vendor does not tell it.

        :param currency: of the invoice; amounts are understood in it.
        :raises ProviderRefused, ProviderTransient: see the exceptions.
        """
        ...

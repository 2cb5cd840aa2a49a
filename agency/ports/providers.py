"""What the business asks of providers: send, call, collect a payment, render, keep a file.

An adapter in `integrations` implements one Protocol. Whatever goes wrong at a provider reaches the
business as one of three exceptions, because only three reactions exist: tell somebody (refused),
try again later (transient), or find out first what really happened (ambiguous).
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol

from agency.money import Money
from agency.rules.print_batch import ControlTotals, Envelope, MailClass


class ProviderError(Exception):
    """Base of the three ways in which a provider fails; only the three below are ever raised."""


class ProviderRefused(ProviderError):
    """The provider understood and said no; asking again with the same input gives the same answer.

    :param code: the provider's own error code as text, for example "21211" or "400".
    :param reason: one sentence for a person.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason


class ProviderTransient(ProviderError):
    """Nothing has happened at the provider; the same call may be made again.

    :param reason: one sentence for a person.
    :param retry_after: seconds the provider asked us to wait, None when it did not say.
    """

    def __init__(self, reason: str, retry_after: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


class ProviderAmbiguous(ProviderError):
    """The call may or may not have taken effect. Never call again before `find` or a person has answered.

    :param reason: one sentence for a person.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TemplateRefused(Exception):
    """A template cannot be rendered: unknown value, forbidden construct, not valid MJML or Typst."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class FileNotStored(KeyError):
    """The store holds no file of this sha256, or what it holds is damaged."""

    def __init__(self, sha256: str) -> None:
        super().__init__(sha256)
        self.sha256 = sha256


@dataclass(frozen=True, slots=True)
class Sender:
    """Who a mail says it is from; replies go to `reply_to`."""

    name: str
    email: str
    reply_to: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that travels with a mail."""

    name: str
    media_type: str
    content: bytes


ReceiptKind = Literal["sent", "delivered", "opened", "bounced", "dropped", "failed"]

# A message's state only climbs, so receipts may arrive twice and in any order. A failure stands
# above "opened": a doubt about delivery must never start a legal term against the debtor.
RECEIPT_RANK: Mapping[ReceiptKind, int] = {
    "sent": 1,
    "delivered": 2,
    "opened": 3,
    "failed": 4,
    "dropped": 5,
    "bounced": 6,
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider reports about one of our messages.

    :param message_id: our own id, as it travelled with the message.
    :param provider_ref: the provider's id; empty when the report does not carry it.
    :param at: when it happened at the provider, in UTC.
    :param event_key: equal for every copy of the same report; unique per fact.
    :param detail: the provider's code or reason, for people.
    :param permanent: the address is no good; True only for failures that will not heal.
    """

    message_id: str
    provider_ref: str
    kind: ReceiptKind
    at: datetime
    event_key: str
    detail: str = ""
    permanent: bool = False


# The two legs of a call: the collector is rung first.
CallLeg = Literal["collector", "debtor"]
CallState = Literal["ringing", "answered", "completed", "busy", "no_answer", "failed", "canceled"]


@dataclass(frozen=True, slots=True)
class CallReceipt:
    """What the voice provider reports about one leg of a call; `seconds` is set once it has ended."""

    call_id: str
    provider_ref: str
    leg: CallLeg
    state: CallState
    at: datetime
    event_key: str
    seconds: int | None = None


class EmailSender(Protocol):
    """Sends one mail to one address."""

    @property
    def can_find(self) -> bool:
        """Whether `find` can resolve an ambiguous send; else only a receipt or a person can."""
        ...

    def send(
        self,
        *,
        message_id: str,
        sender: Sender,
        to: str,
        subject: str,
        html: str,
        text: str,
        attachments: Sequence[Attachment] = (),
    ) -> str:
        """Hand one mail to the provider and return its reference; accepted, not yet delivered.

        :raises ProviderRefused, ProviderTransient, ProviderAmbiguous: see the exceptions.
        """
        ...

    def find(self, *, message_id: str, to: str, after: datetime) -> str | None:
        """Return the provider's reference of our message sent at or after `after`, None if unknown there.

        :raises ProviderRefused, ProviderTransient: also when `can_find` is False.
        """
        ...


class SmsSender(Protocol):
    """Sends one text message to one number (E.164)."""

    @property
    def can_find(self) -> bool:
        """Whether `find` can resolve an ambiguous send."""
        ...

    def send(self, *, message_id: str, sender: str, to: str, text: str) -> str:
        """Hand one text message to the provider and return its reference.

        :param sender: a number in E.164 or an alphanumeric sender of at most 11 characters.
        :raises ProviderRefused, ProviderTransient, ProviderAmbiguous: see the exceptions.
        """
        ...

    def find(self, *, message_id: str, to: str, text: str, after: datetime) -> str | None:
        """Return the provider's reference of this text to this number since `after`, None if unknown there.

        `text` is asked for because text message providers keep no reference of ours.

        :raises ProviderRefused, ProviderTransient: also when `can_find` is False.
        """
        ...


@dataclass(frozen=True, slots=True)
class PrintedLetter:
    """One letter of a batch: our message's id, its PDF, and what the manifest says of it.

    :param address: the address lines as printed, without the country.
    """

    message_id: str
    pdf: bytes
    address: tuple[str, ...]
    pages: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class PrintBatch:
    """Letters that are printed together, with their control totals; `country` is ISO 3166-1 alpha-2."""

    batch_id: str
    country: str
    envelope: Envelope
    mail_class: MailClass
    currency: str
    letters: tuple[PrintedLetter, ...]
    totals: ControlTotals


# A batch is printed only after its release; one that was cancelled never is.
BatchState = Literal["held", "released", "cancelled"]


@dataclass(frozen=True, slots=True)
class TakenBatch:
    """A batch as the printer knows it: its totals as the printer itself counted them."""

    provider_ref: str
    state: BatchState
    totals: ControlTotals


PrintEvent = Literal["printed", "posted", "returned"]


@dataclass(frozen=True, slots=True)
class PrintReport:
    """What the printer reports of a whole batch, counted on its machines; `returned` counts all so far."""

    batch_id: str
    provider_ref: str
    event: PrintEvent
    letters: int
    pages: int
    sheets: int
    at: datetime
    event_key: str


class LetterPrinter(Protocol):
    """Prints and posts letters in batches: handed over, compared, and only then released to the press."""

    def submit(self, batch: PrintBatch) -> TakenBatch:
        """Hand a batch over and return what the printer counted; it waits there for its release.

        Our id is the idempotency key: the same batch twice is one.

        :raises ProviderRefused, ProviderTransient, ProviderAmbiguous: see the exceptions.
        """
        ...

    def release(self, *, batch_id: str) -> TakenBatch:
        """Have a batch printed and posted; asking twice changes nothing.

        :raises ProviderRefused: it was cancelled, or is unknown there.
        :raises ProviderTransient, ProviderAmbiguous: see the exceptions.
        """
        ...

    def cancel(self, *, batch_id: str) -> TakenBatch:
        """Take a batch back that was not released; asking twice changes nothing.

        :raises ProviderRefused: it was released, or is unknown there.
        :raises ProviderTransient, ProviderAmbiguous: see the exceptions.
        """
        ...

    def find(self, *, batch_id: str) -> TakenBatch | None:
        """Return our batch as it stands at the printer, None if it is unknown there.

        :raises ProviderRefused, ProviderTransient: see the exceptions.
        """
        ...


class VoiceCaller(Protocol):
    """Connects a collector with a debtor by telephone."""

    def call(self, *, call_id: str, collector: str, debtor: str, caller_id: str) -> str:
        """Ring the collector first, then the debtor, and return the provider's reference.

        :param collector, debtor, caller_id: numbers in E.164; the debtor sees `caller_id`.
        :raises ProviderRefused, ProviderTransient, ProviderAmbiguous: see the exceptions.
        """
        ...


PaymentStatus = Literal["open", "paid", "failed", "expired", "canceled"]


@dataclass(frozen=True, slots=True)
class CreatedPayment:
    """A payment the provider waits for; the debtor pays at `checkout_url`."""

    ref: str
    checkout_url: str


@dataclass(frozen=True, slots=True)
class ProviderRefund:
    """A refund as the provider knows it now.

    :param refund_id: our own id, as it travelled with the refund; empty when somebody else made it.
    :param failed: it was not carried out, or called off; the money is still with the provider.
    """

    ref: str
    refund_id: str
    amount: Money
    failed: bool = False


@dataclass(frozen=True, slots=True)
class ProviderPayment:
    """A payment as the provider knows it now; all amounts in one currency.

    :param intent_id: our own id, as it travelled with the payment; empty when it carries none.
    :param method: the provider's id of the method ("ideal", "bancontact"...), empty until chosen.
    :param paid_at: UTC, None until paid.
    :param refunds: every refund of it, also those that failed; `amount_refunded` counts only the others.
    """

    ref: str
    intent_id: str
    status: PaymentStatus
    amount: Money
    method: str
    paid_at: datetime | None
    amount_refunded: Money
    amount_charged_back: Money
    refunds: tuple[ProviderRefund, ...] = ()


@dataclass(frozen=True, slots=True)
class SettlementLine:
    """One payment, refund or chargeback inside a settlement; refunds and chargebacks are negative."""

    payment_ref: str
    kind: Literal["payment", "refund", "chargeback"]
    amount: Money


@dataclass(frozen=True, slots=True)
class Settlement:
    """A lump the provider paid to the trust account: the sum of its lines less its costs.

    :param reference: the text by which the bank statement names it.
    :param costs: fees withheld, VAT included; zero or positive.
    """

    ref: str
    reference: str
    settled_on: date
    amount: Money
    costs: Money
    lines: tuple[SettlementLine, ...]


class PaymentProvider(Protocol):
    """Collects a payment on a page of the provider's own."""

    def create(
        self,
        *,
        intent_id: str,
        amount: Money,
        description: str,
        redirect_url: str,
        webhook_url: str,
        locale: str,
    ) -> CreatedPayment:
        """Open a payment; `intent_id` is the idempotency key, so after an ambiguity call again with it.

        :param locale: as "nl_NL".
        :raises ProviderRefused, ProviderTransient, ProviderAmbiguous: see the exceptions.
        """
        ...

    def fetch(self, ref: str) -> ProviderPayment:
        """Return the payment as the provider knows it now; the only source of truth for its state.

        :raises ProviderRefused: also when the provider does not know `ref`.
        :raises ProviderTransient: see the exception.
        """
        ...

    def refund(self, *, payment_ref: str, refund_id: str, amount: Money, description: str) -> ProviderRefund:
        """Give (part of) a payment back to who paid it.

        `refund_id` is the idempotency key and travels with the refund: after an ambiguity, look for it among
        the payment's refunds (`fetch`) before calling again with it.

        :raises ProviderRefused: also when less than this is left of the payment.
        :raises ProviderTransient, ProviderAmbiguous: see the exceptions.
        """
        ...

    def given_back(self, *, since: date) -> frozenset[str]:
        """Return the payments of which something was refunded or charged back from `since` on.

        :raises ProviderRefused, ProviderTransient: see the exceptions.
        """
        ...

    def settlements(self, *, since: date, amounts: Set[Money] | None = None) -> Sequence[Settlement]:
        """Return what the provider has paid out from `since` on, oldest first, so that a lump is explained.

        :param amounts: only settlements of one of these amounts; all when None.
        :raises ProviderRefused, ProviderTransient: see the exceptions.
        """
        ...


# What a template may see. Money and dates come in as text, already in the reader's language.
Value = str | int | bool | None | Sequence["Value"] | Mapping[str, "Value"]


class Renderer(Protocol):
    """Turns a template and plain values into what a person reads. No template reaches code or network."""

    def email(self, *, mjml: str, values: Mapping[str, Value]) -> tuple[str, str]:
        """Return (html, text) of a mail; `mjml` is a Jinja template that gives MJML. Values are escaped.

        :raises TemplateRefused: unknown value, forbidden construct, a value that is not plain, bad MJML.
        """
        ...

    def letter(self, *, source: str, values: Mapping[str, Value], dated: date) -> bytes:
        """Return a letter as PDF/A-2a and PDF/UA-1; the same input gives the same bytes.

        The Typst `source` reads its values with `#let data = json(bytes(sys.inputs.data))`.

        :raises TemplateRefused: the source does not compile, or breaks one of the two standards.
        """
        ...


class FileStore(Protocol):
    """Keeps files by their content; what is once in does not change."""

    def put(self, content: bytes) -> str:
        """Keep the content and return its sha256 in lower-case hex; keeping it twice changes nothing.

        :raises ProviderRefused, ProviderTransient: a remote store said no, or cannot be reached.
        """
        ...

    def get(self, sha256: str) -> bytes:
        """Return the content of this sha256, checked against it.

        :raises FileNotStored: nothing is kept under it, or the content is damaged.
        :raises ProviderRefused, ProviderTransient: a remote store said no, or cannot be reached.
        """
        ...

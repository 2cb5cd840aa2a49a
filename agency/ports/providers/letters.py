"""What the business asks of who prints and posts its letters, and what they report."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from agency.rules.print_batch import ControlTotals, Envelope, MailClass


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

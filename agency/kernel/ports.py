"""The adapters of this process: installed once by the portal's wiring, asked for by whoever sends."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from agency.ports.bundles import Binder, Bound, Bundle, LinkCover, NotBound, Progress
from agency.ports.hosts import HostNames, MailDomains, NoHostNames, NoMailDomains
from agency.ports.providers import (
    EmailSender,
    FileStore,
    LetterPrinter,
    PaymentProvider,
    Renderer,
    SmsSender,
    VoiceCaller,
)
from agency.ports.providers.bookkeeping import Bookkeeping
from agency.ports.readers import EInvoice, EInvoiceReader, Unreadable
from agency.ports.registers import CreditBureau, DebtorRegisters, NoCreditBureau, NoRegisters


def no_reader(content: bytes, name: str) -> EInvoice:
    """This function will refuse every e-invoice, in a process that was not given a reader.

    :raises Unreadable: always.
    """
    raise Unreadable("e-invoices are not read here")


def no_binder(bundle: Bundle, *, progress: Progress) -> Bound:
    """This function will refuse every bundle, in a process that was not given a binder.

    :raises NotBound: always.
    """
    raise NotBound("bundles are not bound here")


def no_cover(content: bytes, /) -> bytes:
    """This function will refuse every PDF, in a process that was not given what covers links.

    :raises NotBound: always.
    """
    raise NotBound("links are not covered here")


@dataclass(frozen=True, kw_only=True)
class Ports:
    """One adapter per kind of outside; tests of decisions install fakes."""

    email: EmailSender
    sms: SmsSender
    letters: LetterPrinter
    calls: VoiceCaller
    payments: PaymentProvider
    renderer: Renderer
    files: FileStore
    read_einvoice: EInvoiceReader = no_reader
    registers: DebtorRegisters = field(default_factory=NoRegisters)
    credit: CreditBureau = field(default_factory=NoCreditBureau)
    bind: Binder = no_binder
    cover: LinkCover = no_cover
    domains: MailDomains = field(default_factory=NoMailDomains)
    host_names: HostNames = field(default_factory=NoHostNames)
    bookkeeping: Mapping[str, Bookkeeping] = field(default_factory=dict)


_installed: list[Ports] = []


def install_ports(ports: Ports) -> None:
    """This function will set the adapters that jobs of this process use."""
    _installed[:] = [ports]


def installed_ports() -> Ports:
    """This function will return the adapters.

    :raises RuntimeError: the process was not wired.
    """
    if not _installed:
        raise RuntimeError("no ports installed: call portal.wiring.wire() first")
    return _installed[0]

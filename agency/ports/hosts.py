"""What the business asks about names on the internet: mail from a creditor's domain, pages at its host."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from agency.ports.providers import ProviderRefused


@dataclass(frozen=True, slots=True)
class HostRecord:
    """A record that somebody must set in the DNS of his domain, and whether it was found there.

    :param valid: None while nobody has looked.
    :param reason: why it is not valid, in the provider's words.
    """

    host: str
    kind: str
    value: str
    valid: bool | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MailDomain:
    """A domain as the mail provider knows it; `valid` once each of its records was found."""

    ref: str
    domain: str
    valid: bool
    records: tuple[HostRecord, ...]


class MailDomains(Protocol):
    """Lets a domain's owner prove that the provider may send in its name."""

    @property
    def inbound_exchanger(self) -> str:
        """The host that takes mail in for us (MX), in lower case; empty where none does."""
        ...

    def create(self, *, domain: str) -> MailDomain:
        """Ask for the records that `domain` must set.

        :raises ProviderRefused, ProviderTransient, ProviderAmbiguous: see the exceptions.
        """
        ...

    def find(self, *, domain: str) -> MailDomain | None:
        """Return the domain as it stands at the provider, None when it is unknown there.

        :raises ProviderRefused, ProviderTransient: see the exceptions.
        """
        ...

    def check(self, *, domain: MailDomain) -> MailDomain:
        """Have the provider look for the records now; asking twice changes nothing.

        :raises ProviderRefused, ProviderTransient: see the exceptions.
        """
        ...


class HostNames(Protocol):
    """Looks names up in the DNS."""

    def aliases(self, *, host: str) -> Sequence[str]:
        """Return what `host` is an alias of (CNAME), in lower case and without a last dot.

        :raises ProviderRefused, ProviderTransient: see `agency.ports.providers`.
        """
        ...

    def mail_exchangers(self, *, host: str) -> Sequence[str]:
        """Return the hosts that take mail in for `host` (MX), in lower case and without a last dot.

        :raises ProviderRefused, ProviderTransient: see `agency.ports.providers`.
        """
        ...


class NoMailDomains:
    """A `MailDomains` for a process that authenticates none."""

    @property
    def inbound_exchanger(self) -> str:
        """See `MailDomains.inbound_exchanger`."""
        return ""

    def create(self, *, domain: str) -> MailDomain:
        """See `MailDomains.create`."""
        raise ProviderRefused("none", f"no domain is authenticated here, not {domain} either")

    def find(self, *, domain: str) -> MailDomain | None:
        """See `MailDomains.find`."""
        return None

    def check(self, *, domain: MailDomain) -> MailDomain:
        """See `MailDomains.check`."""
        return domain


class NoHostNames:
    """A `HostNames` for a process that looks nothing up."""

    def aliases(self, *, host: str) -> Sequence[str]:
        """See `HostNames.aliases`."""
        return ()

    def mail_exchangers(self, *, host: str) -> Sequence[str]:
        """See `HostNames.mail_exchangers`."""
        return ()

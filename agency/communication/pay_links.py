"""The debtor's own page, as messages name it; whoever owns pay links is connected by the portal's wiring."""

from collections.abc import Sequence
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

from agency.claims.itemisation import ClaimKey
from agency.kernel.unit import Unit


class PayLinkIssuer(Protocol):
    """Makes a fresh link to each claim's page and returns the tokens."""

    def __call__(self, unit: Unit, *, keys: Sequence[ClaimKey]) -> dict[ClaimKey, str]: ...


_installed: list[PayLinkIssuer] = []


def install_pay_links(issuer: PayLinkIssuer) -> None:
    """This function will set who makes pay links in this process."""
    _installed[:] = [issuer]


def issue_pay_links(unit: Unit, *, public_url: str, keys: Sequence[ClaimKey]) -> dict[ClaimKey, str]:
    """This function will return the full address of a fresh link to each claim.

    :raises RuntimeError: the process was not wired.
    """
    if not _installed:
        raise RuntimeError("no pay links installed: call portal.wiring.wire() first")
    tokens = _installed[0](unit, keys=keys)
    return {key: f"{public_url.rstrip('/')}/pay/{token}" for key, token in tokens.items()}


def at_host(link: str, host: str) -> str:
    """This function will move a link to a creditor's own host; an empty host leaves it where it is."""
    return urlunsplit(("https", host, *urlsplit(link)[2:])) if host else link

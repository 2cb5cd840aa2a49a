"""The debtor's own page, as messages name it; whoever owns pay links is connected by the portal's wiring."""

from typing import Protocol
from uuid import UUID

from agency.kernel.unit import Unit


class PayLinkIssuer(Protocol):
    """Makes a fresh link to a claim's page and returns its token."""

    def __call__(self, unit: Unit, *, creditor_id: UUID, claim_id: UUID) -> str: ...


_installed: list[PayLinkIssuer] = []


def install_pay_links(issuer: PayLinkIssuer) -> None:
    """This function will set who makes pay links in this process."""
    _installed[:] = [issuer]


def issue_pay_link(unit: Unit, *, public_url: str, creditor_id: UUID, claim_id: UUID) -> str:
    """This function will return the full address of a fresh link.

    :raises RuntimeError: the process was not wired.
    """
    if not _installed:
        raise RuntimeError("no pay links installed: call portal.wiring.wire() first")
    token = _installed[0](unit, creditor_id=creditor_id, claim_id=claim_id)
    return f"{public_url.rstrip('/')}/pay/{token}"

"""What all vendors share where the creditor makes a key: no page to agree on, nothing to refresh."""

from typing import Literal

from agency.ports.providers import ProviderRefused
from agency.ports.providers.bookkeeping import REVOKED, Tokens


class ByKey:
    """The half of a `Bookkeeping` that a vendor with keys does not have."""

    by: Literal["consent", "key"] = "key"

    def consent_url(self, *, state: str, redirect_url: str) -> str:
        """See `Bookkeeping.consent_url`; there is none, the creditor makes a key.

        :raises ProviderRefused: always.
        """
        raise ProviderRefused("key", "the creditor makes a key")

    def refresh(self, tokens: Tokens) -> Tokens:
        """See `Bookkeeping.refresh`: a key does not end by itself, so one that is refused was taken back.

        :raises ProviderRefused: always, with `REVOKED`.
        """
        raise ProviderRefused(REVOKED, "the key works no more")

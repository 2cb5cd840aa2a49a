"""A `HostNames` that asks a resolver over HTTPS (the JSON form of Google Public DNS and Cloudflare)."""

from collections.abc import Sequence

from agency.ports.providers import ProviderRefused
from integrations.outcomes import from_status, http_client, httpx_failures

_CNAME = 5  # RFC 1035, 3.2.2
_NO_ERROR, _NO_SUCH_NAME = 0, 3  # RFC 1035, 4.1.1


class DnsOverHttps:
    """A `HostNames`. Its own adapter, because the resolver of the machine may answer for inner names."""

    def __init__(self, *, url: str, production: bool, timeout_seconds: float = 5) -> None:
        self._http = http_client(url=url, production=production, timeout_seconds=timeout_seconds)

    def aliases(self, *, host: str) -> Sequence[str]:
        """See `HostNames.aliases`."""
        with httpx_failures(effect=False):
            answer = self._http.get(
                "/resolve",
                params={"name": host, "type": "CNAME"},
                headers={"accept": "application/dns-json"},
            )
        if not answer.is_success:
            raise from_status(
                status=answer.status_code, reason=answer.reason_phrase, headers=answer.headers, effect=False
            )
        try:
            told = answer.json()
            if told["Status"] not in (_NO_ERROR, _NO_SUCH_NAME):
                raise ProviderRefused(str(told["Status"]), "the resolver cannot tell")
            found = [str(one["data"]) for one in told.get("Answer", []) if one["type"] == _CNAME]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ProviderRefused("answer", "not in the resolver's form") from error
        return [name.rstrip(".").lower() for name in found]

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

"""A `HostNames` that asks a resolver over HTTPS (the JSON form of Google Public DNS and Cloudflare)."""

from collections.abc import Sequence

from agency.ports.providers import ProviderRefused
from integrations.outcomes import from_status, http_client, httpx_failures

_TYPES = {"CNAME": 5, "MX": 15}  # RFC 1035, 3.2.2
_NO_ERROR, _NO_SUCH_NAME = 0, 3  # RFC 1035, 4.1.1


class DnsOverHttps:
    """A `HostNames`. Its own adapter, because the resolver of the machine may answer for inner names."""

    def __init__(self, *, url: str, production: bool, timeout_seconds: float = 5) -> None:
        self._http = http_client(url=url, production=production, timeout_seconds=timeout_seconds)

    def aliases(self, *, host: str) -> Sequence[str]:
        """See `HostNames.aliases`."""
        return [_name(one) for one in self._records(host, "CNAME")]

    def mail_exchangers(self, *, host: str) -> Sequence[str]:
        """See `HostNames.mail_exchangers`; which of several comes first does not matter to us."""
        return [_name(one.split()[-1]) for one in self._records(host, "MX") if one.strip()]

    def _records(self, host: str, kind: str) -> list[str]:
        with httpx_failures(effect=False):
            answer = self._http.get(
                "/resolve",
                params={"name": host, "type": kind},
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
            return [str(one["data"]) for one in told.get("Answer", []) if one["type"] == _TYPES[kind]]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ProviderRefused("answer", "not in the resolver's form") from error

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def _name(value: str) -> str:
    return value.rstrip(".").lower()

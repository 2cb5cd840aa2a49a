"""What a vendor's answer, or the lack of one, means: refused, transient or ambiguous.

Only 'transient' may be retried blindly, so everything that could have had an effect is ambiguous.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

from agency.ports.providers import ProviderAmbiguous, ProviderError, ProviderRefused, ProviderTransient
from integrations import egress

# Answers that promise nothing was done: too busy, or did not wait for our request.
_NOT_DONE = frozenset({408, 425, 429, 503})


def from_status(
    *, status: int, reason: str, headers: Mapping[str, str], effect: bool, code: str | None = None
) -> ProviderError:
    """This function will translate an HTTP status outside 2xx.

    :param effect: whether the call changes something at the provider.
    :param code: the provider's own error code, where its answer carries one.
    """
    if status in _NOT_DONE:
        return ProviderTransient(f"HTTP {status}: {reason}", retry_after_seconds(headers))
    if status >= 500:
        text = f"HTTP {status}: {reason}"
        return ProviderAmbiguous(text) if effect else ProviderTransient(text, retry_after_seconds(headers))
    return ProviderRefused(code or str(status), reason)


def retry_after_seconds(headers: Mapping[str, str]) -> int | None:
    """This function will read Retry-After, in seconds or as a date (measured by the answer's Date)."""
    value = _header(headers, "retry-after").strip()
    if value.isdecimal():
        return int(value)
    until, sent = _http_date(value), _http_date(_header(headers, "date"))
    if until is None or sent is None:
        return None
    return max(0, int((until - sent) / timedelta(seconds=1)))


@contextmanager
def httpx_failures(*, effect: bool) -> Iterator[None]:
    """This context will translate httpx's exceptions.

    :raises ProviderTransient: no connection was made, so nothing was sent.
    :raises ProviderAmbiguous: with `effect`, the request left but no answer came back.
    :raises ProviderRefused: the request cannot even be written.
    """
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
        raise ProviderTransient(f"cannot connect: {error}") from error
    except (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise ProviderRefused("request", f"cannot be sent: {error}") from error
    except (httpx.TransportError, httpx.DecodingError) as error:
        raise no_answer(error, effect=effect) from error


def no_answer(error: BaseException, *, effect: bool) -> ProviderError:
    """This function will say what a request that left without an answer means."""
    text = f"no answer: {type(error).__name__} {error}".rstrip()
    return ProviderAmbiguous(text) if effect else ProviderTransient(text)


def http_client(*, url: str, production: bool, timeout_seconds: float) -> httpx.Client:
    """This function will open the HTTP client of one adapter, with a timeout on every phase.

    :raises EgressRefused: `url` may not be reached in this mode.
    """
    return httpx.Client(
        base_url=egress.base_url(url, production=production),
        timeout=httpx.Timeout(timeout_seconds, connect=min(5.0, timeout_seconds)),
        follow_redirects=False,
        # A proxy from the environment would carry "loopback" traffic off this machine.
        trust_env=production,
        # Shorter than any server keeps an idle connection: sending on a dead one would be ambiguous.
        limits=httpx.Limits(keepalive_expiry=2),
    )


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((text for key, text in headers.items() if key.lower() == name), "")


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

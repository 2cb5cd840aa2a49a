"""Twilio's own client over our HTTP: pointed anywhere, with timeouts, and failures told apart."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from agency.ports.providers import ProviderAmbiguous, ProviderRefused
from integrations.outcomes import from_status, http_client, httpx_failures, no_answer

REAL_URL = "https://api.twilio.com"


class Transport(HttpClient):  # type: ignore[misc]  # the vendor's library has no types
    """The HTTP client that Twilio's library calls. It speaks httpx and raises the port's exceptions.

    Twilio's products live on hosts of their own (api., voice., lookups.). Against another base URL the
    host becomes the first part of the path, so that one address stands for all of them.
    """

    def __init__(self, *, url: str, production: bool, timeout_seconds: float) -> None:
        super().__init__(logging.getLogger(__name__), False, timeout_seconds)
        self._http = http_client(url=url, production=production, timeout_seconds=timeout_seconds)
        self._base = url.rstrip("/")
        host = urlsplit(url).hostname or ""
        self._is_twilio = host == "twilio.com" or host.endswith(".twilio.com")

    def request(
        self,
        method: str,
        url: str,
        params: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """Make one request for Twilio's library; redirects are never followed."""
        effect = method.upper() != "GET"
        with httpx_failures(effect=effect):
            answer = self._http.request(
                method, self._target(url), params=params, data=data, headers=headers, auth=auth
            )
        if answer.status_code >= 500 or answer.status_code in (408, 429):
            raise from_status(
                status=answer.status_code, reason=_message(answer), headers=answer.headers, effect=effect
            )
        return Response(answer.status_code, answer.text, answer.headers)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _target(self, url: str) -> str:
        if self._is_twilio:
            return url
        parts = urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        return f"{self._base}/{parts.hostname}{parts.path}{query}"


def open_client(
    *, url: str, account: str, token: str, production: bool, timeout_seconds: float
) -> tuple[Client, Transport]:
    """This function will return Twilio's client pointed at `url`, and its transport to close.

    :raises egress.EgressRefused: `url` may not be reached in this mode.
    """
    transport = Transport(url=url, production=production, timeout_seconds=timeout_seconds)
    return Client(account, token, http_client=transport), transport


class Adapter:
    """What the adapters of Twilio's products share: the client, the address of its reports, the end.

    :param status_callback: our public address for status reports; an id of ours is added to its query, the
        only place where Twilio carries a reference of ours.
    """

    def __init__(
        self,
        *,
        url: str,
        account: str,
        token: str,
        status_callback: str,
        production: bool,
        timeout_seconds: float = 10,
    ) -> None:
        self._client, self._transport = open_client(
            url=url, account=account, token=token, production=production, timeout_seconds=timeout_seconds
        )
        self._status_callback = status_callback

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _callback(self, **ids: str) -> str:
        return f"{self._status_callback}?{urlencode(ids)}"


def reference_of(created: Any) -> str:
    """This function will return Twilio's reference of what it made.

    :raises ProviderAmbiguous: it was accepted without one.
    """
    if not created.sid:
        raise ProviderAmbiguous("accepted without a reference")
    return str(created.sid)


@contextmanager
def refusals(*, effect: bool) -> Iterator[None]:
    """This context will translate what Twilio's library raises for a 4xx or an answer it cannot read.

    :raises ProviderRefused: with Twilio's own code, for example 21211 for a number that does not exist.
    :raises ProviderAmbiguous, ProviderTransient: a good status around an unreadable answer.
    """
    try:
        yield
    except TwilioRestException as error:
        raise ProviderRefused(str(error.code or error.status), str(error.msg)) from error
    except TwilioServiceException as error:
        raise ProviderRefused(str(error.code), str(error.detail or error.title)) from error
    except TwilioException as error:
        raise ProviderRefused("client", str(error)) from error
    except (ValueError, KeyError, TypeError) as error:
        raise no_answer(error, effect=effect) from error


def _message(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase

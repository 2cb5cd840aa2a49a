"""SendGrid's own client, made safe: a timeout, no redirects, no foreign proxy, and failures told apart."""

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib import request
from urllib.error import URLError

from python_http_client.client import Client, Response
from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient

from agency.ports.providers import ProviderTransient
from integrations import egress
from integrations.outcomes import from_status, no_answer


class _NotConnected(OSError):
    """The connection was never made, so nothing was sent."""


class _Connection(http.client.HTTPConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except OSError as error:
            raise _NotConnected(*error.args) from error


class _TlsConnection(http.client.HTTPSConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except OSError as error:
            raise _NotConnected(*error.args) from error


class _Plain(request.HTTPHandler):
    def http_open(self, req: request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Connection, req)


class _Tls(request.HTTPSHandler):
    def https_open(self, req: request.Request) -> http.client.HTTPResponse:
        return self.do_open(_TlsConnection, req)


class _NoRedirect(request.HTTPRedirectHandler):
    # urllib would follow a redirect of a POST as a GET, to any host.
    def redirect_request(self, *_: Any) -> None:
        return None


class _SafeClient(Client):  # type: ignore[misc]  # the vendor's client has no types
    """SendGrid's URL builder over an opener of ours; the original builds one per call, with its defaults."""

    def __init__(self, *, opener: request.OpenerDirector, **settings: Any) -> None:
        super().__init__(**settings)
        self._opener = opener

    def _build_client(self, name: str | None = None) -> "_SafeClient":
        return _SafeClient(
            opener=self._opener,
            host=self.host,
            version=self._version,
            request_headers=dict(self.request_headers),
            url_path=[*self._url_path, name] if name else self._url_path,
            timeout=self.timeout,
        )

    def _make_request(self, opener: object, request: request.Request, timeout: float | None = None) -> Any:
        return super()._make_request(self._opener, request, timeout=timeout)


def open_client(*, url: str, key: str, production: bool, timeout_seconds: float) -> SendGridAPIClient:
    """This function will return SendGrid's client pointed at `url`.

    :raises egress.EgressRefused: `url` may not be reached in this mode.
    """
    api = SendGridAPIClient(key, host=egress.base_url(url, production=production))
    # A proxy from the environment would carry "loopback" traffic off this machine.
    proxies = request.ProxyHandler() if production else request.ProxyHandler({})
    api.client = _SafeClient(
        opener=request.build_opener(_Plain, _Tls, _NoRedirect, proxies),
        host=api.host,
        request_headers=api._default_headers,
        version=3,
        timeout=timeout_seconds,
    )
    return api


def post(endpoint: Client, body: Mapping[str, Any]) -> Response:
    """This function will make a call that has an effect.

    :raises ProviderRefused, ProviderTransient, ProviderAmbiguous: see the exceptions.
    """
    return _call(lambda: endpoint.post(request_body=body), effect=True)


def get(endpoint: Client, query: Mapping[str, str]) -> Response:
    """This function will make a call that only reads.

    :raises ProviderRefused, ProviderTransient: see the exceptions.
    """
    return _call(lambda: endpoint.get(query_params=query), effect=False)


def _call(ask: Any, *, effect: bool) -> Response:
    try:
        return ask()
    except HTTPError as error:
        raise from_status(
            status=error.status_code, reason=_reason(error), headers=dict(error.headers or {}), effect=effect
        ) from error
    except URLError as error:
        if isinstance(error.reason, _NotConnected):
            raise ProviderTransient(f"cannot connect: {error.reason}") from error
        raise no_answer(error, effect=effect) from error
    except (OSError, http.client.HTTPException) as error:
        raise no_answer(error, effect=effect) from error


def _reason(error: HTTPError) -> str:
    """The messages in SendGrid's answer; the status text when it is not in SendGrid's form."""
    try:
        return "; ".join(str(item["message"]) for item in json.loads(error.body)["errors"])
    except (ValueError, KeyError, TypeError):
        return str(error.reason)

"""SendGrid's own client over our HTTP: a timeout, no redirects, connections kept, and failures told apart."""

from typing import Any
from urllib import request

import httpx
from python_http_client.client import Client
from sendgrid import SendGridAPIClient

from integrations.outcomes import from_status, http_client, httpx_failures


class _Answer:
    """What SendGrid's client reads an answer through."""

    def __init__(self, answer: httpx.Response) -> None:
        self._answer = answer

    def getcode(self) -> int:
        """The status."""
        return self._answer.status_code

    def read(self) -> bytes:
        """The body."""
        return self._answer.content

    def info(self) -> httpx.Headers:
        """The headers."""
        return self._answer.headers


class _Client(Client):  # type: ignore[misc]  # the vendor's client has no types
    """SendGrid's URL builder over our HTTP client; the original connects anew for every call."""

    def __init__(self, *, http: httpx.Client, **settings: Any) -> None:
        super().__init__(**settings)
        self._http = http

    def _build_client(self, name: str | None = None) -> "_Client":
        return _Client(
            http=self._http,
            host=self.host,
            version=self._version,
            request_headers=dict(self.request_headers),
            url_path=[*self._url_path, name] if name else self._url_path,
        )

    def _make_request(
        self, opener: object, request: request.Request, timeout: float | None = None
    ) -> _Answer:
        effect = request.get_method() != "GET"
        with httpx_failures(effect=effect):
            answer = self._http.request(
                request.get_method(),
                request.full_url,
                content=request.data,  # type: ignore[arg-type]  # the builder made bytes of it
                headers=dict(request.header_items()),
            )
        if not answer.is_success:
            raise from_status(
                status=answer.status_code, reason=_reason(answer), headers=answer.headers, effect=effect
            )
        return _Answer(answer)


def open_client(
    *, url: str, key: str, production: bool, timeout_seconds: float
) -> tuple[SendGridAPIClient, httpx.Client]:
    """This function will return SendGrid's client pointed at `url`, and its connections to close.

    Its calls raise `ProviderRefused`, `ProviderTransient` and, with an effect, `ProviderAmbiguous`.

    :raises egress.EgressRefused: `url` may not be reached in this mode.
    """
    http = http_client(url=url, production=production, timeout_seconds=timeout_seconds)
    api = SendGridAPIClient(key, host=url.rstrip("/"))
    api.client = _Client(http=http, host=api.host, request_headers=api._default_headers, version=3)
    return api, http


def _reason(answer: httpx.Response) -> str:
    """The messages in SendGrid's answer; the status text when it is not in SendGrid's form."""
    try:
        return "; ".join(str(item["message"]) for item in answer.json()["errors"])
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase

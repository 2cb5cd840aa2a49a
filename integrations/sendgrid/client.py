"""SendGrid's own client over our HTTP: a timeout, no redirects, connections kept, and failures told apart."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
from python_http_client.client import Client
from sendgrid import SendGridAPIClient

from integrations.outcomes import from_status, http_client, httpx_failures


class _Client(Client):  # type: ignore[misc]  # the vendor's client has no types
    """SendGrid's addresses and headers over our HTTP client; its own connects anew for every call."""

    def __init__(self, *, http: httpx.Client, **settings: Any) -> None:
        super().__init__(**settings)
        self._http = http

    def _build_client(self, name: str | None = None) -> "_Client":
        return _Client(
            http=self._http,
            host=self.host,
            version=self._version,
            request_headers=self.request_headers,
            url_path=[*self._url_path, name] if name else self._url_path,
        )

    def post(self, *, request_body: Mapping[str, Any]) -> httpx.Response:
        """Make a call that has an effect."""
        return self._ask("POST", None, json.dumps(request_body).encode())

    def get(self, *, query_params: Mapping[str, str]) -> httpx.Response:
        """Make a call that only reads."""
        return self._ask("GET", query_params, None)

    def _ask(self, method: str, query: Mapping[str, str] | None, content: bytes | None) -> httpx.Response:
        effect = method != "GET"
        headers = {**self.request_headers, "Content-Type": "application/json"}
        with httpx_failures(effect=effect):
            answer = self._http.request(method, self._build_url(query), content=content, headers=headers)
        if not answer.is_success:
            raise from_status(
                status=answer.status_code, reason=_reason(answer), headers=answer.headers, effect=effect
            )
        return answer


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

"""Hands letters to the print shop and finds them back by our own id."""

import json
from datetime import datetime
from typing import Any

import httpx

from agency.ports.providers import ProviderAmbiguous, ProviderRefused
from integrations.outcomes import from_status, http_client, httpx_failures, no_answer


class HttpLetterPrinter:
    """A `LetterPrinter`. Our message id is the reference and the idempotency key."""

    def __init__(self, *, url: str, key: str, production: bool, timeout_seconds: float = 30) -> None:
        self._http = http_client(url=url, production=production, timeout_seconds=timeout_seconds)
        self._http.headers["Authorization"] = f"Bearer {key}"

    @property
    def can_find(self) -> bool:
        """The shop lists letters by reference, so an ambiguous submission can be looked up."""
        return True

    def submit(self, *, message_id: str, pdf: bytes, address: tuple[str, ...], country: str) -> str:
        """See `LetterPrinter.submit`."""
        with httpx_failures(effect=True):
            answer = self._http.post(
                "/v1/letters",
                headers={"Idempotency-Key": message_id},
                data={"reference": message_id, "country": country, "address": json.dumps(list(address))},
                files={"pdf": (f"{message_id}.pdf", pdf, "application/pdf")},
            )
        letter = _read(answer, effect=True)
        if not isinstance(letter.get("id"), str):
            raise ProviderAmbiguous("accepted without a reference")
        return str(letter["id"])

    def find(self, *, message_id: str, after: datetime) -> str | None:
        """See `LetterPrinter.find`. Our id is unique, so the moment needs no comparing."""
        with httpx_failures(effect=False):
            answer = self._http.get("/v1/letters", params={"reference": message_id})
        letters = _read(answer, effect=False).get("letters")
        if not isinstance(letters, list):
            raise ProviderRefused("answer", "not in the print shop's form")
        return str(letters[0]["id"]) if letters else None

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def _read(answer: httpx.Response, *, effect: bool) -> dict[str, Any]:
    """The JSON object of a good answer.

    :raises ProviderRefused, ProviderTransient, ProviderAmbiguous: see the exceptions.
    """
    try:
        content = answer.json()
    except ValueError as error:
        if answer.is_success:
            raise no_answer(error, effect=effect) from error
        content = {}
    if not isinstance(content, dict):
        content = {}
    if answer.is_success:
        return content
    raise from_status(
        status=answer.status_code,
        reason=str(content.get("reason") or answer.reason_phrase),
        headers=answer.headers,
        effect=effect,
        code=str(content["code"]) if "code" in content else None,
    )

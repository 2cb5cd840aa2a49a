"""Hands batches of letters to the print shop, has them printed, and finds them back by our own id."""

import json
from typing import Any, get_args

import httpx

from agency.ports.providers import (
    BatchState,
    PrintBatch,
    ProviderAmbiguous,
    ProviderTransient,
    TakenBatch,
)
from agency.rules.print_batch import ControlTotals
from integrations.outcomes import from_status, http_client, httpx_failures

_STATES = frozenset(get_args(BatchState))


class HttpLetterPrinter:
    """A `LetterPrinter`. Our batch id is the reference and the idempotency key."""

    def __init__(self, *, url: str, key: str, production: bool, timeout_seconds: float = 60) -> None:
        self._http = http_client(url=url, production=production, timeout_seconds=timeout_seconds)
        self._http.headers["Authorization"] = f"Bearer {key}"

    def submit(self, batch: PrintBatch) -> TakenBatch:
        """See `LetterPrinter.submit`."""
        files = [
            ("pdf", (f"{letter.message_id}.pdf", letter.pdf, "application/pdf")) for letter in batch.letters
        ]
        with httpx_failures(effect=True):
            answer = self._http.post(
                "/v1/batches",
                headers={"Idempotency-Key": batch.batch_id},
                data={"manifest": json.dumps(_manifest(batch))},
                files=files,
            )
        return _taken(answer, effect=True)

    def release(self, *, batch_id: str) -> TakenBatch:
        """See `LetterPrinter.release`."""
        return self._act(batch_id, "release")

    def cancel(self, *, batch_id: str) -> TakenBatch:
        """See `LetterPrinter.cancel`."""
        return self._act(batch_id, "cancel")

    def find(self, *, batch_id: str) -> TakenBatch | None:
        """See `LetterPrinter.find`."""
        with httpx_failures(effect=False):
            answer = self._http.get(f"/v1/batches/{batch_id}")
        if answer.status_code == httpx.codes.NOT_FOUND and _content(answer).get("code") == "unknown":
            return None
        return _taken(answer, effect=False)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _act(self, batch_id: str, act: str) -> TakenBatch:
        with httpx_failures(effect=True):
            answer = self._http.post(f"/v1/batches/{batch_id}/{act}")
        return _taken(answer, effect=True)


def _manifest(batch: PrintBatch) -> dict[str, Any]:
    return {
        "reference": batch.batch_id,
        "country": batch.country,
        "envelope": batch.envelope.value,
        "mail_class": batch.mail_class.value,
        "currency": batch.currency,
        "totals": batch.totals.as_fields(),
        "letters": [
            {
                "reference": letter.message_id,
                "address": list(letter.address),
                "pages": letter.pages,
                "amount_minor": letter.amount_minor,
            }
            for letter in batch.letters
        ],
    }


def _taken(answer: httpx.Response, *, effect: bool) -> TakenBatch:
    """The batch of a good answer.

    :raises ProviderRefused, ProviderTransient, ProviderAmbiguous: see the exceptions.
    """
    content = _content(answer)
    if not answer.is_success:
        raise from_status(
            status=answer.status_code,
            reason=str(content.get("reason") or answer.reason_phrase),
            headers=answer.headers,
            effect=effect,
            code=str(content["code"]) if "code" in content else None,
        )
    try:
        state, totals = content["state"], ControlTotals(**content["totals"])
        if state not in _STATES or not all(isinstance(count, int) for count in _counts(totals)):
            raise ValueError(state)
        return TakenBatch(str(content["id"]), state, totals)
    except (KeyError, TypeError, ValueError) as error:
        if effect:
            raise ProviderAmbiguous("the answer is not in the print shop's form") from error
        raise ProviderTransient("the answer is not in the print shop's form") from error


def _counts(totals: ControlTotals) -> tuple[Any, ...]:
    return totals.letters, totals.pages, totals.sheets, totals.amount_minor


def _content(answer: httpx.Response) -> dict[str, Any]:
    try:
        content = answer.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}

"""The registers of insolvency, guardianship and deaths, asked through one reseller over HTTP."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import httpx

from agency.ports.providers import ProviderTransient
from agency.ports.registers import DebtorQuestion, RegisterAnswer, RegisterEntry
from integrations.credit.answers import json_of
from integrations.outcomes import http_client, httpx_failures


class HttpRegisters:
    """A `DebtorRegisters`. Each question travels with our reference, by which its answer is known."""

    def __init__(self, *, url: str, key: str, production: bool, timeout_seconds: float = 30) -> None:
        self._http = http_client(url=url, production=production, timeout_seconds=timeout_seconds)
        self._http.headers["Authorization"] = f"Bearer {key}"

    def ask(self, questions: Sequence[DebtorQuestion]) -> Sequence[RegisterAnswer]:
        """See `DebtorRegisters.ask`."""
        with httpx_failures(effect=False):
            answer: httpx.Response = self._http.post(
                "/v1/debtors", json={"debtors": [_question(question) for question in questions]}
            )
        content = json_of(answer)
        try:
            return [_answer(one) for one in content["answers"]]
        except (KeyError, TypeError, ValueError) as error:
            # What cannot be read is no answer: nobody becomes clear by it.
            raise ProviderTransient(f"not in the registers' form: {error}") from error

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def _question(question: DebtorQuestion) -> dict[str, Any]:
    return {
        "reference": question.reference,
        "name": question.name,
        "country": question.country,
        "company": question.is_company,
        "registration_number": question.registration_number,
        "birth_date": question.birth_date.isoformat() if question.birth_date else None,
        "street": question.street,
        "postal_code": question.postal_code,
        "city": question.city,
    }


def _answer(one: dict[str, Any]) -> RegisterAnswer:
    return RegisterAnswer(
        reference=str(one["reference"]),
        entries=tuple(_entry(entry) for entry in one["entries"]),
        # Only a plain true counts: an answer that leaves it out may be half of one.
        complete=one["complete"] is True,
    )


def _entry(entry: dict[str, Any]) -> RegisterEntry:
    until = entry.get("until")
    return RegisterEntry(
        kind=str(entry["kind"]),
        register=str(entry["register"]),
        reference=str(entry.get("reference") or ""),
        since=date.fromisoformat(entry["since"]),
        until=date.fromisoformat(until) if until else None,
    )

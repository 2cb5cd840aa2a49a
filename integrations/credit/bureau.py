"""A credit bureau over HTTP: reports on companies, charged once per request."""

from datetime import date
from typing import Any, cast, get_args

from agency.money import Money, UnknownCurrency, UnreadableAmount
from agency.ports.providers import ProviderRefused, ProviderTransient
from agency.ports.registers import CompanyReport
from integrations.credit.answers import json_of
from integrations.outcomes import http_client, httpx_failures

_STATUSES = get_args(CompanyReport.__annotations__["status"])


class HttpCreditBureau:
    """A `CreditBureau`. Our request id is the idempotency key."""

    def __init__(self, *, url: str, key: str, production: bool, timeout_seconds: float = 30) -> None:
        self._http = http_client(url=url, production=production, timeout_seconds=timeout_seconds)
        self._http.headers["Authorization"] = f"Bearer {key}"

    def report(
        self, *, request_id: str, country: str, registration_number: str, name: str
    ) -> CompanyReport | None:
        """See `CreditBureau.report`."""
        with httpx_failures(effect=False):
            answer = self._http.post(
                "/v1/reports",
                headers={"Idempotency-Key": request_id},
                json={"country": country, "registration_number": registration_number, "name": name},
            )
        try:
            content = json_of(answer)
        except ProviderRefused as refused:
            if refused.code == "not_found":
                return None
            raise
        try:
            return _report(content)
        except (KeyError, TypeError, ValueError, UnknownCurrency, UnreadableAmount) as error:
            raise ProviderTransient(f"not in the bureau's form: {error}") from error

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def _report(content: dict[str, Any]) -> CompanyReport:
    status = str(content["status"])
    founded, score = content.get("founded_on"), content.get("score")
    if score is not None and not 0 <= int(score) <= 100:
        raise ValueError(f"score {score}")
    return CompanyReport(
        ref=str(content["id"]),
        name=str(content["name"]),
        country=str(content["country"]),
        registration_number=str(content["registration_number"]),
        status=cast(Any, status if status in _STATUSES else "unknown"),
        legal_form=str(content.get("legal_form") or ""),
        founded_on=date.fromisoformat(founded) if founded else None,
        address=str(content.get("address") or ""),
        activity=str(content.get("activity") or ""),
        employees=_whole(content.get("employees")),
        accounts_year=_whole(content.get("accounts_year")),
        equity=_money(content.get("equity")),
        score=_whole(score),
        limit=_money(content.get("limit")),
    )


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _money(value: Any) -> Money | None:
    return None if value is None else Money.parse(str(value["amount"]), str(value["currency"]))

"""POST and GET /api/v1/credit-checks: ask about a company, and read the answer when it is there."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from agency.credit.checking import check_of, request_check
from agency.credit.models import CreditCheck
from agency.parties.models import Scope
from portal.api.access import ApiUnit, Body, TheCaller, opened_by
from portal.api.idempotency import Key, once

routes = opened_by(Scope.CREDIT)


class Company(Body):
    """Which company: its number outranks its name."""

    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "NL"
    registration_number: Annotated[str, Field(max_length=30)] = ""
    name: Annotated[str, Field(max_length=200)] = ""


class CheckNow(BaseModel):
    """A check: `state` is asked until the answer is there; `result` holds the company, what we saw of it in
    our own books, the advice and the advised limit. The price is in cents, without VAT.
    """

    id: UUID
    state: str
    asked_at: datetime
    answered_at: datetime | None
    price_minor: int
    vat_minor: int
    currency: str
    result: dict[str, Any] | None


@routes.post("/credit-checks", status_code=202, response_model=CheckNow)
def ask(
    unit: ApiUnit,
    caller: TheCaller,
    company: Company,
    key: Key = None,
) -> JSONResponse:
    """Ask for a check; with the same Idempotency-Key it is asked and charged once."""
    creditor_id = caller.creditor_id

    def effect() -> tuple[int, dict[str, Any]]:
        check_id = request_check(
            unit,
            creditor_id=creditor_id,
            country=company.country,
            registration_number=company.registration_number,
            name=company.name,
        )
        told = _told(check_of(unit, creditor_id=creditor_id, check_id=check_id))
        return 202, told.model_dump(mode="json")

    asked = {"method": "POST", "path": "/api/v1/credit-checks", "body": company.model_dump()}
    status, body = once(unit, creditor_id=creditor_id, key=key, asked=asked, effect=effect)
    return JSONResponse(body, status_code=status)


@routes.get("/credit-checks/{check_id:uuid}")
def read(unit: ApiUnit, caller: TheCaller, check_id: UUID) -> CheckNow:
    """One check; `state` is "asked" until the answer is there."""
    return _told(check_of(unit, creditor_id=caller.creditor_id, check_id=check_id))


def _told(check: CreditCheck) -> CheckNow:
    return CheckNow(
        id=check.id,
        state=check.state,
        asked_at=check.asked_at,
        answered_at=check.answered_at,
        price_minor=check.price_minor,
        vat_minor=check.vat_minor,
        currency=check.currency,
        result={name: value for name, value in check.result.items() if name != "trace"} or None,
    )

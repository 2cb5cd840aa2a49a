"""The registers and the credit bureau: answers scripted by words in a name, always the same."""

import hashlib
from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from integrations.simulator import magic
from integrations.simulator.world import TheWorld, World

routes = APIRouter()
_BATCH_MAX = 500


@routes.post("/registers/v1/debtors")
async def look_up(request: Request, world: TheWorld) -> Response:
    """Answer about each debtor; a word in the name scripts what the registers know."""
    if not _known(request):
        return _refused(401, "key", "no such account")
    asked = await _json(request)
    debtors = asked.get("debtors")
    if not isinstance(debtors, list) or not 0 < len(debtors) <= _BATCH_MAX:
        return _refused(422, "debtors", f"ask about 1 to {_BATCH_MAX} debtors")
    return JSONResponse({"answers": [_answer(world, debtor) for debtor in debtors]})


def _answer(world: World, debtor: dict[str, Any]) -> dict[str, Any]:
    name, today = str(debtor.get("name", "")).upper(), world.clock.today()
    entries = [
        {
            "kind": kind,
            "register": register,
            "reference": f"{register}/{_number(name) % 100_000}",
            "since": (today - timedelta(days=30)).isoformat(),
        }
        for word, (kind, register) in magic.REGISTER_ENTRIES.items()
        if word in name
    ]
    return {
        "reference": debtor.get("reference"),
        "entries": entries,
        "complete": magic.REGISTER_SILENT not in name,
    }


@routes.post("/credit/v1/reports")
async def report(request: Request, world: TheWorld) -> Response:
    """Report on a company by its number or its name."""
    if not _known(request):
        return _refused(401, "key", "no such account")
    if not request.headers.get("idempotency-key"):
        return _refused(422, "idempotency", "no idempotency key")
    asked = await _json(request)
    number, name = str(asked.get("registration_number") or ""), str(asked.get("name") or "")
    if not number and not name:
        return _refused(422, "company", "give a number or a name")
    if magic.COMPANY_UNKNOWN in name.upper() or number.endswith(magic.COMPANY_UNKNOWN_NUMBER):
        return _refused(404, "not_found", "no company is known by this")
    return JSONResponse(_report(world, str(asked.get("country") or "NL"), number, name))


def _report(world: World, country: str, number: str, name: str) -> dict[str, Any]:
    seed = _number(f"{country}{number or name.upper()}")
    bankrupt = "FAILLIET" in name.upper() or number.endswith(magic.COMPANY_BANKRUPT_NUMBER)
    score = 0 if bankrupt else 20 + seed % 80
    founded = date(1970 + seed % 50, 1 + seed % 12, 1 + seed % 28)
    return {
        "id": f"rep_{seed % 10**10:010d}",
        "name": name or f"Voorbeeld {seed % 1000} B.V.",
        "country": country,
        "registration_number": number or f"{seed % 10**8:08d}",
        "status": "bankrupt" if bankrupt else "active",
        "legal_form": "B.V." if country == "NL" else "SRL",
        "founded_on": founded.isoformat(),
        "address": f"Voorbeeldstraat {1 + seed % 200}",
        "activity": "Groothandel",
        "employees": seed % 120,
        "accounts_year": world.clock.now().year - 1,
        "equity": {"amount": f"{(seed % 900 - 100) * 1000}.00", "currency": "EUR"},
        "score": score,
        "limit": {"amount": f"{score * 250}.00", "currency": "EUR"},
    }


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6])


async def _json(request: Request) -> dict[str, Any]:
    try:
        content = await request.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _known(request: Request) -> bool:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return scheme == "Bearer" and bool(key) and key != magic.WRONG_KEY


def _refused(status: int, code: str, reason: str) -> Response:
    return JSONResponse({"code": code, "reason": reason}, status_code=status)

"""Exact Online as it speaks: its consent page, tokens that rotate, OData in pages, limits."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from integrations.simulator.book_consent import ask_consent, exchange, let_in, oauth_error, take_answer
from integrations.simulator.books import (
    EXACT_DIVISIONS,
    customer_facts,
    document_of,
)
from integrations.simulator.store import moment_text
from integrations.simulator.world import TheWorld, World

routes = APIRouter(prefix="/exact", include_in_schema=False)

_ACCESS: Final = timedelta(minutes=10)
_GUID_IN: Final = re.compile(r"guid'([0-9a-f-]{36})'")
_MOMENT_IN: Final = re.compile(r"(?:Modified gt|Date ge) datetime'([^']+)'")


@routes.get("/api/oauth2/auth")
async def consent(request: Request, world: TheWorld) -> Response:
    """Ask the creditor's user whether the agency may look."""
    names = [name for _, name, _ in EXACT_DIVISIONS]
    return ask_consent(world, request, "exact", title="Exact Online", books=names)


@routes.post("/api/oauth2/auth")
async def decide(request: Request, world: TheWorld) -> Response:
    """Go back with a code, or with the refusal."""
    return await take_answer(world, request, "exact")


@routes.post("/api/oauth2/token")
async def token(request: Request, world: TheWorld) -> Response:
    """Tokens for a code, or for a refresh token: each works once."""
    form = await request.form()
    found = exchange(
        world, "exact", form, secret=str(form.get("client_secret", "")), lives=_ACCESS,
        used=oauth_error(401, "unauthorized_client", "Old refresh token used."),
    )  # fmt: skip
    if isinstance(found, Response):
        return found
    access, refresh = found
    return JSONResponse(
        {
            "access_token": access,
            "token_type": "bearer",
            "expires_in": str(int(_ACCESS.total_seconds())),
            "refresh_token": refresh,
        }
    )


def _refused(request: Request, world: World, scope: str) -> tuple[Response | None, dict[str, str]]:
    """Who may not come in, or comes too often; the headers tell what is left."""
    now = world.clock.now()
    if not let_in(world, request, "exact"):
        return JSONResponse({"error": {"message": {"value": "Unauthorized"}}}, status_code=401), {}
    kept = world.store.setting("exact_limits")
    limits: dict[str, int] = json.loads(kept) if kept else {"minutely": 60, "daily": 5000}
    minute, day = now.replace(second=0, microsecond=0), now.replace(hour=0, minute=0, second=0, microsecond=0)
    resets = {
        "minutely": minute + timedelta(minutes=1),
        "daily": day + timedelta(days=1),
    }
    windows = {"minutely": minute.isoformat(), "daily": day.isoformat()}
    headers, over = {"Date": format_datetime(now.astimezone(UTC), usegmt=True)}, False
    for name, prefix in (("daily", "X-RateLimit"), ("minutely", "X-RateLimit-Minutely")):
        key = f"exact_calls:{scope}:{name}"
        window, _, count = (world.store.setting(key) or "|0").partition("|")
        made = int(count) + 1 if window == windows[name] else 1
        world.store.keep_setting(key, f"{windows[name]}|{made}")
        headers[f"{prefix}-Limit"] = str(limits[name])
        headers[f"{prefix}-Remaining"] = str(max(0, limits[name] - made))
        headers[f"{prefix}-Reset"] = str(int(resets[name].timestamp() * 1000))
        over = over or made > limits[name]
    if over:
        return JSONResponse({"error": {"message": {"value": "Too Many Requests"}}}, 429, headers), headers
    return None, headers


@routes.get("/api/v1/current/Me")
async def me(request: Request, world: TheWorld) -> Response:
    """Whose token this is, and in which division he works."""
    refused, headers = _refused(request, world, "me")
    return refused or _rows([{"CurrentDivision": int(EXACT_DIVISIONS[0][0])}], headers)


@routes.get("/api/v1/{division}/{resource:path}")
async def resource(request: Request, world: TheWorld, division: str, resource: str) -> Response:
    """One resource of a division, in pages."""
    refused, headers = _refused(request, world, division)
    if refused:
        return refused
    if division not in {code for code, _, _ in EXACT_DIVISIONS}:
        return JSONResponse({"error": {"message": {"value": "Forbidden"}}}, 403, headers)
    makers = {
        "hrm/Divisions": _divisions,
        "crm/Accounts": _accounts,
        "read/financial/ReceivablesList": _receivables,
        "documents/Documents": _documents,
        "documents/DocumentAttachments": _attachments,
        "financialtransaction/BankEntryLines": _bank_lines,
    }
    if resource not in makers:
        return JSONResponse({"error": {"message": {"value": "Not found"}}}, 404, headers)
    query = parse_qs(urlsplit(str(request.url)).query)
    rows = makers[resource](world, division, query.get("$filter", [""])[0])
    return _page(request, world, rows, query, headers)


def _page(
    request: Request,
    world: World,
    rows: list[dict[str, Any]],
    query: dict[str, list[str]],
    headers: dict[str, str],
) -> Response:
    """A page behind the row that the link names, whatever came or went meanwhile."""
    after = query.get("$skiptoken", [""])[0].strip("'")
    keyed = [(str(row.pop("_key")), row) for row in rows]
    if after:
        keyed = [(key, row) for key, row in keyed if key > after]
    size = int(world.store.setting("exact_page") or 60)
    shown, more = keyed[:size], len(keyed) > size
    chosen = query.get("$select", [""])[0].split(",")
    content: dict[str, Any] = {
        "results": [{name: row[name] for name in chosen if name in row} for _, row in shown]
    }
    if more:
        again = {name: values[0] for name, values in query.items() if name != "$skiptoken"}
        base = f"{world.configuration.own_url}{request.url.path}"
        content["__next"] = world.store.setting("exact_next") or (
            f"{base}?{urlencode({**again, '$skiptoken': repr(shown[-1][0])})}"
        )
    return JSONResponse({"d": content}, headers=headers)


def _rows(rows: list[dict[str, Any]], headers: dict[str, str]) -> Response:
    return JSONResponse({"d": {"results": rows}}, headers=headers)


def _divisions(world: World, division: str, asked: str) -> list[dict[str, Any]]:
    return [
        {"_key": code, "Code": int(code), "Description": name, "Currency": "EUR"}
        for code, name, _ in EXACT_DIVISIONS
    ]


def _accounts(world: World, division: str, asked: str) -> list[dict[str, Any]]:
    since = _MOMENT_IN.search(asked)
    after = moment_text(datetime.fromisoformat(since[1]).replace(tzinfo=UTC)) if since else ""
    found = world.store.all(
        "SELECT * FROM book_customer WHERE vendor = 'exact' AND division = ? AND modified_at > ?"
        " ORDER BY ref",
        division, after,
    )  # fmt: skip
    return [_account(row["ref"], customer_facts(row)) for row in found]


def _account(ref: str, facts: dict[str, str]) -> dict[str, Any]:
    return {
        "_key": ref, "ID": ref, "Code": f"{facts['number']:>18}", "Name": facts["name"],
        "AddressLine1": facts["street"],
        "Postcode": facts["postal_code"], "City": facts["city"], "Country": f"{facts['country']} ",
        "Email": facts["email"] or None, "Phone": facts["phone"] or None, "VATNumber": None,
        "ChamberOfCommerce": facts["registration_number"] or None,
    }  # fmt: skip


def _receivables(world: World, division: str, asked: str) -> list[dict[str, Any]]:
    found = world.store.all(
        "SELECT l.*, c.facts FROM book_line l JOIN book_customer c ON c.vendor = l.vendor"
        " AND c.ref = l.customer_ref WHERE l.vendor = 'exact' AND l.division = ? AND l.open_minor <> 0"
        " ORDER BY l.id",
        division,
    )
    return [
        {
            "_key": f"{row['id']:09d}", "HID": str(row["id"]), "AccountId": row["customer_ref"],
            "AccountName": customer_facts(row)["name"], "Amount": row["open_minor"] / 100,
            "CurrencyCode": row["currency"], "DueDate": _odata_day(row["due_on"]),
            "InvoiceDate": _odata_day(row["issued_on"]), "InvoiceNumber": int(row["number"]),
            "YourRef": row["your_ref"] or None,
        }
        for row in found
    ]  # fmt: skip


def _documents(world: World, division: str, asked: str) -> list[dict[str, Any]]:
    number = re.search(r"SalesInvoiceNumber eq (\d+)", asked)
    account = _GUID_IN.search(asked)
    line = world.store.one(
        "SELECT * FROM book_line WHERE vendor = 'exact' AND division = ? AND number = ? AND customer_ref = ?",
        division, number[1] if number else "", account[1] if account else "",
    )  # fmt: skip
    return [] if line is None else [{"_key": "1", "ID": _document_id(line["id"])}]


def _document_id(line: int) -> str:
    return f"d0c00000-0000-4000-8000-{line:012d}"


def _attachments(world: World, division: str, asked: str) -> list[dict[str, Any]]:
    document = _GUID_IN.search(asked)
    line = int(document[1].rpartition("-")[2]) if document else 0
    row = world.store.one("SELECT number FROM book_line WHERE id = ?", line)
    if row is None:
        return []
    url = world.store.setting("exact_file_url") or (
        f"{world.configuration.own_url}/exact/docs/SysAttachment.aspx?ID={line}&_Division_={division}"
    )
    return [
        {"_key": "1", "ID": _document_id(line), "FileName": f"Factuur {row['number']}.pdf", "FileSize": 1.0,
         "Url": url}
    ]  # fmt: skip


@routes.get("/docs/SysAttachment.aspx")
async def attachment(request: Request, world: TheWorld) -> Response:
    """The file of an attachment."""
    refused, headers = _refused(request, world, "files")
    line = world.store.one("SELECT * FROM book_line WHERE id = ?", request.query_params.get("ID", "0"))
    if refused or line is None:
        return refused or Response(status_code=404)
    return Response(document_of(world, line), media_type="application/pdf", headers=headers)


def _bank_lines(world: World, division: str, asked: str) -> list[dict[str, Any]]:
    account, since = _GUID_IN.search(asked), _MOMENT_IN.search(asked)
    found = world.store.all(
        "SELECT * FROM book_receipt WHERE vendor = 'exact' AND division = ? AND customer_ref = ?"
        " AND received_on >= ? ORDER BY id",
        division, account[1] if account else "", since[1][:10] if since else "",
    )  # fmt: skip
    return [
        {"_key": row["id"], "ID": row["id"], "AmountFC": row["amount_minor"] / 100,
         "Date": _odata_day(row["received_on"]), "Description": row["text"]}
        for row in found
    ]  # fmt: skip


def _odata_day(day: str) -> str:
    moment = datetime.combine(date.fromisoformat(day), datetime.min.time(), tzinfo=UTC)
    return f"/Date({int(moment.timestamp() * 1000)})/"

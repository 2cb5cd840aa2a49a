"""Exact Online as it speaks: its consent page, tokens that rotate, OData in pages, limits."""

import json
import re
import secrets
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from integrations.egress import is_loopback
from integrations.simulator import magic
from integrations.simulator.books import (
    EXACT_DIVISIONS,
    customer_facts,
    document_of,
    open_books,
)
from integrations.simulator.pages import show_page
from integrations.simulator.store import moment_text
from integrations.simulator.world import TheWorld, World

routes = APIRouter(prefix="/exact", include_in_schema=False)

_ACCESS: Final = timedelta(minutes=10)
_CODE: Final = timedelta(minutes=3)
_REFRESH: Final = timedelta(days=30)
_CALLBACK: Final = "/creditor/bookkeeping/callback/exact"
_GUID_IN: Final = re.compile(r"guid'([0-9a-f-]{36})'")
_MOMENT_IN: Final = re.compile(r"(?:Modified gt|Date ge) datetime'([^']+)'")


@routes.get("/api/oauth2/auth")
async def consent(world: TheWorld, client_id: str = "", redirect_uri: str = "", state: str = "") -> Response:
    """Ask the creditor's user whether the agency may look."""
    if not client_id or not _registered(redirect_uri):
        return HTMLResponse("this application is not registered with this address", status_code=400)
    return show_page(
        world,
        "consent.html",
        redirect_uri=redirect_uri,
        state=state,
        divisions=[name for _, name, _ in EXACT_DIVISIONS],
    )


@routes.post("/api/oauth2/auth")
async def decide(request: Request, world: TheWorld) -> Response:
    """Go back with a code, or with the refusal."""
    form = await request.form()
    redirect_uri, state = str(form.get("redirect_uri", "")), str(form.get("state", ""))
    if not _registered(redirect_uri):
        return HTMLResponse("this application is not registered with this address", status_code=400)
    answer = {"state": state} if state else {}
    if form.get("answer") == "yes":
        answer["code"] = _grant(world, "code", _CODE, chain=secrets.token_hex(8), facts=redirect_uri)
    else:
        answer["error"] = "access_denied"
    return RedirectResponse(f"{redirect_uri}?{urlencode(answer)}", status_code=303)


def _registered(redirect_uri: str) -> bool:
    parts = urlsplit(redirect_uri)
    return is_loopback(parts.hostname or "") and parts.path == _CALLBACK and not parts.query


@routes.post("/api/oauth2/token")
async def token(request: Request, world: TheWorld) -> Response:
    """Tokens for a code, or for a refresh token: each works once."""
    form = await request.form()
    if form.get("client_secret") == magic.WRONG_KEY or not form.get("client_secret"):
        return _oauth_error(400, "invalid_client", "Invalid client")
    kind = {"authorization_code": "code", "refresh_token": "refresh"}.get(str(form.get("grant_type")))
    given = str(form.get("code" if kind == "code" else "refresh_token", ""))
    row = world.store.one("SELECT * FROM book_grant WHERE token = ? AND kind = ?", given, kind or "")
    if row is None or row["revoked"] or row["expires_at"] < moment_text(world.clock.now()):
        return _oauth_error(400, "invalid_grant", "The token is not valid")
    if row["used"]:
        return _oauth_error(401, "unauthorized_client", "Old refresh token used.")
    if kind == "code" and form.get("redirect_uri") != row["facts"]:
        return _oauth_error(400, "invalid_request", "redirect_uri differs")
    with world.store.transaction():
        world.store.run("UPDATE book_grant SET used = 1 WHERE token = ?", given)
        access = _grant(world, "access", _ACCESS, chain=row["chain"])
        refresh = _grant(world, "refresh", _REFRESH, chain=row["chain"])
    return JSONResponse(
        {
            "access_token": access,
            "token_type": "bearer",
            "expires_in": str(int(_ACCESS.total_seconds())),
            "refresh_token": refresh,
        }
    )


def _grant(world: World, kind: str, lives: timedelta, *, chain: str, facts: str = "") -> str:
    made = secrets.token_urlsafe(40)
    world.store.insert(
        "book_grant",
        token=made, kind=kind, chain=chain, facts=facts, expires_at=moment_text(world.clock.now() + lives),
    )  # fmt: skip
    return made


def _oauth_error(status: int, error: str, description: str) -> Response:
    return JSONResponse({"error": error, "error_description": description}, status_code=status)


def _refused(request: Request, world: World, scope: str) -> tuple[Response | None, dict[str, str]]:
    """Who may not come in, or comes too often; the headers tell what is left."""
    open_books(world)
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    row = world.store.one("SELECT * FROM book_grant WHERE token = ? AND kind = 'access'", given)
    now = world.clock.now()
    if scheme != "Bearer" or row is None or row["revoked"] or row["expires_at"] < moment_text(now):
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

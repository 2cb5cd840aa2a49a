"""QuickBooks Online as it speaks: Intuit's consent page, tokens that rotate, queries in pages."""

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from integrations.simulator.book_consent import ask_consent, exchange, let_in, oauth_error, take_answer
from integrations.simulator.books import QUICKBOOKS_COMPANY, customer_facts, document_of, lines_of
from integrations.simulator.world import TheWorld, World

routes = APIRouter(prefix="/quickbooks", include_in_schema=False)

_ACCESS: Final = timedelta(hours=1)
_MOST: Final = 1_000
_QUERY: Final = re.compile(
    r"select \* from (?P<kind>\w+)(?: where (?P<where>.+?))?(?: ORDERBY (?P<order>[\w.]+))?"
    r"(?: STARTPOSITION (?P<start>\d+))?(?: MAXRESULTS (?P<most>\d+))?"
)
_CLAUSE: Final = re.compile(r"([\w.]+) (=|>=|>) '([^']*)'")
_COUNTRY: Final = {"NL": "Nederland", "BE": "België"}


@routes.get("/connect/oauth2")
async def consent(request: Request, world: TheWorld) -> Response:
    """Ask the creditor's user whether the agency may look into one company."""
    _, name = QUICKBOOKS_COMPANY
    return ask_consent(world, request, "quickbooks", title="QuickBooks Online", books=[name])


@routes.post("/connect/oauth2")
async def decide(request: Request, world: TheWorld) -> Response:
    """Go back with a code and the company."""
    realm, _ = QUICKBOOKS_COMPANY
    return await take_answer(world, request, "quickbooks", beside={"realmId": realm})


@routes.post("/oauth2/v1/tokens/bearer")
async def token(request: Request, world: TheWorld) -> Response:
    """Tokens for a code or a refresh token."""
    found = exchange(
        world, "quickbooks", await request.form(), secret=_secret(request), lives=_ACCESS,
        used=oauth_error(400, "invalid_grant", "Incorrect Token type or clientID"),
    )  # fmt: skip
    if isinstance(found, Response):
        return found
    access, refresh = found
    return JSONResponse(
        {"access_token": access, "token_type": "bearer", "expires_in": 3600, "refresh_token": refresh,
         "x_refresh_token_expires_in": 8_726_400}
    )  # fmt: skip


def _secret(request: Request) -> str:
    scheme, _, packed = request.headers.get("authorization", "").partition(" ")
    try:
        client, _, secret = base64.b64decode(packed).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return secret if scheme == "Basic" and client else ""


def _refused(request: Request, world: World, realm: str) -> Response | None:
    if not let_in(world, request, "quickbooks"):
        return _fault(401, "3200", "message=AuthenticationFailed; errorCode=003200; statusCode=401")
    if realm != QUICKBOOKS_COMPANY[0]:
        return _fault(403, "3100", "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403")
    return None


def _fault(status: int, code: str, message: str) -> Response:
    return JSONResponse({"Fault": {"Error": [{"Message": message, "code": code}]}}, status_code=status)


@routes.get("/v3/company/{realm}/companyinfo/{same}")
async def company(request: Request, world: TheWorld, realm: str, same: str) -> Response:
    """What the company is called."""
    _, name = QUICKBOOKS_COMPANY
    return _refused(request, world, realm) or JSONResponse({"CompanyInfo": {"Id": "1", "CompanyName": name}})


@routes.get("/v3/company/{realm}/invoice/{invoice_id}/pdf")
async def pdf(request: Request, world: TheWorld, realm: str, invoice_id: int) -> Response:
    """An invoice as QuickBooks draws it."""
    if refused := _refused(request, world, realm):
        return refused
    found = lines_of(world, "quickbooks", realm, invoice_id)
    if not found:
        return _fault(400, "610", "Object Not Found")
    return Response(document_of(world, found[0]), media_type="application/pdf")


@routes.get("/v3/company/{realm}/query")
async def query(request: Request, world: TheWorld, realm: str) -> Response:
    """Rows of one kind."""
    if refused := _refused(request, world, realm):
        return refused
    asked = _QUERY.fullmatch(request.query_params.get("query", ""))
    makers = {
        "Invoice": _invoices,
        "CreditMemo": _credit_memos,
        "Customer": _customers,
        "Payment": _payments,
        "Preferences": _preferences,
    }
    if asked is None or asked["kind"] not in makers:
        return _fault(400, "4000", "Error parsing query")
    clauses = (asked["where"] or "").split(" and ") if asked["where"] else []
    rows = [row for row in makers[asked["kind"]](world, realm) if all(_holds(row, one) for one in clauses)]
    if asked["kind"] == "Customer" and "Active IN (true, false)" not in clauses:
        rows = [row for row in rows if row["Active"]]
    if order := asked["order"]:
        rows.sort(key=lambda row: str(_value(row, order)))
    begin = int(asked["start"] or 1) - 1
    size = min(int(asked["most"] or 100), int(world.store.setting("quickbooks_page") or _MOST))
    shown = rows[begin : begin + size]
    found = {asked["kind"]: shown, "startPosition": begin + 1, "maxResults": len(shown)} if shown else {}
    return JSONResponse({"QueryResponse": found, "time": world.clock.now().isoformat()})


def _holds(row: dict[str, Any], clause: str) -> bool:
    found = _CLAUSE.fullmatch(clause)
    if found is None:
        return clause == "Active IN (true, false)"
    name, how, wanted = found.groups()
    here = _value(row, name)
    if name == "Balance":
        return bool(here > float(wanted))
    # A moment with or without a zone's own signs, a day, or an id: all sort and compare as text here.
    here, wanted = str(here), wanted.replace("+00:00", "Z")
    return here == wanted if how == "=" else here >= wanted if how == ">=" else here > wanted


def _value(row: dict[str, Any], name: str) -> Any:
    value: Any = row
    for part in name.split("."):
        value = value[part]
    return value["value"] if isinstance(value, dict) else value


def _preferences(world: World, realm: str) -> list[dict[str, Any]]:
    home = world.store.setting("quickbooks_currency") or "EUR"
    return [{"CurrencyPrefs": {"MultiCurrencyEnabled": False, "HomeCurrency": {"value": home}}}]


def _invoices(world: World, realm: str) -> list[dict[str, Any]]:
    return [_sale(row) for row in lines_of(world, "quickbooks", realm) if row["total_minor"] >= 0]


def _credit_memos(world: World, realm: str) -> list[dict[str, Any]]:
    return [_sale(row) for row in lines_of(world, "quickbooks", realm) if row["total_minor"] < 0]


def _sale(row: Any) -> dict[str, Any]:
    facts = customer_facts(row)
    # Where a company has one currency, its name is left out.
    named = {} if row["currency"] == "EUR" else {"CurrencyRef": {"value": row["currency"]}}
    return {
        "Id": str(row["id"]),
        "DocNumber": row["number"],
        "TxnDate": row["issued_on"],
        "DueDate": row["due_on"],
        "CustomerRef": {"value": row["customer_ref"], "name": facts["name"]},
        "TotalAmt": abs(row["total_minor"]) / 100,
        "Balance": abs(row["open_minor"]) / 100,
        **named,
        # Four at a time, as when a file is taken in.
        "MetaData": {"CreateTime": _moment(row["id"] // 4)},
    }


def _moment(seconds: int) -> str:
    return f"{datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"


def _customers(world: World, realm: str) -> list[dict[str, Any]]:
    found = world.store.all(
        "SELECT * FROM book_customer WHERE vendor = 'quickbooks' AND division = ? ORDER BY ref", realm
    )
    rows = []
    for place, row in enumerate(found):
        facts = customer_facts(row)
        rows.append(
            {
                "Id": row["ref"],
                "DisplayName": facts["name"],
                "CompanyName": facts["name"],
                "Active": place % 5 != 4,
                "BillAddr": {
                    "Line1": facts["street"], "PostalCode": facts["postal_code"], "City": facts["city"],
                    "Country": _COUNTRY.get(facts["country"], facts["country"]),
                },
                "PrimaryEmailAddr": {"Address": facts["email"]} if facts["email"] else None,
                "PrimaryPhone": {"FreeFormNumber": facts["phone"]} if facts["phone"] else None,
                "MetaData": {
                    "CreateTime": _moment(place),
                    "LastUpdatedTime": f"{row['modified_at'][:19]}Z",
                },
            }
        )  # fmt: skip
    return rows


def _payments(world: World, realm: str) -> list[dict[str, Any]]:
    found = world.store.all(
        "SELECT rowid, * FROM book_receipt WHERE vendor = 'quickbooks' AND division = ? ORDER BY rowid", realm
    )
    return [
        {
            "Id": str(7_000_000 + row["rowid"]),
            "TxnDate": row["received_on"],
            "TotalAmt": row["amount_minor"] / 100,
            "CustomerRef": {"value": row["customer_ref"]},
            "PrivateNote": row["text"],
        }
        for row in found
    ]

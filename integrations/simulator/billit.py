"""Billit as it speaks: a user's key, companies, OData in pages of 120, files in base64."""

import base64
import re
import uuid
from collections.abc import Callable
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from integrations.simulator import magic
from integrations.simulator.books import (
    BILLIT_COMPANIES,
    customer_facts,
    document_of,
    key_works,
    lines_of,
    open_books,
)
from integrations.simulator.world import TheWorld, World

routes = APIRouter(prefix="/billit", include_in_schema=False)

_PAGE: Final = 120
_CLAUSE: Final = re.compile(r"(\w+) (eq|ne|gt|ge|lt|le) (?:[Dd]ate[Tt]ime)?('[^']*'|\d+)")
_MEANS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "eq": lambda a, b: a == b, "ne": lambda a, b: a != b, "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b, "lt": lambda a, b: a < b, "le": lambda a, b: a <= b,
}  # fmt: skip
# docs.billit.be/docs/odata: of all others an error is answered.
_ORDERS_BY: Final = frozenset(
    {"OrderID", "OrderDirection", "OrderType", "OrderDate", "OrderNumber", "ExpiryDate", "TotalIncl", "Paid",
     "OrderStatus", "Currency", "LastModified", "Created", "IsSent"}
)  # fmt: skip
_PARTIES_BY: Final = frozenset({"PartyType", "LastModified"})
_COST_ID: Final = 900_000_000


def _refused(request: Request, world: World, *, company: bool = True) -> Response | None:
    open_books(world)
    key = request.headers.get("apikey", "")
    if not key or key == magic.WRONG_KEY or not key_works(world, key):
        return _error(401, "ApiKeyNotValid", "The api key is not valid")
    if company and request.headers.get("partyid") not in {code for code, _ in _companies(world)}:
        return _error(401, "Unauthorized", "No access")
    return None


def _error(status: int, code: str, text: str) -> Response:
    return JSONResponse({"errors": [{"Code": code, "Description": text}]}, status_code=status)


def _companies(world: World) -> list[tuple[str, str]]:
    kept = world.store.setting("billit_companies")
    return [(code, name) for code, name, _ in BILLIT_COMPANIES if kept is None or code in kept.split(",")]


@routes.get("/v1/account/accountInformation")
async def account(request: Request, world: TheWorld) -> Response:
    """Whose key this is, and his companies."""
    return _refused(request, world, company=False) or JSONResponse(
        {
            "Email": "administratie@groothandel.example",
            "Companies": [{"PartyID": int(code), "Name": name} for code, name in _companies(world)],
        }
    )


@routes.get("/v1/orders")
async def orders(request: Request, world: TheWorld) -> Response:
    """Orders of every kind and direction, as filtered."""
    if refused := _refused(request, world):
        return refused
    company = request.headers["partyid"]
    rows = [_cost(company), *(_order(world, row) for row in lines_of(world, "billit", company))]
    return _page(request, world, rows, _ORDERS_BY, "OrderID")


@routes.get("/v1/parties")
async def parties(request: Request, world: TheWorld) -> Response:
    """Customers, and a supplier."""
    if refused := _refused(request, world):
        return refused
    found = world.store.all(
        "SELECT * FROM book_customer WHERE vendor = 'billit' AND division = ? ORDER BY ref",
        request.headers["partyid"],
    )
    supplier = {
        "PartyID": 2,
        "PartyType": "Supplier",
        "DisplayName": "Leverancier",
        "LastModified": "2020-01-01",
    }
    rows = [supplier, *(_party(row) for row in found)]
    return _page(request, world, rows, _PARTIES_BY, "LastModified")


def _page(
    request: Request, world: World, rows: list[dict[str, Any]], filterable: frozenset[str], order: str
) -> Response:
    asked = request.query_params
    wanted = asked.get("$filter", "")
    for name, _, _ in _CLAUSE.findall(wanted):
        if name not in filterable:
            return _error(400, "GenericError", f"Could not find a property named '{name}'")
    heeded = [one for one in wanted.split(" and ") if one]
    if (unheeded := world.store.setting("billit_unfiltered")) is not None:
        heeded = [one for one in heeded if unheeded == "kinds" and "OrderID" in one]
    rows = [row for row in rows if all(_holds(row, one) for one in heeded)]
    rows.sort(key=lambda row: (row[asked.get("$orderby", order)], row.get("PartyID", 0)))
    size = min(int(asked.get("$top", _PAGE)), int(world.store.setting("billit_page") or _PAGE))
    skip = int(asked.get("$skip", "0"))
    shown = rows[skip : skip + size]
    return JSONResponse({"Items": shown, "NextPageLink": None, "Count": None})


def _holds(row: dict[str, Any], clause: str) -> bool:
    """One part between `and`s; within brackets one of several may hold."""
    tests = _CLAUSE.findall(clause)
    return any(
        _MEANS[how](row[name], int(value) if value.isdecimal() else value.strip("'"))
        for name, how, value in tests
    )


@routes.get("/v1/orders/{order_id}")
async def order(request: Request, world: TheWorld, order_id: int) -> Response:
    """One order; of another company it is as closed as without a key."""
    if refused := _refused(request, world):
        return refused
    found = lines_of(world, "billit", request.headers["partyid"], order_id)
    return JSONResponse(_order(world, found[0])) if found else _error(401, "Unauthorized", "No access")


@routes.get("/v1/files/{file_id}")
async def file(request: Request, world: TheWorld, file_id: uuid.UUID) -> Response:
    """A file within JSON."""
    if refused := _refused(request, world):
        return refused
    found = lines_of(world, "billit", request.headers["partyid"], file_id.int & 0xFFFFFFFF)
    if not found:
        return _error(404, "NotFound", "No such file")
    packed = base64.b64encode(document_of(world, found[0])).decode()
    return JSONResponse(
        {
            "FileID": str(file_id),
            "FileName": f"Factuur {found[0]['number']}.pdf",
            "MimeType": "application/pdf",
            "FileContent": "%%%" if world.store.setting("book_document") == "broken" else packed,
        }
    )


def _order(world: World, row: Any) -> dict[str, Any]:
    facts, left, total = customer_facts(row), row["open_minor"], row["total_minor"]
    over = "Credited" if row["credited_minor"] else "Paid"
    status = world.store.setting(f"billit_status:{row['number']}") or ("ToPay" if left else over)
    return {
        "OrderID": row["id"],
        "CompanyID": int(row["division"]),
        "OrderPDF": {"FileID": str(uuid.UUID(int=(0xF11E << 112) | row["id"]))},
        "OrderNumber": row["number"],
        "CounterParty": {"PartyID": int(row["customer_ref"]), "DisplayName": facts["name"]},
        "OrderDate": f"{row['issued_on']}T00:00:00",
        "ExpiryDate": f"{row['due_on']}T00:00:00",
        "OrderType": "CreditNote" if total < 0 else "Invoice",
        "OrderDirection": "Income",
        "AboutInvoiceNumber": row["your_ref"] or None,
        "TotalIncl": abs(total) / 100,
        "ToPay": abs(left) / 100,
        # True as soon as something came in: the nastier of the two readings of the documentation.
        "Paid": left != total,
        "OrderStatus": status,
        "Currency": row["currency"],
    }


def _cost(company: str) -> dict[str, Any]:
    """What a supplier asks of the creditor: it is owed by it, not to it."""
    return {
        "OrderID": _COST_ID,
        "CompanyID": int(company),
        "OrderNumber": "VAN-DE-LEVERANCIER",
        "CounterParty": {"PartyID": 2, "DisplayName": "Leverancier"},
        "OrderDate": "2026-01-01T00:00:00",
        "ExpiryDate": "2026-01-31T00:00:00",
        "OrderType": "Invoice",
        "OrderDirection": "Cost",
        "TotalIncl": 9999.0,
        "ToPay": 9999.0,
        "Paid": False,
        "OrderStatus": "ToPay",
        "Currency": "EUR",
    }


def _party(row: Any) -> dict[str, Any]:
    facts = customer_facts(row)
    street, _, number = facts["street"].rpartition(" ")
    address = {
        "Street": street, "StreetNumber": number, "Zipcode": facts["postal_code"], "City": facts["city"],
        "CountryCode": facts["country"],
    }  # fmt: skip
    return {
        "PartyID": int(row["ref"]),
        "PartyType": "Customer",
        "Nr": facts["number"],
        "Name": facts["name"],
        "DisplayName": facts["name"],
        "Addresses": [
            {"AddressType": "DeliveryAddress", "CountryCode": "BE"},
            {"AddressType": "InvoiceAddress", **address},
        ],
        **address,
        "Email": facts["email"] or None,
        "Phone": facts["phone"] or None,
        "VATNumber": None,
        "Identifiers": [{"IdentifierType": "CBE", "Identifier": facts["registration_number"]}],
        "LastModified": row["modified_at"][:23],
    }

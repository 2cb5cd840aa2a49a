"""Teamleader Focus as it speaks: its consent page, tokens that rotate, questions by POST, a sliding limit."""

import json
import secrets
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from integrations.simulator.book_consent import ask_consent, exchange, let_in, oauth_error, take_answer
from integrations.simulator.books import TEAMLEADER_DEPARTMENTS, customer_facts, document_of, lines_of
from integrations.simulator.store import moment_text
from integrations.simulator.world import TheWorld, World

routes = APIRouter(prefix="/teamleader", include_in_schema=False)
files = APIRouter(prefix="/teamleader-files", include_in_schema=False)

_ACCESS: Final = timedelta(hours=1)
_LINK: Final = timedelta(minutes=10)
_WINDOW: Final = timedelta(minutes=1)
_LIMIT: Final = 200
_MOST: Final = 100
_ZONE: Final = ZoneInfo("Europe/Brussels")


class _Wrong(Exception):
    """A question that is not in Teamleader's form, or of something that is not there."""

    def __init__(self, status: int, title: str) -> None:
        super().__init__(title)
        self.status, self.title = status, title


@routes.get("/oauth2/authorize")
async def consent(request: Request, world: TheWorld) -> Response:
    """Ask the creditor's user whether the agency may look."""
    names = [name for _, name, _ in TEAMLEADER_DEPARTMENTS]
    return ask_consent(world, request, "teamleader", title="Teamleader Focus", books=names)


@routes.post("/oauth2/authorize")
async def decide(request: Request, world: TheWorld) -> Response:
    """Go back with a code, or with the refusal."""
    return await take_answer(world, request, "teamleader")


@routes.post("/oauth2/access_token")
async def token(request: Request, world: TheWorld) -> Response:
    """Tokens for a code, or for a refresh token: each works once."""
    form = await request.form()
    found = exchange(
        world, "teamleader", form, secret=str(form.get("client_secret", "")), lives=_ACCESS,
        used=oauth_error(401, "invalid_request", "The refresh token is invalid."),
    )  # fmt: skip
    if isinstance(found, Response):
        return found
    access, refresh = found
    return JSONResponse(
        {"token_type": "Bearer", "expires_in": 3600, "access_token": access, "refresh_token": refresh}
    )


@files.get("/{link}/{name}")
async def file(world: TheWorld, link: str, name: str) -> Response:
    """The PDF of an invoice, for who has the link, for a while."""
    row = world.store.one(
        "SELECT facts FROM book_grant WHERE token = ? AND kind = 'file' AND expires_at >= ?",
        link, moment_text(world.clock.now()),
    )  # fmt: skip
    line = world.store.one("SELECT * FROM book_line WHERE id = ?", row["facts"]) if row else None
    if line is None:
        return Response(status_code=403)
    return Response(document_of(world, line), media_type="application/pdf")


@routes.post("/{action}")
async def answer(request: Request, world: TheWorld, action: str) -> Response:
    """One question."""
    if not let_in(world, request, "teamleader"):
        return _errors(401, "Access token is invalid or expired", {})
    over, headers = _counted(world)
    if over:
        return _errors(429, "Too many requests", headers)
    actions: dict[str, Callable[[World, dict[str, Any]], Any]] = {
        "departments.list": _departments,
        "invoices.list": _invoices,
        "invoices.info": _invoice_info,
        "invoices.download": _download,
        "creditNotes.list": _credit_notes,
        "companies.list": _companies,
        "contacts.list": _contacts,
    }
    if action not in actions:
        return _errors(404, "Not found", headers)
    try:
        asked = await request.json()
        if not isinstance(asked, dict):
            raise _Wrong(400, "no object")
        return JSONResponse({"data": actions[action](world, asked)}, headers=headers)
    except ValueError:
        return _errors(400, "no JSON", headers)
    except _Wrong as wrong:
        return _errors(wrong.status, wrong.title, headers)


def _errors(status: int, title: str, headers: dict[str, str]) -> Response:
    return JSONResponse({"errors": [{"title": title, "status": status}]}, status_code=status, headers=headers)


def _counted(world: World) -> tuple[bool, dict[str, str]]:
    """Whether this call is one too many for the last minute; one that is refused does not count."""
    limit, now = int(world.store.setting("teamleader_limit") or _LIMIT), world.clock.now().astimezone(UTC)
    kept = [
        datetime.fromisoformat(one) for one in json.loads(world.store.setting("teamleader_calls") or "[]")
    ]
    calls = [one for one in kept if now - _WINDOW < one <= now]
    over = len(calls) >= limit
    if not over:
        calls.append(now)
    world.store.keep_setting("teamleader_calls", json.dumps([one.isoformat() for one in calls]))
    free_at = (calls[0] if calls else now) + _WINDOW
    return over, {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(limit - len(calls)),
        "X-RateLimit-Reset": f"{free_at:%Y-%m-%dT%H:%M:%S}.000+0000",
    }


def _departments(world: World, asked: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"id": code, "name": name, "vat_number": None, "currency": "EUR", "emails": [], "status": "active"}
        for code, name, _ in TEAMLEADER_DEPARTMENTS
    ]


def _filtered(asked: dict[str, Any], known: set[str]) -> dict[str, Any]:
    found = asked.get("filter") or {}
    if not isinstance(found, dict) or not set(found) <= known:
        raise _Wrong(400, "unknown filter")
    return found


def _paged(world: World, asked: dict[str, Any], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A page by its number, of whatever stands in the list by then."""
    page = asked.get("page") or {}
    size, number = int(page.get("size", 20)), int(page.get("number", 1))
    if not 1 <= size <= _MOST or number < 1:
        raise _Wrong(400, "page")
    size = min(size, int(world.store.setting("teamleader_page") or _MOST))
    return rows[(number - 1) * size : number * size]


def _id(kind: int, line: int) -> str:
    return f"{kind:08d}-0000-4000-8000-{line:012d}"


def _euros(minor: int, currency: str) -> dict[str, Any]:
    return {"amount": minor / 100, "currency": currency}


def _ref(kind: str, name: str) -> dict[str, str]:
    return {"type": kind, "id": name}


def _kind(facts: dict[str, str]) -> str:
    """Who has a number in a register is a company; all others are people."""
    return "company" if facts["registration_number"] else "contact"


def _books(world: World) -> list[Any]:
    return [line for code, _, _ in TEAMLEADER_DEPARTMENTS for line in lines_of(world, "teamleader", code)]


def _invoicee(line: Any) -> dict[str, Any]:
    facts = customer_facts(line)
    return {
        "name": facts["name"],
        "vat_number": _vat_number(facts),
        "customer": _ref(_kind(facts), line["customer_ref"]),
        "for_attention_of": None,
    }


def _vat_number(facts: dict[str, str]) -> str | None:
    number = "".join(sign for sign in facts["registration_number"] if sign.isdigit())
    return f"BE{number}" if number and facts["country"] == "BE" else None


def _lowered(books: list[Any]) -> Counter[tuple[str, str]]:
    """By how much credit notes lower what is due of the invoices that they name."""
    found: Counter[tuple[str, str]] = Counter()
    for line in books:
        if line["total_minor"] < 0:
            found[line["your_ref"], line["customer_ref"]] -= line["open_minor"]
    return found


def _invoice(world: World, line: Any, lowered: Counter[tuple[str, str]]) -> dict[str, Any]:
    due, currency = line["open_minor"] - lowered[line["number"], line["customer_ref"]], line["currency"]
    receipts = _receipts(world, line)
    touched = max([line["issued_on"], *(one["received_on"] for one in receipts)])
    return {
        "id": _id(1, line["id"]),
        "department": _ref("department", line["division"]),
        "invoice_number": line["number"],
        "invoice_date": line["issued_on"],
        "status": "outstanding" if due else "matched",
        "due_on": line["due_on"],
        "paid": not due,
        "paid_at": None if due else f"{touched}T12:00:00+00:00",
        "sent": True,
        "purchase_order_number": None,
        "payment_reference": None,
        "invoicee": _invoicee(line),
        "total": {
            "tax_exclusive": _euros(line["total_minor"], currency),
            "tax_inclusive": _euros(line["total_minor"], currency),
            "payable": _euros(line["total_minor"], currency),
            "taxes": [],
            "due": _euros(due, currency),
        },
        "updated_at": f"{touched}T12:00:00+00:00",
        "file": None,
    }


def _receipts(world: World, line: Any) -> list[Any]:
    return list(
        world.store.all(
            "SELECT * FROM book_receipt WHERE vendor = 'teamleader' AND customer_ref = ? AND text = ?"
            " ORDER BY rowid",
            line["customer_ref"], line["number"],
        )
    )  # fmt: skip


def _invoices(world: World, asked: dict[str, Any]) -> list[dict[str, Any]]:
    known = {"department_id", "status", "invoice_date_after", "updated_since", "customer"}
    wanted, books = _filtered(asked, known), _books(world)
    lowered = _lowered(books)
    rows = [_invoice(world, line, lowered) for line in books if line["total_minor"] >= 0]
    rows = [
        row
        for row in rows
        if wanted.get("department_id", row["department"]["id"]) == row["department"]["id"]
        and row["status"] in wanted.get("status", [row["status"]])
        and row["invoice_date"] >= wanted.get("invoice_date_after", "")
        and row["updated_at"] >= wanted.get("updated_since", "")
        and wanted.get("customer", row["invoicee"]["customer"]) == row["invoicee"]["customer"]
    ]
    for order in reversed(asked.get("sort") or [{"field": "invoice_number"}]):
        if order["field"] not in ("invoice_number", "invoice_date"):
            raise _Wrong(400, "unknown field")
        field, back = order["field"], order.get("order") == "desc"
        rows.sort(key=lambda row: str(row[field]), reverse=back)
    return _paged(world, asked, rows)


def _line(world: World, asked: dict[str, Any], books: list[Any]) -> Any:
    found = next((one for one in books if _id(1, one["id"]) == asked.get("id")), None)
    if found is None:
        raise _Wrong(404, "Invoice not found")
    return found


def _invoice_info(world: World, asked: dict[str, Any]) -> dict[str, Any]:
    books = _books(world)
    line = _line(world, asked, books)
    payments = [
        {
            "paid_at": _midnight(one["received_on"]),
            "payment": _euros(one["amount_minor"], line["currency"]),
        }
        for one in _receipts(world, line)
    ]  # fmt: skip
    return {**_invoice(world, line, _lowered(books)), "payments": payments, "on_hold_since": None}


def _midnight(day: str) -> str:
    """A day is kept as a moment: midnight in Belgium is the evening before in UTC."""
    moment = datetime.fromisoformat(day).replace(tzinfo=_ZONE).astimezone(UTC)
    return moment.isoformat(timespec="seconds")


def _download(world: World, asked: dict[str, Any]) -> dict[str, Any]:
    line = _line(world, asked, _books(world))
    if asked.get("format") != "pdf":
        raise _Wrong(400, "format")
    link, until = secrets.token_urlsafe(20), world.clock.now() + _LINK
    world.store.insert(
        "book_grant",
        token=link, kind="file", chain="teamleader:file", facts=str(line["id"]),
        expires_at=moment_text(until),
    )  # fmt: skip
    made = (
        f"{world.configuration.own_url}/teamleader-files/{link}/invoice.pdf?signature={secrets.token_hex(8)}"
    )
    return {
        "location": world.store.setting("teamleader_file_url") or made,
        "expires": until.astimezone(UTC).isoformat(timespec="seconds"),
    }


def _credit_notes(world: World, asked: dict[str, Any]) -> list[dict[str, Any]]:
    wanted, books = _filtered(asked, {"department_id"}), _books(world)
    invoices = {(one["number"], one["customer_ref"]): one for one in books if one["total_minor"] >= 0}
    rows = []
    for line in books:
        if line["total_minor"] >= 0 or wanted.get("department_id", line["division"]) != line["division"]:
            continue
        of = invoices.get((line["your_ref"], line["customer_ref"]))
        same = _euros(-line["total_minor"], line["currency"])
        rows.append(
            {
                "id": _id(2, line["id"]),
                "department": _ref("department", line["division"]),
                "credit_note_number": line["number"],
                "credit_note_date": line["issued_on"],
                "status": "booked",
                "invoice": _ref("invoice", _id(1, of["id"])) if of else None,
                "paid": of is not None or not line["open_minor"],
                "paid_at": None,
                "invoicee": _invoicee(line),
                "total": {"tax_exclusive": same, "tax_inclusive": same, "payable": same, "taxes": []},
            }
        )  # fmt: skip
    return _paged(world, asked, rows)


def _companies(world: World, asked: dict[str, Any]) -> list[dict[str, Any]]:
    return _people(world, asked, "company")


def _contacts(world: World, asked: dict[str, Any]) -> list[dict[str, Any]]:
    return _people(world, asked, "contact")


def _people(world: World, asked: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    wanted = _filtered(asked, {"ids", "status"})
    found = world.store.all("SELECT * FROM book_customer WHERE vendor = 'teamleader' ORDER BY ref")
    rows = []
    for row in found:
        # One in five was set aside, and owes as well.
        status = "deactivated" if int(row["ref"][-1], 16) % 5 == 4 else "active"
        facts = customer_facts(row)
        if _kind(facts) == kind and status == wanted.get("status", "active"):
            rows.append({"id": row["ref"], "status": status, **_facts(facts, kind)})
    ids = wanted.get("ids", [row["id"] for row in rows])
    page = asked.get("page") or {}
    return [row for row in rows if row["id"] in ids][: int(page.get("size", 20))]


def _facts(facts: dict[str, str], kind: str) -> dict[str, Any]:
    given, _, family = facts["name"].partition(" ")
    names = {"name": facts["name"]} if kind == "company" else {"first_name": given, "last_name": family}
    phones = [{"type": "fax", "number": "+32 2 000 00 00"}, {"type": "mobile", "number": facts["phone"]}]
    return {
        **names,
        "vat_number": _vat_number(facts),
        # Of a company its number in the register, of a contact the person's own.
        "national_identification_number": facts["registration_number"] or "00.00.00-000.00",
        "emails": [{"type": "primary", "email": facts["email"]}] if facts["email"] else [],
        "telephones": phones if facts["phone"] else phones[:1],
        "primary_address": {
            "line_1": facts["street"], "postal_code": facts["postal_code"], "city": facts["city"],
            "country": facts["country"],
        },
        "language": "nl",
    }  # fmt: skip

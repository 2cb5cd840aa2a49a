"""Stripe Invoicing as it speaks: a key, lists with a cursor, links to PDFs on another host."""

from datetime import UTC, date, datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from integrations.simulator import magic
from integrations.simulator.books import (
    STRIPE_ACCOUNT,
    customer_facts,
    document_of,
    key_works,
    open_books,
)
from integrations.simulator.world import TheWorld, World

routes = APIRouter(prefix="/stripe", include_in_schema=False)
files = APIRouter(prefix="/stripe-files", include_in_schema=False)

_SELECT: Final = (
    "SELECT l.*, c.facts FROM book_line l JOIN book_customer c ON c.vendor = l.vendor"
    " AND c.ref = l.customer_ref WHERE l.vendor = 'stripe'"
)


def _refused(request: Request, world: World) -> Response | None:
    open_books(world)
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    known = scheme == "Bearer" and key and key.rpartition("_")[2] != magic.WRONG_KEY
    if known and key_works(world, key):
        return None
    return _error(401, "invalid_request_error", "Invalid API Key provided")


def _error(status: int, kind: str, message: str) -> Response:
    return JSONResponse({"error": {"type": kind, "message": message}}, status_code=status)


@routes.get("/v1/account")
async def account(request: Request, world: TheWorld) -> Response:
    """The account of a key."""
    return _refused(request, world) or JSONResponse(
        {"id": STRIPE_ACCOUNT, "object": "account", "default_currency": "eur",
         "email": "administratie@groothandel.example"}
    )  # fmt: skip


@routes.get("/v1/invoices")
async def invoices(request: Request, world: TheWorld) -> Response:
    """Invoices of a state, the newest first, behind `starting_after`."""
    if refused := _refused(request, world):
        return refused
    asked = request.query_params
    limit = min(100, int(asked.get("limit", "10")))
    limit = min(limit, int(world.store.setting("stripe_page") or limit))
    behind = 1 << 60
    if after := asked.get("starting_after"):
        last = world.store.one("SELECT id FROM book_line WHERE vendor = 'stripe' AND ref = ?", after)
        if last is None:
            return _error(400, "invalid_request_error", "No such invoice")
        behind = last["id"]
    wanted = "l.open_minor > 0" if asked.get("status") == "open" else "1"
    found = world.store.all(
        f"{_SELECT} AND {wanted} AND l.id < ? ORDER BY l.id DESC LIMIT ?", behind, limit + 1
    )
    return JSONResponse(
        {
            "object": "list",
            "url": "/v1/invoices",
            "has_more": len(found) > limit,
            "data": [_invoice(world, row) for row in found[:limit]],
        }
    )


@routes.get("/v1/invoices/{ref}")
async def invoice(request: Request, world: TheWorld, ref: str) -> Response:
    """One invoice."""
    if refused := _refused(request, world):
        return refused
    found = world.store.one(f"{_SELECT} AND l.ref = ?", ref)
    if found is None:
        return _error(404, "invalid_request_error", "No such invoice")
    return JSONResponse(_invoice(world, found))


def _invoice(world: World, row: Any) -> dict[str, Any]:
    facts = customer_facts(row)
    issued = _seconds(row["issued_on"])
    link = world.store.setting("stripe_file_url") or (
        f"{world.configuration.own_url}/stripe-files/invoice/{row['ref']}/pdf"
    )
    return {
        "id": row["ref"],
        "object": "invoice",
        "number": row["number"],
        "status": "open" if row["open_minor"] else "paid",
        "customer": row["customer_ref"],
        "customer_name": facts["name"],
        "customer_email": facts["email"] or None,
        "customer_phone": facts["phone"] or None,
        "customer_address": {
            "line1": facts["street"],
            "line2": None,
            "postal_code": facts["postal_code"],
            "city": facts["city"],
            "country": facts["country"],
            "state": None,
        },
        "customer_tax_ids": [],
        "currency": row["currency"].lower(),
        "total": row["total_minor"],
        "amount_remaining": row["open_minor"],
        "pre_payment_credit_notes_amount": row["credited_minor"],
        "created": issued,
        "due_date": _seconds(row["due_on"]),
        "status_transitions": {"finalized_at": issued},
        "invoice_pdf": link,
    }


def _seconds(day: str) -> int:
    return int(datetime.combine(date.fromisoformat(day), datetime.min.time(), tzinfo=UTC).timestamp())


@files.get("/invoice/{ref}/pdf")
async def pdf(world: TheWorld, ref: str) -> Response:
    """The PDF of an invoice, for who has the link."""
    line = world.store.one("SELECT * FROM book_line WHERE vendor = 'stripe' AND ref = ?", ref)
    if line is None:
        return Response(status_code=404)
    return Response(document_of(world, line), media_type="application/pdf")

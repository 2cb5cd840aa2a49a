"""Mollie's v2 API: payments, refunds, and the settlements that explain its payouts."""

import hashlib
import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from agency.money import Money, UnknownCurrency, UnreadableAmount
from integrations import egress
from integrations.simulator import magic, payments
from integrations.simulator.post import new_id
from integrations.simulator.store import as_json, moment_text
from integrations.simulator.world import TheWorld, World

routes = APIRouter(prefix="/mollie/v2")

_HAL = "application/hal+json"
_OPEN_FOR = timedelta(minutes=15)
_LOCALE = re.compile(r"[a-z]{2}_[A-Z]{2}")


class _Refused(Exception):
    def __init__(self, status: int, title: str, detail: str, field: str | None = None) -> None:
        super().__init__(detail)
        self.status, self.title, self.detail, self.field = status, title, detail, field


@routes.post("/payments")
async def create_payment(request: Request, world: TheWorld) -> Response:
    """Open a payment; the same idempotency key gives the same payment."""
    body = await request.body()
    try:
        _authenticate(request)
        key = request.headers.get("idempotency-key", "")
        fingerprint = hashlib.sha256(body).hexdigest()
        known = world.store.one("SELECT * FROM answer WHERE vendor = 'mollie' AND key = ?", key)
        if known is not None:
            if known["fingerprint"] != fingerprint:
                raise _Refused(409, "Conflict", "This idempotency key was used for another request")
            row = payments.payment(world, known["content"])
            assert row is not None
        else:
            row = _open(world, _wanted(body), key, fingerprint)
    except _Refused as refused:
        return _error(refused)
    return _hal(_payment_json(world, row), 201)


@routes.get("/payments/{payment_id}")
async def get_payment(payment_id: str, request: Request, world: TheWorld) -> Response:
    """One payment as it stands."""
    try:
        _authenticate(request)
        return _hal(_payment_json(world, _payment(world, payment_id)))
    except _Refused as refused:
        return _error(refused)


@routes.delete("/payments/{payment_id}")
async def cancel_payment(payment_id: str, request: Request, world: TheWorld) -> Response:
    """Cancel an open payment."""
    try:
        _authenticate(request)
        _payment(world, payment_id)
        return _hal(_payment_json(world, payments.end(world, payment_id, ending="canceled")))
    except payments.UnableToChange as error:
        return _error(_Refused(422, "Unprocessable Entity", str(error)))
    except _Refused as refused:
        return _error(refused)


@routes.post("/payments/{payment_id}/refunds")
async def create_refund(payment_id: str, request: Request, world: TheWorld) -> Response:
    """Give part of a payment back; the same idempotency key gives the same refund."""
    body = await request.body()
    try:
        _authenticate(request)
        _payment(world, payment_id)
        key = request.headers.get("idempotency-key", "")
        fingerprint = hashlib.sha256(body + payment_id.encode()).hexdigest()
        known = world.store.one("SELECT * FROM answer WHERE vendor = 'mollie' AND key = ?", key)
        if known is None:
            refund_id = _refund(world, payment_id, body, key, fingerprint)
        elif known["fingerprint"] == fingerprint:
            refund_id = known["content"]
        else:
            raise _Refused(409, "Conflict", "This idempotency key was used for another request")
    except _Refused as refused:
        return _error(refused)
    row = world.store.one("SELECT * FROM reversal WHERE id = ?", refund_id)
    assert row is not None
    return _hal(_reversal_json(world, row), 201)


@routes.get("/payments/{payment_id}/refunds")
async def list_refunds_of(payment_id: str, request: Request, world: TheWorld) -> Response:
    """Every refund of one payment, the newest first, by page."""
    rows = world.store.all(
        "SELECT * FROM reversal WHERE kind = 'refund' AND payment_id = ? ORDER BY created_at DESC, id DESC",
        payment_id,
    )
    return _page(request, world, "refunds", rows, _reversal_json)


@routes.get("/refunds")
async def list_refunds(request: Request, world: TheWorld) -> Response:
    """Every refund, the newest first, by page."""
    return _page(request, world, "refunds", _reversals(world, "refund"), _reversal_json)


@routes.get("/chargebacks")
async def list_chargebacks(request: Request, world: TheWorld) -> Response:
    """Every chargeback, the newest first, by page."""
    return _page(request, world, "chargebacks", _reversals(world, "chargeback"), _reversal_json)


@routes.get("/settlements")
async def list_settlements(request: Request, world: TheWorld) -> Response:
    """Settlements, the newest first, by page."""
    rows = world.store.all(
        "SELECT * FROM settlement WHERE listed_on <= ? ORDER BY settled_on DESC, id DESC",
        world.clock.today().isoformat(),
    )
    return _page(request, world, "settlements", rows, _settlement_json)


@routes.get("/settlements/{settlement_id}/{name}")
async def list_settled(settlement_id: str, name: str, request: Request, world: TheWorld) -> Response:
    """The payments, refunds or chargebacks in a settlement, by page."""
    if name == "payments":
        sql = "SELECT * FROM payment WHERE settlement_id = ? ORDER BY ended_at DESC, id DESC"
        return _page(request, world, name, world.store.all(sql, settlement_id), _payment_json)
    kinds = {"refunds": "refund", "chargebacks": "chargeback"}
    if name not in (*kinds, "captures"):
        return _error(_Refused(404, "Not Found", "no such list"))
    rows = world.store.all(
        "SELECT * FROM reversal WHERE settlement_id = ? AND kind = ? ORDER BY created_at DESC, id DESC",
        settlement_id,
        kinds.get(name, ""),
    )
    return _page(request, world, name, rows, _reversal_json)


def _open(world: World, wanted: Mapping[str, Any], key: str, fingerprint: str) -> sqlite3.Row:
    now = world.clock.now()
    payment_id = new_id("tr_", size=7)
    amount: Money = wanted["amount"]
    with world.store.transaction():
        world.store.insert(
            "payment",
            id=payment_id,
            status="open",
            amount_minor=amount.minor,
            currency=amount.currency,
            description=wanted["description"],
            metadata=as_json(wanted["metadata"]),
            locale=wanted["locale"],
            redirect_url=wanted["redirect_url"],
            webhook_url=wanted["webhook_url"],
            created_at=moment_text(now),
            expires_at=moment_text(now + _OPEN_FOR),
        )
        if key:
            world.store.insert(
                "answer", vendor="mollie", key=key, fingerprint=fingerprint, content=payment_id
            )
    return _payment(world, payment_id)


def _refund(world: World, payment_id: str, body: bytes, key: str, fingerprint: str) -> str:
    """Give back what is asked, refused as Mollie refuses it; returns the refund's id."""
    try:
        asked = json.loads(body)
        amount = Money.parse(asked["amount"]["value"], asked["amount"]["currency"])
        with world.store.transaction():
            refund_id = payments.reverse(
                world,
                payment_id,
                kind="refund",
                amount=amount,
                description=str(asked.get("description") or ""),
                metadata=asked.get("metadata"),
            )
            if key:
                world.store.insert(
                    "answer", vendor="mollie", key=key, fingerprint=fingerprint, content=refund_id
                )
    except (ValueError, KeyError, TypeError, UnknownCurrency, UnreadableAmount) as error:
        raise _unprocessable("The amount is higher than the maximum or cannot be read", "amount") from error
    return refund_id


def _wanted(body: bytes) -> dict[str, Any]:
    """The payment asked for, refused as Mollie refuses it."""
    try:
        asked = json.loads(body)
        amount = Money.parse(asked["amount"]["value"], asked["amount"]["currency"])
        if amount.currency != "EUR" or "." not in asked["amount"]["value"]:
            raise UnknownCurrency
    except (ValueError, KeyError, TypeError, UnknownCurrency, UnreadableAmount) as error:
        raise _unprocessable("The amount is not in a currency this profile takes", "amount") from error
    if not Money(1, "EUR") <= amount <= Money(5_000_000, "EUR"):
        raise _unprocessable("The amount is lower than the minimum or higher than the maximum", "amount")
    wanted = {name: str(asked.get(key) or "") for name, key in _TEXTS.items()}
    if not wanted["description"]:
        raise _unprocessable("The description is required", "description")
    for name in ("redirect_url", "webhook_url"):
        _check_url(wanted[name], _TEXTS[name])
    if wanted["locale"] and not _LOCALE.fullmatch(wanted["locale"]):
        raise _unprocessable("The locale is invalid", "locale")
    return {**wanted, "amount": amount, "metadata": asked.get("metadata")}


_TEXTS = {
    "description": "description",
    "redirect_url": "redirectUrl",
    "webhook_url": "webhookUrl",
    "locale": "locale",
}


def _check_url(url: str, field: str) -> None:
    """Mollie takes public addresses only; here it is the other way round."""
    try:
        egress.base_url(url.partition("?")[0], production=False)
    except egress.EgressRefused as error:
        raise _unprocessable(f"The {field} is invalid: {error}", field) from error


def _payment(world: World, payment_id: str) -> sqlite3.Row:
    row = payments.payment(world, payment_id)
    if row is None:
        raise _Refused(404, "Not Found", f"No payment exists with token {payment_id}.")
    return row


def _payment_json(world: World, row: sqlite3.Row) -> dict[str, Any]:
    own = world.configuration.own_url
    back = payments.reversed_minor(world, row["id"]) if row["status"] == "paid" else {}
    ended = {f"{row['status']}At": row["ended_at"]} if row["ended_at"] else {}
    content = {
        "resource": "payment",
        "id": row["id"],
        "mode": "test",
        "createdAt": row["created_at"],
        "amount": _amount(row["amount_minor"]),
        "description": row["description"],
        "method": row["method"] or None,
        "metadata": json.loads(row["metadata"]),
        "status": row["status"],
        "isCancelable": False,
        "locale": row["locale"] or None,
        "expiresAt": row["expires_at"],
        "profileId": "pfl_simulator",
        "sequenceType": "oneoff",
        "redirectUrl": row["redirect_url"],
        "webhookUrl": row["webhook_url"],
        **ended,
        "_links": {
            "self": _link(f"{own}/mollie/v2/payments/{row['id']}"),
            "dashboard": _link(f"{own}/_sim/checkout/{row['id']}", "text/html"),
        },
    }
    if row["status"] == "open":
        content["_links"]["checkout"] = _link(f"{own}/_sim/checkout/{row['id']}", "text/html")
    if "refund" in back:
        content["_links"]["refunds"] = _link(f"{own}/mollie/v2/payments/{row['id']}/refunds")
    if row["status"] == "paid":
        content["amountRefunded"] = _amount(back.get("refund", 0))
        content["amountRemaining"] = _amount(row["amount_minor"] - sum(back.values()))
        if "chargeback" in back:
            content["amountChargedBack"] = _amount(back["chargeback"])
    if row["settlement_id"]:
        content["settlementId"] = row["settlement_id"]
    return content


def _reversals(world: World, kind: str) -> Sequence[sqlite3.Row]:
    return world.store.all("SELECT * FROM reversal WHERE kind = ? ORDER BY created_at DESC, id DESC", kind)


def _reversal_json(world: World, row: sqlite3.Row) -> dict[str, Any]:
    own = world.configuration.own_url
    return {
        "resource": row["kind"],
        "id": row["id"],
        "mode": "test",
        "amount": _amount(row["amount_minor"]),
        "description": row["description"],
        "metadata": json.loads(row["metadata"]),
        "status": "refunded",
        "paymentId": row["payment_id"],
        "settlementId": row["settlement_id"],
        "createdAt": row["created_at"],
        "_links": {
            "self": _link(f"{own}/mollie/v2/payments/{row['payment_id']}/{row['kind']}s/{row['id']}"),
            "payment": _link(f"{own}/mollie/v2/payments/{row['payment_id']}"),
            "documentation": _link("https://docs.mollie.com/reference/get-refund", "text/html"),
        },
    }


def _settlement_json(world: World, row: sqlite3.Row) -> dict[str, Any]:
    link = f"{world.configuration.own_url}/mollie/v2/settlements/{row['id']}"
    year, month = row["settled_on"][:4], row["settled_on"][5:7]
    costs = [
        {
            "description": payments.METHODS[cost["method"]],
            "method": cost["method"],
            "count": cost["count"],
            "rate": {"fixed": _exact(cost["rate"]), "percentage": None},
            "amountNet": _exact(cost["net"]),
            "amountVat": _exact(cost["vat"]),
            "amountGross": _exact(cost["gross"]),
        }
        for cost in json.loads(row["costs"])
    ]
    return {
        "resource": "settlement",
        "id": row["id"],
        "reference": row["reference"],
        "status": "paidout",
        "amount": _amount(row["amount_minor"]),
        "balanceId": "bal_simulator",
        "createdAt": row["settled_at"],
        "settledAt": row["settled_at"],
        "periods": {year: {month: {"costs": costs, "revenue": []}}},
        "_links": {
            "self": _link(link),
            **{name: _link(f"{link}/{name}") for name in ("payments", "refunds", "chargebacks", "captures")},
        },
    }


def _page(
    request: Request, world: World, name: str, rows: Sequence[sqlite3.Row], as_content: Any
) -> Response:
    try:
        _authenticate(request)
    except _Refused as refused:
        return _error(refused)
    query = request.query_params
    limit = min(max(int(query.get("limit") or 50), 1), 250)
    start = next((index for index, row in enumerate(rows) if row["id"] == query.get("from")), 0)
    shown, rest = rows[start : start + limit], rows[start + limit :]
    url = f"{world.configuration.own_url}{request.url.path}"
    following = _link(f"{url}?from={rest[0]['id']}&limit={limit}") if rest else None
    links = {
        "self": _link(url),
        "previous": None,
        "next": following,
        "documentation": _link(url, "text/html"),
    }
    items = [as_content(world, row) for row in shown]
    return _hal({"count": len(items), "_embedded": {name: items}, "_links": links})


def _authenticate(request: Request) -> None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or not key or key == magic.WRONG_KEY:
        raise _Refused(401, "Unauthorized Request", "Missing authentication, or failed to authenticate")


def _unprocessable(detail: str, field: str) -> _Refused:
    return _Refused(422, "Unprocessable Entity", detail, field)


def _error(refused: _Refused) -> Response:
    content: dict[str, Any] = {
        "status": refused.status,
        "title": refused.title,
        "detail": refused.detail,
        "_links": {"documentation": _link("https://docs.mollie.com/errors", "text/html")},
    }
    if refused.field:
        content["field"] = refused.field
    return _hal(content, refused.status)


def _hal(content: dict[str, Any], status: int = 200) -> Response:
    return JSONResponse(content, status_code=status, media_type=_HAL)


def _link(href: str, media_type: str = _HAL) -> dict[str, str]:
    return {"href": href, "type": media_type}


def _amount(minor: int) -> dict[str, str]:
    return _exact(str(Money(minor, "EUR").decimal))


def _exact(value: str) -> dict[str, str]:
    return {"currency": "EUR", "value": value}

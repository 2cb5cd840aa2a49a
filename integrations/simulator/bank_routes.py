"""The bank as its customers' software meets it: statements and payment orders."""

from datetime import date

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from integrations.simulator import bank, payments
from integrations.simulator.statement_formats import MEDIA_TYPES, StatementFormat
from integrations.simulator.world import TheWorld

routes = APIRouter(prefix="/bank")

_STATUS = {"DU01": 409}


@routes.get("/statements/{iban}")
async def get_statement(
    iban: str, world: TheWorld, date: date | None = None, format: StatementFormat = "camt053"
) -> Response:
    """The statement of one day; by default of today as far as it has come, as CAMT.053."""
    payments.settle(world)
    day = date or world.clock.today()
    if day > world.clock.today():
        return _refused(404, "date", "that day has not come")
    try:
        content = bank.statement(world, iban=iban, day=day, format=format)
    except bank.UnknownAccount:
        return _refused(404, "AC02", "no such account")
    media_type, suffix = MEDIA_TYPES[format]
    name = f"{iban}-{day.isoformat()}.{suffix}"
    return Response(
        content,
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@routes.post("/payments")
async def post_payments(request: Request, world: TheWorld) -> Response:
    """Execute a payment order, pain.001.001.09: what is accepted, and what is refused and why."""
    try:
        return JSONResponse(bank.accept_order(world, await request.body()), status_code=202)
    except bank.OrderRefused as refused:
        return _refused(_STATUS.get(refused.code, 422), refused.code, refused.reason)


@routes.get("/payments/{message_id}/status")
async def get_order_status(message_id: str, world: TheWorld) -> Response:
    """What became of an order, as pain.002: only the payments that were refused are in it."""
    content = bank.order_status(world, message_id)
    if content is None:
        return _refused(404, "NOOR", "no such order")
    return Response(content, media_type="application/xml")


def _refused(status: int, code: str, reason: str) -> Response:
    return JSONResponse({"code": code, "reason": reason}, status_code=status)

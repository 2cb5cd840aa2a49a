"""Mollie's notices of payments. They are unsigned and only point at a payment, which is then fetched."""

from typing import Annotated

import structlog
from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from agency.kernel.unit import Door
from agency.payments.jobs import take_notice
from integrations.mollie.webhooks import payment_ref
from integrations.webhooks import WebhookRefused
from portal.shared.audience import TheWiring, router

log = structlog.get_logger()
hooks = router(audience="hooks", prefix="/hooks")


async def _raw_body(request: Request) -> bytes:
    return await request.body()


@hooks.post("/mollie")
def mollie_payment(body: Annotated[bytes, Depends(_raw_body)], wiring: TheWiring) -> Response:
    """A payment may have changed. The answer is the same for payments that we do not know."""
    try:
        ref = payment_ref(body)
    except WebhookRefused as refused:
        log.warning("hooks.refused", source="mollie", reason=refused.reason)
        return Response(status_code=200)
    with wiring.units.open(Door.GATE, by="system:hooks.mollie") as unit:
        take_notice(unit, ref=ref)
    return Response(status_code=200)

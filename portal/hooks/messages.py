"""Reports on e-mails, texts, letters and calls."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import structlog
from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from agency.communication.jobs import apply_print_reports, apply_receipts
from agency.communication.print_batches import reporting
from agency.communication.receipts import told
from agency.desk.jobs import apply_call_reports
from agency.kernel.inbox import Told, receive
from agency.kernel.settings import Settings
from agency.kernel.unit import Door
from agency.ports.providers import CallReceipt, PrintReport, Receipt
from integrations.letters import webhooks as letters
from integrations.sendgrid import webhooks as sendgrid
from integrations.simulator.keys import SENDGRID_PUBLIC_KEY
from integrations.twilio import webhooks as twilio
from integrations.webhooks import WebhookRefused
from portal.shared.audience import TheWiring, router
from portal.wiring import Wiring

log = structlog.get_logger()
hooks = router(audience="hooks", prefix="/hooks")


async def _raw_body(request: Request) -> bytes:
    return await request.body()


RawBody = Annotated[bytes, Depends(_raw_body)]
Read = Callable[[datetime], Sequence[Receipt | CallReceipt | PrintReport]]


@hooks.post("/sendgrid")
def sendgrid_events(request: Request, body: RawBody, wiring: TheWiring) -> Response:
    """SendGrid's event webhook."""
    return _keep(
        wiring,
        "sendgrid",
        lambda now: sendgrid.receipts(
            body=body,
            signature=request.headers.get(sendgrid.SIGNATURE_HEADER, ""),
            timestamp=request.headers.get(sendgrid.TIMESTAMP_HEADER, ""),
            public_keys=sendgrid_keys(wiring.settings),
            now=now,
        ),
    )


@hooks.post("/twilio/status")
def twilio_status(request: Request, body: RawBody, wiring: TheWiring) -> Response:
    """Twilio's status callback of a text message."""
    return _keep(wiring, "twilio", _twilio_reader(request, body, wiring))


@hooks.post("/twilio/call")
def twilio_call(request: Request, body: RawBody, wiring: TheWiring) -> Response:
    """Twilio's status callback of one leg of a call."""
    return _keep(wiring, "twilio", _twilio_reader(request, body, wiring))


@hooks.post("/letters")
def letter_events(request: Request, body: RawBody, wiring: TheWiring) -> Response:
    """The print shop's reports."""
    return _keep(
        wiring,
        "letters",
        lambda now: letters.reports(
            body=body,
            signature=request.headers.get(letters.SIGNATURE_HEADER, ""),
            keys=[wiring.settings.letters_key.get_secret_value()],
            now=now,
        ),
    )


def sendgrid_keys(settings: Settings) -> list[str]:
    """This function will return the keys that verify SendGrid: the configured one, else the simulator's.

    In production an absent key verifies nothing.
    """
    if settings.sendgrid_webhook_key:
        return [settings.sendgrid_webhook_key]
    return [] if settings.production else [SENDGRID_PUBLIC_KEY]


def called_url(request: Request, wiring: Wiring) -> str:
    """This function will return the address that Twilio called and signed: the public one, not that behind a
    proxy."""
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{wiring.settings.public_url.rstrip('/')}{request.url.path}{query}"


def _twilio_reader(request: Request, body: bytes, wiring: Wiring) -> Read:
    url = called_url(request, wiring)
    return lambda now: twilio.receipts(
        url=url,
        body=body,
        signature=request.headers.get(twilio.SIGNATURE_HEADER, ""),
        tokens=[wiring.settings.twilio_token.get_secret_value()],
        received_at=now,
    )


def _keep(wiring: Wiring, source: str, read: Read) -> Response:
    with wiring.units.open(Door.GATE, by=f"system:hooks.{source}") as unit:
        try:
            receipts = read(unit.now)
        except WebhookRefused as refused:
            log.warning("hooks.refused", source=source, reason=refused.reason)
            return Response(status_code=403)
        facts = [told(receipt) for receipt in receipts if isinstance(receipt, Receipt)]
        receive(unit, source=source, facts=facts, handler=apply_receipts)
        calls = [_call_told(receipt) for receipt in receipts if isinstance(receipt, CallReceipt)]
        receive(unit, source=source, facts=calls, handler=apply_call_reports)
        batches = [reporting.told(report) for report in receipts if isinstance(report, PrintReport)]
        receive(unit, source=source, facts=batches, handler=apply_print_reports)
    return Response(status_code=200)


def _call_told(receipt: CallReceipt) -> Told:
    # Both legs of a call report under one event key per leg's own reference.
    return Told(f"{receipt.event_key}:{receipt.leg}", asdict(receipt) | {"at": receipt.at.isoformat()})

"""What comes in from outside: mail by SendGrid's inbound parse, texts by Twilio. Kept first, read later."""

import hashlib
import json
from typing import Annotated

import structlog
from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from agency.communication.inbound.arriving import Arrival
from agency.communication.inbound.jobs import read_arrived, told
from agency.communication.inbound.models import InboundChannel
from agency.kernel.inbox import receive
from agency.kernel.unit import Door
from agency.ports.providers import ProviderTransient
from integrations.sendgrid import inbound as sendgrid
from integrations.twilio import webhooks as twilio
from integrations.webhooks import WebhookRefused
from portal.hooks.messages import RawBody, called_url, hooks
from portal.shared.audience import TheWiring
from portal.wiring import Wiring

log = structlog.get_logger()
_NO_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


async def _bounded_body(request: Request) -> bytes:
    """The body, given up as soon as it is larger than the vendor's own limit."""
    kept = bytearray()
    async for piece in request.stream():
        kept += piece
        if len(kept) > sendgrid.BYTES_MAX:
            return bytes(kept)
    return bytes(kept)


BoundedBody = Annotated[bytes, Depends(_bounded_body)]


@hooks.post("/sendgrid/inbound")
def mail(request: Request, body: BoundedBody, wiring: TheWiring) -> Response:
    """SendGrid's inbound parse, with the key as Basic password."""
    return _mail(request, body, wiring, key="")


@hooks.post("/sendgrid/inbound/{key}")
def mail_by_key(request: Request, body: BoundedBody, wiring: TheWiring, key: str) -> Response:
    """SendGrid's inbound parse, with the key in the address."""
    return _mail(request, body, wiring, key=key)


@hooks.post("/twilio/inbound")
def text_message(request: Request, body: RawBody, wiring: TheWiring) -> Response:
    """A text message that came in at Twilio; it is answered by a person, so not here."""
    try:
        found = twilio.text_message(
            url=called_url(request, wiring),
            body=body,
            signature=request.headers.get(twilio.SIGNATURE_HEADER, ""),
            tokens=[wiring.settings.twilio_token.get_secret_value()],
        )
    except WebhookRefused as refused:
        return _refuse("twilio", refused)
    content = json.dumps({"from": found.sender, "to": found.to, "body": found.words, "sid": found.reference})
    answer = _keep(
        wiring,
        channel=InboundChannel.SMS,
        content=content.encode(),
        source_key=f"twilio:{found.reference}",
        sender=found.sender,
        to=found.to,
        words=found.words.replace("\0", ""),
        wish=found.wish,
    )
    return answer or Response(_NO_ANSWER, media_type="application/xml")


def _mail(request: Request, body: bytes, wiring: Wiring, *, key: str) -> Response:
    try:
        sendgrid.admit(
            key_in_path=key,
            authorization=request.headers.get("authorization", ""),
            keys=[wiring.settings.inbound_key.get_secret_value()],
        )
        found = sendgrid.parsed_mail(content_type=request.headers.get("content-type", ""), body=body)
    except WebhookRefused as refused:
        return _refuse("sendgrid", refused)
    # SendGrid calls again after a lost answer, and some senders' servers deliver a mail twice.
    source_key = f"mail:{hashlib.sha256(found.raw).hexdigest()}"
    answer = _keep(
        wiring,
        channel=InboundChannel.EMAIL,
        content=found.raw,
        source_key=source_key,
        sender=found.sender,
        to=found.to,
    )
    return answer or Response(status_code=200)


def _refuse(source: str, refused: WebhookRefused) -> Response:
    log.warning("hooks.refused", source=source, reason=refused.reason)
    return Response(status_code=413 if isinstance(refused, sendgrid.TooLarge) else 403)


def _keep(
    wiring: Wiring,
    *,
    channel: InboundChannel,
    content: bytes,
    source_key: str,
    sender: str,
    to: str,
    words: str = "",
    wish: str = "",
) -> Response | None:
    """Keep the bytes and the fact; the bytes first, so that no fact is without them."""
    try:
        sha256 = wiring.ports.files.put(content)
    except ProviderTransient as error:
        log.warning("hooks.not_kept", reason=error.reason)
        return Response(status_code=503)
    arrival = Arrival(
        channel=channel,
        source_key=source_key,
        sha256=sha256,
        sender=_plain(sender),
        to=_plain(to),
        words=words,
        wish=wish,
    )
    with wiring.units.open(Door.GATE, by=f"system:hooks.{channel.value}") as unit:
        receive(unit, source=f"inbound.{channel.value}", facts=[told(arrival)], handler=read_arrived)
    return None


def _plain(value: str) -> str:
    return "".join(sign for sign in value if sign.isprintable())

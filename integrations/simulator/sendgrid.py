"""SendGrid's v3 API: mail send, activity look-up, the key of the event webhook."""

import base64
import binascii
import json
import re
import secrets
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from agency.ports.providers import Attachment
from integrations.simulator import magic, post, sendgrid_domains
from integrations.simulator.keys import SENDGRID_PUBLIC_KEY
from integrations.simulator.sendgrid_answers import errors, is_known
from integrations.simulator.world import TheWorld, World

routes = APIRouter(prefix="/sendgrid/v3")

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_QUERY = re.compile(r"unique_args\['(\w+)'\]=\"([^\"]*)\"")


class _Refused(Exception):
    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.message, self.field = message, field


@routes.post("/mail/send")
async def send_mail(request: Request, world: TheWorld) -> Response:
    """Accept one mail: 202 and a reference, nothing more is promised."""
    if not is_known(request):
        return errors(401, "The provided authorization grant is invalid, expired, or revoked", None)
    try:
        mail = json.loads(await request.body())
        _check(mail)
        attached = [_attachment(item) for item in mail.get("attachments", [])]
    except _Refused as refused:
        return errors(400, refused.message, refused.field)
    except ValueError:
        return errors(400, "Bad Request", None)
    if not sendgrid_domains.may_send(world, mail["from"]["email"]):
        return errors(403, "The from address does not match a verified Sender Identity.", "from")
    reference = secrets.token_urlsafe(16)
    with world.store.transaction():
        for number, personalization in enumerate(mail["personalizations"]):
            _accept(world, mail, personalization, reference, number, attached)
    return Response(status_code=202, headers={"X-Message-Id": reference})


@routes.get("/messages")
async def find_messages(request: Request, world: TheWorld, query: str = "", limit: int = 10) -> Response:
    """The Email Activity feed, by our own id."""
    if not is_known(request):
        return errors(401, "access forbidden", None)
    wanted = _QUERY.search(query)
    if wanted is None or wanted[1] != "message_id":
        return errors(400, "invalid query", "query")
    found = post.search(world, channel="email", reference=wanted[2], limit=limit)
    messages = [
        {
            "from_email": row["sender"],
            "msg_id": json.loads(row["facts"])["sg_message_id"],
            "subject": row["subject"],
            "to_email": row["recipient"],
            "status": row["state"],
            "last_event_time": row["at"],
        }
        for row in found
    ]
    return JSONResponse({"messages": messages})


@routes.get("/user/webhooks/event/settings/signed")
async def event_webhook_key() -> dict[str, str]:
    """The key that verifies the event webhook."""
    return {"public_key": SENDGRID_PUBLIC_KEY}


def report_event(
    world: World, *, provider_id: str, event: str, at: datetime, state: str = "", **told: Any
) -> None:
    """This function will have SendGrid report an event on one mail."""
    row = post.message(world, provider_id)
    assert row is not None
    facts = json.loads(row["facts"])
    content = {
        "email": row["recipient"],
        "timestamp": int(at.timestamp()),
        "smtp-id": f"<{provider_id}@simulator.invalid>",
        "event": event,
        "sg_message_id": facts["sg_message_id"],
        **facts["custom_args"],
        **told,
    }
    world.reports.add(
        vendor="sendgrid",
        subject_id=provider_id,
        url=world.configuration.sendgrid_hook,
        content=content,
        due=at,
        state_after=state,
    )


def _accept(
    world: World,
    mail: dict[str, Any],
    personalization: dict[str, Any],
    reference: str,
    number: int,
    attached: list[Attachment],
) -> None:
    provider_id = reference if number == 0 else f"{reference}-{number}"
    args = personalization.get("custom_args", mail.get("custom_args", {}))
    contents = {item["type"]: item["value"] for item in mail["content"]}
    tracking = mail.get("tracking_settings", {}).get("open_tracking", {}).get("enable", True)
    post.keep(
        world,
        channel="email",
        provider_id=provider_id,
        reference=str(args.get("message_id", "")),
        account="",
        sender=mail["from"]["email"],
        recipient=personalization["to"][0]["email"],
        state="accepted",
        subject=personalization.get("subject", mail.get("subject", "")),
        text=contents.get("text/plain", ""),
        html=contents.get("text/html", ""),
        facts={
            "custom_args": args,
            "sg_message_id": f"{reference}.recvd-simulator-1-{number}.0",
            "from_name": mail["from"].get("name", ""),
            "reply_to": mail.get("reply_to", {}).get("email", ""),
            "tracks_opens": tracking,
        },
        attachments=attached,
    )
    _schedule(world, provider_id, personalization["to"][0]["email"])


def _schedule(world: World, provider_id: str, to: str) -> None:
    """What becomes of a mail, scripted by the part before the @."""
    now = world.clock.now()
    later = now + world.delays.of("email")
    name = to.partition("@")[0].partition("+")[0].lower()
    bounced_before = world.store.one(
        "SELECT 1 FROM message WHERE recipient = ? AND state = 'bounced' LIMIT 1", to
    )
    if bounced_before or name == magic.MAIL_DROPPED:
        reason = {"reason": "Bounced Address", "status": "5.0.0"}
        report_event(world, provider_id=provider_id, event="dropped", at=now, state="dropped", **reason)
        return
    report_event(world, provider_id=provider_id, event="processed", at=now, state="sent")
    if name == magic.MAIL_BOUNCE:
        why = {"reason": "550 5.1.1 The email account does not exist", "status": "5.1.1", "type": "bounce"}
        report_event(world, provider_id=provider_id, event="bounce", at=later, state="bounced", **why)
    elif name == magic.MAIL_BLOCKED:
        why = {"reason": "552 5.2.2 The mailbox is over quota", "status": "5.2.2", "type": "blocked"}
        report_event(world, provider_id=provider_id, event="bounce", at=later, state="blocked", **why)
    else:
        if name == magic.MAIL_DEFERRED:
            try_again = {"response": "451 4.7.1 Greylisted", "attempt": "1"}
            report_event(world, provider_id=provider_id, event="deferred", at=later, **try_again)
            later += timedelta(hours=1)
        ok = {"response": "250 OK"}
        report_event(world, provider_id=provider_id, event="delivered", at=later, state="delivered", **ok)


def _check(mail: Any) -> None:
    """Refuse what SendGrid refuses, so that the product cannot lean on a milder world."""
    if not isinstance(mail, dict):
        raise _Refused("Bad Request", "")
    people = mail.get("personalizations")
    if not isinstance(people, list) or not people or not all(item.get("to") for item in people):
        raise _Refused(
            "The personalizations field is required and must have at least one to", "personalizations"
        )
    for person in people:
        if len(person["to"]) != 1 or not _ADDRESS.fullmatch(str(person["to"][0].get("email", ""))):
            raise _Refused("Does not contain a valid address.", "personalizations.0.to.0.email")
    if not _ADDRESS.fullmatch(str(mail.get("from", {}).get("email", ""))):
        raise _Refused("The from email does not contain a valid address.", "from.email")
    contents = mail.get("content")
    if not isinstance(contents, list) or not contents or not all(item.get("value") for item in contents):
        raise _Refused("The content value must be a string at least one character in length.", "content")
    if not mail.get("subject") and not all(item.get("subject") for item in people):
        raise _Refused("The subject is required.", "subject")


def _attachment(item: dict[str, Any]) -> Attachment:
    try:
        content = base64.b64decode(item["content"], validate=True)
        return Attachment(str(item["filename"]), str(item.get("type", "application/octet-stream")), content)
    except (KeyError, TypeError, binascii.Error) as error:
        raise _Refused("The attachment content must be base64 encoded.", "attachments.0.content") from error

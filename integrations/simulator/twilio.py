"""Twilio's API of 2010-04-01: texts, WhatsApp and calls, with the host as the first part of the path."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from lxml import etree

from integrations import egress
from integrations.simulator import magic, post
from integrations.simulator.world import TheWorld, World

routes = APIRouter(prefix="/twilio/api.twilio.com/2010-04-01/Accounts/{account}")

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_NAME = re.compile(r"[A-Za-z0-9 &._-]{1,11}")
_TEXT_MAX = 1600
_WHATSAPP = "whatsapp:"
_TEMPLATE = re.compile(r"HX[0-9a-fA-F]{32}")


class _Refused(Exception):
    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


@routes.post("/Messages.json")
async def create_message(account: str, request: Request, world: TheWorld) -> Response:
    """Accept one text or WhatsApp message."""
    try:
        token = _token(request, account)
        form = _form(await request.body())
        _check_message(form)
    except _Refused as refused:
        return _error(refused)
    sid = post.new_id("SM")
    callback = form.get("StatusCallback", "")
    with world.store.transaction():
        post.keep(
            world,
            channel="whatsapp" if _is_whatsapp(form) else "sms",
            provider_id=sid,
            reference=_query_value(callback, "message_id"),
            account=account,
            sender=form["From"],
            recipient=form["To"],
            state="queued",
            # The words of a template lie with WhatsApp; what fills its places is all that we see of them.
            text="\n".join(_places(form).values()) if _is_whatsapp(form) else form["Body"],
            facts={"template": form["ContentSid"]} if _is_whatsapp(form) else {},
        )
        for status, at, code in _message_fate(world, form):
            told = _message_told(account, sid, form, status, code)
            _report(world, sid=sid, url=callback, token=token, told=told, at=at, state=status)
    row = post.message(world, sid)
    return JSONResponse(_message_json(dict(row or {})), status_code=201)


@routes.get("/Messages.json")
async def list_messages(account: str, request: Request, world: TheWorld) -> Response:
    """List messages to a number, the newest first, by page."""
    try:
        _token(request, account)
    except _Refused as refused:
        return _error(refused)
    query = request.query_params
    size, page = min(int(query.get("PageSize", "50")), 1000), int(query.get("Page", "0"))
    to = query.get("To", "")
    channel = "whatsapp" if to.startswith(_WHATSAPP) else "sms"
    rows = post.search(world, channel=channel, to=to, limit=size * (page + 1) + 1)
    shown = rows[size * page : size * (page + 1)]
    base = f"/2010-04-01/Accounts/{account}/Messages.json?To={query.get('To', '')}&PageSize={size}"
    following = f"{base}&Page={page + 1}".replace("+", "%2B")
    return JSONResponse(
        {
            "messages": [_message_json({**dict(row), "account": account}) for row in shown],
            "page": page,
            "page_size": size,
            "next_page_uri": following if len(rows) > size * (page + 1) else None,
            "uri": base,
        }
    )


@routes.get("/Messages/{sid}.json")
async def fetch_message(account: str, sid: str, request: Request, world: TheWorld) -> Response:
    """One message as it stands."""
    try:
        _token(request, account)
    except _Refused as refused:
        return _error(refused)
    row = post.message(world, sid)
    if row is None:
        return _error(_Refused(20404, f"The requested resource /{sid} was not found", 404))
    return JSONResponse(_message_json(dict(row)))


@routes.post("/Calls.json")
async def create_call(account: str, request: Request, world: TheWorld) -> Response:
    """Ring one number and, once it is answered, do what the TwiML says."""
    try:
        token = _token(request, account)
        form = _form(await request.body())
        for name, code in (("To", 21211), ("From", 21212)):
            if not _NUMBER.fullmatch(form.get(name, "")):
                raise _Refused(code, f"Invalid '{name}' Phone Number: {form.get(name, '')}")
        number = _dialled(form.get("Twiml", ""))
        for callback in (form.get("StatusCallback", ""), str(number.get("statusCallback", ""))):
            _check_callback(callback)
    except _Refused as refused:
        return _error(refused)
    sid, callback = post.new_id("CA"), form.get("StatusCallback", "")
    debtor = str(number.text or "").strip()
    with world.store.transaction():
        post.keep(
            world,
            channel="call",
            provider_id=sid,
            reference=_query_value(callback, "call_id"),
            account=account,
            sender=form["To"],
            recipient=debtor,
            state="queued",
            facts={"caller_id": str(number.getparent().get("callerId", "")), "twiml": form["Twiml"]},
        )
        _ring_both(world, account, token, sid, form, debtor, str(number.get("statusCallback", "")))
    return JSONResponse(_call_json(account, sid, form, world.clock.now()), status_code=201)


def _ring_both(
    world: World,
    account: str,
    token: str,
    sid: str,
    form: Mapping[str, str],
    debtor: str,
    debtor_callback: str,
) -> None:
    """The collector's leg, and inside it the debtor's; one after the other, as telephones do."""
    ring = world.delays.of("call_ring")
    at = world.clock.now()
    parent = {"AccountSid": account, "CallSid": sid, "From": form["From"], "To": form["To"]}
    callback = form.get("StatusCallback", "")
    for status in ("initiated", "ringing", "in-progress"):
        told = {**parent, "CallStatus": status}
        _report(world, sid=sid, url=callback, token=token, told=told, at=at, state=status)
        at += ring
    child = {"AccountSid": account, "CallSid": post.new_id("CA"), "ParentCallSid": sid, "To": debtor}
    outcome, seconds = _call_fate(debtor)
    statuses = ["initiated", "ringing", *(["in-progress"] if outcome == "completed" else [])]
    for status in statuses:
        told = {**child, "CallStatus": status}
        _report(world, sid=sid, url=debtor_callback, token=token, told=told, at=at, state="")
        at += ring
    at += timedelta(seconds=seconds)
    ended = {**child, "CallStatus": outcome, "CallDuration": str(seconds)}
    _report(world, sid=sid, url=debtor_callback, token=token, told=ended, at=at, state="")
    done = {**parent, "CallStatus": "completed", "CallDuration": str(seconds + 2 * int(ring.total_seconds()))}
    _report(world, sid=sid, url=callback, token=token, told=done, at=at, state="completed")


def _report(
    world: World, *, sid: str, url: str, token: str, told: dict[str, str], at: datetime, state: str
) -> None:
    world.reports.add(
        vendor="twilio", subject_id=sid, url=url, content=told, due=at, state_after=state, secret=token
    )


def _message_fate(world: World, form: Mapping[str, str]) -> Iterator[tuple[str, datetime, str]]:
    """(status, moment, error code) of a message's life, scripted by the end of the number."""
    now, to = world.clock.now(), form["To"]
    if _is_whatsapp(form) and to.endswith(magic.NUMBER_UNDELIVERED):
        yield "undelivered", now, "63003"
        return
    yield "sent", now, ""
    later = now + world.delays.of("sms")
    if to.endswith(magic.NUMBER_UNDELIVERED):
        yield "undelivered", later, "30005"
    elif to.endswith(magic.NUMBER_FAILED):
        yield "failed", later, "30008"
    else:
        yield "delivered", later, ""
        if _is_whatsapp(form):
            yield "read", later + world.delays.of("sms"), ""


def _call_fate(to: str) -> tuple[str, int]:
    """(status, seconds spoken) of the debtor's leg, scripted by the end of the number."""
    if to.endswith(magic.NUMBER_BUSY):
        return "busy", 0
    if to.endswith(magic.NUMBER_NO_ANSWER):
        return "no-answer", 0
    if to.endswith((magic.NUMBER_UNDELIVERED, magic.NUMBER_FAILED)):
        return "failed", 0
    return "completed", 120


def _check_callback(url: str) -> None:
    """Twilio calls public addresses only; here it is the other way round."""
    try:
        if url:
            egress.base_url(url.partition("?")[0], production=False)
    except egress.EgressRefused as error:
        raise _Refused(21609, f"Invalid StatusCallback URL: {error}") from error


def _is_whatsapp(form: Mapping[str, str]) -> bool:
    return form.get("To", "").startswith(_WHATSAPP)


def _places(form: Mapping[str, str]) -> dict[str, str]:
    """What stands at the places of a template."""
    try:
        told = json.loads(form.get("ContentVariables") or "{}")
        places = {str(place): str(value) for place, value in told.items()}
    except (ValueError, AttributeError) as error:
        raise _Refused(21656, "The ContentVariables Parameter is invalid.") from error
    if not all(places.values()):
        raise _Refused(21656, "The ContentVariables Parameter is invalid.")
    return places


def _check_whatsapp(form: Mapping[str, str]) -> None:
    """WhatsApp knows numbers on both sides, and templates only: nobody wrote to us within the day here."""
    for name, code in (("To", 21211), ("From", 63007)):
        value = form.get(name, "")
        if not value.startswith(_WHATSAPP) or not _NUMBER.fullmatch(value.removeprefix(_WHATSAPP)):
            raise _Refused(code, f"Invalid '{name}' for WhatsApp: {value}")
    if not form.get("ContentSid"):
        raise _Refused(63016, "Outside the allowed window a message must be a template.")
    if not _TEMPLATE.fullmatch(form["ContentSid"]):
        raise _Refused(21655, "The ContentSid Parameter is invalid.")
    _places(form)


def _check_message(form: Mapping[str, str]) -> None:
    _check_callback(form.get("StatusCallback", ""))
    if _is_whatsapp(form):
        _check_whatsapp(form)
        return
    if not _NUMBER.fullmatch(form.get("To", "")):
        raise _Refused(21211, f"Invalid 'To' Phone Number: {form.get('To', '')}")
    sender = form.get("From", "")
    if not _NUMBER.fullmatch(sender) and not _NAME.fullmatch(sender):
        raise _Refused(21212, f"Invalid From Number: {sender}")
    if not form.get("Body"):
        raise _Refused(21602, "Message body is required.")
    if len(form["Body"]) > _TEXT_MAX:
        raise _Refused(21617, f"The concatenated message body exceeds the {_TEXT_MAX} character limit.")


def _dialled(twiml: str) -> Any:
    """The <Number> that the TwiML dials."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        number = etree.fromstring(twiml.encode(), parser).find("./Dial/Number")
    except etree.XMLSyntaxError as error:
        raise _Refused(21218, "Invalid Twiml") from error
    if number is None:
        raise _Refused(21218, "Twiml dials nobody")
    return number


def _token(request: Request, account: str) -> str:
    """The auth token the caller knows; the simulator signs its callbacks with it, as Twilio would."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        user, _, token = base64.b64decode(encoded).decode().partition(":")
    except ValueError:
        user, token = "", ""
    if scheme != "Basic" or user != account or not token or token == magic.WRONG_KEY:
        raise _Refused(20003, "Authenticate", 401)
    return token


def _form(body: bytes) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}


def _query_value(url: str, name: str) -> str:
    return parse_qs(url.partition("?")[2]).get(name, [""])[0]


def _error(refused: _Refused) -> Response:
    body = {
        "code": refused.code,
        "message": refused.message,
        "more_info": f"https://www.twilio.com/docs/errors/{refused.code}",
        "status": refused.status,
    }
    return JSONResponse(body, status_code=refused.status)


def _message_told(account: str, sid: str, form: Mapping[str, str], status: str, code: str) -> dict[str, str]:
    told = {
        "AccountSid": account,
        "ApiVersion": "2010-04-01",
        "From": form["From"],
        "MessageSid": sid,
        "MessageStatus": status,
        "SmsSid": sid,
        "SmsStatus": status,
        "To": form["To"],
    }
    return {**told, "ErrorCode": code} if code else told


def _message_json(row: Mapping[str, Any]) -> dict[str, Any]:
    at = format_datetime(datetime.fromisoformat(row["at"]))
    return {
        "sid": row["id"],
        "account_sid": row["account"],
        "api_version": "2010-04-01",
        "body": row["text"],
        "date_created": at,
        "date_updated": at,
        "date_sent": None if row["state"] == "queued" else at,
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": row["sender"],
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": str(-(-len(row["text"]) // 153)),
        "price": None,
        "price_unit": "EUR",
        "status": row["state"],
        "subresource_uris": {},
        "to": row["recipient"],
        "uri": f"/2010-04-01/Accounts/{row['account']}/Messages/{row['id']}.json",
    }


def _call_json(account: str, sid: str, form: Mapping[str, str], now: datetime) -> dict[str, Any]:
    return {
        "sid": sid,
        "account_sid": account,
        "api_version": "2010-04-01",
        "date_created": format_datetime(now),
        "date_updated": format_datetime(now),
        "direction": "outbound-api",
        "duration": None,
        "from": form["From"],
        "status": "queued",
        "subresource_uris": {},
        "to": form["To"],
        "uri": f"/2010-04-01/Accounts/{account}/Calls/{sid}.json",
    }

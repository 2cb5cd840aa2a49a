"""One webhook call as its vendor makes it: body and headers, signed."""

import json
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

from integrations.letters import webhooks as letter_hooks
from integrations.sendgrid import webhooks as sendgrid_hooks
from integrations.simulator.keys import sign_events
from integrations.twilio import webhooks as twilio_hooks


@dataclass(frozen=True, slots=True)
class Call:
    """Reports of one vendor to one address. `secret` is the account's key, which some vendors sign with."""

    vendor: str
    url: str
    secret: str
    rows: tuple[sqlite3.Row, ...]

    def contents(self) -> list[dict[str, Any]]:
        """What the reports say."""
        return [json.loads(row["content"]) for row in self.rows]


def signed_call(call: Call, *, now: datetime) -> tuple[bytes, dict[str, str]]:
    """This function will return body and headers of a call made now; each try is signed anew."""
    match call.vendor:
        case "sendgrid":
            return _sendgrid(call, now)
        case "twilio":
            return _twilio(call)
        case "letters":
            return _letters(call, now)
        case _:
            return _form(call.contents()[0])


def _sendgrid(call: Call, now: datetime) -> tuple[bytes, dict[str, str]]:
    # SendGrid has been seen to change sg_event_id on a retry, so here it always does.
    events = [{**event, "sg_event_id": secrets.token_urlsafe(24)} for event in call.contents()]
    # It ends each event with CRLF, and signs those too.
    body = ("[" + ",\r\n".join(json.dumps(event) for event in events) + "]\r\n").encode()
    timestamp = str(int(now.timestamp()))
    return body, {
        "Content-Type": "application/json",
        sendgrid_hooks.SIGNATURE_HEADER: sign_events(timestamp=timestamp, body=body),
        sendgrid_hooks.TIMESTAMP_HEADER: timestamp,
    }


def _twilio(call: Call) -> tuple[bytes, dict[str, str]]:
    content = call.contents()[0]
    body, headers = _form(content)
    signature = RequestValidator(call.secret).compute_signature(call.url, content)
    return body, {**headers, twilio_hooks.SIGNATURE_HEADER: signature}


def _letters(call: Call, now: datetime) -> tuple[bytes, dict[str, str]]:
    body = json.dumps({"events": call.contents()}).encode()
    signature = letter_hooks.sign(body=body, key=call.secret, at=now)
    return body, {"Content-Type": "application/json", letter_hooks.SIGNATURE_HEADER: signature}


def _form(content: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    return urlencode(content).encode(), {"Content-Type": "application/x-www-form-urlencoded"}

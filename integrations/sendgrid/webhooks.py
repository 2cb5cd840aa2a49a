"""Reads SendGrid's event webhook: verified on the raw bytes, then one receipt per event about our mail."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sendgrid.helpers.eventwebhook import EventWebhook

from agency.ports.providers import Receipt, ReceiptKind
from integrations.sendgrid.sender import reference_of
from integrations.webhooks import WebhookRefused

SIGNATURE_HEADER = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP_HEADER = "X-Twilio-Email-Event-Webhook-Timestamp"

_KINDS: dict[str, ReceiptKind] = {
    "processed": "sent",
    "delivered": "delivered",
    "open": "opened",
    "click": "opened",
    "bounce": "bounced",
    "dropped": "dropped",
    # https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event: engagement events.
    "spamreport": "unwanted",
    "unsubscribe": "unwanted",
    "group_unsubscribe": "unwanted",
    "group_resubscribe": "wanted",
}


def receipts(
    *,
    body: bytes,
    signature: str,
    timestamp: str,
    public_keys: Sequence[str],
    now: datetime,
    tolerance: timedelta = timedelta(minutes=5),
) -> list[Receipt]:
    """This function will verify a call of the event webhook and return what it says about our messages.

    :param public_keys: base64 DER, as SendGrid shows them; more than one while a key is being replaced.
    :raises WebhookRefused: not signed by one of the keys, outside the tolerance, or not a list of events.
    """
    verify(body=body, signature=signature, timestamp=timestamp, public_keys=public_keys)
    signed_at = _moment(timestamp)
    if abs(now - signed_at) > tolerance:
        raise WebhookRefused(f"signed at {signed_at.isoformat()}, too far from now")
    try:
        events = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WebhookRefused("not JSON") from error
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise WebhookRefused("not a list of events")
    return [receipt for event in events if (receipt := _receipt(event)) is not None]


def verify(*, body: bytes, signature: str, timestamp: str, public_keys: Sequence[str]) -> None:
    """This function will check the ECDSA signature over timestamp and raw body, CRLFs included.

    :raises WebhookRefused: no key fits.
    """
    if not any(_fits(key, body, signature, timestamp) for key in public_keys):
        raise WebhookRefused("wrong signature")


def _fits(key: str, body: bytes, signature: str, timestamp: str) -> bool:
    """Whether a key verifies a signature; one that is no key keeps the others from nothing."""
    try:
        return bool(key and EventWebhook(key).verify_signature(body.decode(), signature, timestamp))
    except ValueError:  # not UTF-8, not base64, or not a key
        return False


def _receipt(event: dict[str, Any]) -> Receipt | None:
    kind = _KINDS.get(str(event.get("event")))
    message_id = event.get("message_id")
    # Mail of others on the same account carries no id of ours; 'deferred' and the like change nothing.
    if kind is None or not isinstance(message_id, str) or not message_id:
        return None
    try:
        at = _moment(event.get("timestamp"))
    except WebhookRefused:  # the other events of the call are still to be believed
        return None
    return Receipt(
        message_id=_shown(message_id),
        provider_ref=_shown(reference_of(str(event.get("sg_message_id", "")))),
        kind=kind,
        at=at,
        event_key=_event_key(event),
        detail=_shown(str(event.get("reason") or event.get("response") or _wish(event))),
        permanent=_permanent(event),
    )


def _wish(event: dict[str, Any]) -> str:
    """What the reader did, where that is all that is told."""
    name = str(event.get("event"))
    return name if _KINDS[name] in ("unwanted", "wanted") else ""


def _shown(words: str) -> str:
    """A receiver's server says what it likes, also signs that no database keeps."""
    return "".join(sign if sign.isprintable() else " " for sign in words)


def _event_key(event: dict[str, Any]) -> str:
    """Equal for each copy of one event. SendGrid's `sg_event_id` is not used: it changes when it retries."""
    told = [str(event.get(name, "")) for name in ("message_id", "event", "timestamp", "email", "reason")]
    return f"sendgrid:{hashlib.sha256(json.dumps(told).encode()).hexdigest()[:40]}"


def _permanent(event: dict[str, Any]) -> bool:
    """Whether the address is no good: a hard bounce, or a drop because of an earlier one."""
    match event.get("event"):
        case "bounce":
            # 'blocked' is the receiver's mood of the moment (full, busy, suspicious), whatever its status.
            return event.get("type") != "blocked" and not str(event.get("status", "5")).startswith("4")
        case "dropped":
            return str(event.get("reason", "")) in ("Bounced Address", "Invalid", "Invalid Email Address")
        case _:
            return False


def _moment(value: object) -> datetime:
    try:
        return datetime.fromtimestamp(int(str(value)), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise WebhookRefused("not a timestamp") from error

"""Reads the print shop's reports: HMAC-SHA256 over moment and raw body, then one record per event.

Header `Letters-Signature: t=<seconds>,v1=<hex>`; several `v1` while the key is being replaced.
"""

import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, get_args

from agency.ports.providers import PrintEvent, PrintReport, Receipt, ReceiptKind
from integrations.webhooks import WebhookRefused

SIGNATURE_HEADER = "Letters-Signature"

# 'posted' is the day from which legal terms run; a letter's being 'printed' changes nothing for us.
_KINDS: dict[str, ReceiptKind] = {
    "posted": "sent",
    "delivered": "delivered",
    "returned": "bounced",
    "failed": "failed",
}
_BATCH_EVENTS: Final = frozenset(get_args(PrintEvent))
_COUNT_MAX: Final = 10_000_000


def sign(*, body: bytes, key: str, at: datetime) -> str:
    """This function will return the signature header for a body sent at a moment."""
    seconds = int(at.timestamp())
    return f"t={seconds},v1={_digest(body=body, key=key, seconds=str(seconds))}"


def reports(
    *,
    body: bytes,
    signature: str,
    keys: Sequence[str],
    now: datetime,
    tolerance: timedelta = timedelta(minutes=5),
) -> list[Receipt | PrintReport]:
    """This function will verify a report and return what it says about our letters and batches.

    :raises WebhookRefused: not signed with one of the keys, outside the tolerance, or not a list of events.
    """
    _verify(body=body, signature=signature, keys=keys, now=now, tolerance=tolerance)
    try:
        events = json.loads(body)["events"]
        return [read for event in events if (read := _read(event)) is not None]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise WebhookRefused("not a list of events") from error


def _verify(*, body: bytes, signature: str, keys: Sequence[str], now: datetime, tolerance: timedelta) -> None:
    pairs = [part.strip().partition("=") for part in signature.split(",")]
    seconds = next((value for name, _, value in pairs if name == "t"), "")
    given = [value for name, _, value in pairs if name == "v1"]
    if not seconds.isdecimal() or not seconds.isascii() or len(seconds) > 11:
        raise WebhookRefused("no signature")
    expected = [_digest(body=body, key=key, seconds=seconds) for key in keys]
    # Bytes, because comparing text that is not ASCII raises.
    if not any(hmac.compare_digest(a.encode(), b.encode()) for a in expected for b in given):
        raise WebhookRefused("wrong signature")
    signed_at = datetime.fromtimestamp(int(seconds), UTC)
    if abs(now - signed_at) > tolerance:
        raise WebhookRefused(f"signed at {signed_at.isoformat()}, too far from now")


def _digest(*, body: bytes, key: str, seconds: str) -> str:
    return hmac.new(key.encode(), seconds.encode() + b"." + body, "sha256").hexdigest()


def _read(event: dict[str, Any]) -> Receipt | PrintReport | None:
    return _batch_report(event) if "batch" in event else _receipt(event)


def _batch_report(event: dict[str, Any]) -> PrintReport | None:
    name = str(event["event"])
    if name not in _BATCH_EVENTS:
        return None
    letters, pages, sheets = (_count(event[count]) for count in ("letters", "pages", "sheets"))
    # The key tells two reports of one event apart: a shop that counts again says something new.
    key = f"letters:{event['batch']}:{name}:{letters}:{pages}:{sheets}"
    return PrintReport(
        batch_id=str(event["reference"]),
        provider_ref=str(event["batch"]),
        event=name,  # type: ignore[arg-type]  # one of them, as was looked at above
        letters=letters,
        pages=pages,
        sheets=sheets,
        at=_moment(event),
        event_key=key[:200],
    )


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _COUNT_MAX:
        raise ValueError("not a count")
    return value


def _moment(event: dict[str, Any]) -> datetime:
    at = datetime.fromisoformat(event["at"])
    if at.tzinfo is None:
        raise ValueError("a moment without a zone")
    return at.astimezone(UTC)


def _receipt(event: dict[str, Any]) -> Receipt | None:
    kind = _KINDS.get(str(event["event"]))
    if kind is None:
        return None
    return Receipt(
        message_id=str(event["reference"]),
        provider_ref=str(event["letter"]),
        kind=kind,
        at=_moment(event),
        event_key=f"letters:{event['letter']}:{event['event']}",
        detail=str(event.get("reason", "")),
        permanent=kind == "bounced",
    )

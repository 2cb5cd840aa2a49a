"""Reads Twilio's status callbacks: verified over the full public URL and the raw form, then one receipt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from twilio.request_validator import RequestValidator

from agency.ports.providers import CallLeg, CallReceipt, CallState, Receipt, ReceiptKind
from integrations.twilio.whatsapp import PREFIX
from integrations.webhooks import WebhookRefused

SIGNATURE_HEADER = "X-Twilio-Signature"

_KINDS: dict[str, ReceiptKind] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "opened",
    "undelivered": "bounced",
    "failed": "failed",
    "canceled": "failed",
}
_CALL_STATES: dict[str, CallState] = {
    "ringing": "ringing",
    "in-progress": "answered",
    "answered": "answered",
    "completed": "completed",
    "busy": "busy",
    "no-answer": "no_answer",
    "failed": "failed",
    "canceled": "canceled",
}
# Twilio's error codes after which this number will never receive a text from us:
# 30004 blocked by the owner, 30005 unknown or inactive number, 30006 landline or unreachable carrier,
# 63003 a number that has no WhatsApp.
_NO_GOOD = frozenset({"30004", "30005", "30006", "63003"})


class Form(dict[str, list[str]]):
    """A form post in which a name may repeat, as Twilio's validator reads it."""

    def getlist(self, name: str) -> list[str]:
        """Every value of a name."""
        return self.get(name, [])

    def one(self, name: str) -> str:
        """The first value of a name, empty when absent."""
        return self.get(name, [""])[0]


def verify(*, url: str, body: bytes, signature: str, tokens: Sequence[str]) -> Form:
    """This function will check Twilio's signature and return the form.

    :param url: the full public URL as Twilio called it, query included.
    :param tokens: the account's auth token; two while it is being replaced.
    :raises WebhookRefused: no token fits.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise WebhookRefused("not UTF-8") from error
    # A JSON body is signed by its hash in the URL; a form by its values.
    json_body = "bodySHA256" in parse_qs(urlsplit(url).query)
    form = Form() if json_body else Form(parse_qs(text, keep_blank_values=True))
    content: Form | str = text if json_body else form
    # Anybody can sign with no token at all.
    if not any(token and RequestValidator(token).validate(url, content, signature) for token in tokens):
        raise WebhookRefused("wrong signature")
    return form


def receipts(
    *, url: str, body: bytes, signature: str, tokens: Sequence[str], received_at: datetime
) -> list[Receipt | CallReceipt]:
    """This function will verify a status callback and return what it says about our message or call.

    Twilio signs no moment, so a replay cannot be told from the original; the event key makes it harmless.

    :raises WebhookRefused: not signed with one of the tokens, or not a report on something of ours.
    """
    form = verify(url=url, body=body, signature=signature, tokens=tokens)
    query = parse_qs(urlsplit(url).query)
    if message_id := query.get("message_id", [""])[0]:
        message = _receipt(form, message_id=message_id, at=received_at)
        return [message] if message else []
    if call_id := query.get("call_id", [""])[0]:
        call = _call_receipt(form, call_id=call_id, leg=query.get("leg", [""])[0], at=received_at)
        return [call] if call else []
    raise WebhookRefused("no id of ours in the URL")


@dataclass(frozen=True, slots=True)
class TextMessage:
    """A text or WhatsApp message that came in; `reference` is Twilio's own and the same for every copy.

    :param wish: STOP, START or HELP by the key words of the messaging service (`OptOutType`, sent where
        Advanced Opt-Out is on: help.twilio.com, "Track Opt-Out, Opt-In and Help Messages"); else empty.
    """

    reference: str
    sender: str
    to: str
    words: str
    wish: str = ""


def text_message(*, url: str, body: bytes, signature: str, tokens: Sequence[str]) -> TextMessage:
    """This function will verify a call about a text message that came in and return the message.

    :raises WebhookRefused: not signed with one of the tokens, or not a message.
    """
    form = verify(url=url, body=body, signature=signature, tokens=tokens)
    reference, sender = form.one("MessageSid") or form.one("SmsMessageSid"), form.one("From")
    if not reference or not sender:
        raise WebhookRefused("not a text message")
    number, to = (value.removeprefix(PREFIX)[:50] for value in (sender, form.one("To")))
    wish = form.one("OptOutType").upper()
    known = wish if wish in ("STOP", "START", "HELP") else ""
    return TextMessage(reference[:100], number, to, form.one("Body")[:10_000], known)


def _receipt(form: Form, *, message_id: str, at: datetime) -> Receipt | None:
    status, reference, error = form.one("MessageStatus"), form.one("MessageSid"), form.one("ErrorCode")
    if status not in _KINDS:  # queued, sending and the like change nothing
        return None
    return Receipt(
        message_id=message_id,
        provider_ref=reference,
        kind=_KINDS[status],
        at=at,
        event_key=f"twilio:{reference}:{status}",
        detail=error,
        permanent=status in ("undelivered", "failed") and error in _NO_GOOD,
    )


def _call_receipt(form: Form, *, call_id: str, leg: str, at: datetime) -> CallReceipt | None:
    status, reference, seconds = form.one("CallStatus"), form.one("CallSid"), form.one("CallDuration")
    legs: dict[str, CallLeg] = {"collector": "collector", "debtor": "debtor"}
    if status not in _CALL_STATES or leg not in legs:
        return None
    return CallReceipt(
        call_id=call_id,
        provider_ref=reference,
        leg=legs[leg],
        state=_CALL_STATES[status],
        at=at,
        event_key=f"twilio:{reference}:{status}",
        seconds=int(seconds) if seconds.isdecimal() else None,
    )

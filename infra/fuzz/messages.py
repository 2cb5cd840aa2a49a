"""The parsers of what comes in by post, mail, text message and the calls of providers.

A provider's calls are signed here with keys of our own, so that damage gets past the signature.
"""

from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qs, urlencode
from uuid import UUID

from twilio.request_validator import RequestValidator

from agency.communication.inbound.reply_address import messages_addressed, messages_named
from agency.rules.inbound.bounce import bounces, is_bounce
from agency.rules.inbound.kind import complained_about, kind_of, kind_of_words
from agency.rules.inbound.mail import Mail, read_mail
from agency.rules.inbound.own_words import own_words
from agency.rules.inbound.triage import triage
from infra.fuzz.parser import Parser
from integrations.letters import webhooks as letters
from integrations.mollie import webhooks as mollie
from integrations.sendgrid import webhooks as sendgrid
from integrations.sendgrid.inbound import parsed_mail
from integrations.simulator.keys import SENDGRID_PUBLIC_KEY, sign_events
from integrations.twilio import webhooks as twilio
from integrations.webhooks import WebhookRefused

NOW: Final = datetime(2026, 11, 26, 9, tzinfo=UTC)
_ID: Final = UUID("019ac000-0000-7000-8000-000000000001")
_KEY: Final = "fuzz"
_URL: Final = f"https://agency.example/hooks/twilio?message_id={_ID}"
_CALL_URL: Final = f"https://agency.example/hooks/twilio?call_id={_ID}&leg=debtor"


def _mail(content: bytes) -> object:
    """All that is asked of a mail before it is put on a claim."""
    return _asked_of(read_mail(content))


def _asked_of(mail: Mail) -> object:
    kinded = kind_of(mail)
    words = own_words(mail.text)
    addressed = messages_addressed(mail.text, secret=_KEY), messages_named(mail.text.split()[:50])
    found = bounces(mail) if is_bounce(mail) else ()
    return kinded, triage(words), complained_about(mail), found, addressed


def _inbound_mail(content: bytes) -> object:
    """SendGrid's inbound call; its boundary stands in its first line, as in the header of the real one."""
    boundary = content.lstrip(b"\r\n").partition(b"\n")[0].strip().removeprefix(b"--").decode("latin-1")
    found = parsed_mail(content_type=f"multipart/form-data; boundary={boundary[:200]}", body=content)
    return _asked_of(read_mail(found.raw))


def _words(content: bytes) -> object:
    """A text message: the words that a debtor typed."""
    words = content.decode("utf-8", "replace")[:10_000]
    return kind_of_words(words), triage(own_words(words))


def _mail_events(content: bytes) -> object:
    timestamp = str(int(NOW.timestamp()))
    signature = sign_events(timestamp=timestamp, body=content)
    return sendgrid.receipts(
        body=content, signature=signature, timestamp=timestamp, public_keys=[SENDGRID_PUBLIC_KEY], now=NOW
    )


def _text_message_calls(content: bytes) -> object:
    """The same form as a report on a message, a report on a call, and a message that comes in."""
    found: list[object] = []
    for url in (_URL, _CALL_URL):
        signature = _twilio_signature(url, content)
        found.append(
            twilio.receipts(url=url, body=content, signature=signature, tokens=[_KEY], received_at=NOW)
        )
    found.append(twilio.text_message(url=_URL, body=content, signature=signature, tokens=[_KEY]))
    return found


def _twilio_signature(url: str, content: bytes) -> str:
    form = twilio.Form(parse_qs(content.decode("utf-8", "replace"), keep_blank_values=True))
    signature: str = RequestValidator(_KEY).compute_signature(url, form)
    return signature


def _print_reports(content: bytes) -> object:
    signature = letters.sign(body=content, key=_KEY, at=NOW)
    return letters.reports(body=content, signature=signature, keys=[_KEY], now=NOW)


MESSAGES: Final = (
    Parser("mail", _mail, ("09_messages/eml_*/**/*", "09_messages/bounces_*/*"), ()),
    Parser("bounce", _mail, ("09_messages/bounces_*/*",), ()),
    Parser("inbound_mail", _inbound_mail, ("09_messages/sendgrid_inbound/*",), (WebhookRefused,)),
    Parser(
        "text_message",
        _words,
        refusals=(),
        samples=(
            b"Ik heb al betaald op 12-10, zie mijn bank. STOP",
            b"Je ne suis pas d'accord, la facture n'est pas correcte",
        ),
    ),
    Parser(
        "mail_events", _mail_events, ("09_messages/sendgrid_events/*",), (WebhookRefused,), (b"[" * 3_000,)
    ),
    Parser(
        "text_message_calls",
        _text_message_calls,
        refusals=(WebhookRefused,),
        samples=(
            urlencode({"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30005"}).encode(),
            urlencode({"CallSid": "CA1", "CallStatus": "completed", "CallDuration": "61"}).encode(),
            urlencode({"MessageSid": "SM2", "From": "+31612345678", "To": "+31", "Body": "stop é"}).encode(),
        ),
    ),
    Parser(
        "print_reports",
        _print_reports,
        refusals=(WebhookRefused,),
        samples=(
            b'{"events": [{"event": "posted", "reference": "x", "letter": "L1",'
            b' "at": "2026-11-26T08:00:00Z"}]}',
            b'{"events": [{"event": "printed", "reference": "x", "batch": "B1", "letters": 3, "pages": 4,'
            b' "sheets": 3, "at": "2026-11-26T08:00:00+00:00"}]}',
            b'{"events": ' + b"[" * 3_000,
        ),
    ),
    Parser("payment_calls", mollie.payment_ref, refusals=(WebhookRefused,), samples=(b"id=tr_7UhSN1zuXS",)),
)

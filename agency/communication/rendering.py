"""What leaves, as bytes: rendered from the reserved values and kept on file before any provider is called."""

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr
from typing import Any

from agency.communication.composing import UnableToCompose, fill
from agency.communication.payment_codes import drawn_code
from agency.communication.release import Reserved
from agency.communication.sms_segments import SEGMENTS_MAX, plain_sms, segments
from agency.kernel.unit import agency_day
from agency.ports.providers import Attachment, CopiedPage, Renderer, TemplateRefused
from agency.rules.facts import Channel

_HEADER_LENGTH_MAX = 74  # with ": " a line of 76


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message ready to be handed over, and the file that is kept of it."""

    reserved: Reserved
    content: bytes
    media_type: str
    text: str = ""
    html: str = ""
    attachments: tuple[Attachment, ...] = ()


class UnableToRender(Exception):
    """The template and the values do not make a message; says why."""


@dataclass(frozen=True, slots=True)
class MessageText:
    """A text laid out for its channel, and the values that go into it."""

    channel: Channel
    source: str
    values: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Made:
    """What a text became: a letter's PDF, a mail's two parts, or the words of an SMS."""

    html: str = ""
    text: str = ""
    pdf: bytes = b""


def render(
    reserved: Reserved,
    renderer: Renderer,
    *,
    drawing: str = "",
    attachments: tuple[Attachment, ...] = (),
    copies: tuple[CopiedPage, ...] = (),
) -> Rendered:
    """Render one reserved message for its channel.

    :param drawing: the sender's logo as a letter shows it (`agency.parties.logos.drawing_of`).
    :param attachments: the files that go with a mail.
    :param copies: the pages that come behind a letter.
    :raises UnableToRender: see the exception.
    """
    words = MessageText(reserved.channel, reserved.body_source, reserved.values, reserved.reserved_at)
    made = render_text(words, renderer, drawing=drawing, copies=copies)
    if reserved.channel is Channel.sms:
        return Rendered(reserved, made.text.encode(), "text/plain; charset=utf-8", made.text)
    if reserved.channel is Channel.letter:
        return Rendered(reserved, made.pdf, "application/pdf")
    mail = _as_mail(reserved, made.html, made.text, attachments)
    return Rendered(reserved, mail, "message/rfc822", made.text, made.html, attachments)


def render_text(
    words: MessageText, renderer: Renderer, *, drawing: str = "", copies: tuple[CopiedPage, ...] = ()
) -> Made:
    """Render a text with its values.

    :raises UnableToRender: see the exception.
    """
    try:
        if words.channel is Channel.sms:
            return Made(text=_sms(words))
        if words.channel is Channel.letter:
            values = letter_values(words.values, drawing=drawing)
            dated = agency_day(words.at)
            return Made(pdf=renderer.letter(source=words.source, values=values, dated=dated, copies=copies))
        html, plain = renderer.email(mjml=words.source, values=words.values)
        return Made(html=html, text=plain)
    except (TemplateRefused, UnableToCompose, ValueError) as error:
        raise UnableToRender(str(error)) from error


def letter_values(values: dict[str, Any], *, drawing: str) -> dict[str, Any]:
    """Return the values as a letter shows them: with the sender's logo and the code to scan drawn."""
    brand, pay = values["brand"] | {"logo_drawing": drawing}, values["pay"]
    if pay["qr_holds"]:
        pay = pay | {"qr": drawn_code(pay["qr_holds"], is_link=pay["qr_is_link"])}
    return values | {"brand": brand, "pay": pay}


def _sms(words: MessageText) -> str:
    text = plain_sms(fill(words.source, words.values, language=str(words.values["language"])))
    if segments(text) > SEGMENTS_MAX:
        raise UnableToRender(f"the text takes {segments(text)} segments")
    return text


def _as_mail(reserved: Reserved, html: str, plain: str, attachments: tuple[Attachment, ...]) -> bytes:
    """The mail as a file that any mail program opens; a line break in a name or subject is refused.

    Put together here: the library would go over each line of the parts in Python, for every mail.
    """
    boundary = f"=_{reserved.message_id.hex}"
    headers = {
        "Message-ID": f"<{reserved.message_id}@{reserved.sender.email.rpartition('@')[2]}>",
        "Date": format_datetime(reserved.reserved_at),
        "From": formataddr((reserved.sender.name, reserved.sender.email)),
        "Reply-To": reserved.sender.reply_to,
        "To": reserved.to,
        "Subject": reserved.subject,
        "MIME-Version": "1.0",
    }
    head = "".join(_header(name, value) for name, value in headers.items())
    kind = f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'
    parts = _part(boundary, "plain", plain) + _part(boundary, "html", html)
    body = kind.encode() + parts + f"--{boundary}--\r\n".encode()
    return head.encode() + (_with_files(body, f"{boundary}.m", attachments) if attachments else body)


def _with_files(body: bytes, boundary: str, attachments: tuple[Attachment, ...]) -> bytes:
    """The words of a mail and the files beside them (RFC 2046 5.1.3)."""
    kind = f'Content-Type: multipart/mixed; boundary="{boundary}"\r\n\r\n'
    parts = [f"--{boundary}\r\n".encode() + body, *(_file_part(boundary, one) for one in attachments)]
    return kind.encode() + b"".join(parts) + f"--{boundary}--\r\n".encode()


def _file_part(boundary: str, one: Attachment) -> bytes:
    head = (
        f"--{boundary}\r\nContent-Type: {one.media_type}\r\n"
        f'Content-Disposition: attachment; filename="{one.name}"\r\n'
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode() + _in_base64(one.content)


def _header(name: str, value: str) -> str:
    """One header with its line end: the library folds and encodes what is long or not ASCII (RFC 2047)."""
    if "\r" in value or "\n" in value:
        raise UnableToRender(f"a line break in {name}")
    if not value.isascii() or len(name) + len(value) > _HEADER_LENGTH_MAX:
        value = Header(value, header_name=name).encode(linesep="\r\n")
    return f"{name}: {value}\r\n"


def _part(boundary: str, subtype: str, words: str) -> bytes:
    head = (
        f"--{boundary}\r\nContent-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode() + _in_base64(words.encode())


def _in_base64(content: bytes) -> bytes:
    """In lines of 76 signs (RFC 2045 6.8); the library encodes each line by itself, which takes longer."""
    encoded = b64encode(content)
    lines = [encoded[start : start + 76] for start in range(0, len(encoded), 76)]
    return b"\r\n".join([*lines, b""])

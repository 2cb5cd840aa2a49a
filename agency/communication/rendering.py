"""What leaves, as bytes: rendered from the reserved values and kept on file before any provider is called."""

from base64 import encodebytes
from dataclasses import dataclass
from email.header import Header
from email.utils import format_datetime, formataddr

from agency.communication.composing import UnableToCompose, fill
from agency.communication.release import Reserved
from agency.communication.sms_segments import SEGMENTS_MAX, plain_sms, segments
from agency.ports.providers import Renderer, TemplateRefused
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


class UnableToRender(Exception):
    """The template and the values do not make a message; says why."""


def render(reserved: Reserved, renderer: Renderer, *, drawing: str = "") -> Rendered:
    """Render one reserved message for its channel.

    :param drawing: the sender's logo as a letter shows it (`agency.parties.logos.drawing_of`).

    :raises UnableToRender: see the exception.
    """
    try:
        if reserved.channel is Channel.sms:
            return _sms(reserved)
        if reserved.channel is Channel.letter:
            brand = reserved.values["brand"] | {"logo_drawing": drawing}
            pdf = renderer.letter(
                source=reserved.body_source,
                values=reserved.values | {"brand": brand},
                dated=reserved.reserved_at.date(),
            )
            return Rendered(reserved, pdf, "application/pdf")
        html, plain = renderer.email(mjml=reserved.body_source, values=reserved.values)
        return Rendered(reserved, _as_mail(reserved, html, plain), "message/rfc822", plain, html)
    except (TemplateRefused, UnableToCompose, ValueError) as error:
        raise UnableToRender(str(error)) from error


def _sms(reserved: Reserved) -> Rendered:
    text = plain_sms(fill(reserved.body_source, reserved.values))
    if segments(text) > SEGMENTS_MAX:
        raise UnableToRender(f"the text takes {segments(text)} segments")
    return Rendered(reserved, text.encode(), "text/plain; charset=utf-8", text)


def _as_mail(reserved: Reserved, html: str, plain: str) -> bytes:
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
    return head.encode() + kind.encode() + parts + f"--{boundary}--\r\n".encode()


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
    return head.encode() + encodebytes(words.encode()).replace(b"\n", b"\r\n")

"""Reads SendGrid's inbound parse webhook: the mail as it came, or put together again from what it was taken
apart into."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.header import Header
from typing import Final

from integrations.multipart import Field, NotAForm, read_form
from integrations.webhooks import WebhookRefused

BYTES_MAX: Final = 30 * 1024 * 1024  # what SendGrid takes at most
_KEPT_HEADERS: Final = re.compile(r"^(?!content-|mime-version)[!-9;-~]+:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """A mail that came in: its bytes, and whom the envelope names."""

    raw: bytes
    sender: str
    to: str


class TooLarge(WebhookRefused):
    """The call holds more than the vendor ever sends."""


def admit(*, key_in_path: str, authorization: str, keys: Sequence[str]) -> None:
    """This function will let a call in that carries one of the keys: in its path, or as Basic password.

    SendGrid signs nothing here, so the address itself is the secret.

    :raises WebhookRefused: it carries none.
    """
    given = key_in_path or _password(authorization)
    if not given or not any(hmac.compare_digest(given.encode(), key.encode()) for key in keys):
        raise WebhookRefused("no key, or a wrong one")


def parsed_mail(*, content_type: str, body: bytes) -> ParsedMail:
    """This function will return the mail of a call, in either of SendGrid's forms (raw, or taken apart).

    :raises TooLarge: the call is larger than SendGrid's own limit.
    :raises WebhookRefused: not in SendGrid's form.
    """
    if len(body) > BYTES_MAX:
        raise TooLarge(f"{len(body)} bytes")
    try:
        fields = read_form(content_type=content_type, body=body)
    except NotAForm as error:
        raise WebhookRefused(str(error)) from error
    values = {field.name: field for field in fields if not field.filename}
    charsets = _mapping(values.get("charsets"))
    envelope = _mapping(values.get("envelope"))
    to = envelope.get("to")
    raw = values["email"].content if "email" in values else _put_together(fields, values, charsets)
    if not raw.strip():
        raise WebhookRefused("no mail in it")
    return ParsedMail(
        raw=raw,
        sender=str(envelope.get("from") or "")[:254],
        to=", ".join(str(one) for one in to[:10])[:500] if isinstance(to, list) else "",
    )


def _put_together(
    fields: Sequence[Field], values: Mapping[str, Field], charsets: Mapping[str, object]
) -> bytes:
    """The mail again: its own headers, its texts in UTF-8, its files. The same call gives the same bytes."""
    texts = [(name, _words(values[name], charsets)) for name in ("text", "html") if name in values]
    boundary = f"=_{hashlib.sha256(b''.join(field.content for field in fields)).hexdigest()[:32]}"
    parts = [
        _part(f"text/{'html' if name == 'html' else 'plain'}; charset=utf-8", words.encode(), "")
        for name, words in texts
    ]
    parts += [
        _part(field.media_type or "application/octet-stream", field.content, field.filename)
        for field in fields
        if field.filename
    ]
    lines = [
        *_headers(values, charsets),
        "MIME-Version: 1.0",
        f'Content-Type: multipart/mixed; boundary="{boundary}"',
    ]
    body = b"".join(b"--" + boundary.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n\r\n" + body + f"--{boundary}--\r\n".encode()


def _headers(values: Mapping[str, Field], charsets: Mapping[str, object]) -> list[str]:
    """The mail's own headers without those of its form; what the fields tell besides, where it has none."""
    kept: list[str] = []
    own = _words(values["headers"], charsets) if "headers" in values else ""
    for line in own.splitlines():
        if line[:1] in (" ", "\t"):
            if kept and kept[-1]:
                kept.append(line)
        else:
            kept.append(line if _KEPT_HEADERS.match(line) else "")
    lines = [line for line in kept if line]
    names = {line.partition(":")[0].lower() for line in lines}
    for name in ("from", "to", "subject"):
        if name not in names and name in values:
            words = " ".join(_words(values[name], charsets).split())[:2000]
            lines.append(
                f"{name.title()}: {words if words.isascii() else Header(words, 'utf-8').encode(linesep='')}"
            )
    return lines


def _part(kind: str, content: bytes, filename: str) -> bytes:
    name = "".join(sign for sign in filename if sign.isprintable() and sign not in '"\\')[:200]
    encoded = f"=?utf-8?b?{base64.b64encode(name.encode()).decode()}?=" if not name.isascii() else name
    disposition = f'\r\nContent-Disposition: attachment; filename="{encoded}"' if filename else ""
    if kind.startswith("message/"):  # never encoded (RFC 2046): its reader would take the code for its fields
        return f"Content-Type: {kind}{disposition}\r\n\r\n".encode() + content
    head = f"Content-Type: {kind}{disposition}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head.encode() + base64.encodebytes(content).replace(b"\n", b"\r\n")


def _words(field: Field, charsets: Mapping[str, object]) -> str:
    try:
        return field.content.decode(str(charsets.get(field.name) or "utf-8"), "replace")
    except (LookupError, ValueError):
        return field.content.decode("utf-8", "replace")


def _mapping(field: Field | None) -> Mapping[str, object]:
    try:
        found = json.loads(field.content) if field else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _password(authorization: str) -> str:
    kind, _, told = authorization.partition(" ")
    if kind.lower() != "basic":
        return ""
    try:
        return base64.b64decode(told, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""

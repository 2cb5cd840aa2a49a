"""A mail of a stranger made readable: bytes in, plain values out, whatever the bytes are.

The limits are ours: a mail that nests or splits deeper than people's mail does is cut off there, and says so.
"""

import re
from codecs import lookup
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parseaddr
from typing import Final

from agency.rules.inbound.plain_words import clean, words_of_html
from agency.rules.inbound.unpacked import signed_content, without_files

NESTED_MAX: Final = 12
PARTS_MAX: Final = 200
TEXT_MAX: Final = 200_000
HEADERS_MAX: Final = 500
HEADER_CHARACTERS_MAX: Final = 4_000
HEADER_RAW_MAX: Final = 4 * HEADER_CHARACTERS_MAX
_MESSAGE_ID: Final = re.compile(r"<([^<>\s]{1,250})>")
_MULTIPART: Final = re.compile(rb"(?i)^content-type:\s*multipart/", re.MULTILINE)
# The library takes minutes over one of very many parameters.
_FORM: Final = re.compile(rb"(?im)^content-(?:type|disposition):[^\n]*(?:\n[ \t][^\n]*)*")
_REPORTS: Final = frozenset(
    {"message/delivery-status", "message/feedback-report", "message/disposition-notification"}
)
# What programs read: never the writer's own words, whatever it is called.
_DATA: Final = frozenset(
    {"text/calendar", "text/vcard", "text/x-vcard", "text/directory", "text/csv", "text/xml", "text/css"}
)
# Seals and pages of other programs: they say nothing that the words do not say.
_SEALS: Final = frozenset(
    {"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature",
     "text/x-amp-html"}
)  # fmt: skip
# A mail within its signature (RFC 8551); encrypted ones are of the same kind, and stay files.
_SIGNED: Final = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_ANYTHING: Final = "application/octet-stream"
_SEALED: Final = "-----BEGIN PGP SIGNED MESSAGE-----"
_SEAL: Final = ("\n-----BEGIN PGP SIGNATURE-----", "-----END PGP SIGNATURE-----")
_CALENDAR_BEGINS: Final = 4_000
_CALENDAR_ANSWER: Final = re.compile(rb"(?mi)^METHOD:(?:REPLY|COUNTER)\b")
_INSTEAD_MAX: Final = 300
_RETURNED: Final = frozenset(
    {"message/rfc822", "message/global", "message/headers", "text/rfc822-headers", "message/partial"}
)


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf of a mail. `text` is filled for texts and reports, `content` for everything else."""

    media_type: str
    name: str
    text: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail. Header names are in lower case; texts hold no signs that cannot be shown or stored.

    :param text: what the sender wrote, as plain words; from the HTML where there is nothing else.
    :param returned: headers and beginning of a mail that this one gives back, as words.
    :param cut: the mail was too deep, too long or too split to be read whole.
    """

    headers: tuple[tuple[str, str], ...]
    media_type: str
    text: str
    parts: tuple[Part, ...]
    returned: str
    cut: bool

    def header(self, name: str) -> str:
        """Return the first header of a name (in lower case), empty where there is none."""
        return next((value for key, value in self.headers if key == name), "")

    @property
    def subject(self) -> str:
        """The subject in one line."""
        return " ".join(self.header("subject").split())

    @property
    def sender(self) -> str:
        """The address that it says it is from, in lower case; empty where there is none."""
        return address_in(self.header("from"))

    @property
    def sender_name(self) -> str:
        """The name beside the sender's address."""
        return parseaddr(self.header("from"))[0][:200]

    @property
    def recipients(self) -> tuple[str, ...]:
        """Every address that it was sent to, as its headers say."""
        names = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to")
        said = [value for key, value in self.headers if key in names]
        return tuple(dict.fromkeys(found for _, one in getaddresses(said) if (found := address_in(one))))

    @property
    def as_read(self) -> str:
        """What its reader saw: from whom, to whom, when and about what, an empty line, and the words."""
        told = [(name, " ".join(self.header(name).split())) for name in ("from", "to", "date", "subject")]
        heads = [f"{name.title()}: {value}" for name, value in told if value]
        return "\n".join((*heads, "", self.text.strip()))

    @property
    def answers_to(self) -> tuple[str, ...]:
        """Ids of the mails that this one answers to, without brackets, the nearest first."""
        said = [self.header("in-reply-to"), *reversed(_MESSAGE_ID.findall(self.header("references")))]
        found = [match for one in said for match in (_MESSAGE_ID.findall(one) or [one.strip()])]
        return tuple(dict.fromkeys(one for one in found if one))[:50]

    @property
    def attachments(self) -> tuple[Part, ...]:
        """The files that travel with it."""
        return tuple(part for part in self.parts if part.content)

    @property
    def answers_invitation(self) -> bool:
        """Whether a calendar answers an invitation or asks for another moment (RFC 5546)."""
        said = (part.content[:_CALENDAR_BEGINS] for part in self.parts if part.media_type == "text/calendar")
        return any(_CALENDAR_ANSWER.search(one) for one in said)

    def report(self, media_type: str) -> str:
        """Return the text of the first part of a kind, empty where there is none."""
        return next((part.text for part in self.parts if part.media_type == media_type), "")


def read_mail(raw: bytes) -> Mail:
    """Read a mail; bytes that are none give one without headers and with their words as text."""
    plain = _FORM.sub(lambda found: found[0][:HEADER_RAW_MAX], _lines(raw))
    if len(_MULTIPART.findall(plain)) > PARTS_MAX:
        return _unread(plain)
    try:
        parsed = message_from_bytes(plain)
        leaves = list(_leaves(parsed, 0))
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return _unread(plain)
    headers = tuple(_headers(parsed))
    own = [leaf for leaf in leaves[:PARTS_MAX] if leaf[1] not in _RETURNED]
    parts = tuple(part for leaf in own if (read := _part(*leaf)) is not None for part in _unpacked(read))
    back = next((_returned(leaf[0]) for leaf in leaves if leaf[1] in _RETURNED), "")
    text = _text(parts)
    if not text.strip() and not any(part.media_type in _REPORTS for part in parts):
        text = back  # somebody sends on a mail and says nothing himself
    return Mail(
        headers=headers,
        media_type=parsed.get_content_type(),
        text=text[:TEXT_MAX],
        parts=parts,
        returned=back,
        cut=len(leaves) > PARTS_MAX or len(text) > TEXT_MAX,
    )


def address_in(said: str) -> str:
    """Return the address in a header's words, in lower case; empty where there is none."""
    address = parseaddr(said)[1].strip().strip("<>").lower()
    return address if 3 <= len(address) <= 254 and "@" in address[1:-1] and " " not in address else ""


def _lines(raw: bytes) -> bytes:
    """One kind of line end, no mailbox line before the headers."""
    plain = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").lstrip(b"\n")
    if plain.startswith((b"From ", b">From ")):
        plain = plain.partition(b"\n")[2]
    return plain


def _unread(plain: bytes) -> Mail:
    return Mail((), "text/plain", clean(plain[:TEXT_MAX].decode("utf-8", "replace")), (), "", True)


def _headers(message: Message) -> Iterator[tuple[str, str]]:
    for name, value in list(message.raw_items())[:HEADERS_MAX]:
        # Cut before it is decoded: the library takes minutes over a line of very many encoded words.
        yield name.lower(), decoded(str(value)[:HEADER_RAW_MAX])[:HEADER_CHARACTERS_MAX]


def decoded(value: str) -> str:
    """Return a header's words in one line, with what was encoded (RFC 2047) written out."""
    try:
        pieces = decode_header(value)
    except (MessageError, ValueError, LookupError, TypeError):
        pieces = [(value, None)]
    words = "".join(
        _decode(piece, charset) if isinstance(piece, bytes) else piece for piece, charset in pieces
    )
    return " ".join(clean(_eight_bit(words)).split())


def _eight_bit(words: str) -> str:
    """Bytes that stand in a header as they are: UTF-8 where they can be, else of the western kind."""
    try:
        return _decode(words.encode("ascii", "surrogateescape"), None)
    except UnicodeEncodeError:
        return words


def _same_as_windows(charset: str | None) -> bool:
    try:
        return charset is not None and lookup(charset).name in ("iso8859-1", "ascii", "cp1252")
    except (LookupError, ValueError):
        return False


def _decode(content: bytes, charset: str | None) -> str:
    # What is called Latin-1 or ASCII is what Windows writes, whose quotes and euro sign lie beyond it; or it
    # is UTF-8 of a program that told the wrong name, since no text of these is UTF-8 by chance.
    names = ("utf-8", "cp1252") if _same_as_windows(charset) else (charset, "utf-8", "cp1252")
    for name in filter(None, names):
        try:
            return content.decode(name)
        except (LookupError, UnicodeError, ValueError):
            continue
    return content.decode("latin-1")


def _leaves(message: Message, depth: int) -> Iterator[tuple[Message, str]]:
    kind = message.get_content_type().replace("message/global-", "message/")  # RFC 6533: the same in UTF-8
    inside = message.get_payload()
    if kind in _RETURNED or kind in _REPORTS or not isinstance(inside, list) or depth > NESTED_MAX:
        if within := _within(message, kind, depth):
            yield from _leaves(within, depth + 1)
        else:
            yield message, kind
        return
    for one in (part for part in inside if isinstance(part, Message)):
        yield from _leaves(one, depth + 1)


def _within(message: Message, kind: str, depth: int) -> Message | None:
    """The mail within a signature, where that is how it travels."""
    sealed = kind in _SIGNED or (kind == _ANYTHING and _name(message).lower().endswith((".p7m", ".p7s")))
    content = message.get_payload(decode=True) if sealed and depth < NESTED_MAX else None
    inner = _lines(signed_content(content)) if isinstance(content, bytes) else b""
    if not inner or len(_MULTIPART.findall(inner)) > PARTS_MAX:
        return None
    return message_from_bytes(_FORM.sub(lambda found: found[0][:HEADER_RAW_MAX], inner))


def _unpacked(part: Part) -> Iterator[Part]:
    """A part, and the files that are written into its words."""
    words, files = without_files(part.text) if part.media_type == "text/plain" else (part.text, ())
    yield replace(part, text=words) if files else part
    for name, content in files:
        yield Part(_ANYTHING, clean(name)[:200], "", content)


def _part(message: Message, kind: str) -> Part | None:
    name = _name(message)
    if kind in _REPORTS:
        return Part(kind, name, clean(_as_words(message)), b"")
    content = message.get_payload(decode=True)
    if not isinstance(content, bytes):
        return None
    if kind.startswith("multipart/"):  # its boundary is not told: the words are all there is
        kind = "text/plain"
    if kind in _SEALS:
        return None
    is_file = (
        message.get_content_disposition() == "attachment"
        or (bool(name) and kind[:5] != "text/")
        or kind in _DATA
    )
    if kind[:5] == "text/" and not is_file:
        words = _decode(content, _charset(message))
        return Part(kind, name, clean(words_of_html(words) if kind == "text/html" else words), b"")
    return Part(kind, name or "attachment", "", content) if content.strip() else None


def _name(message: Message) -> str:
    try:
        return decoded(message.get_filename() or "")[:200]
    except (MessageError, ValueError, LookupError, TypeError):
        return ""


def _charset(message: Message) -> str | None:
    try:
        return message.get_content_charset()
    except (ValueError, LookupError, TypeError):
        return None


def _as_words(message: Message) -> str:
    """A report: blocks of fields, which the library has taken for mails."""
    blocks = [one for one in message.get_payload() if isinstance(one, Message)]
    return "\n\n".join(f"{_fields(one)}\n\n{_plain_payload(one)}".strip() for one in blocks)


def _fields(message: Message) -> str:
    return "\n".join(f"{name}: {' '.join(str(value).split())}" for name, value in message.items())


def _plain_payload(message: Message) -> str:
    content = message.get_payload(decode=True)
    return _decode(content, None) if isinstance(content, bytes) else ""


def _returned(message: Message) -> str:
    inside = message.get_payload()
    if isinstance(inside, list) and inside and isinstance(inside[0], Message):
        return clean(_fields(inside[0]) + "\n\n" + _plain_payload(inside[0]))[:TEXT_MAX]
    return clean(_plain_payload(message))[:TEXT_MAX]


def _text(parts: tuple[Part, ...]) -> str:
    plain = [part.text for part in parts if part.media_type != "text/html" and part.media_type[:5] == "text/"]
    page = "\n".join(part.text for part in parts if part.media_type == "text/html")
    words = "\n".join(plain)
    if not words.strip() or (page.strip() and _only_names_a_page(words)):
        return page
    return _unsealed(words)


def _unsealed(words: str) -> str:
    """Words without the seal that stands around them (RFC 9580, 7)."""
    before, begins, sealed = words.partition(_SEALED)
    said, seal, rest = sealed.partition(_SEAL[0])
    if not (begins and seal):
        return words
    _, _, own = said.partition("\n\n")
    return before + re.sub(r"(?m)^- ", "", own) + rest.partition(_SEAL[1])[2]


def _only_names_a_page(words: str) -> bool:
    """Whether the plain words only tell that the mail is a page: then what was written stands in that."""
    return len(words.strip()) < _INSTEAD_MAX and re.search(r"\bhtml\b", words, re.IGNORECASE) is not None

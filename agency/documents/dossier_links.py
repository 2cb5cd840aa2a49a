"""A bundle without the links that open the debtor's page: whoever gets hold of it could act in his place."""

import hashlib
import re
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import Message
from typing import Final

from agency.ports.bundles import Bundle, BundleFile, LinkCover

# The address of a page for payment, whatever host it is on, as far as it says whose page it is.
_LINK: Final = re.compile(r"(/pay/)[A-Za-z0-9_-]{16,64}")
_COVERED: Final = r"\1…"


def without_live_links(bundle: Bundle, cover: LinkCover) -> Bundle:
    """This function will return the bundle with every such link covered, in what is shown and in the files.

    A file that held one is no longer the bytes that were sent: its SHA-256 is that of what is in the bundle,
    and its note keeps the start of the one it was sent with.
    """
    parts = tuple(
        replace(part, files=tuple(_covered(file, cover) for file in part.files)) for part in bundle.parts
    )
    return replace(bundle, parts=parts)


def _covered(file: BundleFile, cover: LinkCover) -> BundleFile:
    if file.media_type == "message/rfc822":
        content = _of_mail(file.content)
    elif file.media_type == "text/plain":
        content = _LINK.sub(_COVERED, file.content.decode("utf-8", errors="surrogateescape")).encode(
            "utf-8", errors="surrogateescape"
        )
    elif file.media_type == "application/pdf":
        content = cover(file.content)
    else:
        content = file.content
    if content == file.content:
        return replace(file, shown=_LINK.sub(_COVERED, file.shown))
    return replace(
        file,
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        shown=_LINK.sub(_COVERED, file.shown),
    )


def _of_mail(content: bytes) -> bytes:
    """A mail without such a link stays byte for byte what it was."""
    mail = message_from_bytes(content, policy=policy.compat32)
    if not [part for part in mail.walk() if part.get_content_maintype() == "text" and _cover_part(part)]:
        return content
    return mail.as_bytes()


def _cover_part(part: Message) -> bool:
    words = part.get_payload(decode=True)
    if not isinstance(words, bytes):
        return False
    try:
        charset = part.get_content_charset() or "utf-8"
        read = words.decode(charset, errors="replace")
    except LookupError:
        read = words.decode("latin-1")
    covered = _LINK.sub(_COVERED, read)
    if covered == read:
        return False
    del part["Content-Transfer-Encoding"]
    part.set_payload(covered, "utf-8")
    return True

"""Reading the text of letters and messages that are no pages: docx, odt, e-mail, XML and plain text."""

import codecs
import io
import re
import zipfile
from collections.abc import Iterable
from typing import Any, Final
from xml.etree.ElementTree import iterparse

from agency.rules.inbound.mail import read_mail

TEXT_MAX: Final = 300_000
PART_MAX: Final = 30_000_000
WIDTH, HEIGHT = 595, 842

_PARTS: Final = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ("word/document.xml", "p"),
    "application/vnd.oasis.opendocument.text": ("content.xml", "p"),
}
# What mails and archives are written in: a codec is a file of Python, loaded before no file may be opened.
_CODECS: Final = (
    "cp437", "cp850", "cp1250", "cp1251", "cp1252", "latin-1", "iso8859-2", "iso8859-15", "utf-7", "utf-16",
    "utf-16-le", "utf-16-be", "utf-8-sig", "ascii", "koi8-r", "gb18030", "big5", "shift_jis", "iso2022_jp",
)  # fmt: skip
_DECLARATION: Final = re.compile(r"\s*<\?xml[^>]{0,200}\?>")


def prepare() -> None:
    """This function will load what Python otherwise loads when it meets the first letter or message."""
    for name in _CODECS:
        codecs.lookup(name)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("content.xml", "<p>x</p>")
    read(packed.getvalue(), media_type="application/vnd.oasis.opendocument.text")
    for encoding in ("base64", "quoted-printable"):
        head = "From: =?utf-8?q?a?= <a@example.org>\nDate: Thu, 1 Jan 2026 10:00:00 +0100\n"
        kind = f"Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: {encoding}\n\neA=="
        read(f"{head}{kind}".encode(), media_type="message/rfc822")


def as_utf8(content: bytes) -> bytes:
    """This function will return a text of two bytes a letter, told by its mark, as UTF-8, and any other as it
    is. What such an XML declares would then be untrue and is left out.
    """
    if not content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content
    text = content.decode("utf-16", errors="replace")
    declared = _DECLARATION.match(text)
    return text[declared.end() if declared else 0 :].encode()


def read(content: bytes, *, media_type: str) -> dict[str, Any]:
    """This function will read the text of a file, line by line; it has one page and no places."""
    if media_type in _PARTS:
        lines = _zipped(content, *_PARTS[media_type])
    elif media_type == "message/rfc822":
        lines = read_mail(content).as_read.splitlines()
    elif media_type == "application/xml":
        lines = list(_xml(io.BytesIO(as_utf8(content)), paragraph=None))
    elif media_type in ("text/plain", "text/csv"):
        lines = _decoded(as_utf8(content)).splitlines()
    else:
        return {"state": "unsupported"}
    words, signs = [], 0
    for number, line in enumerate(lines):
        for word in line.split():
            signs += len(word)
            if signs > TEXT_MAX:
                break
            words.append([word, number])
    page = {"number": 1, "width": WIDTH, "height": HEIGHT, "words": words, "marks": []}
    return {
        "state": "read" if words else "blank",
        "pages": [page],
        "page_count": 1,
        "signature_fields": 0,
    }


def _zipped(content: bytes, part: str, paragraph: str) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open(part) as opened:
        return list(_xml(io.BytesIO(opened.read(PART_MAX)), paragraph=paragraph))


def _xml(file: io.BytesIO, *, paragraph: str | None) -> Iterable[str]:
    """Texts of an XML file, one line per paragraph (or per element); a document type is refused, because
    only its declarations can make a small file large."""
    if re.search(rb"<!(?:DOCTYPE|ENTITY)", file.getvalue(), re.IGNORECASE):
        raise ValueError("a document type is not read")
    line: list[str] = []
    for _, element in iterparse(file, events=("end",)):  # noqa: S314 - no document type, so no entities
        name = element.tag.rpartition("}")[2]
        if element.text and element.text.strip():
            line.append(element.text)
        if paragraph is None or name == paragraph:
            if line:
                yield "".join(line) if paragraph else " ".join(line)
            line = []
        if element.tail and element.tail.strip():
            line.append(element.tail)
        element.clear()
    if line:
        yield " ".join(line)


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")

"""What a file is: its content decides, its extension must agree, and what could act on a reader is
flagged.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import puremagic
from PIL.Image import DecompressionBombError

from agency.documents.archives import UnacceptableArchive, entries_of, names_of
from agency.documents.reader import pictures
from agency.documents.reader.office import as_utf8
from agency.kernel.errors import Invalid
from agency.rules.facts import DocumentKind
from agency.rules.pdf_streams import PackedToHarm, streams_of, unpacked

_BY_CONTENT: Final = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "msg": "application/vnd.ms-outlook",
}
_TEXT: Final = {"txt": "text/plain", "csv": "text/csv", "eml": "message/rfc822", "xml": "application/xml"}
_SAME: Final = {"jpeg": "jpg", "tiff": "tif", "jfif": "jpg"}
_MARKUP = re.compile(rb"<\s*(?:!doctype|html|svg|script|body|head|iframe|object|embed)\b", re.IGNORECASE)

_DOCUMENT_TYPE = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_HEAD: Final = 1024
_END_OF_ZIP: Final = b"PK\x05\x06"
# Settings of a printer, and fonts; programs in a letter have other names.
_HARMLESS: Final = (
    "xl/printersettings/",
    "word/printersettings/",
    "word/fonts/",
    "word/embeddings/oleobject",
)
# The file that the makers of virus scanners agreed on for trying them; its two halves are apart so that no
# scanner takes this source for it.
_TEST_VIRUS: Final = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"

_ACTIVE: Final = {
    b"/JavaScript": "JavaScript",
    b"/JS": "JavaScript",
    b"/Launch": "starts a program",
    b"/EmbeddedFile": "embedded files",
    b"/XFA": "active form",
    b"/RichMedia": "rich media",
    b"/SubmitForm": "sends a form",
}
_INFLATED_MAX: Final = 8_000_000


class UnacceptableFile(Invalid):
    """The file is not kept: of a kind that proves nothing, too large, or not what it says it is."""


@dataclass(frozen=True)
class FileType:
    """A file's media type, by which it is served (as an attachment, never sniffed), and what is active in
    it.
    """

    media_type: str
    active: tuple[str, ...] = ()


def file_type(content: bytes, *, name: str) -> FileType:
    """This function will tell what a file is.

    :raises UnacceptableFile: empty, of a type that is not kept, its extension says something else, it is two
        things at once, or it is made to do harm.
    """
    if not content:
        raise UnacceptableFile("the file is empty", field="file")
    if _TEST_VIRUS in content:
        raise UnacceptableFile("a virus scanner calls this file harmful", field="file")
    extension = name.rpartition(".")[2].lower().strip()
    if extension in _BY_CONTENT:
        if _SAME.get(extension, extension) not in _recognised(content):
            raise UnacceptableFile("the content is not what the file's extension says", field="file")
        _CHECKS.get(_BY_CONTENT[extension].partition("/")[0], _check_nothing)(content)
        _CHECKS.get(extension, _check_nothing)(content)
        active = active_parts(content) if extension == "pdf" else ()
        return FileType(_BY_CONTENT[extension], active)
    if extension in _TEXT:
        _check_text(content, extension)
        return FileType(_TEXT[extension])
    raise UnacceptableFile("this type of file is not kept as evidence; make it a PDF", field="file")


def _recognised(content: bytes) -> set[str]:
    if content.startswith(b"%PDF-"):
        # A document that is a PDF from its first byte; one that only contains one further on is no PDF.
        return {"pdf"}
    try:
        matches = puremagic.magic_string(content)
    except puremagic.PureError:
        return set()
    found = {match.extension.lstrip(".").lower() for match in matches}
    return {_SAME.get(extension, extension) for extension in found} - {"pdf"}


def _check_nothing(content: bytes) -> None:
    return


def _check_pdf(content: bytes) -> None:
    """A PDF that is also a page or an archive reads as one thing here and as another elsewhere."""
    if _MARKUP.search(content[:_HEAD]):
        raise UnacceptableFile("the file is a PDF and a web page at once", field="file")
    _refuse_archive_behind(content)


def _check_image(content: bytes) -> None:
    if _MARKUP.search(content[:_HEAD]):
        raise UnacceptableFile("the file is an image and a web page at once", field="file")
    _refuse_archive_behind(content)
    try:
        width, height = pictures.size(content)
    except (OSError, ValueError, SyntaxError, DecompressionBombError) as error:
        raise UnacceptableFile("the image is broken or of a kind that is not kept", field="file") from error
    if width * height > pictures.PIXELS_MAX:
        raise UnacceptableFile("the image has more than 100 million pixels", field="file")


def _refuse_archive_behind(content: bytes) -> None:
    if _END_OF_ZIP not in content[-66_000:]:
        return
    try:
        names = names_of(content)
    except UnacceptableArchive:
        return
    if names:
        raise UnacceptableFile("the file is also an archive", field="file")


def _check_office(content: bytes) -> None:
    """A letter or a sheet is an archive: bounded, without macros, and its XML without a document type."""
    try:
        for entry in entries_of(content):
            name = entry.name.lower()
            if name.endswith((".bin", ".exe", ".dll", ".js", ".vbs")) and not name.startswith(_HARMLESS):
                raise UnacceptableFile("the file holds macros or programs; make it a PDF", field="file")
            if name.startswith(("basic/", "scripts/")):
                raise UnacceptableFile("the file holds macros or programs; make it a PDF", field="file")
            if name.endswith((".xml", ".rels")) and _DOCUMENT_TYPE.search(entry.content[: _HEAD * 64]):
                raise UnacceptableFile("the file's XML declares entities; make it a PDF", field="file")
    except UnacceptableArchive as refusal:
        raise UnacceptableFile(
            "the file is broken or made to do harm; make it a PDF", field="file"
        ) from refusal


_CHECKS: Final[dict[str, Callable[[bytes], None]]] = {
    "pdf": _check_pdf,
    "image": _check_image,
    "docx": _check_office,
    "xlsx": _check_office,
    "odt": _check_office,
}


def _check_text(content: bytes, extension: str) -> None:
    content = as_utf8(content)
    if b"\x00" in content:
        raise UnacceptableFile("the content is not what the file's extension says", field="file")
    start = content[:65_536]
    if _MARKUP.search(start) if extension != "xml" else re.search(rb"<\s*(?:html|svg|script)\b", start, re.I):
        raise UnacceptableFile("pages and drawings with code are not kept; make it a PDF", field="file")
    if extension == "xml":
        if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            raise UnacceptableFile("the content is not what the file's extension says", field="file")
        if _DOCUMENT_TYPE.search(content):
            raise UnacceptableFile("the XML declares a document type, which is never read", field="file")


def active_parts(content: bytes) -> tuple[str, ...]:
    """This function will name what in a PDF acts by itself; looked for in plain and in compressed parts.

    Such a file is kept as it came (it may be evidence) but marked, and never shown in a page.
    """
    found = {what for sign, what in _ACTIVE.items() if _names(content, sign)}
    inflated = 0
    for stream in _streams_of(content):
        if inflated >= _INFLATED_MAX:
            break
        plain = unpacked(stream, _INFLATED_MAX - inflated)
        inflated += len(plain)
        found |= {what for sign, what in _ACTIVE.items() if _names(plain, sign)}
    return tuple(sorted(found))


def _streams_of(content: bytes) -> Iterator[memoryview]:
    try:
        yield from streams_of(content)
    except PackedToHarm as refusal:
        raise UnacceptableFile(
            "the file is broken or made to do harm; make it a PDF", field="file"
        ) from refusal


def _names(content: bytes, sign: bytes) -> bool:
    """A PDF name ends where another sign than a letter begins: `/JS` is not the start of `/JSON`."""
    return re.search(re.escape(sign) + rb"(?![A-Za-z])", content) is not None


_KIND_WORDS: Final = (
    (
        DocumentKind.delivery_note,
        "afleverbon pakbon leverbon vrachtbrief delivery pod cmr livraison lieferschein",
    ),
    (DocumentKind.order, "order bestelling bestelbon opdracht commande bestellung offerte"),
    (DocumentKind.contract, "contract overeenkomst contrat vertrag agreement"),
    (DocumentKind.terms, "voorwaarden terms conditions agb conditionsgenerales"),
    (DocumentKind.reminder, "herinnering aanmaning reminder rappel mahnung ingebrekestelling sommatie"),
    (DocumentKind.acknowledgement, "erkenning acknowledgement reconnaissance betalingsbelofte"),
    (DocumentKind.statement, "rekeningoverzicht statement releve openposten saldolijst"),
    (DocumentKind.correspondence, "mail correspondentie brief letter lettre email"),
    (DocumentKind.invoice, "factuur invoice facture rechnung creditnota"),
)


def suggest_kind(name: str) -> DocumentKind:
    """This function will suggest what a document proves from its name; the person who uploads decides."""
    folded = re.sub(r"[^a-z]", "", name.lower())
    for kind, words in _KIND_WORDS:
        if any(word in folded for word in words.split()):
            return kind
    return DocumentKind.other

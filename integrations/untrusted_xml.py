"""XML from strangers: no document type, no entities, no network, no say in how much memory it takes."""

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TypedDict
from xml.parsers import expat

from lxml import etree

from agency.ports.readers import Unreadable

_BLANKS = b" \t\r\n"
_UTF8_BOM = b"\xef\xbb\xbf"
# What mail gateways and mainframes leave behind the last tag.
_TRAILING = b" \t\r\n\x00\x1a"
_PROLOG_STEP = 4096
_WIDE_STEP = 1_000_000
_DECLARED = re.compile(rb"<\?xml[^>]{0,80}?encoding\s*=\s*[\"']([^\"'>]{1,40})[\"']", re.IGNORECASE)
_ONE_BYTE = re.compile(
    rb"iso-?8859-15?|latin-?1|windows-1252|cp1252|(?P<seven_bits>(?:us-)?ascii)", re.IGNORECASE
)
_WIDE = re.compile(rb"utf-?(?:16|32)(?:[lb]e)?|(?:iso-10646-)?ucs-?[24]|unicode", re.IGNORECASE)
_OF_WINDOWS = re.compile(rb"[\x80-\x9f]")


class _ParserOptions(TypedDict):
    resolve_entities: bool
    no_network: bool
    load_dtd: bool
    huge_tree: bool
    remove_comments: bool
    remove_pis: bool


_OPTIONS: _ParserOptions = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    # A comment inside a text would otherwise cut the text in two.
    "remove_comments": True,
    "remove_pis": True,
}


@dataclass(frozen=True, slots=True)
class RootName:
    """Name of an element, mostly a document's first; the namespace is empty where there is none."""

    namespace: str
    local: str


class _RootSeen(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def looks_like_xml(content: bytes) -> bool:
    """This function will tell whether the first character that means something is an angle bracket."""
    start, wide = content[:256], _width_of(content)
    if wide:
        start = start.decode(wide, errors="replace").encode()
    return start.removeprefix(_UTF8_BOM).lstrip(_BLANKS).startswith(b"<")


def root_name(content: bytes, *, max_bytes: int) -> RootName:
    """This function will name the root element without parsing what follows it.

    :raises Unreadable: when the document is larger than allowed, declares a document type, or is
        damaged before its first element.
    """
    prolog = expat.ParserCreate(namespace_separator=" ")
    prolog.StartDoctypeDeclHandler = _refuse_doctype
    prolog.StartElementHandler = _stop_at_root
    trimmed = _trimmed(content, max_bytes)
    try:
        for start in range(0, len(trimmed), _PROLOG_STEP):
            prolog.Parse(trimmed[start : start + _PROLOG_STEP], False)
        prolog.Parse(b"", True)
    except _RootSeen as seen:
        namespace, _, local = seen.name.rpartition(" ")
        return RootName(namespace, local)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise Unreadable(_why_not(error)) from error
    raise Unreadable("not well-formed XML: no element in it")


def name_of(element: etree._Element) -> RootName:
    """This function will name an element, whatever its namespace holds; lxml refuses one with a brace."""
    namespace, _, local = element.tag.rpartition("}")
    return RootName(namespace.removeprefix("{"), local)


def parse(content: bytes, *, max_bytes: int) -> etree._Element:
    """This function will parse a whole document and return its root element.

    :raises Unreadable: as `root_name`, and when the document is not well-formed to its end.
    """
    root_name(content, max_bytes=max_bytes)
    try:
        return etree.fromstring(_trimmed(content, max_bytes), etree.XMLParser(**_OPTIONS))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable(_why_not(error)) from error


def stream(content: bytes, *, tags: Sequence[str], max_bytes: int) -> Iterator[etree._Element]:
    """This function will yield each element of the given names as its end is reached.

    The caller removes what it has used, so memory follows one element, not the file.

    :raises Unreadable: as `parse`, possibly after elements were already yielded.
    """
    root_name(content, max_bytes=max_bytes)
    walk = etree.iterparse(BytesIO(_trimmed(content, max_bytes)), events=("end",), tag=tags, **_OPTIONS)
    try:
        for _, element in walk:
            yield element
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable(_why_not(error)) from error


def _trimmed(content: bytes, max_bytes: int) -> bytes:
    if len(content) > max_bytes:
        raise Unreadable(f"larger than the {max_bytes // 1_000_000} MB that is read")
    wide = _width_of(content)
    if wide:
        content = _narrowed(content, wide)
    return _as_written(content.removeprefix(_UTF8_BOM).lstrip(_BLANKS).rstrip(_TRAILING))


def _width_of(content: bytes) -> str | None:
    """The encoding of a document of two bytes a letter, told from its mark or its first bracket."""
    if content.startswith((codecs.BOM_UTF16_LE, b"<\x00")):
        return "utf-16-le"
    return "utf-16-be" if content.startswith((codecs.BOM_UTF16_BE, b"\x00<")) else None


def _narrowed(content: bytes, wide: str) -> bytes:
    """Two bytes a letter as UTF-8, which is all that both parsers are then asked to understand."""
    letters = codecs.getincrementaldecoder(wide)()
    parts = (content[at : at + _WIDE_STEP] for at in range(0, len(content), _WIDE_STEP))
    try:
        narrow = b"".join(letters.decode(part).encode() for part in parts)
    except UnicodeDecodeError as error:
        raise Unreadable("not well-formed XML") from error
    return _declared(narrow.removeprefix(_UTF8_BOM).lstrip(_BLANKS), b"UTF-8")


def _as_written(content: bytes) -> bytes:
    """UTF-8 that declares one byte per letter, or two, as programs do that only changed the declaration,
    would give names with wrong letters or none; no text of these encodings is UTF-8 by chance. And what
    Windows writes as Latin 1 has signs of its own where Latin 1 has none: all that read pages of the web
    take it so.
    """
    said = _DECLARED.match(content)
    if said and _WIDE.fullmatch(said[1]):
        return _declared(content, b"UTF-8")
    one_byte = _ONE_BYTE.fullmatch(said[1]) if said else None
    if one_byte is None or content.isascii():
        return content
    try:
        content.decode()
    except UnicodeDecodeError:
        of_windows = one_byte["seven_bits"] or _OF_WINDOWS.search(content)
        return _declared(content, b"windows-1252") if of_windows else content
    return _declared(content, b"UTF-8")


def _declared(content: bytes, name: bytes) -> bytes:
    said = _DECLARED.match(content)
    return content[: said.start(1)] + name + content[said.end(1) :] if said else content


def _refuse_doctype(*_: object) -> None:
    raise Unreadable("the XML declares a document type (DOCTYPE); no invoice or bank file needs one")


def _stop_at_root(name: str, _: object) -> None:
    raise _RootSeen(name)


def _why_not(error: Exception) -> str:
    """Why a document is not read; what is only too much for the parser is not called a fault of its form."""
    said = _first_line(error)
    if "Excessive depth" in said:
        return "the XML is nested deeper than any invoice or bank file"
    if "XML_PARSE_HUGE" in said or "Resource limit" in said:
        return "the XML holds a text or an attachment of more than 10 MB; hand it over without that"
    if "Extra content at the end" in said or said.startswith("XML declaration allowed only at the start"):
        return "something follows the XML document; hand over each document as a file of its own"
    line, at = getattr(error, "position", None) or (getattr(error, "lineno", 0), getattr(error, "offset", 0))
    # Where it is wrong helps its maker; what the parser calls it, in English, helps nobody else.
    return f"not well-formed XML: line {line}, position {at}" if line else "not well-formed XML"


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__

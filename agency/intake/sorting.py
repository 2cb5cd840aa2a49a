"""What a file is, by its content: something that makes claims, or a document that proves one."""

import re
from enum import StrEnum
from typing import Final

from agency.intake.archive import EMPTY_ZIP_MARK, ZIP_MARK, guard_archive, is_archive
from agency.intake.columns import propose
from agency.intake.headers import known_field
from agency.intake.reading import read_table
from agency.intake.table import PREAMBLE_ROWS_MAX
from agency.intake.workbook import OLE_MARK
from agency.ports.readers import Unreadable


class FileKind(StrEnum):
    """What a file is taken for; the reader of that kind has the last word."""

    ARCHIVE = "archive"
    INVOICE = "invoice"  # XML or PDF: an e-invoice, or a page that may be one
    TABLE = "table"
    DOCUMENT = "document"
    UNKNOWN = "unknown"


_PICTURES: Final = (b"\x89PNG", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"GIF8")
_MAIL: Final = (b"From ", b"Received:", b"Return-Path:", b"Delivered-To:", b"MIME-Version:", b"Message-ID:")
_SHEET_IN_MAIL: Final = re.compile(rb"X-Document-Type: Workbook|ExcelWorkbook|Excel\.Sheet")
_LETTER: Final = b"application/vnd.oasis.opendocument.text"
_LOOKED_AT: Final = 4_096
_NAMES_MIN: Final = 2
_SHEETS: Final = ("xl/", "content.xml")
_BOOKS: Final = ("Workbook".encode("utf-16-le"), "Book".encode("utf-16-le"))


def kind_of(content: bytes) -> FileKind:
    """This function will tell what a file is taken for; its name says nothing."""
    if content[:4] in (ZIP_MARK, EMPTY_ZIP_MARK):
        return _packed(content)
    if content[:8] == OLE_MARK:
        locked = "EncryptedPackage".encode("utf-16-le") in content
        return FileKind.TABLE if locked or any(mark in content for mark in _BOOKS) else FileKind.DOCUMENT
    if b"%PDF-" in content[:1024]:
        return FileKind.INVOICE
    if (
        content.startswith(_PICTURES)
        or content[4:12] in (b"ftypheic", b"ftypmif1")
        or content[8:12] == b"WEBP"
    ):
        return FileKind.DOCUMENT
    if content.startswith(_MAIL):
        return FileKind.TABLE if _SHEET_IN_MAIL.search(content[:_LOOKED_AT]) else FileKind.DOCUMENT
    start = content[:256].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00")
    if start.startswith(b"<"):  # a page, too: its reader says what to do with a list that was saved as one
        return FileKind.INVOICE
    return _text(content)


def _names_columns(content: bytes) -> bool:
    """Whether one of the first lines holds names by which packages call columns."""
    lines = content[:_LOOKED_AT].decode("latin-1").replace("\ufeff", "").splitlines()[:PREAMBLE_ROWS_MAX]
    cells = (re.split(r"[;,\t|]|  +", line) for line in lines)
    return any(len({known_field(one.strip('" \r')) for one in row} - {None}) >= _NAMES_MIN for row in cells)


def _packed(content: bytes) -> FileKind:
    if is_archive(content):
        return FileKind.ARCHIVE
    names = [entry.filename for entry in guard_archive(content)]
    letter = _LETTER in content[:_LOOKED_AT]
    is_sheet = any(name.startswith(_SHEETS) for name in names) and not letter
    return FileKind.TABLE if is_sheet else FileKind.DOCUMENT


def _text(content: bytes) -> FileKind:
    """A text is a table when it has columns, and one of them holds amounts or names something of a claim;
    also one that cannot be read, so that its reader says why."""
    try:
        table = read_table(content)
    except Unreadable:
        if b"\x00" in content:
            return FileKind.UNKNOWN
        return FileKind.TABLE if _names_columns(content) else FileKind.DOCUMENT
    return FileKind.TABLE if propose(table.headers, table.sample).columns else FileKind.DOCUMENT

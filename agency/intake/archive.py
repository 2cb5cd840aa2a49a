"""ZIPs from strangers: looked over before anything is unpacked, then unpacked one file at a time."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from agency.documents.archives import READ_METHODS
from agency.ports.readers import Unreadable

ENTRIES_MAX: Final = 20_000
UNPACKED_BYTES_MAX: Final = 300_000_000
PACKING_RATIO_MAX: Final = 200
FILE_BYTES_MAX: Final = 60_000_000
ZIP_MARK: Final = b"PK\x03\x04"
EMPTY_ZIP_MARK: Final = b"PK\x05\x06"
_OF_NUMBERS: Final = (".iwa", "Index.zip")
_OFFICE: Final = frozenset({"[Content_Types].xml", "content.xml", "xl/workbook.xml"})


@dataclass(frozen=True)
class Packed:
    """One file of an archive by the last part of its name: its content, or why it cannot be had."""

    name: str
    content: bytes = b""
    refusal: str = ""


def guard_archive(content: bytes) -> list[zipfile.ZipInfo]:
    """This function will return the entries of a ZIP that is safe to unpack: bounded in number, size and
    packing ratio, none encrypted. Names are never used as paths, so they need no check.

    :raises Unreadable: it is damaged, a bomb, or encrypted.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, OverflowError) as error:
        raise Unreadable("the archive is damaged; pack it anew") from error
    if len(entries) > ENTRIES_MAX:
        raise Unreadable("the archive holds too many files")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > UNPACKED_BYTES_MAX or any(
        entry.file_size > 1_000_000 and entry.file_size > PACKING_RATIO_MAX * max(entry.compress_size, 1)
        for entry in entries
    ):
        raise Unreadable("the archive unpacks to more than is allowed")
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise Unreadable("the archive is protected with a password")
    return entries


def is_archive(content: bytes) -> bool:
    """This function will tell a ZIP of files from a workbook, which is a ZIP too."""
    if content[:4] == EMPTY_ZIP_MARK:
        return True
    if content[:4] != ZIP_MARK:
        return False
    try:
        return not {entry.filename for entry in guard_archive(content)} & _OFFICE
    except Unreadable:
        return True


def unpack(content: bytes) -> Iterator[Packed]:
    """This function will give each file of a ZIP in turn, and of ZIPs directly inside it; no deeper.

    All that is unpacked counts towards one limit, also what the sizes in the archive leave untold.

    :raises Unreadable: the archive as a whole is damaged, unsafe or empty.
    """
    budget = [UNPACKED_BYTES_MAX]
    yield from _unpack(content, budget, True)


def count_files(content: bytes) -> int:
    """This function will tell how many files a ZIP holds itself.

    :raises Unreadable: as `unpack`.
    """
    return len(_files(content))


def _files(content: bytes) -> list[zipfile.ZipInfo]:
    entries = [entry for entry in guard_archive(content) if not _is_clutter(entry.filename)]
    if not entries:
        raise Unreadable("the archive holds no files")
    if any(entry.filename.endswith(_OF_NUMBERS) for entry in entries):
        raise Unreadable("a Numbers or Pages file is not read; export it as Excel, CSV or PDF")
    return entries


def _unpack(content: bytes, budget: list[int], nested: bool) -> Iterator[Packed]:
    entries = _files(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for entry in entries:
            packed = _one(archive, entry, budget)
            if packed.refusal or not is_archive(packed.content):
                yield packed
            elif not nested:
                yield Packed(packed.name, refusal="is an archive inside an archive inside an archive")
            else:
                yield from _nested(packed, budget)


def _nested(packed: Packed, budget: list[int]) -> Iterator[Packed]:
    try:
        yield from _unpack(packed.content, budget, False)
    except Unreadable as refusal:
        yield Packed(packed.name, refusal=refusal.reason)


def _one(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: list[int]) -> Packed:
    name = entry.filename.replace("\\", "/").rsplit("/", 1)[-1][:200] or "file"
    limit = min(FILE_BYTES_MAX, budget[0])
    if entry.compress_type not in READ_METHODS:
        return Packed(name, refusal="is packed in a way that is not read; pack it anew as an ordinary ZIP")
    try:
        with archive.open(entry) as packed:
            content = packed.read(limit + 1)
    except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError, EOFError, ValueError):
        return Packed(name, refusal="cannot be unpacked")
    if len(content) > limit:
        return Packed(name, refusal="is larger than a file in an archive may be")
    budget[0] -= len(content)
    return Packed(name, content)


def _is_clutter(name: str) -> bool:
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return not last or last.startswith(".") or last == "Thumbs.db" or name.startswith("__MACOSX/")

"""Opening a ZIP that a stranger made: looked at before anything is unpacked, and unpacked in bounds.

Names inside are labels only: an entry becomes a file of ours by its bytes, never by its name.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from agency.kernel.errors import Invalid

_LOCAL_HEAD: Final = 30
_ENCRYPTED: Final = 0x1
_SYMLINK: Final = 0o120000
# The library unpacks any other way whole into memory before it counts; nobody's computer packs so unasked.
READ_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


class UnacceptableArchive(Invalid):
    """The ZIP is not opened: broken, locked, or made to do harm."""


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """How much one archive may hold; bytes are of the content unpacked, the ratio is to the packed size."""

    entries: int = 2_000
    entry_bytes: int = 60 * 1024 * 1024
    total_bytes: int = 400 * 1024 * 1024
    ratio: int = 200
    ratio_from: int = 1024 * 1024  # a small file may shrink as much as it likes


@dataclass(frozen=True, slots=True)
class Entry:
    """A file inside an archive, with the name it had there, for showing."""

    name: str
    content: bytes


LIMITS: Final = ArchiveLimits()


def entries_of(content: bytes, *, limits: ArchiveLimits = LIMITS) -> Iterator[Entry]:
    """This function will yield the files of a ZIP, one unpacked at a time; folders are left out.

    :raises UnacceptableArchive: before the first file, when its directory shows what may not be: too much,
        a password, overlapping or linked entries; at a file that is broken or larger than it says.
    """
    with _opened(content) as archive:
        wanted = _looked_through(archive, limits)
        for info in wanted:
            yield Entry(info.filename, _unpacked(archive, info))


def names_of(content: bytes, *, limits: ArchiveLimits = LIMITS) -> list[str]:
    """This function will return the names in a ZIP after the same look, without unpacking.

    :raises UnacceptableArchive: as `entries_of` before its first file.
    """
    with _opened(content) as archive:
        return [info.filename for info in _looked_through(archive, limits)]


def _opened(content: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError, OSError) as error:
        raise UnacceptableArchive("the ZIP file is broken", field="file") from error


def _looked_through(archive: zipfile.ZipFile, limits: ArchiveLimits) -> list[zipfile.ZipInfo]:
    # Not `is_dir()`, which breaks at an entry without a name.
    infos = [info for info in archive.infolist() if not info.filename.endswith("/")]
    if len(infos) > limits.entries:
        raise UnacceptableArchive("the ZIP holds too many files", field="file")
    if sum(info.file_size for info in infos) > limits.total_bytes:
        raise UnacceptableArchive("the ZIP is too large when unpacked", field="file")
    for info in infos:
        if info.flag_bits & _ENCRYPTED:
            raise UnacceptableArchive("the ZIP is locked with a password; send it without", field="file")
        if info.compress_type not in READ_METHODS:
            raise UnacceptableArchive(
                "the ZIP is packed in a way that is not read; pack it anew", field="file"
            )
        if info.external_attr >> 16 & 0o170000 == _SYMLINK:
            raise UnacceptableArchive("the ZIP holds a link instead of a file", field="file")
        swollen = info.file_size > limits.ratio_from and info.file_size > limits.ratio * info.compress_size
        if info.file_size > limits.entry_bytes or swollen:
            raise UnacceptableArchive("a file in the ZIP is too large when unpacked", field="file")
    _refuse_overlap(infos)
    return infos


def _refuse_overlap(infos: list[zipfile.ZipInfo]) -> None:
    """Entries that share bytes let one packed megabyte unpack as thousands."""
    end = 0
    for info in sorted(infos, key=lambda one: one.header_offset):
        if info.header_offset < end:
            raise UnacceptableArchive("files in the ZIP overlap each other", field="file")
        end = info.header_offset + _LOCAL_HEAD + info.compress_size


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(info) as opened:
            content = opened.read(info.file_size + 1)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        OSError,
        ValueError,
    ) as error:
        raise UnacceptableArchive("a file in the ZIP is broken", field="file") from error
    if len(content) != info.file_size:
        raise UnacceptableArchive("a file in the ZIP is not as large as it says", field="file")
    return content

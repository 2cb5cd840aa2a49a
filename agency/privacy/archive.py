"""A ZIP that is written part by part and knows of each file what it is, how large, and its SHA-256."""

import csv
import hashlib
import io
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, BinaryIO, Final

from agency.kernel.written_files import safe_cell

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_PART: Final = 1 << 20
_COMMENT_BYTES_MAX: Final = 2_000
BOM: Final = b"\xef\xbb\xbf"
"""What makes a spreadsheet read a CSV as UTF-8."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the archive: `about` says what it is; `size` is in bytes."""

    path: str
    about: str
    size: int
    sha256: str


class _Counted(io.RawIOBase):
    """Writes through, counting and hashing on the way."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target, self._hash, self.size = target, hashlib.sha256(), 0

    def writable(self) -> bool:
        return True

    def write(self, part: bytes) -> int:  # type: ignore[override]
        self._hash.update(part)
        self.size += len(part)
        return self._target.write(part)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


class Archive:
    """A ZIP on a file of this machine; equal files in equal order are equal bytes, but for its comment."""

    def __init__(self, file: BinaryIO, *, comment: str) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        # Makes every archive a content of its own in the file store, so that it can be erased alone.
        self._zip.comment = comment.encode()
        self.entries: list[Entry] = []

    @contextmanager
    def writing(self, path: str, about: str) -> Iterator[IO[bytes]]:
        """Open a file of the archive to be written in parts."""
        info = zipfile.ZipInfo(path, _EPOCH)
        info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
        info.comment = about.encode()[:_COMMENT_BYTES_MAX]  # so that what it is travels with it
        with self._zip.open(info, "w", force_zip64=True) as target:
            counted = _Counted(target)
            yield counted  # type: ignore[misc]
        self.entries.append(Entry(path, about, counted.size, counted.sha256))

    def add(self, path: str, about: str, content: bytes) -> None:
        """Add a file that is in memory."""
        with self.writing(path, about) as target:
            target.write(content)

    def copy(self, path: str, about: str, source: IO[bytes]) -> None:
        """Add a file, a part of it in memory at a time."""
        with self.writing(path, about) as target:
            shutil.copyfileobj(source, target, _PART)

    def table(self, path: str, about: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Add rows as a CSV that spreadsheets open: semicolons, UTF-8, nothing in it is calculated."""
        with self.writing(path, about) as target, io.TextIOWrapper(target, "utf-8", newline="") as words:
            target.write(BOM)
            writer = csv.writer(words, delimiter=";", lineterminator="\r\n")
            writer.writerow(heads)
            writer.writerows(tuple(map(safe_cell, row)) for row in rows)

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        """Write the directory, also when the work was given up: nothing stays open."""
        self._zip.close()


def entries_of(file: BinaryIO) -> Iterator[tuple[str, str, IO[bytes]]]:
    """This function will yield path, comment and open content of each file in an archive of ours."""
    with zipfile.ZipFile(file) as kept:
        for info in kept.infolist():
            with kept.open(info) as content:
                yield info.filename, info.comment.decode(errors="ignore"), content

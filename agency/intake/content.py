"""The content of a file: in memory, or lying on disk where it is a text that is read from end to end."""

import io
import mmap
from collections.abc import Iterator
from typing import BinaryIO, Final

from agency.intake.archive import ZIP_MARK
from agency.intake.workbook import OLE_MARK

Content = bytes | mmap.mmap
_PART: Final = 1 << 20


def lay(file: BinaryIO) -> Content:
    """This function will return the content of a file on disk: a text stays there, a workbook or ZIP, which
    is read here and there, comes into memory. The file may be closed.
    """
    mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    if mapped[:4] == ZIP_MARK or mapped[:8] == OLE_MARK:
        return mapped[:]
    return mapped


def parts(content: Content) -> Iterator[bytes]:
    """This function will return the content in order, a part at a time in memory."""
    for start in range(0, len(content), _PART):
        yield content[start : start + _PART]
        _give_back(content, start)


def flow(content: Content) -> io.BufferedReader:
    """This function will open the content to be read from its start; it tells how far it is."""
    return io.BufferedReader(_Flow(content), _PART)


class _Flow(io.RawIOBase):
    def __init__(self, content: Content) -> None:
        self._content, self._at = content, 0

    def readable(self) -> bool:
        return True

    def readinto(self, into: memoryview) -> int:  # type: ignore[override]
        part = self._content[self._at : self._at + min(len(into), _PART)]
        into[: len(part)] = part
        if part:
            _give_back(self._content, self._at // _PART * _PART)
        self._at += len(part)
        return len(part)

    def tell(self) -> int:
        return self._at


def _give_back(content: Content, start: int) -> None:
    """Tell the system that a part of a mapped file is not needed in memory, which it would else stay in."""
    if not isinstance(content, bytes):
        content.madvise(mmap.MADV_DONTNEED, start, min(_PART, len(content) - start))

"""A quote's bytes: canonical JSON, and how they are kept.

They are kept packed, and packed line by line while they are made: those of a placement of a million claims
are more than a process should hold. The hash is of the bytes themselves.
"""

import codecs
import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
_DECODER: Final = json.JSONDecoder()
_HEAD: Final = '{"head":'
_LINES: Final = ',"lines":['
_END: Final = b"]}"
_PART_BYTES: Final = 1 << 20
_LEVEL: Final = 3
_AT_ONCE: Final = 500
# Quotes that were issued before documents were packed begin as JSON does.
_PLAIN: Final = b"{"


class DamagedDocument(ValueError):
    """The bytes that were kept are no packed document."""


class PackedLines:
    """The lines of a document, packed as they come; `count` is how many there are."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self.count = 0
        self._kept = io.BytesIO()
        self._gzip = gzip.GzipFile(fileobj=self._kept, mode="wb", compresslevel=_LEVEL, mtime=0)
        self._waiting: list[str] = []
        for line in lines:
            self.add(line)

    def add(self, line: str) -> None:
        """Add one more, as canonical JSON."""
        self._waiting.append(f",{line}" if self.count else line)
        self.count += 1
        if len(self._waiting) == _AT_ONCE:
            self._pack_waiting()

    def close(self) -> bytes:
        """End them, and return them packed."""
        self._pack_waiting()
        self._gzip.close()
        return self._kept.getvalue()

    def _pack_waiting(self) -> None:
        """A line at a time, packing and pricing would push each other out of the processor's cache."""
        self._gzip.write("".join(self._waiting).encode())
        self._waiting.clear()


def canonical(value: Mapping[str, Any]) -> str:
    """This function will return JSON with sorted keys and no blanks."""
    return _ENCODER.encode(value)


def quote_document(*, head: Mapping[str, Any], lines: Iterable[str]) -> bytes:
    """This function will return the canonical bytes of a quote: sorted keys, no blanks, UTF-8."""
    return b"".join((_begin(head), ",".join(lines).encode(), _END))


def pack_document(*, head: Mapping[str, Any], lines: PackedLines) -> tuple[bytes, str]:
    """This function will return what is kept of a quote, and the hash of its canonical bytes.

    What packed bytes follow one another unpack to what was packed, one after the other.
    """
    packed = lines.close()
    sha256 = hashlib.sha256(_begin(head))
    for part in _parts(packed):
        sha256.update(part)
    sha256.update(_END)
    return b"".join((_pack(_begin(head)), packed, _pack(_END))), sha256.hexdigest()


def unpack_document(kept: bytes) -> bytes:
    """This function will return the canonical bytes of what was kept.

    :raises DamagedDocument: it is not what was packed.
    """
    if kept.startswith(_PLAIN):
        return kept
    try:
        return gzip.decompress(kept)
    except (OSError, EOFError, zlib.error) as error:
        raise DamagedDocument(str(error)) from error


def lines_of(kept: bytes) -> Iterator[dict[str, Any]]:
    """This function will read the lines of what was kept one by one, so that a large document is never whole
    in memory.

    :raises DamagedDocument: it is not what was packed.
    """
    parts = iter([kept]) if kept.startswith(_PLAIN) else _parts(kept)
    reading = codecs.getincrementaldecoder("utf-8")()
    waiting, begun = "", False
    try:
        for part in parts:
            waiting += reading.decode(part)
            if not begun:
                begun, waiting = _behind_head(waiting)
            while begun and waiting.startswith("{"):
                try:
                    line, end = _DECODER.raw_decode(waiting)
                except json.JSONDecodeError:
                    break  # the rest of it is in the next part
                yield line
                waiting = waiting[end:].removeprefix(",")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DamagedDocument(str(error)) from error
    if waiting != _END.decode():
        raise DamagedDocument("the document has no end")


def _behind_head(text: str) -> tuple[bool, str]:
    """Whether the head is whole, and what follows its brackets."""
    try:
        _, end = _DECODER.raw_decode(text, len(_HEAD))
    except json.JSONDecodeError:
        return False, text
    if not text.startswith(_HEAD) or len(text) < end + len(_LINES):
        return False, text
    return True, text[end + len(_LINES) :]


def _begin(head: Mapping[str, Any]) -> bytes:
    return f'{{"head":{canonical(head)},"lines":['.encode()


def _pack(part: bytes) -> bytes:
    return gzip.compress(part, compresslevel=_LEVEL, mtime=0)


def _parts(packed: bytes) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=io.BytesIO(packed)) as unpacking:
        while part := unpacking.read(_PART_BYTES):
            yield part

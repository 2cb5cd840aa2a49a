"""The packed parts of a PDF, found by its bytes alone and unpacked in bounds, whatever the bytes are."""

import zlib
from collections.abc import Iterator
from typing import Final

# Ours: an honest document has far fewer parts, and the largest of them are pictures of 600 dots an inch.
STREAMS_MAX: Final = 100_000
STREAM_BYTES_MAX: Final = 110_000_000
UNPACKED_BYTES_MAX: Final = 330_000_000
_PACKED_AGAIN_MAX: Final = 4
_BEGINS: Final = b"stream"
_ENDS: Final = b"endstream"
_ZLIB: Final = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_FIRST_PIECE: Final = 4_096
_PIECE_MAX: Final = 1 << 20


class PackedToHarm(ValueError):
    """The PDF holds, or unpacks to, more than any document does; its text says which."""


def streams_of(content: bytes) -> Iterator[memoryview]:
    """Return each stream of a PDF (ISO 32000-1, 7.3.8) as it stands in the file, in order.

    The file is gone through once: a stream that has no end runs to the end of the file, and what looks like
    the beginning of one inside another is looked at, too.

    :raises PackedToHarm: it holds more of them than any document does.
    """
    whole, at, end, count = memoryview(content), 0, 0, 0
    while (begin := content.find(_BEGINS, at)) >= 0:
        at = begin + len(_BEGINS)
        start = at + (2 if content[at : at + 2] == b"\r\n" else 1)
        if content[at : at + 1] not in (b"\r", b"\n") or content[begin - 3 : begin] == b"end":
            continue
        if (count := count + 1) > STREAMS_MAX:
            raise PackedToHarm("the PDF holds more parts than any document does")
        if end < start and (end := content.find(_ENDS, start)) < 0:
            end = len(content)
        yield whole[start:end]


def unpacked(packed: memoryview, most: int) -> bytes:
    """Return what a deflated stream holds, at most so many bytes; of a damaged one what comes before it."""
    inflater = zlib.decompressobj()
    found = bytearray()
    at, size = 0, _FIRST_PIECE
    try:
        while at < len(packed) and len(found) < most and not inflater.eof:
            piece: bytes | memoryview = packed[at : at + size]
            while piece and len(found) < most:
                found += inflater.decompress(piece, most - len(found))
                piece = inflater.unconsumed_tail
            at, size = at + size, min(size * 2, _PIECE_MAX)
    except zlib.error:
        pass
    return bytes(found)


def refuse_swollen(streams: Iterator[memoryview]) -> None:
    """Let pass what unpacks to no more than a document holds; a few kilobytes can unpack to many gigabytes.

    :raises PackedToHarm: it unpacks to more.
    """
    left = UNPACKED_BYTES_MAX
    for stream in streams:
        plain = unpacked(stream, STREAM_BYTES_MAX)
        left -= len(plain)
        for _ in range(_PACKED_AGAIN_MAX):
            if len(plain) >= STREAM_BYTES_MAX or left < 0:
                raise PackedToHarm("the PDF unpacks to more than a document holds; save it as PDF once more")
            if not plain.startswith(_ZLIB):
                break
            plain = unpacked(memoryview(plain), STREAM_BYTES_MAX)
            left -= len(plain)

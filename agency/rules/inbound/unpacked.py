"""What stands packed within a mail: the mail inside a signature (S/MIME), files in its words (uuencode).

Nothing here grows: what comes out is never larger than what goes in. A signature is not checked: who wrote is
decided by what he knows, as with any mail.
"""

import re
from binascii import Error, a2b_uu
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

DEPTH_MAX: Final = 16
PIECES_MAX: Final = 200_000
FILES_MAX: Final = 20
_OCTETS, _OID, _CONSTRUCTED_OCTETS, _SEQUENCE, _CONTENT = 0x04, 0x06, 0x24, 0x30, 0xA0
_CONSTRUCTED: Final = 0x20
_SIGNED_DATA: Final = bytes.fromhex("2a864886f70d010702")
_BEGIN: Final = re.compile(r"begin [0-7]{3,4} (\S.{0,199})")
_UU_LINE: Final = re.compile(r"[ -`]{1,62}")


class _NotSigned(ValueError):
    """The bytes are no signed content, or of a shape that nobody's program writes."""


@dataclass(frozen=True, slots=True)
class _Element:
    """One element of BER (X.690): its tag, and where its content stands and the next one begins."""

    tag: int
    start: int
    end: int
    after: int


class _Reader:
    """Reads elements one after the other, not deeper and not more of them than a mail has."""

    def __init__(self, told: bytes) -> None:
        self.told = told
        self.left = PIECES_MAX

    def element(self, position: int, end: int, depth: int = 0) -> _Element:
        """Read the element at a position, of any tag."""
        self.left -= 1
        if depth > DEPTH_MAX or self.left < 0 or position + 2 > end:
            raise _NotSigned
        tag, length, start = self.told[position], self.told[position + 1], position + 2
        if tag & 0x1F == 0x1F:
            raise _NotSigned
        if length == 0x80:
            return self._without_length(tag, start, end, depth)
        if length > 0x80:
            count = length & 0x7F
            if count > 8:
                raise _NotSigned
            length = int.from_bytes(self.told[start : start + count])
            start += count
        if length > end - start:
            raise _NotSigned
        return _Element(tag, start, start + length, start + length)

    def _without_length(self, tag: int, start: int, end: int, depth: int) -> _Element:
        if not tag & _CONSTRUCTED:
            raise _NotSigned
        position = start
        while self.told[position : position + 2] != b"\0\0":
            position = self.element(position, end, depth + 1).after
        return _Element(tag, start, position, position + 2)

    def expect(self, tag: int, position: int, end: int) -> _Element:
        """Read the element at a position, which must have this tag."""
        found = self.element(position, end)
        if found.tag != tag:
            raise _NotSigned
        return found

    def octets(self, position: int, end: int, depth: int) -> Iterator[bytes]:
        """The bytes of a string that may be written in pieces."""
        while position < end:
            found = self.element(position, end, depth)
            if found.tag == _OCTETS:
                yield self.told[found.start : found.end]
            elif found.tag == _CONSTRUCTED_OCTETS:
                yield from self.octets(found.start, found.end, depth + 1)
            else:
                raise _NotSigned
            position = found.after


def signed_content(sealed: bytes) -> bytes:
    """Return the mail that a signature holds within itself (RFC 5652, 5; RFC 8551, 3.5.2); empty where there
    is none: encrypted, a seal that travels beside its mail, or broken."""
    reader = _Reader(sealed)
    try:
        info = reader.expect(_SEQUENCE, 0, len(sealed))
        kind = reader.expect(_OID, info.start, info.end)
        if sealed[kind.start : kind.end] != _SIGNED_DATA:
            return b""
        wrapped = reader.expect(_CONTENT, kind.after, info.end)
        signed = reader.expect(_SEQUENCE, wrapped.start, wrapped.end)
        version = reader.element(signed.start, signed.end)
        digests = reader.element(version.after, signed.end)
        held = reader.expect(_SEQUENCE, digests.after, signed.end)
        told = reader.expect(_OID, held.start, held.end)
        content = reader.expect(_CONTENT, told.after, held.end)
        return b"".join(reader.octets(content.start, content.end, 0))
    except _NotSigned:
        return b""


def without_files(words: str) -> tuple[str, tuple[tuple[str, bytes], ...]]:
    """Return words without the files that are written into them by uuencode, and those with their names.

    Only a block that is whole counts; whatever merely begins like one stays among the words.
    """
    if "begin " not in words:
        return words, ()
    lines = words.split("\n")
    kept: list[str] = []
    files: list[tuple[str, bytes]] = []
    position = 0
    while position < len(lines):
        begins = _BEGIN.fullmatch(lines[position].rstrip()) if len(files) < FILES_MAX else None
        found = _file(lines, position + 1) if begins else None
        if begins is None or found is None:
            kept.append(lines[position])
            position += 1
            continue
        content, position = found
        files.append((begins[1].strip(), content))
    return "\n".join(kept), tuple(files)


def _file(lines: list[str], position: int) -> tuple[bytes, int] | None:
    """The bytes of the block that goes on here and the line after it; None where it is none."""
    pieces: list[bytes] = []
    for at in range(position, len(lines)):
        line = lines[at].rstrip("\r")
        if line.strip() == "end" and pieces:
            return b"".join(pieces), at + 1
        if line.strip() in ("`", ""):  # the last line of none
            continue
        if not _UU_LINE.fullmatch(line):
            return None
        try:
            pieces.append(a2b_uu(line))
        except (Error, ValueError):
            return None
    return None

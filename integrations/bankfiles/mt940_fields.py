"""MT940 as a sequence of tagged fields, grouped into statements.

Banks wrap long texts at 65 characters without any mark, so a line that looks like a tag may be the rest
of a text ("12:26:37" wrapped before ":26:"). What may follow what decides.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from agency.ports.readers import Unreadable

_HEADER: Final = frozenset({"20", "21", "25", "25P", "28", "28C", "13", "13D", "34F"})
_BALANCES: Final = frozenset({"60F", "60M", "62F", "62M"})
_TRAILER: Final = frozenset({"62F", "62M", "64", "65", "65F", "90C", "90D"})
_BODY: Final = _BALANCES | _TRAILER | {"61", "86", "NS", "NSF"}

_TAG: Final = re.compile(r"[ \t]*-?:(\d\d[A-Z]?|NSF?):(.*)")
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_MARK: Final = re.compile(rb"^[ \t]*:(?:2[01]|25P?|28C?|13D?|34F|6[02][FM]|6[145]|86|90[CD]):", re.MULTILINE)


@dataclass(slots=True)
class Field:
    """One tag with the lines of its text; `number` is its place in the file, from 1, for refusals."""

    tag: str
    lines: list[str]
    number: int

    @property
    def first_line(self) -> str:
        """The text beside the tag, without blanks around it."""
        return self.lines[0].strip()

    @property
    def text(self) -> str:
        """The whole text; line ends as single line feeds."""
        return "\n".join(self.lines)


@dataclass(slots=True)
class Message:
    """The fields of one statement.

    :param complete: its end is seen: a closing tag, the end-of-message mark, or a blank line at the end.
    """

    fields: list[Field] = field(default_factory=list)
    complete: bool = False

    def first(self, *tags: str) -> Field | None:
        """This function will return the first field with one of the tags."""
        return next((each for each in self.fields if each.tag in tags), None)

    def last(self, *tags: str) -> Field | None:
        """This function will return the last field with one of the tags."""
        return next((each for each in reversed(self.fields) if each.tag in tags), None)


def looks_like_mt940(content: bytes) -> bool:
    """This function will tell whether a line begins with a tag of MT940 or MT942."""
    return _MARK.search(_text_of(content).replace(b"\r", b"\n")) is not None


def messages(content: bytes) -> list[Message]:
    """This function will split a file into statements.

    :raises Unreadable: when the text holds NUL bytes, or the last SWIFT block is not closed.
    """
    lines = _LINE_END.split(_decoded(content).replace("{4::", "{4:\n:"))
    lines = [_CONTROL.sub("", line) for line in lines]
    found: list[Message] = []
    in_text = block_open = False
    for number, line in enumerate(lines, start=1):
        tagged = _TAG.fullmatch(line)
        if tagged and _is_tag(tagged[1], lines, number, found):
            if _begins_message(tagged[1], found):
                found.append(Message())
            found[-1].fields.append(Field(tagged[1], [tagged[2]], number))
            found[-1].complete = found[-1].complete or tagged[1] in _TRAILER
            in_text = True
        elif line.strip() == "-" or line.startswith("-}"):
            in_text = block_open = False
            if found:
                found[-1].complete = True
        elif "{4:" in line:
            in_text, block_open = False, True
        elif in_text:
            found[-1].fields[-1].lines.append(line)
    if block_open:
        raise Unreadable("the file is cut off: its last SWIFT block is not closed")
    if found and lines[-2:] == ["", ""]:
        found[-1].complete = True
    return found


def _is_tag(tag: str, lines: list[str], number: int, found: list[Message]) -> bool:
    if tag in _BODY:
        return True
    if tag not in _HEADER:
        return False
    in_body = bool(found) and not found[-1].complete and found[-1].last("60F", "60M", "61", "86") is not None
    if not in_body or tag != "20":
        return not in_body
    following = number
    while following < len(lines) and not lines[following].strip():
        following += 1
    tagged = _TAG.fullmatch(lines[following]) if following < len(lines) else None
    return tagged is not None and tagged[1] in _HEADER - {"20"}


def _begins_message(tag: str, found: list[Message]) -> bool:
    if not found or tag == "20":
        return True
    return tag in _HEADER and found[-1].last(*_BODY) is not None


def _decoded(content: bytes) -> str:
    data = _text_of(content)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        # Old files are in the bank's own code page; every byte means something in latin-1.
        return data.decode("latin-1")


def _text_of(content: bytes) -> bytes:
    if b"\x00" in content:
        raise Unreadable("not a text file: it holds NUL bytes")
    return content.removeprefix(b"\xef\xbb\xbf")

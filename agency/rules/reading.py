"""What a document says, as read from its file: words with their place, and what looks written by hand."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class ReadState(StrEnum):
    """How far a file could be read."""

    read = "read"
    no_text = "no_text"  # a scan or a photo: there is something on it, but no text layer
    blank = "blank"  # nothing at all on any page
    password = "password"  # opens only with a password  # noqa: S105
    broken = "broken"  # no reader opens it
    too_heavy = "too_heavy"  # it took more time or memory than any honest document does
    unsupported = "unsupported"  # kept, but its text is not looked at


@dataclass(frozen=True, slots=True)
class Box:
    """A place on a page as it is shown, in ten-thousandths of its width and height from the top left."""

    left: int
    top: int
    right: int
    bottom: int

    def around(self, other: "Box | None") -> "Box":
        """Return the smallest box that holds both."""
        if other is None:
            return self
        return Box(
            min(self.left, other.left), min(self.top, other.top),
            max(self.right, other.right), max(self.bottom, other.bottom),
        )  # fmt: skip

    def as_json(self) -> list[int]:
        """Return the four edges: left, top, right, bottom."""
        return [self.left, self.top, self.right, self.bottom]


@dataclass(frozen=True, slots=True)
class Word:
    """A word with the line it stands on (from 0, per page) and its place; a text file has no places."""

    text: str
    line: int
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page: number from 1, size in points, words in reading order, and marks that may be handwriting
    (images and curved drawings).
    """

    number: int
    width: int
    height: int
    words: tuple[Word, ...]
    marks: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A document as read. `pages` are those that were read, `page_count` is how many there are;
    `signature_fields` counts electronic signatures, which are seen, not verified.
    """

    state: ReadState
    pages: tuple[Page, ...] = ()
    page_count: int = 0
    signature_fields: int = 0

    @property
    def words(self) -> int:
        """How many words were read."""
        return sum(len(page.words) for page in self.pages)


def reading_from_json(found: Mapping[str, Any]) -> Reading:
    """Return the reading that a reader wrote as plain JSON values."""
    return Reading(
        state=ReadState(found["state"]),
        pages=tuple(
            Page(
                number=page["number"], width=page["width"], height=page["height"],
                words=tuple(Word(w[0], w[1], Box(*w[2:]) if len(w) > 2 else None) for w in page["words"]),
                marks=tuple(Box(*mark) for mark in page["marks"]),
            )
            for page in found.get("pages", ())
        ),
        page_count=found.get("page_count", 0),
        signature_fields=found.get("signature_fields", 0),
    )  # fmt: skip


_APART = re.compile(r"[^a-z0-9]+")


def fold(text: str) -> str:
    """Return text for comparing: lower case, without accents, everything but letters and digits a blank."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("ø", "o"))
    bare = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return _APART.sub(" ", bare).strip()


def squeeze(text: str) -> str:
    """Return only the letters and digits of a text, folded: `2026/0-17` and `2026 017` are the same."""
    return fold(text).replace(" ", "")

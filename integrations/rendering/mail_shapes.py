"""The shape of a mail: its MJML with the places of its words left open.

A text goes to thousands of people, and MJML makes the same HTML for each of them but for the words. So a
shape is turned into HTML and plain text once and kept; for a mail only the words are put in.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import mjml
from markupsafe import escape

from integrations.rendering.plain_text import BLANKS, as_text
from integrations.rendering.plain_values import PLACE, PLACE_END

_PLACE: Final = re.compile(f"{PLACE}([0-9]+){PLACE_END}")
# Where MJML looks at what it is given: its own attributes but for addresses, and styles.
_LOOKED_AT: Final = re.compile(r"<mj-style\b.*?</mj-style>|<[^>]*>", re.DOTALL)
_ADDRESS: Final = re.compile(r'\shref="[^"]*"')
_ADDRESS_TWICE: Final = re.compile(r"(https?://\S+) \(\1\)")
# White space that MJML and the plain text keep as it is: single blanks between words.
_KEPT_AS_IT_IS: Final = re.compile(r"\S+(?:[ \xa0]\S+)*")
_SHAPES_MAX: Final = 256


class Word(str):
    """A value that a template compares and tests as what it is, and writes out as a numbered place."""

    __slots__ = ("_words",)
    _words: "list[Word]"

    def __html__(self) -> str:
        """Return the next place; the template engine asks for this when it writes a value out."""
        self._words.append(self)
        return f"{PLACE}{len(self._words) - 1}{PLACE_END}"


def open_places(plain: Any, words: list[Word]) -> Any:
    """This function will copy plain values with each text made into one that collects itself in `words` when
    it is written out."""
    if type(plain) is str and _KEPT_AS_IT_IS.fullmatch(plain):
        word = Word(plain)
        word._words = words
        return word
    if isinstance(plain, dict):
        return {name: open_places(inner, words) for name, inner in plain.items()}
    if isinstance(plain, list):
        return [open_places(inner, words) for inner in plain]
    return plain


def mail_of(markup: str, words: list[Word]) -> tuple[str, str]:
    """This function will return (html, text) of MJML with open places and the words that belong there.

    :raises ValueError: not valid MJML.
    """
    escaped = [str(escape(str(word))) for word in words]
    if PLACE in markup:
        markup = _LOOKED_AT.sub(lambda found: _filled_where_looked_at(found[0], escaped), markup)
    html, text = _made(markup)
    plain = text.with_words([BLANKS.sub(" ", word) for word in words])
    # Only with the words in is it seen that a link's words are its address.
    return html.with_words(escaped), _ADDRESS_TWICE.sub(r"\1", plain)


def _filled_where_looked_at(part: str, escaped: list[str]) -> str:
    if PLACE not in part:
        return part
    addresses = _ADDRESS.findall(part) if not part.startswith("<mj-style") else []
    between = _ADDRESS.split(part) if addresses else [part]
    filled = [_PLACE.sub(lambda found: escaped[int(found[1])], piece) for piece in between]
    return "".join(piece + address for piece, address in zip(filled, [*addresses, ""], strict=True))


@dataclass(frozen=True, slots=True)
class _Shape:
    """What stands around the words, and the number of the word after each piece but the last."""

    pieces: tuple[str, ...]
    places: tuple[int, ...]

    def with_words(self, words: list[str]) -> str:
        return "".join(self._parts(words))

    def _parts(self, words: list[str]) -> Iterator[str]:
        for piece, place in zip(self.pieces, self.places, strict=False):
            yield piece
            yield words[place]
        yield self.pieces[-1]


@lru_cache(maxsize=_SHAPES_MAX)
def _made(markup: str) -> tuple[_Shape, _Shape]:
    # Without `fonts={}` MJML adds links to a font server: a third party would see every reader.
    return _shape(mjml.mjml2html(markup, fonts={})), _shape(as_text(markup))


def _shape(written: str) -> _Shape:
    parts = _PLACE.split(written)
    return _Shape(tuple(parts[::2]), tuple(map(int, parts[1::2])))

"""The text part of a mail, made from its HTML: same words, links written out."""

import re
from collections.abc import Mapping

from lxml import etree

_BLOCKS = frozenset({"p", "div", "tr", "table", "h1", "h2", "h3", "h4", "li", "ul", "ol"})
_UNSEEN = frozenset({"head", "style", "script", "title"})
_HIDDEN = re.compile(r"display\s*:\s*none")
_BLANKS = re.compile(r"\s+")
_BLANKS_IN_LINE = re.compile(r"[ \t\r\f\v]+")
_EMPTY_LINES = re.compile(r"\n{3,}")


def as_text(html: str) -> str:
    """This function will return the words of an HTML mail; a link is followed by its address."""
    reader = _Reader()
    parser = etree.HTMLParser(target=reader)  # type: ignore[arg-type]  # the stubs ask for bytes too
    parser.feed(html)
    parser.close()
    lines = (_BLANKS_IN_LINE.sub(" ", line).strip() for line in "".join(reader.parts).split("\n"))
    return _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip() + "\n"


class _Reader:
    """What the parser calls; it closes every element it opens, those without an end tag included."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._hidden = 0  # how many elements are open from the outermost hidden one on
        self._link = ""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if self._hidden or tag in _UNSEEN or _HIDDEN.search(attributes.get("style", "")):
            self._hidden += 1
        elif tag in ("br", "hr") or tag in _BLOCKS:
            self.parts.append("\n")
        elif tag in ("td", "th"):
            self.parts.append(" ")  # cells of one row stand on one line, apart
        elif tag == "a":
            self._link = attributes.get("href", "")
        elif tag == "img":
            self.parts.append(attributes.get("alt", ""))

    def end(self, tag: str) -> None:
        if self._hidden:
            self._hidden -= 1
        elif tag == "a" and self._link:
            self.parts.append(f" ({self._link})")
            self._link = ""
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def data(self, words: str) -> None:
        if not self._hidden:
            self.parts.append(_BLANKS.sub(" ", words))

    def close(self) -> None:
        """Nothing is kept open; the parts are the answer."""

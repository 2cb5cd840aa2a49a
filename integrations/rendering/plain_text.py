"""The text part of a mail, made from its MJML: the words of its HTML, links written out.

MJML makes a stack of tables and blocks of each of its elements, so its HTML takes several times as long to
go through.
"""

import re
from typing import Final

from lxml import etree

_BREAKS = frozenset({"br", "hr"})
_BLOCKS = frozenset({"p", "div", "tr", "table", "h1", "h2", "h3", "h4", "li", "ul", "ol"})
_UNSEEN = frozenset({"mj-head", "style", "script", "title"})
_HIDDEN = re.compile(r"display\s*:\s*none")
BLANKS: Final = re.compile(r"\s+")
_BLANKS_IN_LINE = re.compile(r"[ \t\r\f\v]+")
_EMPTY_LINES = re.compile(r"\n{3,}")


def as_text(markup: str) -> str:
    """This function will return the words of a mail's MJML body; a link is followed by its address."""
    # A whole tree first: a parser that calls Python per element fights other threads for the interpreter.
    root = etree.fromstring(markup, etree.HTMLParser(remove_comments=True, remove_pis=True))
    parts: list[str] = []
    _read(root, parts)
    lines = (_BLANKS_IN_LINE.sub(" ", line).strip() for line in "".join(parts).split("\n"))
    return _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip() + "\n"


def _read(element: etree._Element, parts: list[str]) -> None:
    tag = element.tag
    if tag in _UNSEEN or _HIDDEN.search(element.get("style", "")):
        return
    is_block = tag in _BLOCKS or tag.startswith("mj-")
    if is_block or tag in _BREAKS:
        parts.append("\n")
    elif tag in ("td", "th"):
        parts.append(" ")  # cells of one row stand on one line, apart
    if tag in ("img", "mj-image"):
        parts.append(element.get("alt", ""))
    if element.text:
        parts.append(BLANKS.sub(" ", element.text))
    for child in element:
        _read(child, parts)
        if child.tail:
            parts.append(BLANKS.sub(" ", child.tail))
    if href := element.get("href"):
        parts.append(f" ({href})")
    if is_block:
        parts.append("\n")

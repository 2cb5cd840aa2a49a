"""The text part of a mail, made from its HTML: same words, links written out."""

import re

from lxml import etree

_BREAKS = frozenset({"br", "hr"})
_BLOCKS = frozenset({"p", "div", "tr", "table", "h1", "h2", "h3", "h4", "li", "ul", "ol"})
_UNSEEN = frozenset({"head", "style", "script", "title"})
_HIDDEN = re.compile(r"display\s*:\s*none")
_BLANKS = re.compile(r"\s+")
_BLANKS_IN_LINE = re.compile(r"[ \t\r\f\v]+")
_EMPTY_LINES = re.compile(r"\n{3,}")


def as_text(html: str) -> str:
    """This function will return the words of an HTML mail; a link is followed by its address."""
    # A whole tree first: a parser that calls Python per element fights other threads for the interpreter.
    root = etree.fromstring(html, etree.HTMLParser(remove_comments=True, remove_pis=True))
    parts: list[str] = []
    _read(root, parts)
    lines = (_BLANKS_IN_LINE.sub(" ", line).strip() for line in "".join(parts).split("\n"))
    return _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip() + "\n"


def _read(element: etree._Element, parts: list[str]) -> None:
    tag = element.tag
    if tag in _UNSEEN or _HIDDEN.search(element.get("style", "")):
        return
    if tag in _BREAKS or tag in _BLOCKS:
        parts.append("\n")
    elif tag in ("td", "th"):
        parts.append(" ")  # cells of one row stand on one line, apart
    elif tag == "img":
        parts.append(element.get("alt", ""))
    if element.text:
        parts.append(_BLANKS.sub(" ", element.text))
    for child in element:
        _read(child, parts)
        if child.tail:
            parts.append(_BLANKS.sub(" ", child.tail))
    if tag == "a" and element.get("href"):
        parts.append(f" ({element.get('href')})")
    elif tag in _BLOCKS:
        parts.append("\n")

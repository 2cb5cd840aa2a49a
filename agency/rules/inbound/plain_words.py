"""Words as a person reads them: HTML without its markup, no signs that cannot be shown or stored."""

import re
import unicodedata
from html import unescape
from typing import Final

HTML_MAX: Final = 400_000
_BREAKS: Final = frozenset(
    {"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "blockquote", "table", "hr"}
)
_UNSEEN: Final = frozenset({"style", "script", "head", "title"})
# No part may begin inside another, so that every sign is looked at a few times at most, whatever is written.
_TAG: Final = re.compile(
    r"<(/?)([a-zA-Z][a-zA-Z0-9-]{0,30}(?::[a-zA-Z][a-zA-Z0-9]{0,15})?)(?:[\s/][^<>]{0,4000})?>|<[!?][^<>]{0,4000}>"
)
_NOT_KEPT: Final = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069\u200b\ufeff]"
)
_BLANK_LINES: Final = re.compile(r"\n\s*\n\s*\n+")


def words_of_html(source: str) -> str:
    """Return what a reader sees of a page: no markup, a line per block.

    Read here: the library's parser takes minutes over a page that begins a comment again and again.
    """
    page = _without_comments(source[:HTML_MAX])
    if _TAG.search(page) is None:  # plain words that only say they are a page
        return unescape(page).strip()
    found: list[str] = []
    unseen, end, quoted = "", 0, 0
    for tag in _TAG.finditer(page):
        if not unseen:
            found.append(page[end : tag.start()].replace("\n", " "))
        end = tag.end()
        closes, name = bool(tag[1]), (tag[2] or "").lower()
        if unseen:
            unseen = "" if name == "body" or (closes and name == unseen) else unseen
        elif name in _UNSEEN and not closes:
            unseen = name
        elif name in _BREAKS:
            if name == "blockquote":
                quoted = max(0, quoted + (-1 if closes else 1))
            found.append("\n> " if quoted else "\n")
    if not unseen:
        found.append(page[end:].replace("\n", " "))
    lines = [" ".join(line.split()) for line in unescape("".join(found)).split("\n")]
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def _without_comments(page: str) -> str:
    before, *begun = page.split("<!--")
    return before + "".join(one.partition("-->")[2] for one in begun)


def clean(words: str) -> str:
    """Return words without signs that no page shows and no database keeps; line ends become one kind."""
    return _NOT_KEPT.sub("", words.replace("\r\n", "\n").replace("\r", "\n"))


def plain(words: str) -> str:
    """Return words for comparing: small letters, no accents, single blanks, one kind of apostrophe."""
    bare = unicodedata.normalize("NFKD", words.replace("\u2019", "'").replace("\u2018", "'"))
    letters = "".join(sign for sign in bare if not unicodedata.combining(sign))
    return " ".join(letters.casefold().split())

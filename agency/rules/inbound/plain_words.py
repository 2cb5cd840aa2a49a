"""Words as a person reads them: HTML without its markup, no signs that cannot be shown or stored."""

import re
import unicodedata
from html.parser import HTMLParser
from typing import Final

HTML_MAX: Final = 400_000
_BREAKS: Final = frozenset(
    {"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "blockquote", "table", "hr"}
)
_UNSEEN: Final = frozenset({"style", "script", "head", "title"})
_NOT_KEPT: Final = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069\u200b\ufeff]"
)
_BLANK_LINES: Final = re.compile(r"\n\s*\n\s*\n+")


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag in _BREAKS:
            self.found.append("\n> " if tag == "blockquote" else "\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag in _BREAKS:
            self.found.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.found.append(" ".join(data.split("\n")))


def words_of_html(source: str) -> str:
    """Return what a reader sees of a page: no markup, a line per block."""
    reader = _Words()
    try:
        reader.feed(source[:HTML_MAX])
        reader.close()
    except (AssertionError, ValueError, RecursionError):
        reader.found.append("\n")
    # Blanks of the source are no blanks of the reader; only our own breaks are lines.
    lines = [" ".join(line.split()) for line in "".join(reader.found).split("\n")]
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def clean(words: str) -> str:
    """Return words without signs that no page shows and no database keeps; line ends become one kind."""
    return _NOT_KEPT.sub("", words.replace("\r\n", "\n").replace("\r", "\n"))


def plain(words: str) -> str:
    """Return words for comparing: small letters, no accents, single blanks, one kind of apostrophe."""
    bare = unicodedata.normalize("NFKD", words.replace("\u2019", "'").replace("\u2018", "'"))
    letters = "".join(sign for sign in bare if not unicodedata.combining(sign))
    return " ".join(letters.casefold().split())

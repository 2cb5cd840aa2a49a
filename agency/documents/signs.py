"""What a document says of its claim: words with digits, names, amounts; in text and file name."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

from agency.documents.reader.office import as_utf8
from agency.documents.sandbox import read
from agency.parties.names import name_key
from agency.rules.inbound.mail import read_mail
from agency.rules.reference import printed_forms, references_in

PAGES_MAX: Final = 4
SIGNS_MAX: Final = 30_000
_TOKEN: Final = re.compile(r"[^\s,;:()\[\]<>\"'|]+")
_AMOUNT: Final = re.compile(r"(?<![\d.,])\d{1,3}(?:[. \u00a0]\d{3})+,\d{2}"
    r"|(?<![\d.,])\d{1,3}(?:,\d{3})+\.\d{2}"
                            r"|(?<![\d.,])\d{1,9}[.,]\d{2}(?!\d)")  # fmt: skip
_POSTCODE: Final = re.compile(r"\b(\d{4})\s?([A-Z]{2})\b|\b(\d{4,5})\b")
_IBAN: Final = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_NAME_WORDS_MAX: Final = 6


@dataclass(frozen=True, slots=True)
class Signs:
    """What was found: `tokens` as they stand, `names` as keys of `name_key`, amounts in hundredths."""

    tokens: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    amounts: frozenset[int] = frozenset()
    references: frozenset[str] = field(default_factory=frozenset)
    postal_codes: frozenset[str] = frozenset()
    ibans: frozenset[str] = frozenset()

    def as_json(self) -> dict[str, Any]:
        """Return the signs as JSON, in order."""
        return {name: sorted(getattr(self, name)) for name in self.__dataclass_fields__}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Signs":
        """Read signs that `as_json` wrote."""
        return cls(**{name: frozenset(kept.get(name, ())) for name in cls.__dataclass_fields__})


def text_of(content: bytes, media_type: str) -> str:
    """Return the text of a document, of its first pages; empty where there is none to be read (a scan)."""
    if media_type == "application/pdf":
        return _pdf_text(content)
    if media_type == "message/rfc822":
        mail = read_mail(content)
        return f"{mail.subject}\n{mail.text}"[:SIGNS_MAX]
    if media_type.startswith("text/") or media_type.endswith("xml"):
        text = as_utf8(content)[:SIGNS_MAX].decode("utf-8", errors="replace")
        return text.replace("<", " <").replace(">", "> ")
    return ""


def _pdf_text(content: bytes) -> str:
    """Read apart, as every file of a stranger is; one that cannot be read is sorted by its name."""
    lines: list[str] = []
    for page in read(content, media_type="application/pdf").pages[:PAGES_MAX]:
        by_line = groupby(page.words, key=lambda word: word.line)
        lines += [" ".join(word.text for word in words) for _, words in by_line]
    return "\n".join(lines)[:SIGNS_MAX]


def signs_of(words: str, name: str) -> Signs:
    """Return the signs in a document's text and in its file's name."""
    stem = name.rpartition(".")[0] or name
    tokens = frozenset(_tokens(words)) | frozenset(_name_tokens(stem))
    upper = words.upper()
    return Signs(
        tokens=tokens,
        names=frozenset(_names(words)) | frozenset(_grams(re.sub(r"[_\-.\d]+", " ", stem))),
        amounts=frozenset(_amounts(words)),
        references=frozenset(
            form for text in (words, stem) for one in references_in(text) for form in printed_forms(one)
        ),
        postal_codes=frozenset(
            f"{match[1]} {match[2]}" if match[1] else match[3] for match in _POSTCODE.finditer(upper)
        ),
        ibans=frozenset(re.sub(r"\s", "", match[0]) for match in _IBAN.finditer(upper)),
    )


def _tokens(words: str) -> Iterator[str]:
    """Words with a digit, as they stand and without the full stop of a sentence or a `#` before them."""
    for match in _TOKEN.finditer(words):
        token = match[0].strip(".#*=-–/_").removeprefix("nr.")
        if 1 < len(token) <= 40 and any(sign.isdigit() for sign in token):
            yield token
            yield token.upper()


def _name_tokens(stem: str) -> Iterator[str]:
    """Parts of a file name in which a slash became something else: `2024_117` may be `2024/117`."""
    parts = [part for part in re.split(r"[\s_]+", stem) if part]
    for start in range(len(parts)):
        for end in range(start + 1, min(start + 4, len(parts)) + 1):
            if any(sign.isdigit() for part in parts[start:end] for sign in part):
                for between in ("_", "-", "/", ".", " ", ""):
                    joined = between.join(parts[start:end])
                    yield joined
                    yield joined.upper()
    for part in parts:
        if "-" in part and any(sign.isdigit() for sign in part):
            yield part.replace("-", "/")
            yield from (piece for piece in part.split("-") if len(piece) > 3 and piece.isalnum())


def _names(words: str) -> Iterator[str]:
    for line in words.splitlines():
        yield from _grams(line)


def _grams(line: str) -> Iterator[str]:
    """Runs of up to six words of one line, as name keys; a single short word names nobody."""
    found = name_key(line[:400]).split()
    for start in range(len(found)):
        for end in range(start + 1, min(start + _NAME_WORDS_MAX, len(found)) + 1):
            key = " ".join(found[start:end])
            if len(key) > 4:
                yield key


def _amounts(words: str) -> Iterator[int]:
    for match in _AMOUNT.finditer(words):
        yield int(re.sub(r"\D", "", match[0]))

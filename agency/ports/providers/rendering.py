"""What the business asks of who turns a template into what a person reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol


class TemplateRefused(Exception):
    """A template cannot be rendered: unknown value, forbidden construct, not valid MJML or Typst."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


# What a template may see. Money and dates come in as text, already in the reader's language.
Value = str | int | bool | None | Sequence["Value"] | Mapping[str, "Value"]


@dataclass(frozen=True, slots=True)
class CopiedPage:
    """A page of somebody's document that travels behind a letter, as a JPEG or SVG.

    :param heading: what it is a copy of; empty on its further pages.
    :param alternative: what it is, for who does not see it.
    """

    picture: bytes
    heading: str
    alternative: str


class Renderer(Protocol):
    """Turns a template and plain values into what a person reads. No template reaches code or network."""

    def email(self, *, mjml: str, values: Mapping[str, Value]) -> tuple[str, str]:
        """Return (html, text) of a mail; `mjml` is a Jinja template that gives MJML. Values are escaped.

        :raises TemplateRefused: unknown value, forbidden construct, a value that is not plain, bad MJML.
        """
        ...

    def letter(
        self,
        *,
        source: str,
        values: Mapping[str, Value],
        dated: date,
        copies: Sequence[CopiedPage] = (),
    ) -> bytes:
        """Return a letter as PDF/A-2a and PDF/UA-1; the same input gives the same bytes.

        The Typst `source` reads its values with `#let data = json(bytes(sys.inputs.data))`. The copies come
        behind the letter, a page each, and count as its pages.

        :raises TemplateRefused: the source does not compile, or breaks one of the two standards.
        """
        ...

"""Which letters travel together: those of one brand, country, envelope, class of post and currency."""

import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from agency.communication.rendering import Rendered
from agency.rules.print_batch import (
    CountedLetter,
    Envelope,
    MailClass,
    TooThick,
    batches_of,
    envelope_for,
    letters_max,
    mail_class_of,
    sheets_of,
)

_LISTED = re.compile(
    rb"%PDF-1\.7\n%[\x80-\xff]{4}\n\n1 0 obj\n"
    rb"<</Type/Pages/Count (?P<count>\d+)/Kids\[(?P<pages>[0-9R ]+)\]>>\n"
)
_PAGE = re.compile(rb"\d+ \d+ R")


@dataclass(frozen=True, slots=True)
class Counted:
    """A rendered letter and what it adds to the totals of its batch."""

    rendered: Rendered
    counted: CountedLetter


@dataclass(frozen=True, slots=True)
class Gathered:
    """Letters that travel together."""

    envelope: Envelope
    mail_class: MailClass
    letters: tuple[Counted, ...]

    def halves(self) -> "tuple[Gathered, Gathered]":
        """Return the two halves, to find out which letter a printer does not take."""
        middle = len(self.letters) // 2
        return replace(self, letters=self.letters[:middle]), replace(self, letters=self.letters[middle:])


@dataclass(frozen=True, slots=True)
class Unprintable:
    """A letter that goes into no batch, and why."""

    rendered: Rendered
    why: str


def gather(letters: Sequence[Rendered], *, on: date) -> tuple[list[Gathered], list[Unprintable]]:
    """This function will sort letters into batches; those that no batch takes are named with the reason."""
    taken: list[tuple[Counted, Envelope, MailClass]] = []
    refused: list[Unprintable] = []
    for one in letters:
        try:
            counted = _count(one)
            envelope = envelope_for(sheets=sheets_of(pages=counted.pages, on=on))
        except (PyPdfError, TooThick, ValueError) as error:
            refused.append(Unprintable(one, f"not printable: {error}"))
            continue
        taken.append((Counted(one, counted), envelope, mail_class_of(template=one.reserved.template, on=on)))
    keys = [_key(*one) for one in taken]
    return [
        Gathered(taken[batch[0]][1], taken[batch[0]][2], tuple(taken[position][0] for position in batch))
        for batch in batches_of(keys, most=letters_max(on=on))
    ], refused


def _count(one: Rendered) -> CountedLetter:
    return CountedLetter(
        reference=str(one.reserved.message_id),
        sha256=hashlib.sha256(one.content).hexdigest(),
        pages=pages_of(one.content),
        amount_minor=one.reserved.asked.minor,
    )


def pages_of(content: bytes) -> int:
    """This function will count the pages of a letter; Typst lists them at the file's beginning.

    A reader of any PDF, as for others, takes a tenth of a letter's time.

    :raises PyPdfError: it is no PDF.
    """
    listed = _LISTED.match(content)
    if listed and b"/Pages 1 0 R" in content:
        pages = len(_PAGE.findall(listed["pages"]))
        # A long list may have branches: then the root counts more pages than it names.
        if pages == int(listed["count"]):
            return pages
    return PdfReader(io.BytesIO(content)).get_num_pages()


def _key(one: Counted, envelope: Envelope, mail_class: MailClass) -> tuple[object, ...]:
    reserved = one.rendered.reserved
    return (
        reserved.creditor_id, reserved.brand_version_id, reserved.country, envelope, mail_class,
        reserved.asked.currency,
    )  # fmt: skip

"""A court bundle as the business describes it, and who binds it into one PDF/A with its sources inside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

Progress = Callable[[int], None]
"""Told how far it is, 0 to 100; may raise to stop the work."""


class NotBound(Exception):
    """A bundle cannot be made; the reason is one sentence for the person who asked for it."""


@dataclass(frozen=True, slots=True)
class BundleTable:
    """Rows of text under their heads; `numeric` are the columns that stand to the right."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class BundleFile:
    """A source document: shown page by page where it can be, and attached as it came.

    :param path: its name in the bundle, unique and safe: "04-agreement/002-order.pdf".
    :param note: what its heading says besides the title (kind, day, the start of its hash).
    :param shown: text to show where the file itself cannot be shown, such as that of a mail.
    """

    path: str
    title: str
    note: str
    media_type: str
    content: bytes
    sha256: str
    shown: str = ""


@dataclass(frozen=True, slots=True)
class BundlePart:
    """One tab of the bundle."""

    title: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[BundleTable, ...] = ()
    files: tuple[BundleFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything in the order of a court bundle; `words` are labels: contents, page, attached, empty."""

    title: str
    subtitle: str
    language: str
    dated: date
    parts: tuple[BundlePart, ...]
    words: dict[str, str]

    @property
    def files(self) -> Sequence[BundleFile]:
        """Every source document, in order."""
        return [file for part in self.parts for file in part.files]


@dataclass(frozen=True, slots=True)
class Bound:
    """A bundle as PDF/A-3a, and of how many pages it is."""

    pdf: bytes
    pages: int


class Binder(Protocol):
    """Binds a bundle; equal bundles give equal bytes."""

    def __call__(self, bundle: Bundle, *, progress: Progress) -> Bound:
        """Bind it.

        :raises NotBound: too many pages, or something in it that no PDF can hold.
        """


class LinkCover(Protocol):
    """Makes links to a debtor's page in a PDF unreadable for people, cameras and programs."""

    def __call__(self, content: bytes, /) -> bytes:
        """Return the PDF with its links and their codes covered; one without such a link unchanged.

        :raises NotBound: the links cannot be covered.
        """

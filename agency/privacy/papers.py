"""What an export takes from the doors: documents that they draw, their words, and who may do what.

Which role opens which page is said where the pages are; so it is asked there and nowhere written twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from agency.kernel.unit import Unit
from agency.treatment.paths import PublishedPath


@dataclass(frozen=True, slots=True)
class Right:
    """A part of the product and the roles that may look at it, and those that may change something there."""

    door: str
    part: str
    looks: frozenset[str]
    acts: frozenset[str]


class Papers(Protocol):
    """Draws documents and says codes in words; the same facts give the same bytes."""

    def process(self, found: PublishedPath, *, responsible: str, language: str) -> bytes:
        """Return the written process of a version of a path as PDF; `responsible` may be empty."""
        ...

    def quote(self, unit: Unit, *, creditor_id: UUID, quote_id: UUID, language: str) -> bytes:
        """Return a price with its build-up as PDF."""
        ...

    def say(self, kind: str, code: str, *, language: str) -> str:
        """Return what people read for a code of a kind; a code that nobody wrote a word for as it is."""
        ...

    def rights(self, *, language: str) -> Sequence[Right]:
        """Return every part of the product with the roles that open it, in the order of the menus."""
        ...


_installed: list[Callable[[], Papers]] = []


def install_papers(papers: Callable[[], Papers]) -> None:
    """This function will set who draws documents for the exports of this process; asked when one is made."""
    _installed[:] = [papers]


def installed_papers() -> Papers:
    """This function will return who draws documents.

    :raises RuntimeError: the process was not given any.
    """
    if not _installed:
        raise RuntimeError("no papers installed: call agency.privacy.papers.install_papers() first")
    return _installed[0]()

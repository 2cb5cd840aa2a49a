from dataclasses import dataclass

from agency.money import Money
from agency.rules.facts import DebtorKind, DisputeStatus, DocumentKind
from agency.rules.trace import Trace


@dataclass(frozen=True, slots=True)
class ScoreItem:
    """One kind of document, the points it is worth, and whether they are earned."""

    kind: DocumentKind
    points: int
    present: bool


@dataclass(frozen=True, slots=True)
class ScoreGain:
    """The completeness that would be reached by adding one document."""

    document: DocumentKind
    completeness: int


@dataclass(frozen=True, slots=True)
class Score:
    """How complete the evidence is, 0 to 100, with every item shown and what each missing one would add."""

    completeness: int
    items: tuple[ScoreItem, ...]
    trace: Trace
    gains: tuple[ScoreGain, ...] = ()


def score(
    *, debtor: DebtorKind, amount: Money, documents: frozenset[DocumentKind], dispute: DisputeStatus
) -> Score:
    raise NotImplementedError

"""How complete the evidence of a claim is."""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from agency.money import Money
from agency.rules.facts import DebtorKind, DisputeStatus, DocumentKind
from agency.rules.tables import read_table
from agency.rules.trace import Trace, TraceLine

COMPLETE: Final = 100


@dataclass(frozen=True, slots=True)
class ScoreItem:
    """One kind of document, the points it is worth, and whether they are earned (by it or a stronger one)."""

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
    """How complete the evidence is, 0 to 100, with every item shown and what each missing one would reach."""

    completeness: int
    items: tuple[ScoreItem, ...]
    trace: Trace
    gains: tuple[ScoreGain, ...] = ()


def score(
    *, debtor: DebtorKind, amount: Money, documents: frozenset[DocumentKind], dispute: DisputeStatus
) -> Score:
    """Score the evidence: the points of the documents present, less what an open dispute takes away.

    Adding a document never lowers the score and a dispute never raises it.

    :param amount: the claim; a small one needs fewer kinds of document.
    """
    found = _assess(_points(debtor, amount.minor), documents, dispute)
    line = TraceLine(
        rule="score.completeness",
        version=read_table("score")["version"],
        source="house rule: points per document in the score table",
        inputs={
            "debtor": debtor.value,
            "amount": str(amount),
            "documents": " ".join(sorted(documents)),
            "dispute": dispute.value,
        },
        outcome=found.outcome,
    )
    return Score(completeness=found.completeness, items=found.items, trace=(line,), gains=found.gains)


_Points = tuple[tuple[DocumentKind, int], ...]


@dataclass(frozen=True, slots=True)
class _Assessment:
    completeness: int
    items: tuple[ScoreItem, ...]
    gains: tuple[ScoreGain, ...]
    outcome: str


@lru_cache(maxsize=65536)
def _assess(points: _Points, documents: frozenset[DocumentKind], dispute: DisputeStatus) -> _Assessment:
    """Score one set of documents; a portfolio has few different ones, so each is worked out once."""
    penalty = _penalty(dispute)
    earned = _earned(points, documents)
    completeness = max(0, earned - penalty)
    return _Assessment(
        completeness=completeness,
        items=tuple(
            ScoreItem(kind=kind, points=worth, present=_proved(kind, documents)) for kind, worth in points
        ),
        gains=_gains(points, documents, penalty, completeness),
        outcome=f"{completeness} of {COMPLETE}: {earned} for documents, {penalty} off for the dispute",
    )


@cache
def _sets() -> tuple[tuple[frozenset[str], int | None, _Points], ...]:
    return tuple(
        (
            frozenset(row["debtors"]),
            row.get("below"),
            tuple((DocumentKind(kind), worth) for kind, worth in row["points"].items()),
        )
        for row in read_table("score")["set"]
    )


@cache
def _penalty(dispute: DisputeStatus) -> int:
    points: int = read_table("score")["dispute"][dispute]
    return points


@cache
def _proofs(kind: DocumentKind) -> frozenset[DocumentKind]:
    """Return the kinds that prove what this kind does, itself among them."""
    return frozenset(
        {kind, *(DocumentKind(other) for other in read_table("score")["proved_by"].get(kind, ()))}
    )


def _points(debtor: DebtorKind, minor: int) -> _Points:
    return next(
        points for debtors, below, points in _sets() if debtor in debtors and (below is None or minor < below)
    )


def _proved(kind: DocumentKind, documents: frozenset[DocumentKind]) -> bool:
    return not _proofs(kind).isdisjoint(documents)


def _earned(points: _Points, documents: frozenset[DocumentKind]) -> int:
    return sum(worth for kind, worth in points if _proved(kind, documents))


def _gains(
    points: _Points, documents: frozenset[DocumentKind], penalty: int, completeness: int
) -> tuple[ScoreGain, ...]:
    """Return what each document still missing would bring, the most helpful first."""
    helpful = {proof for kind, _ in points for proof in _proofs(kind)}
    gains = [
        ScoreGain(document=kind, completeness=max(0, _earned(points, documents | {kind}) - penalty))
        for kind in sorted(helpful - documents)
    ]
    better = (gain for gain in gains if gain.completeness > completeness)
    return tuple(sorted(better, key=lambda gain: -gain.completeness))

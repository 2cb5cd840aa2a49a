"""How complete the evidence of a claim is."""

from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple

from agency.money import Money
from agency.rules.facts import ClaimType, DebtorKind, DisputeStatus, DocumentKind, Law
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import Trace, TraceLine

COMPLETE: Final = 100


@dataclass(frozen=True, slots=True)
class ScoreItem:
    """One kind of document, the points it is worth, whether they are earned (by it or a stronger one), and
    whether the claim needs it before anybody is written to.
    """

    kind: DocumentKind
    points: int
    present: bool
    required: bool


class ScoreGain(NamedTuple):
    """The completeness that would be reached by adding one document."""

    document: DocumentKind
    completeness: int


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was scored, by which version of the table, and what came out in words."""

    version: str
    source: str
    debtor: DebtorKind
    amount: Money
    documents: frozenset[DocumentKind]
    dispute: DisputeStatus
    law: Law
    claim_type: ClaimType
    at_least: int
    outcome: str


@dataclass(frozen=True, slots=True)
class Score:
    """How complete the evidence is, 0 to 100, with every item shown and what each missing one would reach."""

    completeness: int
    items: tuple[ScoreItem, ...]
    gains: tuple[ScoreGain, ...]
    asked: _Asked

    @property
    def trace(self) -> Trace:
        """Which version of the table made what of which facts; worded only when somebody asks."""
        return (_line(self.asked),)

    @property
    def missing(self) -> tuple[DocumentKind, ...]:
        """The documents that the claim needs and does not have."""
        return tuple(item.kind for item in self.items if item.required and not item.present)


def score(
    *,
    debtor: DebtorKind,
    amount: Money,
    documents: frozenset[DocumentKind],
    dispute: DisputeStatus,
    law: Law = Law.nl,
    claim_type: ClaimType = ClaimType.sale,
    at_least: int = 0,
    on: date | None = None,
) -> Score:
    """Score the evidence: the points of the documents present, less what an open dispute takes away.

    Adding a document never lowers the score and a dispute never raises it.

    :param amount: the claim; a small one needs fewer kinds of document.
    :param documents: the kinds that count, so not those that were refuted.
    :param at_least: what a person lifted the completeness to, before the dispute is taken off.
    :param on: the day whose version of the table counts; the newest without it.
    """
    version = _version(on)
    wanted = _set(version["version"], debtor, law, claim_type, amount.minor)
    found = _assess(version["version"], wanted, documents, dispute, at_least)
    asked = _Asked(
        version["version"], version["source"], debtor, amount, documents, dispute, law, claim_type, at_least,
        found.outcome,
    )  # fmt: skip
    return Score(completeness=found.completeness, items=found.items, gains=found.gains, asked=asked)


def _line(asked: _Asked) -> TraceLine:
    inputs = {
        "debtor": asked.debtor.value,
        "amount": str(asked.amount),
        "documents": " ".join(sorted(asked.documents)),
        "dispute": asked.dispute.value,
        "law": asked.law.value,
        "claim_type": asked.claim_type.value,
    }
    return TraceLine(
        rule="score.completeness",
        version=asked.version,
        source=asked.source,
        inputs=inputs | ({"at_least": str(asked.at_least)} if asked.at_least else {}),
        outcome=asked.outcome,
    )


def score_version(on: date | None = None) -> str:
    """Return the version of the table that counts on a day; the newest without one."""
    version: str = _version(on)["version"]
    return version


@cache
def amount_limits() -> tuple[int, ...]:
    """Return the amounts in minor units from which a claim needs other documents than just under them."""
    return tuple(sorted({row["below"] for row, _ in _sets(_version(None)["version"]) if "below" in row}))


@dataclass(frozen=True, slots=True)
class _Set:
    """One row of the table."""

    points: tuple[tuple[DocumentKind, int], ...]
    required: frozenset[DocumentKind]


@dataclass(frozen=True, slots=True)
class _Assessment:
    completeness: int
    items: tuple[ScoreItem, ...]
    gains: tuple[ScoreGain, ...]
    outcome: str


@lru_cache(maxsize=65536)
def _assess(
    version: str, wanted: _Set, documents: frozenset[DocumentKind], dispute: DisputeStatus, at_least: int
) -> _Assessment:
    """Score one set of documents; a portfolio has few different ones, so each is worked out once."""
    row = _row(version)
    penalty: int = row["dispute"][dispute]

    def reached(kinds: frozenset[DocumentKind]) -> int:
        earned = sum(worth for kind, worth in wanted.points if _proved(version, kind, kinds))
        return max(0, max(earned, at_least) - penalty)

    completeness = reached(documents)
    helpful = {proof for kind, _ in wanted.points for proof in _proofs(version, kind)}
    gains = (ScoreGain(kind, reached(documents | {kind})) for kind in sorted(helpful - documents))
    better = (gain for gain in gains if gain.completeness > completeness)
    lifted = f", lifted to {at_least} by a person" if at_least else ""
    return _Assessment(
        completeness=completeness,
        items=tuple(
            ScoreItem(kind, worth, _proved(version, kind, documents), kind in wanted.required)
            for kind, worth in wanted.points
        ),
        gains=tuple(sorted(better, key=lambda gain: -gain.completeness)),
        outcome=f"{completeness} of {COMPLETE}: {_earned(version, wanted, documents)} for documents{lifted},"
        f" {penalty} off for the dispute",
    )


def _earned(version: str, wanted: _Set, documents: frozenset[DocumentKind]) -> int:
    return sum(worth for kind, worth in wanted.points if _proved(version, kind, documents))


@lru_cache(maxsize=512)
def _version(on: date | None) -> dict[str, Any]:
    rows = read_table("score")["version"]
    newest: dict[str, Any] = max(rows, key=lambda row: row["since"])
    return (row_in_force(rows, on) or rows[0]) if on else newest


@cache
def _row(version: str) -> dict[str, Any]:
    return next(row for row in read_table("score")["version"] if row["version"] == version)


def _set(version: str, debtor: DebtorKind, law: Law, claim_type: ClaimType, minor: int) -> _Set:
    return next(
        found
        for row, found in _sets(version)
        if debtor in row["debtors"]
        and law in row.get("laws", (law,))
        and claim_type in row.get("claim_types", (claim_type,))
        and minor < row.get("below", minor + 1)
    )


@cache
def _sets(version: str) -> tuple[tuple[dict[str, Any], _Set], ...]:
    return tuple(
        (
            row,
            _Set(
                tuple((DocumentKind(kind), worth) for kind, worth in row["points"].items()),
                frozenset(DocumentKind(kind) for kind in row["required"]),
            ),
        )
        for row in _row(version)["set"]
    )


@cache
def _proofs(version: str, kind: DocumentKind) -> frozenset[DocumentKind]:
    """Return the kinds that prove what this kind does, itself among them."""
    proved_by = _row(version)["proved_by"]
    return frozenset({kind, *(DocumentKind(other) for other in proved_by.get(kind, ()))})


@lru_cache(maxsize=65536)
def _proved(version: str, kind: DocumentKind, documents: frozenset[DocumentKind]) -> bool:
    return not _proofs(version, kind).isdisjoint(documents)

"""What is written down while the days pass: who owes what, what happened to them, and what left.

The audit reads this and the ledger, never the product's own view of a claim.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Owed:
    """One invoice as it was handed over, in minor units."""

    minor: int
    due_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """A claim as the world made it. `mark` stands in everything that is about this debtor alone, and
    `person` is the same for debtors of several creditors who are one person.
    """

    creditor_id: UUID
    debtor_id: UUID
    claim_id: UUID
    number: int
    person: str
    kind: str
    country: str
    region: str | None
    language: str
    law: str
    interest: str
    invoices: tuple[Owed, ...]
    brand: str
    vat_deductible: bool
    reachable: tuple[str, ...]
    ancient: bool

    @property
    def mark(self) -> str:
        """The token by which this debtor's data is recognised wherever it turns up."""
        return f"q{self.number:07d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A message in the moment in which it was handed over. Amounts are what its reader reads, minor units."""

    message_id: UUID
    claim_id: UUID
    at: datetime
    channel: str
    step: str
    template: str
    reply: bool
    read: dict[str, int]
    marks: frozenset[str]
    missing: tuple[str, ...]
    signed_by: str


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when something held; no end means that it still does."""

    since: datetime
    until: datetime | None = None

    def holds_at(self, moment: datetime) -> bool:
        """Whether it held then."""
        return self.since <= moment and (self.until is None or moment < self.until)


@dataclass
class Diary:
    """Everything that the audit may know; `contested` are (since, minor units), the last of which counts and
    lies on the oldest invoices first."""

    debts: dict[UUID, Debt] = field(default_factory=dict)
    by_person: defaultdict[str, list[Debt]] = field(default_factory=lambda: defaultdict(list))
    holds: defaultdict[tuple[UUID, str], list[Span]] = field(default_factory=lambda: defaultdict(list))
    ended: dict[UUID, datetime] = field(default_factory=dict)
    objected: dict[UUID, datetime] = field(default_factory=dict)
    contested: defaultdict[UUID, list[tuple[datetime, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    left: list[Left] = field(default_factory=list)
    acts: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, debts: Iterable[Debt]) -> None:
        """Note debts that were handed over."""
        for debt in debts:
            self.debts[debt.claim_id] = debt
            self.by_person[debt.person].append(debt)

    def others_of(self, debt: Debt) -> list[Debt]:
        """The other debts of the same person, to whomever."""
        return [one for one in self.by_person[debt.person] if one.claim_id != debt.claim_id]

    def hold(self, claim_id: UUID, ground: str, since: datetime, until: datetime | None = None) -> None:
        """Note that a claim is held from now on, and until when where that is known already."""
        self.holds[claim_id, ground].append(Span(since, until))

    def lift(self, claim_id: UUID, ground: str, at: datetime) -> None:
        """Note that the hold of a claim on a ground ended."""
        spans = self.holds[claim_id, ground]
        self.holds[claim_id, ground] = [Span(one.since, min(one.until or at, at)) for one in spans]

    def contest(self, claim_id: UUID, minor: int, since: datetime) -> None:
        """Note that so much of a claim's principal is contested from now on."""
        self.contested[claim_id].append((since, minor))

    def contested_at(self, claim_id: UUID, moment: datetime) -> int:
        """How much was contested then, in minor units."""
        told = self.contested.get(claim_id, [])
        return next((minor for since, minor in reversed(told) if since <= moment), 0)

    def has_ended(self, claim_id: UUID) -> bool:
        """Whether a debt is paid or withdrawn by now."""
        return claim_id in self.ended

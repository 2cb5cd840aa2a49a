from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from agency.money import Money
from agency.rules.trace import Trace

ClaimKey = TypeVar("ClaimKey", bound=Hashable)


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A line of a bank statement, as far as matching looks at it."""

    amount: Money
    references: tuple[str, ...] = ()
    text: str = ""
    iban: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate(Generic[ClaimKey]):
    """A claim that the line may pay."""

    claim_id: ClaimKey
    references: tuple[str, ...]
    open: Money
    debtor_ibans: tuple[str, ...] = ()
    invoice_numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match(Generic[ClaimKey]):
    """`exact` may be booked by itself; `proposed` waits for a person; `claim_id` is the one best claim."""

    kind: Literal["exact", "proposed", "none"]
    claim_id: ClaimKey | None
    reasons: tuple[str, ...]
    trace: Trace
    proposals: tuple[ClaimKey, ...] = ()


def match(*, line: LineFacts, candidates: Sequence[Candidate[ClaimKey]]) -> Match[ClaimKey]:
    raise NotImplementedError

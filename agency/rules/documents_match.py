"""Which claim a document belongs to: weighed signs with their reasons, decided only when it is clear."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from agency.rules.tables import read_table

_TABLE: Final = "matching_documents"
_YEARS: Final = range(1900, 2100)


class Sign(StrEnum):
    """What of a claim was found in a document or in its file name."""

    claim_number = "claim_number"
    payment_reference = "payment_reference"
    invoice_number = "invoice_number"
    reference = "reference"
    name = "name"
    customer_number = "customer_number"
    registration = "registration"
    amount = "amount"
    postal_code = "postal_code"
    iban = "iban"


_NUMBERS: Final = frozenset({Sign.claim_number, Sign.invoice_number, Sign.reference, Sign.customer_number})


@dataclass(frozen=True, slots=True)
class Found:
    """A sign of a claim, with the words as they stand in the document."""

    claim_id: UUID
    sign: Sign
    words: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A claim that a document may belong to; `score` adds up the weights of its signs."""

    claim_id: UUID
    score: int
    reasons: tuple[tuple[Sign, str], ...]


@dataclass(frozen=True, slots=True)
class Matched:
    """The likeliest first; `claim_id` when it is clear, else `question` says what a person has to tell.

    Questions: no_claim (nothing fits), which_claim (several, or one not surely).
    """

    candidates: tuple[Candidate, ...]
    claim_id: UUID | None
    question: str | None
    version: str


def match_document(found: Iterable[Found]) -> Matched:
    """Weigh what was found. A sign counts once per claim: a number on every page is one number."""
    table = read_table(_TABLE)
    by_claim: dict[UUID, dict[Sign, str]] = {}
    for one in found:
        signs = by_claim.setdefault(one.claim_id, {})
        if one.sign not in signs or _weight(one.sign, one.words) > _weight(one.sign, signs[one.sign]):
            signs[one.sign] = one.words
    candidates = sorted(
        (_candidate(claim_id, signs) for claim_id, signs in by_claim.items()),
        key=lambda candidate: (-candidate.score, str(candidate.claim_id)),
    )
    return _decide(tuple(candidates), table)


def _candidate(claim_id: UUID, signs: Mapping[Sign, str]) -> Candidate:
    ordered = sorted(signs.items(), key=lambda item: (-_weight(*item), item[0]))
    return Candidate(claim_id, sum(_weight(sign, words) for sign, words in ordered), tuple(ordered))


def _weight(sign: Sign, words: str) -> int:
    table = read_table(_TABLE)
    weight: int = table["weight"][sign]
    if sign in _NUMBERS and _is_weak(words, table["shortest_number"]):
        return min(weight, int(table["weak_number"]))
    return weight


def _is_weak(number: str, shortest: int) -> bool:
    plain = "".join(sign for sign in number if sign.isalnum())
    return len(plain) < shortest or (plain.isdecimal() and int(plain) in _YEARS)


def _decide(candidates: Sequence[Candidate], table: Mapping[str, object]) -> Matched:
    decides_at, clear_by = int(str(table["decides_at"])), int(str(table["clear_by"]))
    version = str(table["version"])
    kept = tuple(candidates)
    if not kept:
        return Matched((), None, "no_claim", version)
    second = kept[1].score if len(kept) > 1 else 0
    clear = kept[0].score >= decides_at and kept[0].score - second >= clear_by
    return Matched(kept, kept[0].claim_id if clear else None, None if clear else "which_claim", version)

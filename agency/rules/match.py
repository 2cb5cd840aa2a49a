"""Which claim a line of a bank statement pays."""

import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Generic, Literal, TypeVar

from agency.money import Money
from agency.rules.reference import references_in
from agency.rules.trace import Trace, TraceLine

ClaimKey = TypeVar("ClaimKey", bound=Hashable)
"""How the caller names its claims; it comes back as it went in."""

_VERSION: Final = "2026-11-01"
_TIMES_OPEN_MAX: Final = 2
_NUMBER_LENGTH_MIN: Final = 4
_TOKENS_JOINED_MAX: Final = 4
_TEXT_MAX: Final = 4_000

_INVOICE_POINTS: Final = 40
_TYPO_POINTS: Final = 35
_IBAN_POINTS: Final = 30
_AMOUNT_POINTS: Final = 25
_PROPOSE_FROM: Final = 30


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A line of a bank statement, as far as matching looks at it; money that came in is positive."""

    amount: Money
    references: tuple[str, ...] = ()
    text: str = ""
    iban: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate(Generic[ClaimKey]):
    """A claim that the line may pay; references in any written form, `open` what is still owed."""

    claim_id: ClaimKey
    references: tuple[str, ...]
    open: Money
    debtor_ibans: tuple[str, ...] = ()
    invoice_numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match(Generic[ClaimKey]):
    """`exact` may be booked by itself; `proposed` waits for a person.

    `claim_id` is the one best claim, None when several are equally good; `proposals` names all, best first.
    """

    kind: Literal["exact", "proposed", "none"]
    claim_id: ClaimKey | None
    reasons: tuple[str, ...]
    trace: Trace
    proposals: tuple[ClaimKey, ...] = ()


def match(*, line: LineFacts, candidates: Sequence[Candidate[ClaimKey]]) -> Match[ClaimKey]:
    """Decide which claim a bank line pays.

    Only a reference with valid check digits that names one open claim is booked without a person, and only
    when the amount is plausible: at most twice what is open, for a payment made twice is still this debtor's.
    References to two claims, or one that nobody knows, are never booked by themselves. Everything else
    (an invoice number, a mistyped reference, the debtor's account, the amount) is at best a proposal.
    """
    if line.amount.minor <= 0:
        return _found("none", None, ("not_incoming",), line)
    named = references_in(" | ".join((*line.references, line.text)))
    owners = _owners(named, candidates)
    paid_for = {candidate.claim_id: candidate for found in owners.values() for candidate in found}
    if len(paid_for) == 1:
        return _by_reference(line, next(iter(paid_for.values())), all_known=all(owners.values()))
    if paid_for:
        return _found("proposed", None, ("several_claims_named",), line, tuple(paid_for))
    return _by_signs(line, candidates)


def _owners(
    named: Iterable[str], candidates: Sequence[Candidate[ClaimKey]]
) -> dict[str, list[Candidate[ClaimKey]]]:
    owners: dict[str, list[Candidate[ClaimKey]]] = {reference: [] for reference in named}
    if owners:
        for candidate in candidates:
            for written in candidate.references:
                for reference in _read(written):
                    if reference in owners:
                        owners[reference].append(candidate)
    return owners


def _by_reference(line: LineFacts, candidate: Candidate[ClaimKey], *, all_known: bool) -> Match[ClaimKey]:
    """Book on a reference that names one claim, unless something about it is odd."""
    key = candidate.claim_id
    if line.amount.currency != candidate.open.currency:
        return _found("proposed", key, ("reference", "other_currency"), line, (key,))
    if not all_known:
        return _found("proposed", key, ("reference", "unknown_reference_beside_it"), line, (key,))
    if candidate.open.minor <= 0:
        return _found("proposed", key, ("reference", "nothing_open"), line, (key,))
    if line.amount.minor > _TIMES_OPEN_MAX * candidate.open.minor:
        return _found("proposed", key, ("reference", "amount_implausible"), line, (key,))
    more = ("more_than_open",) if line.amount > candidate.open else ()
    return _found("exact", key, ("reference", *more), line, (key,))


def _by_signs(line: LineFacts, candidates: Sequence[Candidate[ClaimKey]]) -> Match[ClaimKey]:
    """Propose the claims that the text, the account and the amount point to."""
    written = frozenset(_joined(line.text, line.references))
    iban = _squeeze(line.iban or "")
    scored: list[tuple[int, ClaimKey, tuple[str, ...]]] = []
    for candidate in candidates:
        if candidate.open.currency != line.amount.currency or candidate.open.minor <= 0:
            continue
        signs = _signs(line, candidate, written, iban)
        points = sum(signs.values())
        if points >= _PROPOSE_FROM:
            scored.append((points, candidate.claim_id, tuple(signs)))
    if not scored:
        return _found("none", None, ("nothing_points_to_a_claim",), line)
    scored.sort(key=lambda entry: -entry[0])
    best, key, reasons = scored[0]
    keys = tuple(dict.fromkeys(claim for _, claim, _ in scored))
    tied = len({claim for points, claim, _ in scored if points == best}) > 1
    if tied:
        return _found("proposed", None, (*reasons, "several_claims_fit"), line, keys)
    return _found("proposed", key, reasons, line, keys)


def _signs(
    line: LineFacts, candidate: Candidate[ClaimKey], written: frozenset[str], iban: str
) -> dict[str, int]:
    signs: dict[str, int] = {}
    if any(_is_number(number) and _squeeze(number) in written for number in candidate.invoice_numbers):
        signs["invoice_number"] = _INVOICE_POINTS
    if any(_nearly(_squeeze(reference), written) for reference in candidate.references):
        signs["mistyped_reference"] = _TYPO_POINTS
    if iban and any(_squeeze(known) == iban for known in candidate.debtor_ibans):
        signs["debtor_account"] = _IBAN_POINTS
    if line.amount == candidate.open:
        signs["amount"] = _AMOUNT_POINTS
    return signs


def _is_number(number: str) -> bool:
    squeezed = _squeeze(number)
    return len(squeezed) >= _NUMBER_LENGTH_MIN and any(sign.isdigit() for sign in squeezed)


@lru_cache(maxsize=65536)
def _read(written: str) -> tuple[str, ...]:
    return references_in(written)


@lru_cache(maxsize=65536)
def _squeeze(text: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", text.upper())


def _joined(text: str, references: Sequence[str]) -> Iterator[str]:
    """Give every word of the text, and every few neighbours written as one ("2026-00123", "CL 0000 1234")."""
    tokens = re.findall(r"[A-Z0-9]+", " ".join((*references, text[:_TEXT_MAX])).upper())
    for start in range(len(tokens)):
        for count in range(1, _TOKENS_JOINED_MAX + 1):
            yield "".join(tokens[start : start + count])


def _nearly(reference: str, written: frozenset[str]) -> bool:
    """Tell whether somebody wrote the reference with one sign wrong, missing, added or two swapped."""
    return any(abs(len(word) - len(reference)) <= 1 and _one_edit_apart(word, reference) for word in written)


def _one_edit_apart(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    start = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(short) < len(long):
        return short[start:] == long[start + 1 :]
    swapped = (
        short[start : start + 2] == long[start : start + 2][::-1] and short[start + 2 :] == long[start + 2 :]
    )
    return swapped or short[start + 1 :] == long[start + 1 :]


def _found(
    kind: Literal["exact", "proposed", "none"],
    claim_id: ClaimKey | None,
    reasons: tuple[str, ...],
    line: LineFacts,
    proposals: tuple[ClaimKey, ...] = (),
) -> Match[ClaimKey]:
    trace = TraceLine(
        rule="match.bank_line",
        version=_VERSION,
        source="house rule: only one valid reference with check digits is booked without a person",
        inputs={"amount": str(line.amount), "proposals": str(len(proposals))},
        outcome=f"{kind}: {', '.join(reasons)}",
        amount=line.amount,
    )
    return Match(kind=kind, claim_id=claim_id, reasons=reasons, trace=(trace,), proposals=proposals)

"""Which claim a line of a bank statement pays, how sure that is, and what else it may be."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final, Generic, Literal, TypeVar

from agency.money import Money
from agency.rules.match_score import (
    NAME_SIGNS,
    TIMES_OPEN_MAX,
    Candidate,
    LineFacts,
    ReadLine,
    Signs,
    points_to_payer,
    signs_of,
    weights_of,
)
from agency.rules.reference import references_in
from agency.rules.split_line import split_over_claims
from agency.rules.trace import Trace, TraceLine

__all__ = ["Candidate", "LineFacts", "Match", "Proposed", "match"]

ClaimKey = TypeVar("ClaimKey", bound=Hashable)
"""How the caller names its claims; it comes back as it went in."""

Kind = Literal["exact", "scored", "proposed", "none"]

_VERSION: Final = "2026-11-27"
_PROPOSALS_MAX: Final = 9
_SET_MAX: Final = 12
_REFERENCE_POINTS: Final = 100


@dataclass(frozen=True, slots=True)
class Proposed(Generic[ClaimKey]):
    """One thing that a line may be: each claim with its part, what says so, and how much that weighs.

    The parts of several claims are what is open on each; that of a single claim is the whole line.
    """

    parts: tuple[tuple[ClaimKey, Money], ...]
    points: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match(Generic[ClaimKey]):
    """`exact` and `scored` are booked by themselves, by a reference or by enough other signs; the rest waits.

    `claim_id` is the one best claim, None when several are equally good or meant together; `ranked` is what
    the line may be, best first, and `proposals` the claims of that, each once.
    """

    kind: Kind
    claim_id: ClaimKey | None
    reasons: tuple[str, ...]
    trace: Trace
    ranked: tuple[Proposed[ClaimKey], ...] = ()

    @property
    def certain(self) -> bool:
        """Whether the line is booked without a person."""
        return self.kind in ("exact", "scored")

    @property
    def proposals(self) -> tuple[ClaimKey, ...]:
        """The claims that the line may be for, best first."""
        return tuple(dict.fromkeys(key for one in self.ranked for key, _ in one.parts))


def match(
    *, line: LineFacts, candidates: Sequence[Candidate[ClaimKey]], on: date, crowded: bool = False
) -> Match[ClaimKey]:
    """Decide which claim a bank line pays.

    A reference with valid check digits that names one open claim is booked without a person, when the amount
    is plausible: at most twice what is open, for a payment made twice is still this debtor's. References to
    two claims, or one that nobody knows, are never booked by themselves. Without one, the signs of each claim
    are weighed (`bank_matching.toml`): enough of them, and much more than for any other claim, book the line;
    a mistyped reference or an invoice number is never enough with the amount alone. The rest is proposed.

    :param on: the day whose weights are in force.
    :param crowded: there are more candidates than were looked up; one with the same name and the amount may
        be among the rest.
    """
    if line.amount.minor <= 0:
        return _found("none", None, ("not_incoming",), line)
    named = references_in(" | ".join((*line.references, line.text)))
    owners = _owners(named, candidates)
    paid_for = {candidate.claim_id: candidate for found in owners.values() for candidate in found}
    if len(paid_for) == 1:
        return _by_reference(line, next(iter(paid_for.values())), all_known=all(owners.values()))
    if paid_for:
        return _several_named(line, tuple(paid_for.values()))
    return _by_signs(line, candidates, weights_of(on), crowded=crowded, doubtful=bool(named))


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
    odd = None
    if line.amount.currency != candidate.open.currency:
        odd = "other_currency"
    elif not all_known:
        odd = "unknown_reference_beside_it"
    elif candidate.open.minor <= 0:
        odd = "nothing_open"
    elif line.amount.minor > TIMES_OPEN_MAX * candidate.open.minor:
        odd = "amount_implausible"
    more = () if odd or line.amount <= candidate.open else ("more_than_open",)
    reasons = ("reference", *((odd,) if odd else more))
    whole = Proposed(((candidate.claim_id, line.amount),), _REFERENCE_POINTS, reasons)
    return _found("proposed" if odd else "exact", candidate.claim_id, reasons, line, (whole,))


def _several_named(line: LineFacts, named: Sequence[Candidate[ClaimKey]]) -> Match[ClaimKey]:
    """Propose the claims that a line names: together when they take just what was paid, else each."""
    split = split_over_claims(paid=line.amount, claims=[(one.claim_id, one.open) for one in named])
    alone = [
        Proposed(((one.claim_id, line.amount),), _REFERENCE_POINTS, ("several_claims_named",))
        for one in named
    ]
    together: tuple[Proposed[ClaimKey], ...] = ()
    if not split.rest and len(split.parts) > 1:
        sums = ("sum_of_claims",) if split.exact else ()
        together = (Proposed(split.parts, _REFERENCE_POINTS, ("several_claims_named", *sums)),)
    return _found("proposed", None, ("several_claims_named",), line, (*together, *alone))


def _by_signs(
    line: LineFacts,
    candidates: Sequence[Candidate[ClaimKey]],
    weights: dict[str, Any],
    *,
    crowded: bool,
    doubtful: bool,
) -> Match[ClaimKey]:
    """Weigh what points to each claim, and to several claims of one debtor together."""
    payable = [one for one in candidates if one.open.currency == line.amount.currency and one.open.minor > 0]
    read = ReadLine(line, [number for one in payable for number in one.invoice_numbers])
    of_debtor: defaultdict[Hashable, list[Candidate[ClaimKey]]] = defaultdict(list)
    for one in payable:
        of_debtor[one.claim_id if one.debtor is None else one.debtor].append(one)
    scored: list[Proposed[ClaimKey]] = []
    for claims in of_debtor.values():
        signs = [signs_of(read, one, weights) for one in claims]
        if len(claims) > 1:
            scored += _together(line.amount, claims, signs, weights)
        scored += [
            Proposed(((one.claim_id, line.amount),), sum(said.values()), tuple(said))
            for one, said in zip(claims, signs, strict=True)
            if points_to_payer(said)
        ]
    scored = [one for one in scored if one.points >= weights["propose_from"]]
    if not scored:
        return _found("none", None, ("nothing_points_to_a_claim",), line)
    scored.sort(key=lambda one: -one.points)
    return _decided(line, payable, scored, weights, crowded=crowded, doubtful=doubtful)


def _together(
    paid: Money, claims: Sequence[Candidate[ClaimKey]], signs: Sequence[Signs], weights: dict[str, Any]
) -> list[Proposed[ClaimKey]]:
    """Propose several claims of one debtor that are open for just what was paid: all signs, but no amount."""
    split = split_over_claims(paid=paid, claims=[(one.claim_id, one.open) for one in claims[:_SET_MAX]])
    chosen = {key for key, _ in split.parts}
    said: Signs = {}
    for one, found in zip(claims, signs, strict=True):
        if one.claim_id in chosen:
            said |= found
    said = {sign: points for sign, points in said.items() if "amount" not in sign and "sum" not in sign}
    if not split.exact or len(chosen) < 2 or not points_to_payer(said):
        return []
    said["sum_of_claims"] = weights["sum_of_claims"]
    return [Proposed(split.parts, sum(said.values()), tuple(said))]


def _decided(
    line: LineFacts,
    payable: Sequence[Candidate[ClaimKey]],
    scored: Sequence[Proposed[ClaimKey]],
    weights: dict[str, Any],
    *,
    crowded: bool,
    doubtful: bool,
) -> Match[ClaimKey]:
    best, ranked = scored[0], tuple(scored[:_PROPOSALS_MAX])
    next_points = scored[1].points if len(scored) > 1 else 0
    # Another of that name, with just this amount, may be among those that were not looked up.
    names = sum(weights[sign] for sign in best.reasons if sign in NAME_SIGNS)
    unseen = names + weights["amount"] if crowded else 0
    owed = {one.claim_id: one.open for one in payable}
    certain = (
        not doubtful
        and "refused" not in best.reasons
        and len(best.parts) == 1
        and best.points >= weights["post_from"]
        and best.points - max(next_points, unseen) >= weights["post_lead"]
        and line.amount <= owed[best.parts[0][0]]
    )
    inputs = {
        "signs": ", ".join(best.reasons),
        "points": str(best.points),
        "next": str(next_points),
        "post_from": str(weights["post_from"]),
    }
    if certain:
        return _found("scored", best.parts[0][0], best.reasons, line, ranked, inputs)
    if next_points == best.points:
        return _found("proposed", None, (*best.reasons, "several_claims_fit"), line, ranked, inputs)
    only = best.parts[0][0] if len(best.parts) == 1 else None
    return _found("proposed", only, best.reasons, line, ranked, inputs)


@lru_cache(maxsize=65_536)
def _read(written: str) -> tuple[str, ...]:
    return references_in(written)


def _found(
    kind: Kind,
    claim_id: ClaimKey | None,
    reasons: tuple[str, ...],
    line: LineFacts,
    ranked: tuple[Proposed[ClaimKey], ...] = (),
    inputs: dict[str, str] | None = None,
) -> Match[ClaimKey]:
    trace = TraceLine(
        rule="match.bank_line",
        version=_VERSION,
        source="house rule: a reference with check digits books a line, else weights (bank_matching.toml)",
        inputs={"amount": str(line.amount), "proposals": str(len(ranked)), **(inputs or {})},
        outcome=f"{kind}: {', '.join(reasons)}",
        amount=line.amount,
    )
    return Match(kind=kind, claim_id=claim_id, reasons=reasons, trace=(trace,), ranked=ranked)

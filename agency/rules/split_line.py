"""How one payment for several claims may be split over them: a proposal, for a person decides."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Generic, TypeVar

from agency.money import Money
from agency.rules.trace import Trace, TraceLine

ClaimKey = TypeVar("ClaimKey", bound=Hashable)
"""How the caller names its claims; it comes back as it went in."""

_VERSION: Final = "2026-11-01"
# All combinations of more claims than this are too many to look through.
_COMBINED_MAX: Final = 12


@dataclass(frozen=True, slots=True)
class Split(Generic[ClaimKey]):
    """What each claim would get, in the order given; `parts` and `rest` add up to the payment.

    `exact` when the parts are just what is open on the claims that get one.
    """

    parts: tuple[tuple[ClaimKey, Money], ...]
    rest: Money
    exact: bool
    trace: Trace


def split_over_claims(*, paid: Money, claims: Sequence[tuple[ClaimKey, Money]]) -> Split[ClaimKey]:
    """Propose how a payment is divided over claims, each with what is open on it.

    When one combination of claims, and no other, is open for exactly what was paid, that is it. Else each
    claim gets what is open, in the order given, as far as the money goes. Claims in another currency or with
    nothing open get nothing; what is left over is named, never put on some claim.
    """
    usable = [(key, owed) for key, owed in claims if owed.currency == paid.currency and owed.minor > 0]
    exact = _only_combination(paid, usable)
    if exact is not None:
        return _split(paid, exact, exact=True)
    parts, left = [], paid
    for key, owed in usable:
        part = min(owed, left)
        if part.minor > 0:
            parts.append((key, part))
            left -= part
    return _split(paid, parts, exact=False)


def _only_combination(
    paid: Money, claims: Sequence[tuple[ClaimKey, Money]]
) -> Sequence[tuple[ClaimKey, Money]] | None:
    if len(claims) > _COMBINED_MAX:
        return None
    fitting = [
        chosen
        for size in range(1, len(claims) + 1)
        for chosen in combinations(claims, size)
        if sum(owed.minor for _, owed in chosen) == paid.minor
    ]
    return fitting[0] if len(fitting) == 1 else None


def _split(paid: Money, parts: Sequence[tuple[ClaimKey, Money]], *, exact: bool) -> Split[ClaimKey]:
    rest = paid - Money.total((part for _, part in parts), paid.currency)
    outcome = "split.exact" if exact else "split.in_order"
    inputs = {"paid": str(paid), "claims": str(len(parts)), "rest": str(rest)}
    trace = (TraceLine("bank.split", _VERSION, "design: one payment for several claims", inputs, outcome),)
    return Split(tuple(parts), rest, exact, trace)

"""Experiments: who belongs to which group, and how sure a share is."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import UUID

HOLDOUT: Final = "holdout"
_Z: Final = Decimal("1.959964")  # 95 % on both sides of the normal distribution
_THOUSANDTH: Final = Decimal("0.001")


def group_of(*, claim_id: UUID, experiment_id: UUID, arms: Sequence[str], holdout_percent: int) -> str:
    """Return the group of a claim, which follows from the two ids alone: asked again, it is the same.

    :param holdout_percent: so many of a hundred claims are treated as ever, to compare with.
    :raises ValueError: there are no arms, or the holdout is not within 1 and 99.
    """
    if not arms or not 0 < holdout_percent < 100:
        raise ValueError("an experiment has arms, and a holdout of 1 to 99 percent")
    drawn = int.from_bytes(hashlib.sha256(experiment_id.bytes + claim_id.bytes).digest())
    arm, percent = divmod(drawn, 100)
    return HOLDOUT if percent < holdout_percent else arms[arm % len(arms)]


@dataclass(frozen=True, slots=True)
class Share:
    """A share with the interval in which the true one lies with 95 % certainty; all three within 0 and 1."""

    share: Decimal
    low: Decimal
    high: Decimal


def share_of(*, successes: int, trials: int) -> Share | None:
    """Return a share with its interval after Wilson (1927), honest for few trials too; None for none.

    :raises ValueError: when more succeeded than were tried.
    """
    if not 0 <= successes <= trials:
        raise ValueError("no more can succeed than are tried")
    if trials == 0:
        return None
    n, share, square = Decimal(trials), Decimal(successes) / trials, _Z * _Z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = _Z * (share * (1 - share) / n + square / (4 * n * n)).sqrt() / (1 + square / n)
    # Its ends stay within 0 and 1; only the last digit may leave less than nothing at the lower one.
    low, high = max(Decimal(0), middle - half), middle + half
    return Share(share.quantize(_THOUSANDTH), low.quantize(_THOUSANDTH), high.quantize(_THOUSANDTH))


def surely_best(shares: Mapping[str, Share | None]) -> str | None:
    """Return the group of which even the lowest likely share lies above the highest of every other; None
    while intervals touch, or a group has no result yet."""
    known = {group: share for group, share in shares.items() if share is not None}
    if len(known) < len(shares) or len(known) < 2:
        return None
    best = max(known, key=lambda group: known[group].low)
    beaten = all(share.high < known[best].low for group, share in known.items() if group != best)
    return best if beaten else None

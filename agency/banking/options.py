"""What a line in suspense may be, as it was kept when matching looked at it: one choice after the other."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

ClaimKey = tuple[UUID, UUID]


@dataclass(frozen=True, slots=True)
class Option:
    """One choice: a claim that gets the whole line, or several with a part each, in minor units."""

    parts: tuple[tuple[ClaimKey, int], ...]
    points: int
    reasons: tuple[str, ...]

    @property
    def claims(self) -> tuple[ClaimKey, ...]:
        """The claims that get something."""
        return tuple(key for key, _ in self.parts)


def options_of(kept: Mapping[str, Any]) -> list[Option]:
    """This function will read the choices back from what `match_facts` kept, best first.

    Of a line that was looked at before choices were kept, each claim that was proposed is one.
    """
    if "ranked" not in kept:
        return [
            Option((((UUID(creditor), UUID(claim)), 0),), 0, ()) for creditor, claim in kept.get("claims", ())
        ]
    return [
        Option(
            tuple(((UUID(creditor), UUID(claim)), minor) for creditor, claim, minor in one["parts"]),
            one["points"],
            tuple(one["reasons"]),
        )
        for one in kept["ranked"]
    ]

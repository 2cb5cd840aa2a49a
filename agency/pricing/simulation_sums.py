"""What a simulation of a rate card adds up, and keeps as plain values between its parts."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from agency.money import Money

BIGGEST: Final = 20
STEP_BPS: Final = 100


@dataclass
class Effect:
    """What a group of claims would pay when all is collected, in minor units, old against new."""

    name: str
    claims: int = 0
    principal: int = 0
    old: int = 0
    new: int = 0

    def add(self, changed: "Changed") -> None:
        """Count one claim."""
        self.claims += 1
        self.principal += changed.amount.minor
        self.old += changed.old_minor
        self.new += changed.new_minor

    def as_json(self) -> list[Any]:
        """Return the sums in the order of the fields."""
        return [self.name, self.claims, self.principal, self.old, self.new]


@dataclass(frozen=True)
class Changed:
    """A claim under both cards: its fee in basis points and minor units, before and after."""

    creditor_id: UUID
    number: str
    creditor: str
    amount: Money
    old_bps: int
    new_bps: int
    old_minor: int
    new_minor: int

    @property
    def difference(self) -> Money:
        """What the claim would pay more (negative: less) when all of it is collected."""
        return Money(self.new_minor - self.old_minor, self.amount.currency)

    def as_json(self) -> list[Any]:
        """Return plain values; the currency is that of the simulation."""
        return [
            str(self.creditor_id), self.number, self.creditor, self.amount.minor, self.old_bps, self.new_bps,
            self.old_minor, self.new_minor,
        ]  # fmt: skip

    @classmethod
    def from_json(cls, kept: list[Any], currency: str) -> "Changed":
        """Read what `as_json` wrote."""
        creditor_id, number, creditor, minor, *rest = kept
        return cls(UUID(creditor_id), number, creditor, Money(minor, currency), *rest)


@dataclass
class Simulation:
    """The effect of a card: in all, per creditor, by how far fees move, and where they move most.

    `every` is 1 when each claim was priced, else every so manyth was. `shifts` counts claims by the change
    of their fee, in steps of `STEP_BPS` basis points rounded towards zero.
    """

    currency: str
    every: int
    claims_in_all: int
    total: Effect = field(default_factory=lambda: Effect(""))
    creditors: dict[UUID, Effect] = field(default_factory=dict)
    shifts: Counter[int] = field(default_factory=Counter)
    changed: list[Changed] = field(default_factory=list)

    def add(self, changed: Changed) -> None:
        """Count one claim, and remember it while it is among those that change most."""
        self.total.add(changed)
        self.creditors.setdefault(changed.creditor_id, Effect(changed.creditor)).add(changed)
        self.shifts[int((changed.new_bps - changed.old_bps) / STEP_BPS)] += 1
        if changed.difference:
            self.changed.append(changed)
            if len(self.changed) > 50 * BIGGEST:
                self.changed = self.biggest()

    def biggest(self) -> list[Changed]:
        """Return the claims that would change most, at most `BIGGEST`."""
        return sorted(self.changed, key=_size, reverse=True)[:BIGGEST]

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain values, from which `from_json` goes on."""
        return {
            "currency": self.currency,
            "every": self.every,
            "claims_in_all": self.claims_in_all,
            "total": self.total.as_json(),
            "creditors": {str(creditor_id): one.as_json() for creditor_id, one in self.creditors.items()},
            "shifts": {str(shift): claims for shift, claims in self.shifts.items()},
            "changed": [one.as_json() for one in self.biggest()],
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Simulation":
        """Read what `as_json` wrote."""
        currency = kept["currency"]
        return cls(
            currency,
            kept["every"],
            kept["claims_in_all"],
            Effect(*kept["total"]),
            {UUID(creditor_id): Effect(*one) for creditor_id, one in kept["creditors"].items()},
            Counter({int(shift): claims for shift, claims in kept["shifts"].items()}),
            [Changed.from_json(one, currency) for one in kept["changed"]],
        )


def _size(changed: Changed) -> tuple[int, str]:
    """Of claims that change as much the order is that of their numbers, whatever was counted first."""
    return abs(changed.new_minor - changed.old_minor), changed.number

"""The scales of the law for collection costs, and what each makes of a principal."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from agency.money import Money, percent_of
from agency.rules.facts import DebtorKind, Law
from agency.rules.lawful_costs import UnlawfulCosts
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import TraceLine


@dataclass(frozen=True, slots=True)
class Slice:
    """A percentage of the part of the principal up to `up_to` (minor units) that no slice before took."""

    up_to: int | None
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Tier:
    """A fixed sum and a percentage of what is above `above`, for principals up to `up_to` (minor units)."""

    up_to: int | None
    fixed: int
    percent: Decimal
    above: int


@dataclass(frozen=True, slots=True)
class CostScale:
    """One scale as its table row gives it: slices that add up, or tiers of which one counts."""

    rule: str
    since: date
    source: str
    currency: str
    minimum: int
    maximum: int | None
    floor: int
    vat_uplift: bool
    clause_needed: bool
    lower_of_each: bool
    recomputed: bool
    agreed: str
    contracts_from: date | None
    older_due_from: date | None
    slices: tuple[Slice, ...]
    tiers: tuple[Tier, ...]

    def line(self, key: str, amount: Money | None, **inputs: str) -> TraceLine:
        """Return a trace line of this scale, with the key of its sentence."""
        return TraceLine(
            rule=self.rule,
            version=self.since.isoformat(),
            source=self.source,
            inputs=inputs,
            outcome=f"costs.{key}",
            amount=amount,
        )

    def lines(self, principal: Money) -> list[TraceLine]:
        """Return the addends of one principal: slice by slice, then the raise or the cut.

        Each part is rounded half up to the cent; full slices are whole cents, so only the last one rounds.
        """
        lines = list(self._by_slices(principal) if self.slices else self._by_tier(principal))
        amount = Money.total((line.amount for line in lines if line.amount is not None), self.currency)
        minimum = Money(self.minimum, self.currency)
        if amount < minimum:
            lines.append(self.line("minimum", minimum - amount, minimum=str(minimum)))
        elif self.maximum is not None and amount.minor > self.maximum:
            maximum = Money(self.maximum, self.currency)
            lines.append(self.line("maximum", maximum - amount, maximum=str(maximum)))
        return lines

    def _by_slices(self, principal: Money) -> Iterator[TraceLine]:
        taken = 0
        for piece in self.slices:
            top = principal.minor if piece.up_to is None else min(principal.minor, piece.up_to)
            if top > taken:
                yield self._share("slice", Money(top - taken, self.currency), piece.percent)
            taken = max(taken, top)

    def _by_tier(self, principal: Money) -> Iterator[TraceLine]:
        tier = next(tier for tier in self.tiers if tier.up_to is None or principal.minor <= tier.up_to)
        yield self.line("fixed", Money(tier.fixed, self.currency), principal=str(principal))
        if tier.percent:
            part = Money(principal.minor - tier.above, self.currency)
            above = str(Money(tier.above, self.currency))
            yield self._share("above", part, tier.percent, above=above)

    def _share(self, key: str, part: Money, percent: Decimal, **more: str) -> TraceLine:
        amount = percent_of(part, percent)
        return self.line(key, amount, percent=str(percent), part=str(part), **more)


@lru_cache(maxsize=4096)
def scale_in_force(law: Law, debtor: DebtorKind, on: date) -> CostScale | None:
    """Return the scale for a law and kind of debtor on a day; None where that law knows none at all.

    :raises UnlawfulCosts: when the scale was not in force yet.
    """
    rows = [row for row in read_table("costs")["scale"] if row["law"] == law and debtor in row["debtors"]]
    if not rows:
        return None
    row = row_in_force(rows, on)
    if row is None:
        raise UnlawfulCosts(f"{rows[0]['rule']} is not in force before {rows[0]['since']}, so not on {on}")
    return _scale(row)


def _scale(row: dict[str, Any]) -> CostScale:
    slices = (Slice(piece.get("up_to"), Decimal(piece["percent"])) for piece in row.get("slices", ()))
    tiers = (
        Tier(tier.get("up_to"), tier["fixed"], Decimal(tier.get("percent", 0)), tier.get("above", 0))
        for tier in row.get("tiers", ())
    )
    return CostScale(
        rule=row["rule"],
        since=row["since"],
        source=row["source"],
        currency=row["currency"],
        minimum=row.get("minimum", 0),
        maximum=row.get("maximum"),
        floor=row.get("floor", 0),
        vat_uplift=row.get("vat_uplift", False),
        clause_needed=row.get("clause_needed", False),
        lower_of_each=row.get("lower_of_each", False),
        recomputed=row.get("recomputed", False),
        agreed=row["agreed"],
        contracts_from=row.get("contracts_from"),
        older_due_from=row.get("older_due_from"),
        slices=tuple(slices),
        tiers=tuple(tiers),
    )

"""What may be claimed for collection out of court."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from agency.money import Money, percent_of, round_ratio
from agency.rules.facts import DebtorKind, Law
from agency.rules.tables import read_table, row_in_force
from agency.rules.trace import Trace, TraceLine


class UnlawfulCosts(ValueError):
    """Costs that no rule allows; the message says why."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What may be claimed for collection: the amount, the VAT raised on it, and both together."""

    amount: Money
    vat: Money
    total: Money
    trace: Trace


def collection_costs(
    *,
    law: Law,
    debtor: DebtorKind,
    principals: Sequence[Money],
    on: date,
    vat_deductible: bool = True,
    clause_agreed: bool = True,
) -> Costs:
    """Work out the costs that may be claimed for the principals reminded in one letter.

    Interest and other costs are no part of the base. Dutch principals are added before the scale is applied
    (BW 6:96(7)), and VAT is raised only when the creditor cannot deduct it (Besluit BIK art. 2(3)), which
    the letter must then declare. A Belgian consumer owes nothing without an agreed clause (WER art. XIX.4),
    and for several debts the lower of "each by itself" and "all together". Where nothing may be claimed the
    answer is zero, with the reason in the trace.

    :param principals: the open principals of the letter, credit notes negative, in one currency.
    :param on: the day of the notice; it picks the scale in force.
    :param vat_deductible: whether the creditor can set off the VAT on the agency's invoice.
    :param clause_agreed: whether contract or terms, accepted and reciprocal, provide for costs.
    :raises UnlawfulCosts: when no scale was in force yet, or the principals are in another currency.
    :raises CurrencyMismatch: when the principals are in several currencies.
    :raises ValueError: when there is no principal at all.
    """
    if not principals:
        raise ValueError("costs need at least one principal")
    base = Money.total(principals, principals[0].currency)
    scale = _scale(law, debtor, on)
    if scale is not None and base.currency != scale.currency:
        raise UnlawfulCosts(f"{scale.rule} is a scale in {scale.currency}, not in {base.currency}")
    reason = _why_nothing(scale, base, clause_agreed)
    if scale is None or reason:
        return _nothing(law, debtor, base, on, scale, reason)
    amount, how = _on_scale(scale, principals, base)
    vat_percent = Decimal(0) if vat_deductible or not scale.vat_uplift else _vat_percent(law, on)
    vat = percent_of(amount, vat_percent)
    lines = [
        TraceLine(
            rule=scale.rule,
            version=scale.since.isoformat(),
            source=scale.source,
            inputs={"principal": str(base), "debts": str(len(principals)), "debtor": debtor.value},
            outcome=how,
            amount=amount,
        )
    ]
    if vat:
        lines.append(_vat_line(on, vat_percent, vat))
    return Costs(amount=amount, vat=vat, total=amount + vat, trace=tuple(lines))


def refuse_excess(*, claimed: Money, lawful: Costs) -> Money:
    """Return costs that somebody else computed, when they stay within what the law allows.

    A professional collector must check this itself before it claims them (WER Book XIX; BW 6:96(5)).

    :raises UnlawfulCosts: when they are higher than the lawful total, or negative.
    """
    if claimed > lawful.total:
        raise UnlawfulCosts(f"{claimed} is claimed where {lawful.trace[0].rule} allows {lawful.total}")
    if claimed.minor < 0:
        raise UnlawfulCosts("costs are never negative")
    return claimed


@dataclass(frozen=True, slots=True)
class _Tier:
    up_to: int | None
    base: int
    percent: Decimal
    above: int


@dataclass(frozen=True, slots=True)
class _Scale:
    rule: str
    since: date
    source: str
    currency: str
    minimum: int
    maximum: int | None
    clause_needed: bool
    vat_uplift: bool
    per_debt: bool
    tiers: tuple[_Tier, ...]

    def costs_of(self, principal: int) -> int:
        """Return the costs of one principal, both in minor units, rounded half up."""
        tier = next(tier for tier in self.tiers if tier.up_to is None or principal <= tier.up_to)
        numerator, denominator = tier.percent.as_integer_ratio()
        share = round_ratio((principal - tier.above) * numerator, 100 * denominator)
        amount = max(tier.base + share, self.minimum)
        return amount if self.maximum is None else min(amount, self.maximum)


def _on_scale(scale: _Scale, principals: Sequence[Money], base: Money) -> tuple[Money, str]:
    together = scale.costs_of(base.minor)
    if not scale.per_debt or len(principals) == 1:
        return Money(together, base.currency), "scale on the sum of the principals"
    each = sum(scale.costs_of(principal.minor) for principal in principals if principal.minor > 0)
    # The law caps the indemnity per debt and does not say whether invoices reminded together are one debt:
    # the debtor gets the lower of both readings.
    if each < together:
        return Money(each, base.currency), "scale on each debt by itself, which is lower than on the sum"
    return Money(together, base.currency), "scale on the sum, which is not higher than on each debt by itself"


def _why_nothing(scale: _Scale | None, base: Money, clause_agreed: bool) -> str:
    if scale is None:
        return "the law lets the creditor claim no costs from this kind of debtor"
    if scale.clause_needed and not clause_agreed:
        return "no clause on costs was agreed"
    return "" if base.minor > 0 else "no principal is open"


def _nothing(law: Law, debtor: DebtorKind, base: Money, on: date, scale: _Scale | None, why: str) -> Costs:
    zero = Money.zero(base.currency)
    line = TraceLine(
        rule=scale.rule if scale else f"{law}.no_costs",
        version=(scale.since if scale else on).isoformat(),
        source=scale.source if scale else "no scale is kept for this law and kind of debtor",
        inputs={"principal": str(base), "debtor": debtor.value},
        outcome=f"nothing: {why}",
        amount=zero,
    )
    return Costs(amount=zero, vat=zero, total=zero, trace=(line,))


def _vat_line(on: date, percent: Decimal, vat: Money) -> TraceLine:
    return TraceLine(
        rule="nl.bik_vat",
        version=on.isoformat(),
        source="Besluit vergoeding voor buitengerechtelijke incassokosten art. 2(3)",
        inputs={"percent": str(percent)},
        outcome="raised, because the creditor cannot deduct it; the letter must say so",
        amount=vat,
    )


@lru_cache(maxsize=4096)
def _scale(law: Law, debtor: DebtorKind, on: date) -> _Scale | None:
    rows = [row for row in read_table("costs")["scale"] if row["law"] == law and debtor in row["debtors"]]
    if not rows:
        return None
    row = row_in_force(rows, on)
    if row is None:
        raise UnlawfulCosts(f"{rows[0]['rule']} is not in force before {rows[0]['since']}, so not on {on}")
    return _Scale(
        rule=row["rule"],
        since=row["since"],
        source=row["source"],
        currency=row["currency"],
        minimum=row["minimum"],
        maximum=row.get("maximum"),
        clause_needed=row["clause_needed"],
        vat_uplift=row["vat_uplift"],
        per_debt=row.get("per_debt", False),
        tiers=tuple(
            _Tier(tier.get("up_to"), tier["base"], Decimal(tier["percent"]), tier["above"])
            for tier in row["tiers"]
        ),
    )


@lru_cache(maxsize=4096)
def _vat_percent(law: Law, on: date) -> Decimal:
    row = row_in_force((row for row in read_table("costs")["vat"] if row["law"] == law), on)
    assert row is not None, "every scale with an uplift has a VAT rate from its first day"
    return Decimal(row["percent"])

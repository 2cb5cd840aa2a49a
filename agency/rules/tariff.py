"""What a tariff of success fees makes of collected money."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from agency.money import Money, Rounding, percent_of, round_ratio
from agency.rules.debt_age import fewest_days
from agency.rules.no_cure_no_pay import Work, refuse_forbidden
from agency.rules.tariff_file import (
    Band,
    Basis,
    Charge,
    Outcome,
    Surcharge,
    Tariff,
    UnreadableTariff,
    read_tariff,
)
from agency.rules.trace import Trace, TraceLine

__all__ = ["Outcome", "Tariff", "TariffFee", "TariffRefused", "UnreadableTariff", "read_tariff", "tariff_fee"]

_HUNDRED: Final = Decimal(100)


class TariffRefused(ValueError):
    """The tariff does not take such a claim, or not such an amount; the message says why."""


@dataclass(frozen=True, slots=True)
class TariffFee:
    """A fee by tariff, without VAT. `percent` is what of the collected money the percentages come to, before
    any minimum, maximum or fixed amount; to two decimals where slices differ. The trace adds up to `amount`.
    """

    percent: Decimal
    amount: Money
    trace: Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    tariff: Tariff
    collected: Money
    claim: Money | None
    outcome: Outcome

    def line(self, key: str, amount: Money | None, **inputs: str) -> TraceLine:
        return TraceLine(
            rule="fee.tariff",
            version=self.tariff.version.isoformat(),
            source=f"{self.tariff.name}: {self.tariff.source}",
            inputs=inputs,
            outcome=f"fee.{key}",
            amount=amount,
        )


def tariff_fee(
    *,
    tariff: Tariff,
    collected: Money,
    age_months: int,
    age_days: int | None = None,
    claim: Money | None = None,
    outcome: Outcome | None = None,
    work: Work | None = None,
) -> TariffFee:
    """Compute the fee that a tariff asks for money collected, without VAT.

    :param age_months: full calendar months since the debt fell due (see `debt_age`).
    :param age_days: the days since then; without them a tariff that counts days gets the fewest that those
        months can have.
    :param claim: the principal that was placed, which picks the band where one counts for the whole; what
        was collected when None.
    :param outcome: how it ended; when None, by whether anything was collected.
    :param work: what was done, where it is not certain that a fee by result is allowed.
    :raises TariffRefused: when the tariff does not take a claim so small or so large, or the outcome needs
        the claim and it is not given.
    :raises UnlawfulFee: when the law forbids a fee by result for that work.
    :raises CurrencyMismatch: when an amount is in another currency than the tariff's.
    :raises ValueError: when an amount or an age is negative.
    """
    zero = Money.zero(tariff.currency)
    if collected < zero or (claim is not None and claim < zero) or min(age_months, age_days or 0) < 0:
        raise ValueError("money and age are not negative")
    if work is not None:
        refuse_forbidden(work)
    ended = outcome or (Outcome.collected if collected else Outcome.nothing)
    case = _Case(tariff=tariff, collected=collected, claim=claim, outcome=ended)
    days = fewest_days(age_months) if age_days is None else age_days
    surcharge = _surcharge(tariff, age_months, days)
    percent, lines = _charged(case, surcharge)
    lines += _fixed(case)
    if not lines:
        lines = [case.line("nothing", zero)]
    amount = Money.total((line.amount for line in lines if line.amount is not None), tariff.currency)
    return TariffFee(percent=percent, amount=amount, trace=tuple(lines))


def _charged(case: _Case, surcharge: Surcharge | None) -> tuple[Decimal, list[TraceLine]]:
    """Return the percentage and the addends that the outcome earns, fixed fees left out."""
    charge = case.tariff.outcomes[case.outcome]
    if isinstance(charge, Money):
        lines = [case.line(f"outcome_{case.outcome}", charge)] if charge else []
        return Decimal(0), lines
    base = case.collected
    if charge is Charge.full_on_claim:
        if case.claim is None:
            raise TariffRefused(f"{case.tariff.name}: the fee for {case.outcome} counts over the claim")
        base = case.claim
    if charge is Charge.none or not base:
        return Decimal(0), []
    percent, lines = _percentages(case, base, surcharge)
    lines += _bounds(case, lines)
    if charge is Charge.half:
        whole = Money.total((line.amount for line in lines if line.amount is not None), base.currency)
        lines.append(case.line("half", percent_of(whole, Decimal(50)) - whole, fee=str(whole)))
        percent /= 2
    return percent, lines


def _percentages(case: _Case, base: Money, surcharge: Surcharge | None) -> tuple[Decimal, list[TraceLine]]:
    band = _band_of(case.tariff, base if case.claim is None else case.claim)
    if surcharge is not None and surcharge.instead:
        return surcharge.percent, [_share(case, "instead", base, surcharge.percent)]
    if case.tariff.basis is Basis.whole:
        percent, lines = band.percent, [_share(case, "rate", base, band.percent)]
    else:
        percent, lines = _slices(case, base)
    if surcharge is not None:
        lines.append(_share(case, "surcharge", base, surcharge.percent))
        percent += surcharge.percent
    return percent, lines


def _slices(case: _Case, base: Money) -> tuple[Decimal, list[TraceLine]]:
    bands, lines = case.tariff.bands, []
    for index, band in enumerate(bands):
        top = min(base, bands[index + 1].lowest) if index + 1 < len(bands) else base
        if top <= band.lowest:
            break
        lines.append(_share(case, "slice", top - band.lowest, band.percent))
        amount = lines[-1].amount
        if band.most is not None and amount is not None and amount > band.most:
            lines.append(case.line("slice_most", band.most - amount, most=str(band.most)))
    fee = Money.total((line.amount for line in lines if line.amount is not None), base.currency)
    return Decimal(round_ratio(fee.minor * 10_000, base.minor, Rounding.HALF_UP)) / _HUNDRED, lines


def _bounds(case: _Case, lines: Sequence[TraceLine]) -> list[TraceLine]:
    fee = Money.total((line.amount for line in lines if line.amount is not None), case.tariff.currency)
    minimum, maximum = case.tariff.minimum, case.tariff.maximum
    if minimum is not None and fee < minimum:
        return [case.line("minimum", minimum - fee, minimum=str(minimum))]
    if maximum is not None and fee > maximum:
        return [case.line("maximum", maximum - fee, maximum=str(maximum))]
    return []


def _fixed(case: _Case) -> list[TraceLine]:
    claim = case.collected if case.claim is None else case.claim
    lines = []
    for fee in case.tariff.fixed:
        too_large = fee.below is not None and not claim < fee.below
        if too_large or (fee.only_when_collected and not case.collected):
            continue
        lines.append(case.line(f"fixed_{fee.kind}", fee.amount))
    return lines


def _band_of(tariff: Tariff, claim: Money) -> Band:
    """Return the band that a claim reaches, when the tariff takes it at all."""
    reached = [band for band in tariff.bands if band.holds(claim)]
    if not reached:
        raise TariffRefused(f"{tariff.name}: takes no claim below {tariff.bands[0].lowest}, not {claim}")
    if tariff.limit is not None and claim > tariff.limit:
        raise TariffRefused(f"{tariff.name}: names no fee for claims above {tariff.limit}, not {claim}")
    return reached[-1]


def _surcharge(tariff: Tariff, months: int, days: int) -> Surcharge | None:
    older = [
        row
        for row in tariff.surcharges
        if (row.over_months is not None and months > row.over_months)
        or (row.over_days is not None and days > row.over_days)
    ]
    return older[-1] if older else None


def _share(case: _Case, key: str, part: Money, percent: Decimal) -> TraceLine:
    plain = format(percent.normalize(), "f")
    return case.line(key, percent_of(part, percent), percent=plain, part=str(part))

"""A tariff of success fees as a file: what it may say, and why one is refused."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final, TypeVar

from agency.money import EXPONENTS, Money, UnreadableAmount

_Choice = TypeVar("_Choice", bound=StrEnum)


class UnreadableTariff(ValueError):
    """A tariff file that cannot be used: names the field and says what is wrong with it."""


class Basis(StrEnum):
    """How bands count: `slices` add up, each over its own part; or one band counts over the `whole`."""

    slices = "slices"
    whole = "whole"


class Outcome(StrEnum):
    """How the work on a claim ended.

    `collected`: the debtor paid the principal or less. `paid_in_full`: with interest and costs too.
    `paid_to_creditor`: past the agency. `paid_before_placement`: before the claim was handed over.
    """

    collected = "collected"
    paid_in_full = "paid_in_full"
    paid_to_creditor = "paid_to_creditor"
    paid_before_placement = "paid_before_placement"
    goods_returned = "goods_returned"
    withdrawn = "withdrawn"
    bankrupt = "bankrupt"
    nothing = "nothing"


class Charge(StrEnum):
    """What an outcome earns of the percentage: all, half, none, or all as if the claim had been collected."""

    full = "full"
    half = "half"
    none = "none"
    full_on_claim = "full_on_claim"


class FeeKind(StrEnum):
    """What a fixed amount is for; each is due whatever happens, unless `when` says otherwise."""

    base = "base"
    opening = "opening"
    small_claim = "small_claim"
    administration = "administration"


@dataclass(frozen=True, slots=True)
class Band:
    """A percentage for amounts from `lowest` on, or above it when it is `exclusive`; at most `most`."""

    lowest: Money
    exclusive: bool
    percent: Decimal
    most: Money | None

    def holds(self, amount: Money) -> bool:
        """Tell whether an amount reaches this band."""
        return amount > self.lowest or (amount == self.lowest and not self.exclusive)


@dataclass(frozen=True, slots=True)
class FixedFee:
    """An amount beside the percentage: always, or only when money came in; only for claims below `below`."""

    kind: FeeKind
    amount: Money
    only_when_collected: bool
    below: Money | None


@dataclass(frozen=True, slots=True)
class Surcharge:
    """What an older debt costs more: points on top, or another percentage instead of every band."""

    over_months: int | None
    over_days: int | None
    percent: Decimal
    instead: bool


@dataclass(frozen=True, slots=True)
class Tariff:
    """A readable tariff. Of several surcharges that hold only the last counts; no claim exceeds `limit`."""

    name: str
    source: str
    version: date
    currency: str
    basis: Basis
    bands: tuple[Band, ...]
    surcharges: tuple[Surcharge, ...]
    fixed: tuple[FixedFee, ...]
    minimum: Money | None
    maximum: Money | None
    limit: Money | None
    outcomes: Mapping[Outcome, Charge | Money]


# Money paid past the agency earns the fee like any other; whatever else a tariff does not name is free.
_UNNAMED: Final[dict[Outcome, Charge]] = dict.fromkeys(Outcome, Charge.none) | {
    Outcome.collected: Charge.full,
    Outcome.paid_in_full: Charge.full,
    Outcome.paid_to_creditor: Charge.full,
    Outcome.paid_before_placement: Charge.full,
}


def read_tariff(content: bytes | str) -> Tariff:
    """Read a tariff from TOML.

    :raises UnreadableTariff: when it is no TOML, a field is missing, unknown or wrong, or the bands or
        surcharges do not rise.
    """
    try:
        text = content.decode("utf-8") if isinstance(content, bytes) else content
        fields = _Fields(tomllib.loads(text, parse_float=Decimal), "")
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise UnreadableTariff(f"not a TOML file: {error}") from error
    currency = fields.text("currency")
    if currency not in EXPONENTS:
        raise UnreadableTariff(f"currency: {currency!r} is not known")
    fields.currency = currency
    tariff = Tariff(
        name=fields.text("name"),
        source=fields.text("source"),
        version=fields.day("version"),
        currency=currency,
        basis=fields.choice("basis", Basis),
        bands=tuple(_band(band) for band in fields.tables("band")),
        surcharges=tuple(_surcharge(row) for row in fields.tables("surcharge")),
        fixed=tuple(_fixed(row) for row in fields.tables("fee")),
        minimum=fields.amount_or_none("minimum"),
        maximum=fields.amount_or_none("maximum"),
        limit=fields.amount_or_none("limit"),
        outcomes=_outcomes(fields),
    )
    fields.refuse_others()
    _check(tariff)
    return tariff


class _Fields:
    """The fields of one table of the file: each is taken once, and none may be left."""

    def __init__(self, content: Mapping[str, Any], where: str, currency: str = "") -> None:
        self.left, self.where, self.currency = dict(content), where, currency

    def wrong(self, name: str, why: str) -> UnreadableTariff:
        return UnreadableTariff(f"{self.where}{name}: {why}")

    def take(self, name: str) -> Any:
        if name not in self.left:
            raise self.wrong(name, "is missing")
        return self.left.pop(name)

    def text(self, name: str) -> str:
        value = self.take(name)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(name, "is not a text")
        return value

    def day(self, name: str) -> date:
        value = self.take(name)
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self.wrong(name, "is not a date")
        return value

    def count(self, name: str) -> int:
        value = self.take(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self.wrong(name, "is not a count")
        return value

    def choice(self, name: str, choices: type[_Choice]) -> _Choice:
        value = self.text(name)
        if value not in list(choices):
            raise self.wrong(name, f"{value!r} is not one of {', '.join(choices)}")
        return choices(value)

    def amount(self, name: str) -> Money:
        return self.as_amount(name, self.take(name))

    def as_amount(self, name: str, value: object) -> Money:
        try:
            amount = Money.parse(str(value), self.currency)
        except UnreadableAmount as error:
            raise self.wrong(name, str(error)) from error
        if amount.minor < 0:
            raise self.wrong(name, "is negative")
        return amount

    def amount_or_none(self, name: str) -> Money | None:
        return self.amount(name) if name in self.left else None

    def percent(self, name: str) -> Decimal:
        value = self.take(name)
        try:
            percent = Decimal(str(value))
        except InvalidOperation:
            raise self.wrong(name, f"{value!r} is not a percentage") from None
        if not (percent.is_finite() and 0 <= percent <= 100):
            raise self.wrong(name, f"{value} is not between 0 and 100")
        return percent

    def tables(self, name: str) -> list["_Fields"]:
        rows = self.left.pop(name, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise self.wrong(name, "is not a list of tables")
        return [_Fields(row, f"{name} {at}, ", self.currency) for at, row in enumerate(rows, start=1)]

    def one_of(self, first: str, second: str) -> str:
        found = [name for name in (first, second) if name in self.left]
        if len(found) != 1:
            raise self.wrong(first, f"give it or {second}, and only one of them")
        return found[0]

    def refuse_others(self) -> None:
        if self.left:
            raise self.wrong(", ".join(sorted(self.left)), "is not a field of a tariff")


def _band(row: _Fields) -> Band:
    bound = row.one_of("from", "over")
    band = Band(
        lowest=row.amount(bound),
        exclusive=bound == "over",
        percent=row.percent("percent"),
        most=row.amount_or_none("most"),
    )
    row.refuse_others()
    return band


def _surcharge(row: _Fields) -> Surcharge:
    age, how = row.one_of("over_months", "over_days"), row.one_of("points", "percent")
    over = row.count(age)
    surcharge = Surcharge(
        over_months=over if age == "over_months" else None,
        over_days=over if age == "over_days" else None,
        percent=row.percent(how),
        instead=how == "percent",
    )
    row.refuse_others()
    return surcharge


def _fixed(row: _Fields) -> FixedFee:
    when = row.text("when") if "when" in row.left else "always"
    if when not in ("always", "collected"):
        raise row.wrong("when", f"{when!r} is not one of always, collected")
    fee = FixedFee(
        kind=row.choice("kind", FeeKind),
        amount=row.amount("amount"),
        only_when_collected=when == "collected",
        below=row.amount_or_none("claim_below"),
    )
    row.refuse_others()
    return fee


def _outcomes(fields: _Fields) -> Mapping[Outcome, Charge | Money]:
    named = fields.left.pop("outcome", {})
    if not isinstance(named, dict):
        raise fields.wrong("outcome", "is not a table")
    found: dict[Outcome, Charge | Money] = dict(_UNNAMED)
    for name, value in named.items():
        if name not in list(Outcome):
            raise fields.wrong(f"outcome.{name}", f"is not one of {', '.join(Outcome)}")
        is_charge = isinstance(value, str) and value in list(Charge)
        found[Outcome(name)] = Charge(value) if is_charge else fields.as_amount(f"outcome.{name}", value)
    return found


def _check(tariff: Tariff) -> None:
    if not tariff.bands:
        raise UnreadableTariff("band: there is none")
    lowest = [band.lowest.minor for band in tariff.bands]
    if lowest != sorted(set(lowest)):
        raise UnreadableTariff("band: each must begin higher than the one before")
    if tariff.basis is Basis.slices and lowest[0]:
        raise UnreadableTariff("band 1, from: slices begin at 0")
    months = [row.over_months for row in tariff.surcharges if row.over_months is not None]
    days = [row.over_days for row in tariff.surcharges if row.over_days is not None]
    if (months and days) or months != sorted(set(months)) or days != sorted(set(days)):
        raise UnreadableTariff("surcharge: all count months or all count days, each more than the one before")
    if tariff.minimum and tariff.maximum and tariff.minimum > tariff.maximum:
        raise UnreadableTariff("minimum: is above the maximum")

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from agency.rules.facts import InterestKind, Law


class NoRate(LookupError):
    """No table holds a rate for this law, kind and day."""


@dataclass(frozen=True, slots=True)
class DatedRate:
    """A yearly rate in per cent, in force from `since`."""

    percent: Decimal
    since: date
    source: str


def rate_on(*, law: Law, kind: InterestKind, on: date) -> DatedRate:
    raise NotImplementedError


def stale_tables(*, on: date) -> list[str]:
    raise NotImplementedError

from dataclasses import dataclass

from agency.money import Money
from agency.rules.facts import DebtorKind, DisputeStatus, DocumentKind
from agency.rules.score import ScoreGain
from agency.rules.trace import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFacts:
    """What the price depends on; `gains` comes from the score and shows what each document would save."""

    amount: Money
    age_days: int
    debtor: DebtorKind
    country: str
    completeness: int
    dispute: DisputeStatus
    gains: tuple[ScoreGain, ...] = ()


@dataclass(frozen=True, slots=True)
class Factor:
    key: str
    label: str
    bps: int
    why: str


@dataclass(frozen=True, slots=True)
class Saving:
    document: DocumentKind
    fee_bps_after: int


@dataclass(frozen=True, slots=True)
class Price:
    """The binding price: `fee_bps` of what is collected, in total at most `maximum`; nothing if nothing."""

    fee_bps: int
    minimum: Money
    factors: tuple[Factor, ...]
    cheaper: tuple[Saving, ...]
    trace: Trace
    maximum: Money


@dataclass(frozen=True, slots=True)
class RateCard:
    version: str

    @classmethod
    def from_json(cls, content: str | bytes) -> "RateCard":
        raise NotImplementedError

    def to_json(self) -> bytes:
        raise NotImplementedError


DEFAULT_CARD = RateCard(version="draft")


def price(*, card: RateCard, facts: PriceFacts) -> Price:
    raise NotImplementedError

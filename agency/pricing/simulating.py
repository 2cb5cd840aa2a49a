"""What another rate card would cost the creditors, on the claims as they were last priced."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from agency.kernel.unit import Unit
from agency.money import Money
from agency.pricing.scoring import ClaimFacts, price_facts
from agency.rules.price import price
from agency.rules.rate_card import RateCard
from agency.rules.smaller_claims import smaller_claims

CLAIMS_MAX: Final = 20_000
BIGGEST: Final = 20
STEP_BPS: Final = 100
_CHUNK: Final = 2_000

# Every k-th claim by number, so that a large portfolio is answered in seconds; the page says which share.
_PRICED = text(
    "SELECT c.id, c.creditor_id, c.number, r.name AS creditor, l.facts FROM claim c"
    " JOIN creditor r ON r.id = c.creditor_id"
    " JOIN LATERAL (SELECT q.facts FROM quote_line q WHERE q.creditor_id = c.creditor_id"
    "  AND q.claim_id = c.id ORDER BY q.quote_id DESC LIMIT 1) l ON true"
    " WHERE c.state IN ('new', 'quoted', 'active') AND c.currency = :currency"
    " AND mod(hashtext(c.number)::bigint + 2147483648, :every) = 0"
)
_COUNT = text(
    "SELECT count(*) FROM claim WHERE state IN ('new', 'quoted', 'active') AND currency = :currency"
)


@dataclass
class Effect:
    """What a group of claims would pay when all is collected, in minor units, old against new."""

    name: str
    claims: int = 0
    principal: int = 0
    old: int = 0
    new: int = 0


@dataclass(frozen=True)
class Changed:
    """A claim whose fee would change: basis points and minor units, before and after."""

    claim_id: UUID
    creditor_id: UUID
    number: str
    creditor: str
    amount: Money
    old_bps: int
    new_bps: int
    old_minor: int
    new_minor: int


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
    biggest: list[Changed] = field(default_factory=list)


def simulate(unit: Unit, *, old: RateCard, new: RateCard) -> Simulation:
    """This function will price the portfolio under two cards; nothing is stored.

    :raises CurrencyMismatch: the cards are in different currencies.
    """
    connection = unit.session.connection()
    claims = connection.execute(_COUNT, {"currency": old.currency}).scalar_one()
    made = Simulation(old.currency, every=max(1, -(-claims // CLAIMS_MAX)), claims_in_all=claims)
    for changed in changes(unit, old=old, new=new, every=made.every):
        _count(made, changed)
    made.biggest.sort(key=_size, reverse=True)
    return made


def changes(unit: Unit, *, old: RateCard, new: RateCard, every: int) -> Iterator[Changed]:
    """This function will price one claim after the other under two cards, every so manyth of them."""
    rows = unit.session.connection().execute(
        _PRICED, {"currency": old.currency, "every": every}, execution_options={"yield_per": _CHUNK}
    )
    for row in rows:
        yield _under_both(row, old, new)


def _under_both(row: Row[Any], old: RateCard, new: RateCard) -> Changed:
    facts = ClaimFacts.from_json(row.facts)
    points = row.facts["completeness"]
    smaller = smaller_claims(
        debtor=facts.debtor, amount=facts.amount, documents=facts.documents, dispute=facts.dispute,
        completeness=points,
    )  # fmt: skip
    asked = price_facts(facts, completeness=points, smaller=smaller)
    before, after = price(card=old, facts=asked), price(card=new, facts=asked)
    return Changed(
        claim_id=row.id,
        creditor_id=row.creditor_id,
        number=row.number,
        creditor=row.creditor,
        amount=facts.amount,
        old_bps=before.fee_bps,
        new_bps=after.fee_bps,
        old_minor=before.maximum.minor,
        new_minor=after.maximum.minor,
    )


def _count(made: Simulation, changed: Changed) -> None:
    theirs = made.creditors.setdefault(changed.creditor_id, Effect(changed.creditor))
    for effect in (made.total, theirs):
        effect.claims += 1
        effect.principal += changed.amount.minor
        effect.old += changed.old_minor
        effect.new += changed.new_minor
    made.shifts[int((changed.new_bps - changed.old_bps) / STEP_BPS)] += 1
    if changed.new_minor != changed.old_minor:
        made.biggest.append(changed)
        if len(made.biggest) > 50 * BIGGEST:
            made.biggest = sorted(made.biggest, key=_size, reverse=True)[:BIGGEST]


def _size(changed: Changed) -> int:
    return abs(changed.new_minor - changed.old_minor)

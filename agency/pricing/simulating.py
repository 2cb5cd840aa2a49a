"""What another rate card would cost the creditors, on the claims as they were last priced: the sums, and
beside them each claim that was priced, kept part by part."""

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from agency.events import RateCardTried
from agency.kernel.actor import actor
from agency.kernel.errors import NotFound
from agency.kernel.tryouts import LEASE_SECONDS, Tryouts, TryoutState
from agency.kernel.unit import Unit, Units
from agency.pricing.drafts import RATE_CARD_DRAFTS, fair_card
from agency.pricing.models import RateCardDraft, RateCardTrial
from agency.pricing.rate_cards import card_of_version, card_on
from agency.pricing.scoring import ClaimFacts, price_facts, smaller_of
from agency.pricing.simulation_sums import Changed, Simulation
from agency.rules.price import price
from agency.rules.rate_card import RateCard

CLAIMS_MAX: Final = 200_000
CHUNK: Final = 2_000

RATE_CARD_TRYOUTS: Final = Tryouts(RateCardTrial, RATE_CARD_DRAFTS, tells=RateCardTried)

_PRICED = (
    "SELECT c.id, c.creditor_id, c.number, r.name AS creditor, l.facts FROM claim c"
    " JOIN creditor r ON r.id = c.creditor_id"
    " JOIN LATERAL (SELECT q.facts FROM quote_line q WHERE q.creditor_id = c.creditor_id"
    "  AND q.claim_id = c.id ORDER BY q.quote_id DESC LIMIT 1) l ON true"
    " WHERE c.state IN ('new', 'quoted', 'active') AND c.currency = :currency"
)
# Every k-th claim by number, so that a large portfolio is answered in a minute; the page says which share.
_NEXT = text(
    f"{_PRICED} AND mod(hashtext(c.number)::bigint + 2147483648, :every) = 0"
    " AND (c.creditor_id, c.id) > (:creditor, :claim) ORDER BY c.creditor_id, c.id LIMIT :limit"
)
_KEEP = text(
    "INSERT INTO rate_card_trial_part (trial_id, claims_before, lines) VALUES (:trial, :before, :lines)"
)
_KEPT = text("SELECT lines FROM rate_card_trial_part WHERE trial_id = :trial ORDER BY claims_before")
_FORGET = text(
    "DELETE FROM rate_card_trial_part p USING rate_card_trial t WHERE t.id = p.trial_id"
    " AND t.draft_id = :draft AND t.id <> :trial"
)
_COUNT = text(
    "SELECT count(*) FROM claim WHERE state IN ('new', 'quoted', 'active') AND currency = :currency"
)
_NOBODY: Final = UUID(int=0)


def ask_simulation(unit: Unit, *, draft_id: UUID) -> UUID:
    """This function will have the portfolio priced under a draft; an earlier run that still runs ends, and
    the claims of earlier ones are forgotten.

    :raises UnfitCard: the draft breaks a rule.
    :raises NoRateCard: there is no card in force to compare with.
    :raises NotFound: there is no such draft.
    """
    draft = RATE_CARD_DRAFTS.find(unit, draft_id=draft_id, to_change=True)
    fair_card(draft)
    card_on(unit, on=unit.today)
    trial_id = RATE_CARD_TRYOUTS.ask(unit, draft, job=run_simulation)
    unit.session.connection().execute(_FORGET, {"draft": draft_id, "trial": trial_id})
    return trial_id


@actor(attempts_max=2, lease_seconds=LEASE_SECONDS, own_units=True)
def run_simulation(units: Units, *, trial_id: str) -> None:
    """This function will price the portfolio under a draft and under the card in force."""
    begin = partial(begin_walk, trial_id=UUID(trial_id))
    RATE_CARD_TRYOUTS.run(units, trial_id=UUID(trial_id), by="system:pricing", begin=begin)


def changes(unit: Unit, *, trial: RateCardTrial) -> Iterator[Changed]:
    """This function will return every claim that a try-out priced, in the order of its walk; one part at a
    time is in memory.

    :raises NotFound: the try-out has not come to its end.
    """
    if trial.state != TryoutState.DONE:
        raise NotFound("the try-out has not come to its end")
    currency = str(trial.result["currency"])
    kept = unit.session.connection().execute(_KEPT, {"trial": trial.id}, execution_options={"yield_per": 1})
    for lines in kept.scalars():
        yield from (Changed.from_json(line, currency) for line in json.loads(zlib.decompress(lines)))


@dataclass
class _CardWalk:
    """The claims in the order of their keys, under both cards, and the last one that was priced."""

    version: int
    old: RateCard
    new: RateCard
    sums: Simulation
    trial_id: UUID
    last: tuple[UUID, UUID] = field(default=(_NOBODY, _NOBODY))

    @property
    def claims(self) -> int:
        return -(-self.sums.claims_in_all // self.sums.every)

    @property
    def tried(self) -> int:
        return self.sums.total.claims

    def further(self, unit: Unit) -> bool:
        rows = unit.session.connection().execute(
            _NEXT,
            {"currency": self.old.currency, "every": self.sums.every, "creditor": self.last[0],
             "claim": self.last[1], "limit": CHUNK},
        ).all()  # fmt: skip
        before, priced = self.tried, [_under_both(row, self.old, self.new) for row in rows]
        for changed in priced:
            self.sums.add(changed)
        if rows:
            lines = zlib.compress(json.dumps([changed.as_json() for changed in priced]).encode(), 1)
            kept = {"trial": self.trial_id, "before": before, "lines": lines}
            unit.session.connection().execute(_KEEP, kept)
            self.last = rows[-1].creditor_id, rows[-1].id
        return len(rows) == CHUNK

    def standing(self) -> dict[str, Any]:
        last = [str(part) for part in self.last]
        return {"version": self.version, "last": last, "sums": self.sums.as_json()}

    def result(self) -> dict[str, Any]:
        return self.sums.as_json()


def begin_walk(unit: Unit, draft: RateCardDraft, standing: Mapping[str, Any], *, trial_id: UUID) -> _CardWalk:
    """This function will begin a walk, or go on under the card that was in force when it began."""
    new = fair_card(draft)
    if standing:
        creditor_id, claim_id = map(UUID, standing["last"])
        before = card_of_version(unit, version=standing["version"])
        sums = Simulation.from_json(standing["sums"])
        return _CardWalk(before.version, before.card, new, sums, trial_id, (creditor_id, claim_id))
    before = card_on(unit, on=unit.today)
    currency = before.card.currency
    claims = unit.session.connection().execute(_COUNT, {"currency": currency}).scalar_one()
    sums = Simulation(currency, every=max(1, -(-claims // CLAIMS_MAX)), claims_in_all=claims)
    return _CardWalk(before.version, before.card, new, sums, trial_id)


def _under_both(row: Row[Any], old: RateCard, new: RateCard) -> Changed:
    facts = ClaimFacts.from_json(row.facts)
    points = row.facts["completeness"]
    asked = price_facts(facts, completeness=points, smaller=smaller_of(facts, points))
    before, after = price(card=old, facts=asked), price(card=new, facts=asked)
    return Changed(
        creditor_id=row.creditor_id,
        number=row.number,
        creditor=row.creditor,
        amount=facts.amount,
        old_bps=before.fee_bps,
        new_bps=after.fee_bps,
        old_minor=before.maximum.minor,
        new_minor=after.maximum.minor,
    )

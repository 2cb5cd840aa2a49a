"""Drawing up a rate card: changed and checked as often as one likes, published by somebody else."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from agency.kernel.drafts import Drafts, refuse_other
from agency.kernel.errors import Conflict, Invalid
from agency.kernel.unit import Unit
from agency.pricing.models import RateCardDraft
from agency.pricing.promises import prove_card
from agency.pricing.rate_cards import card_on, publish_card
from agency.rules.rate_card import CardFault, RateCard, UnfairRateCard, unlawful_fees

PROOF_CASES: Final = 500
_PROOF_SEED: Final = 2026

RATE_CARD_DRAFTS: Final = Drafts(RateCardDraft, tells="rate_card")


class UnfitCard(Invalid):
    """The card breaks a rule; `faults` says which and where."""

    def __init__(self, faults: tuple[CardFault, ...]) -> None:
        super().__init__("this card breaks a rule, so it cannot be published")
        self.faults = faults


def start_draft(unit: Unit, *, name: str) -> UUID:
    """This function will begin a draft as a copy of the card in force.

    :raises NoRateCard: none is in force.
    """
    base = card_on(unit, on=unit.today)
    draft = RateCardDraft(
        name=name, content=plain_fields(base.card) | {"version": unit.today.isoformat()},
        valid_from=unit.today, based_on=base.version, writers=[unit.by], changed_at=unit.now,
        created_at=unit.now,
    )  # fmt: skip
    return RATE_CARD_DRAFTS.begin(unit, draft).id


def plain_fields(card: RateCard) -> dict[str, Any]:
    """This function will return a card as the plain fields that `RateCard.from_fields` reads."""
    fields: dict[str, Any] = json.loads(json.dumps(asdict(card)))
    return fields


def change_draft(
    unit: Unit,
    *,
    draft_id: UUID,
    name: str,
    valid_from: date,
    content: Mapping[str, Any],
    edition: str | None = None,
) -> RateCardDraft:
    """This function will keep new fields of a draft, whatever rules they break.

    :param edition: of the draft that the fields were written over.
    :raises ChangedMeanwhile: somebody else changed it since.
    :raises Conflict: it was submitted or published before.
    """
    draft = RATE_CARD_DRAFTS.to_write(unit, draft_id=draft_id)
    if (draft.name, draft.valid_from, draft.content) == (name, valid_from, content):
        return draft
    refuse_other(draft, edition)
    draft.name, draft.valid_from = name, valid_from
    return RATE_CARD_DRAFTS.write(unit, draft, content)


def card_faults(content: Mapping[str, Any], *, on: date) -> tuple[CardFault, ...]:
    """This function will say which rules of fairness and law a card's fields break, and where."""
    try:
        return unlawful_fees(RateCard.from_fields(content), on=on)
    except UnfairRateCard as refusal:
        return refusal.faults
    except (KeyError, TypeError, ValueError) as refusal:
        return (CardFault("", f"not a rate card: {refusal}"),)


def fair_card(draft: RateCardDraft) -> RateCard:
    """This function will return the card of a draft.

    :raises UnfitCard: it breaks a rule.
    """
    if faults := card_faults(draft.content, on=draft.valid_from):
        raise UnfitCard(faults)
    return RateCard.from_fields(draft.content | {"version": draft.valid_from.isoformat()})


def submit_draft(unit: Unit, *, draft_id: UUID) -> RateCardDraft:
    """This function will hand a draft to a second person.

    :raises UnfitCard: it breaks a rule.
    :raises Conflict: it is not a draft any more.
    :raises Invalid: its day has passed.
    """
    draft = RATE_CARD_DRAFTS.to_write(unit, draft_id=draft_id)
    _refuse_past(unit, draft)
    fair_card(draft)
    return RATE_CARD_DRAFTS.submit(unit, draft)


def approve_draft(unit: Unit, *, draft_id: UUID, edition: str | None = None) -> int:
    """This function will publish a submitted draft from its day on, by a person who wrote nothing of it.

    Its promises are tried on drawn claims first: a card that breaks one is not published.

    :param edition: of what the person read.
    :returns: the version.
    :raises NotYourOwn: the person wrote in it.
    :raises ChangedMeanwhile: it says something else by now.
    :raises UnfitCard: it breaks a rule, or a promise.
    :raises Conflict: it was not submitted, or equals the card before it.
    :raises Invalid: its day has passed.
    """
    draft = RATE_CARD_DRAFTS.to_publish(unit, draft_id=draft_id, edition=edition)
    _refuse_past(unit, draft)
    card = fair_card(draft)
    if broken := prove_card(card, cases=PROOF_CASES, seed=_PROOF_SEED):
        raise UnfitCard(tuple(CardFault("", one.promise) for one in broken[:1]))
    latest = unit.session.connection().execute(text("SELECT max(version) FROM rate_card")).scalar_one()
    version = publish_card(
        unit, card=card, valid_from=draft.valid_from, author=draft.writers[0], approved_by=unit.by
    )
    if version == latest:
        raise Conflict("this card is the one in force already")
    RATE_CARD_DRAFTS.publish(unit, draft, version=version)
    return version


def _refuse_past(unit: Unit, draft: RateCardDraft) -> None:
    if draft.valid_from < unit.today:
        raise Invalid("the first day of this card has passed", field="valid_from")

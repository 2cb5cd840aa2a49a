"""Drawing up a rate card: changed and checked as often as one likes, published by somebody else."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import select

from agency.kernel.audit import record
from agency.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from agency.kernel.ids import HOUSE, new_id
from agency.kernel.unit import Unit
from agency.pricing.models import DraftState, RateCardDraft
from agency.pricing.promises import prove_card
from agency.pricing.rate_cards import card_on, publish_card
from agency.rules.rate_card import CardFault, RateCard, UnfairRateCard, unlawful_fees

PROOF_CASES: Final = 500
_PROOF_SEED: Final = 2026


class NotYourOwn(Forbidden):
    """Whoever wrote a card does not approve it."""


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
        created_at=unit.now,
        id=new_id(),
        name=name,
        content=plain_fields(base.card),
        valid_from=unit.today,
        based_on=base.version,
        writers=[unit.by],
        changed_at=unit.now,
    )
    unit.session.add(draft)
    unit.session.flush()
    _tell(unit, draft, "drafted")
    return draft.id


def plain_fields(card: RateCard) -> dict[str, Any]:
    """This function will return a card as the plain fields that `RateCard.from_fields` reads."""
    fields: dict[str, Any] = json.loads(json.dumps(asdict(card)))
    return fields


def draft_of(unit: Unit, *, draft_id: UUID, to_change: bool = False) -> RateCardDraft:
    """This function will return a draft, its row locked when it is to be changed.

    :raises NotFound: there is none.
    """
    wanted = select(RateCardDraft).where(RateCardDraft.id == draft_id)
    if to_change:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    draft = unit.session.exec(wanted).one_or_none()
    if draft is None:
        raise NotFound("no such draft")
    return draft


def change_draft(
    unit: Unit, *, draft_id: UUID, name: str, valid_from: date, content: Mapping[str, Any]
) -> RateCardDraft:
    """This function will keep new fields of a draft, whatever rules they break.

    :raises Conflict: it was submitted or published before.
    """
    draft = _in_state(unit, draft_id, DraftState.DRAFT)
    draft.name, draft.valid_from, draft.content = name, valid_from, dict(content)
    draft.changed_at = unit.now
    draft.writers = sorted({*draft.writers, unit.by})
    return _kept(unit, draft)


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
    """
    draft = _in_state(unit, draft_id, DraftState.DRAFT)
    fair_card(draft)
    draft.state, draft.remark = DraftState.SUBMITTED, ""
    _tell(unit, draft, "submitted")
    return _kept(unit, draft)


def return_draft(unit: Unit, *, draft_id: UUID, remark: str) -> RateCardDraft:
    """This function will give a submitted draft back to its writers, with the reason.

    :raises Conflict: it was not submitted.
    """
    draft = _in_state(unit, draft_id, DraftState.SUBMITTED)
    draft.state, draft.remark = DraftState.DRAFT, remark
    draft.decided_at, draft.decided_by = unit.now, unit.by
    _tell(unit, draft, "returned")
    return _kept(unit, draft)


def withdraw_draft(unit: Unit, *, draft_id: UUID) -> RateCardDraft:
    """This function will end a draft that is not going to be published.

    :raises Conflict: it was published or withdrawn before.
    """
    draft = _in_state(unit, draft_id, DraftState.DRAFT, DraftState.SUBMITTED)
    draft.state, draft.decided_at, draft.decided_by = DraftState.WITHDRAWN, unit.now, unit.by
    _tell(unit, draft, "withdrawn")
    return _kept(unit, draft)


def approve_draft(unit: Unit, *, draft_id: UUID) -> int:
    """This function will publish a submitted draft from its day on, by a person who wrote nothing of it.

    Its promises are tried on drawn claims first: a card that breaks one is not published.

    :returns: the version.
    :raises NotYourOwn: the person wrote in it.
    :raises UnfitCard: it breaks a rule, or a promise.
    :raises Conflict: it was not submitted, or equals the card before it.
    :raises Invalid: its day has passed.
    """
    draft = _in_state(unit, draft_id, DraftState.SUBMITTED)
    if unit.by in draft.writers:
        raise NotYourOwn("a second person approves a rate card; you wrote in this one")
    if draft.valid_from < unit.today:
        raise Invalid("the first day of this card has passed", field="valid_from")
    card = fair_card(draft)
    if broken := prove_card(card, cases=PROOF_CASES, seed=_PROOF_SEED):
        raise UnfitCard(tuple(CardFault("", one.promise) for one in broken[:1]))
    latest = unit.session.connection().execute(text("SELECT max(version) FROM rate_card")).scalar_one()
    version = publish_card(
        unit, card=card, valid_from=draft.valid_from, author=draft.writers[0], approved_by=unit.by
    )
    if version == latest:
        raise Conflict("this card is the one in force already")
    draft.state, draft.version = DraftState.PUBLISHED, version
    draft.decided_at, draft.decided_by = unit.now, unit.by
    _kept(unit, draft)
    return version


def _in_state(unit: Unit, draft_id: UUID, *states: DraftState) -> RateCardDraft:
    draft = draft_of(unit, draft_id=draft_id, to_change=True)
    if draft.state not in states:
        raise Conflict(f"this draft is {draft.state}")
    return draft


def _kept(unit: Unit, draft: RateCardDraft) -> RateCardDraft:
    unit.session.add(draft)
    unit.session.flush()
    return draft


def _tell(unit: Unit, draft: RateCardDraft, what: str) -> None:
    record(unit, action=f"rate_card.{what}", subject=f"rate_card_draft:{draft.id}", creditor_id=HOUSE)

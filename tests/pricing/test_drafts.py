"""A rate card is drawn up by one person, checked while it is, and let out by another."""

from dataclasses import replace
from datetime import timedelta

import pytest

from agency.kernel.clock import move_clock
from agency.kernel.drafts import NotYourOwn
from agency.kernel.errors import Conflict, Invalid
from agency.kernel.unit import Door
from agency.pricing.drafts import (
    RATE_CARD_DRAFTS,
    UnfitCard,
    approve_draft,
    card_faults,
    change_draft,
    fair_card,
    plain_fields,
    start_draft,
    submit_draft,
)
from agency.pricing.rate_cards import UnlawfulCard, card_on, publish_card
from agency.rules.price import DEFAULT_CARD, PhaseStep
from tests.intake.factories import a_creditor, rows_of

DEARER = plain_fields(replace(DEFAULT_CARD, floor_bps=300, file_fee=500))


@pytest.fixture
def creditor_id(units):
    return a_creditor(units)


def at_desk(units, who="user:writer"):
    return units.open(Door.STAFF, by=who)


def drafted(units, content=DEARER, days=30):
    with at_desk(units) as unit:
        draft_id = start_draft(unit, name="Dearer")
        change_draft(
            unit,
            draft_id=draft_id,
            name="Dearer",
            valid_from=unit.today + timedelta(days=days),
            content=content,
        )
    return draft_id


class TestPublishing:
    def test_takes_a_second_person_and_counts_from_its_day(self, units, creditor_id):
        draft_id = drafted(units)
        with at_desk(units) as unit:
            submit_draft(unit, draft_id=draft_id)
        with at_desk(units) as unit, pytest.raises(NotYourOwn):
            approve_draft(unit, draft_id=draft_id)
        with at_desk(units, "user:second") as unit:
            assert approve_draft(unit, draft_id=draft_id) == 2
        with at_desk(units) as unit:
            assert card_on(unit, on=unit.today).version == 1
            assert card_on(unit, on=unit.today + timedelta(days=30)).card.file_fee == 500
            assert RATE_CARD_DRAFTS.find(unit, draft_id=draft_id).version == 2
        assert rows_of(units, creditor_id, "SELECT author, approved_by FROM rate_card WHERE version = 2") == [
            ("user:writer", "user:second")
        ]

    def test_by_somebody_who_once_wrote_in_it_is_refused(self, units, creditor_id):
        draft_id = drafted(units)
        with at_desk(units, "user:second") as unit:
            found = RATE_CARD_DRAFTS.find(unit, draft_id=draft_id)
            change_draft(
                unit, draft_id=draft_id, name="x", valid_from=found.valid_from, content=found.content
            )
        with at_desk(units) as unit:
            submit_draft(unit, draft_id=draft_id)
        with at_desk(units, "user:second") as unit, pytest.raises(NotYourOwn):
            approve_draft(unit, draft_id=draft_id)

    def test_of_an_unfair_card_stops_at_submitting_and_says_where(self, units, creditor_id):
        unfair = DEARER | {"ages": [{"from_days": 0, "bps": 100}, {"from_days": 30, "bps": 50}]}
        draft_id = drafted(units, unfair)
        with at_desk(units) as unit, pytest.raises(UnfitCard) as refusal:
            submit_draft(unit, draft_id=draft_id)
        (fault,) = refusal.value.faults
        assert (fault.field, fault.sentence) == ("ages.2", "an older claim never costs less")

    def test_of_a_fee_by_result_where_the_law_forbids_it_is_refused(self, units, creditor_id):
        """Row 31: in Belgium no cure, no pay ends with the amicable phase."""
        card = replace(DEFAULT_CARD, phases=(PhaseStep("reminder", 0), PhaseStep("legal", 700)))
        with at_desk(units) as unit:
            (fault,) = card_faults(plain_fields(card), on=unit.today)
            assert fault.field == "phases.2"
            assert "BE" in fault.sentence
            with pytest.raises(UnlawfulCard):
                publish_card(unit, card=card, valid_from=unit.today)

    def test_of_a_day_that_has_passed_is_refused(self, units, creditor_id):
        draft_id = drafted(units, days=-1)
        with at_desk(units) as unit, pytest.raises(Invalid):
            submit_draft(unit, draft_id=draft_id)

    def test_of_a_day_that_passed_while_it_waited_is_refused(self, units, creditor_id):
        draft_id = drafted(units, days=1)
        with at_desk(units) as unit:
            submit_draft(unit, draft_id=draft_id)
        with at_desk(units) as unit:
            move_clock(unit, to=unit.now + timedelta(days=2), production=False)
        with at_desk(units, "user:second") as unit, pytest.raises(Invalid):
            approve_draft(unit, draft_id=draft_id)

    def test_happens_once_and_leaves_nothing_to_change(self, units, creditor_id):
        draft_id = drafted(units)
        with at_desk(units) as unit:
            submit_draft(unit, draft_id=draft_id)
        with at_desk(units, "user:second") as unit:
            RATE_CARD_DRAFTS.give_back(unit, draft_id=draft_id, remark="Too dear for small claims")
        with at_desk(units) as unit:
            submit_draft(unit, draft_id=draft_id)
        with at_desk(units, "user:second") as unit:
            approve_draft(unit, draft_id=draft_id)
        with at_desk(units, "user:second") as unit, pytest.raises(Conflict):
            approve_draft(unit, draft_id=draft_id)
        with at_desk(units) as unit, pytest.raises(Conflict):
            change_draft(unit, draft_id=draft_id, name="y", valid_from=unit.today, content=DEARER)


def test_the_card_of_a_draft_is_the_one_that_would_be_published(units, creditor_id):
    draft_id = drafted(units)
    with at_desk(units) as unit:
        draft = RATE_CARD_DRAFTS.find(unit, draft_id=draft_id)
        assert fair_card(draft).version == draft.valid_from.isoformat()

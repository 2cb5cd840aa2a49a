"""Outsourced debtor management: invoices not due yet, then a friendly reminder in the creditor's name."""

from datetime import datetime, timedelta

import pytest

from agency.kernel.errors import Conflict, NotFound
from agency.kernel.ids import new_id
from agency.kernel.unit import AGENCY_ZONE, Door
from agency.parties.products import NotInYourName, choose_product, product_of
from agency.rules.products import HandOver, Product
from tests.known_before import house, outside_world, simulator

__all__ = ["house", "outside_world", "simulator"]

# Handed over on Monday 30 November; due on Thursday 10 December.
NOT_DUE = {"issued_on": "2026-11-26", "due_on": "2026-12-10"}
FIRST_DAY = datetime(2026, 12, 11, 8, 0, tzinfo=AGENCY_ZONE)


def choose(house, product, hand_over=HandOver.first_reminder, placement_id=None):
    with house.open(Door.CREDITOR, house.creditor_id) as unit:
        choose_product(
            unit,
            creditor_id=house.creditor_id,
            product=product,
            hand_over=hand_over,
            placement_id=placement_id,
        )


def handed_over(house, hand_over=HandOver.first_reminder, **claim):
    placement_id = house.place(NOT_DUE | claim)
    choose(house, Product.management, hand_over, placement_id)
    house.accept(placement_id)
    return placement_id


def path(house):
    return house.one("SELECT p.key FROM treatment t JOIN treatment_path p ON p.id = t.path_id")


def sent(house):
    return house.rows("SELECT step, channel, sent_at FROM message WHERE sent_at IS NOT NULL ORDER BY sent_at")


class TestFromTheDueDate:
    def test_nothing_leaves_before_and_a_friendly_mail_the_day_after(self, house, simulator):
        handed_over(house)
        assert path(house) == "nl-consumer-managed"
        for day in range(1, 11):
            house.later(datetime(2026, 12, day, 11, 0, tzinfo=AGENCY_ZONE))
        assert sent(house) == []
        assert (
            house.one(
                "SELECT coalesce(sum(amount_minor), 0) FROM ledger_entry WHERE account IN"
                " ('claims.interest', 'claims.costs')"
            )
            == 0
        )
        house.hours(FIRST_DAY, 4)
        [mail] = sent(house)
        assert (mail.step, mail.channel) == ("reminder_1", "email")
        assert mail.sent_at.astimezone(AGENCY_ZONE).date() == FIRST_DAY.date()
        [seen] = simulator.messages(to="jansen@post.nl")
        assert seen["facts"]["from_name"] == "Enercity B.V."
        assert "U betaalt nu geen rente en geen extra kosten" in seen["text"]
        assert house.one("SELECT costs_minor FROM claim") == 0
        assert house.one("SELECT phase FROM claim") == "reminder"

    def test_what_the_creditor_does_itself_is_left_to_it(self, house):
        handed_over(house, HandOver.second_reminder)
        house.hours(FIRST_DAY, 4)
        house.hours(FIRST_DAY + timedelta(days=6), 4)
        assert sent(house) == []
        house.hours(FIRST_DAY + timedelta(days=7), 4)
        assert [row.step for row in sent(house)] == ["reminder_2"]


class TestChoosing:
    def test_a_file_without_a_choice_is_a_collection_case(self, house):
        house.accept(house.place(NOT_DUE))
        assert path(house) == "nl-consumer"

    def test_the_standing_choice_counts_where_the_file_has_none(self, house):
        choose(house, Product.management, HandOver.formal_notice)
        house.accept(house.place(NOT_DUE))
        assert path(house) == "nl-consumer-managed-notice"

    def test_the_choice_for_a_file_goes_before_the_standing_one_and_the_newest_counts(self, house):
        choose(house, Product.management, HandOver.formal_notice)
        placement_id = house.place(NOT_DUE)
        choose(house, Product.management, HandOver.first_reminder, placement_id)
        choose(house, Product.collection, placement_id=placement_id)
        choose(house, Product.management, HandOver.second_reminder)
        with house.open(Door.CREDITOR, house.creditor_id) as unit:
            found = product_of(unit, creditor_id=house.creditor_id, placement_id=placement_id)
            standing = product_of(unit, creditor_id=house.creditor_id)
        assert (found.product, found.own) == (Product.collection, True)
        assert (standing.product, standing.hand_over, standing.own) == (
            Product.management, HandOver.second_reminder, False,
        )  # fmt: skip
        house.accept(placement_id)
        assert path(house) == "nl-consumer"

    def test_what_is_worked_already_stays_as_it_is(self, house):
        placement_id = handed_over(house)
        with pytest.raises(Conflict, match="answered already"):
            choose(house, Product.collection, placement_id=placement_id)
        choose(house, Product.collection)
        assert path(house) == "nl-consumer-managed"

    def test_a_file_of_nobody_is_refused(self, house):
        with pytest.raises(NotFound):
            choose(house, Product.management, placement_id=new_id())

    def test_it_is_refused_where_the_agreement_says_our_name(self, house):
        house.rows("UPDATE creditor_terms SET reminder_in_creditors_name = false RETURNING id")
        with pytest.raises(NotInYourName):
            choose(house, Product.management)
        choose(house, Product.collection)

    def test_where_the_agreement_changes_to_our_name_the_usual_path_is_walked(self, house):
        placement_id = house.place(NOT_DUE)
        choose(house, Product.management, placement_id=placement_id)
        house.rows("UPDATE creditor_terms SET reminder_in_creditors_name = false RETURNING id")
        house.accept(placement_id)
        assert path(house) == "nl-consumer-agency"

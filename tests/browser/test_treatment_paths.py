"""A path is edited, tried and published by a second person in a browser, and a claim follows it."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from agency.parties.models import Role
from tests.agency_at_work import rows
from tests.barriers import PHONE
from tests.flows.conftest import JANSEN, MONDAY, clock, reminded

pytestmark = pytest.mark.browser


def test_a_path_is_edited_tried_published_and_followed(town, hired, signed_in):
    reminded(town, JANSEN)
    ada = signed_in(hired("Ada Administrator", Role.ADMIN))
    page = ada.page
    ada.goes_to("/admin/paths")
    ada.can_use_this_page()
    ada.follows("Dutch law, consumer, in the creditor's name")
    ada.can_use_this_page()
    ada.presses("New version")
    ada.sees("The path can be walked and is lawful")

    # Step by step, with the keyboard alone: the step opens, its days change, and the change is kept.
    second = page.locator("#step-reminder_2")
    second.locator(".path-change > summary").focus()
    page.keyboard.press("Enter")
    days = second.get_by_label("Days", exact=True)
    days.focus()
    days.fill("0")
    page.keyboard.press("Tab")
    expect(page.locator("#step-reminder_2 .path-findings")).to_contain_text("Too many contacts")
    expect(page.locator("#step-reminder_2").get_by_label("Days", exact=True)).to_have_value("0")
    ada.can_use_this_page()
    page.locator("#step-reminder_2").get_by_label("Days", exact=True).fill("soon")
    page.keyboard.press("Tab")
    expect(page.locator("#step-reminder_2")).to_contain_text("Give a whole number of days")
    page.locator("#step-reminder_2").get_by_label("Days", exact=True).fill("12")
    page.keyboard.press("Tab")
    expect(page.locator("#step-reminder_2 .path-when")).to_contain_text("12 days after the step before")
    page.locator("#remove-early_call").click()
    expect(page.locator("#step-early_call")).to_have_count(0)
    draft = page.url.partition("?")[0]

    ada.follows("Try on the portfolio")
    ada.presses("Try the draft")
    ada.sees("Waiting for a worker")
    ada.can_use_this_page()
    town.work_off()
    ada.sees("Expected to come in")
    ada.can_use_this_page()
    page.goto(draft)
    ada.presses("Submit")
    ada.sees("somebody else publishes it")

    eve = signed_in(hired("Eve Editor", Role.ADMIN))
    eve.page.goto(draft)
    eve.page.set_viewport_size(PHONE)
    eve.can_use_this_page()
    eve.presses("Publish")
    eve.sees("Published as version 2")
    eve.follows("See the version")
    eve.sees("7 → 12")
    eve.can_use_this_page()
    pinned = "SELECT p.version FROM treatment t JOIN treatment_path p ON p.id = t.path_id"
    assert rows(town.work, pinned) == [(1,)]
    eve.presses("Count")
    eve.sees("1 claim changes to this version.")
    eve.can_use_this_page()
    eve.presses("Change these claims")
    town.work_off()
    assert rows(town.work, pinned) == [(2,)]

    ada.goes_home()
    eve.goes_home()
    # The first reminder left on Tuesday; the second comes twelve days later instead of seven.
    claim = town.claim("F-1001").id
    before = len(town.messages(claim))
    town.it_is(clock(MONDAY + timedelta(days=10), 10))
    assert len(town.messages(claim)) == before
    town.it_is(clock(MONDAY + timedelta(days=14), 10))
    assert [step for step, _, _ in town.messages(claim)][before:] == ["reminder_2"]

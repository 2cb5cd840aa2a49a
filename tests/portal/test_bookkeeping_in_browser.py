"""The page of a creditor's bookkeeping in a real browser, while something changes behind it."""

import pytest
from playwright.sync_api import Page, expect

from tests.portal.served import serve
from tests.portal.test_bookkeeping import (  # noqa: F401
    HOME,
    connected,
    creditor_id,
    house,
    manager,
    outside_world,
    simulator,
)
from tests.portal.test_live import nudge

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser, house, connected, manager):  # noqa: F811
    """The page, open for its manager, after it has fetched what it may have missed."""
    session = manager.client.cookies["session"]
    with serve(house) as served, browser.new_context(base_url=served.url, locale="en-GB") as context:
        context.add_cookies([{"name": "session", "value": session, "url": served.url}])
        page = context.new_page()
        with page.expect_response(_fetched_again):
            page.goto(HOME)
        page.locator(".htmx-request, .htmx-settling").first.wait_for(state="detached")
        yield page


def _fetched_again(response) -> bool:
    return response.request.headers.get("hx-request") == "true"


def hears(page: Page, house, creditor_id) -> None:  # noqa: F811
    """Books were fetched, and the page has fetched itself anew."""
    with page.expect_response(_fetched_again):
        nudge(house, creditor_id, "BookkeepingFetched")


def test_keeps_what_was_chosen_while_books_are_fetched(page, house, creditor_id):  # noqa: F811
    box = page.locator("input[name=invoice]").first
    box.check()
    hears(page, house, creditor_id)
    expect(page.get_by_text("There is news on this page").first).to_be_visible()
    expect(box).to_be_checked()


def test_keeps_the_connection_in_sight_after_a_choice_of_nothing(page, house, creditor_id):  # noqa: F811
    page.get_by_role("button", name="Hand over the chosen invoices").click()
    page.get_by_text("hoose at least one invoice").wait_for()
    hears(page, house, creditor_id)
    page.locator(".htmx-request, .htmx-settling").first.wait_for(state="detached")
    expect(page.get_by_text("Connected", exact=True)).to_be_visible()
    expect(page.locator("input[name=invoice]")).to_have_count(2)

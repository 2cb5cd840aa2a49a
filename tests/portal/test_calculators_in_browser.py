"""The calculators in a real browser: by keyboard, on a phone, by day and night, and without JavaScript."""

import pytest
from playwright.sync_api import expect

from portal import main
from tests.barriers import DESK, PHONE, barriers
from tests.portal.house import House
from tests.portal.served import serve

pytestmark = pytest.mark.browser

INTEREST = "/calculators/interest?law=nl&kind=trade&principal=1000&first_day=2024-06-16&last_day=2026-07-15"
PAGES = (
    "/calculators/costs",
    "/calculators/costs?law=nl&debtor=consumer&principal=3500&on=2026-11-02&vat=true",
    "/calculators/costs?law=nl&debtor=consumer&principal=lots&on=2009-11-02",
    INTEREST,
)


@pytest.fixture
def served(units, redis_url, data_folder, monkeypatch):
    """The calculators behind a real web server."""
    monkeypatch.setattr(main, "PARTS", ("portal.shared.sign_in", "portal.shared.calculators"))
    with serve(House(units, folder=data_folder, redis_url=redis_url)) as running:
        yield running


def test_everybody_can_use_every_page(served, browser):
    page = browser.new_context(viewport=DESK, locale="en-GB").new_page()
    for path in PAGES:
        page.goto(served.url + path)
        assert barriers(page) == [], path
    page.context.close()


@pytest.mark.parametrize("scripts", [True, False])
def test_answers_by_keyboard_with_and_without_javascript(served, browser, scripts):
    context = browser.new_context(viewport=PHONE, locale="en-GB", java_script_enabled=scripts)
    page = context.new_page()
    page.goto(served.url + "/calculators/costs")
    page.get_by_label("Unpaid invoice").focus()
    page.keyboard.type("1000")
    page.keyboard.press("Enter")
    expect(page.locator(".calculator-total")).to_contain_text("€150.00")
    address = page.get_by_label("This address shows the same result again").input_value()
    assert "principal=1000" in address
    context.close()

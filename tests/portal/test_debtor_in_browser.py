"""The debtor's pages on the smallest telephone, in large letters, by keyboard, and for a screen reader."""

from datetime import date

import pytest
from playwright.sync_api import expect

from agency.arrangements.promises import make_promise
from agency.money import Money
from agency.payments.links import issue_link
from portal import main
from tests.arrangements.agreements import Bureau
from tests.barriers import barriers
from tests.communication.correspondence import a_correspondent
from tests.portal.house import House
from tests.portal.served import serve

pytestmark = pytest.mark.browser

LONG = "Koninklijke Verenigde Noord-Nederlandse Scheepsbouw- en Machinefabrieken De Nieuwe Onderneming"
SMALLEST = {"width": 320, "height": 640}
PAGES = (
    "/pay",
    "/pay/promise",
    "/pay/message",
    "/pay/dispute",
    "/pay/already-paid",
    "/pay/plan",
    "/pay/unknown",
)
# What a finger must hit and misses; the middle of a sentence is no place of its own (WCAG 2.5.5, exception).
TOO_SMALL = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
    .map(one => one.matches('[type=radio], [type=checkbox]') ? one.closest('label') ?? one : one)
    .filter(one => !one.matches('.skip-link, [type=hidden]') && one.getBoundingClientRect().width)
    .filter(one => !one.matches('.note p a'))
    .filter(one => { const at = one.getBoundingClientRect(); return at.height < 44 || at.width < 44; })
    .map(one => one.outerHTML.slice(0, 120))"""
WIDEST = """() => [...document.querySelectorAll('body *')]
    .filter(one => one.getBoundingClientRect().right > innerWidth + 1)
    .map(one => one.parentElement.outerHTML.slice(0, 300)).slice(0, 6)"""
TOO_WIDE = "document.documentElement.scrollWidth - innerWidth"


@pytest.fixture
def house(units, redis_url, data_folder, monkeypatch) -> House:
    monkeypatch.setattr(main, "PARTS", ("portal.shared.sign_in", "portal.debtor"))
    house = House(units, folder=data_folder, redis_url=redis_url)
    house.office = Bureau(units).open_up()
    return house


@pytest.fixture
def tokens(house):
    """A claim that was promised, and one about which nothing was said."""
    with house.office.unit() as unit:
        promised = a_correspondent(unit, name=LONG)
        fresh = a_correspondent(unit, creditor_id=promised[0], name=LONG)
        whose = {"creditor_id": promised[0], "claim_id": promised[1]}
        make_promise(unit, **whose, amount=Money(10_000, "EUR"), due_on=date(2026, 12, 10))
        return [issue_link(unit, creditor_id=one[0], claim_id=one[1]) for one in (promised, fresh)]


def come_in(page, url, token):
    page.goto(f"{url}/pay/{token}")
    page.locator("[name=answer]").fill("3511 AB")
    page.locator("[name=answer]").press("Enter")
    expect(page.locator(".debtor-amount")).to_be_visible()


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
def test_every_page_fits_and_can_be_touched(browser, house, tokens, language):
    with serve(house) as served, browser.new_context(viewport=SMALLEST) as context:
        context.add_cookies([{"name": "language", "value": language, "url": served.url}])
        page = context.new_page()
        come_in(page, served.url, tokens[0])
        for path in PAGES:
            page.goto(served.url + path)
            assert page.evaluate(TOO_SMALL) == [], path
            page.evaluate("document.documentElement.style.fontSize = '200%'")
            assert page.evaluate(TOO_WIDE) <= 0, f"{path}: {page.evaluate(WIDEST)}"


def test_nothing_keeps_anybody_out(browser, house, tokens):
    with serve(house) as served, browser.new_context(viewport=SMALLEST) as context:
        page = context.new_page()
        come_in(page, served.url, tokens[0])
        for path in ("/pay", "/pay/promise", "/pay/message", "/pay/unknown"):
            page.goto(served.url + path)
            assert barriers(page) == [], path


def test_the_amount_and_the_first_choice_stand_above_the_fold(browser, house, tokens):
    with serve(house) as served, browser.new_context(viewport=SMALLEST) as context:
        page = context.new_page()
        come_in(page, served.url, tokens[1])
        fold = SMALLEST["height"]
        assert page.locator(".debtor-amount").bounding_box()["y"] < fold / 2
        assert page.locator("#pay label").first.bounding_box()["y"] < fold


def test_by_keyboard_and_without_scripts_he_writes_and_comes_back(browser, house, tokens):
    with serve(house) as served, browser.new_context(java_script_enabled=False, locale="en-GB") as context:
        context.add_cookies([{"name": "language", "value": "en", "url": served.url}])
        page = context.new_page()
        come_in(page, served.url, tokens[1])
        page.get_by_role("link", name="I want to ask or tell something").press("Enter")
        page.get_by_role("radio", name="Please call me").press("ArrowDown")
        expect(page.get_by_role("radio", name="My address")).to_be_checked()
        page.get_by_role("textbox", name="Your message").fill("I live in Gent now")
        page.get_by_role("button", name="Send").press("Enter")
        expect(page.get_by_text("We have your message")).to_be_visible()
        page.get_by_role("link", name="Back to your invoice").press("Enter")
        expect(page.locator(".debtor-amount")).to_be_visible()


def test_half_typed_he_is_asked_and_keeps_what_he_typed(browser, house, tokens):
    with serve(house) as served, browser.new_context(locale="en-GB") as context:
        context.add_cookies([{"name": "language", "value": "en", "url": served.url}])
        page = context.new_page()
        come_in(page, served.url, tokens[1])
        page.locator("[name=amount]").fill("25,50")
        page.locator("#pay button").click()
        expect(page.get_by_text("You filled in an amount").first).to_be_visible()
        expect(page.locator("[name=amount]")).to_have_value("25,50")
        expect(page.locator("[value=part]")).to_be_checked()

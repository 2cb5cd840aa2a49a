"""A page that changes by itself in a real browser: what its reader opened or wrote stays."""

import re

import pytest
from playwright.sync_api import expect
from sqlmodel import select

from agency.claims.holds import place_hold
from agency.claims.models import Claim
from agency.claims.states import HoldGround
from agency.disputes.raising import raise_dispute
from agency.kernel.outbox import drain
from agency.kernel.unit import Door
from agency.parties.models import Role
from tests.outside import wait_until
from tests.portal.served import serve
from tests.portal.test_creditor import Browser
from tests.portal.test_evidence import a_file, a_row, house  # noqa: F401
from tests.portal.test_live import is_listened_to

pytestmark = pytest.mark.browser


@pytest.fixture
def claim_page(house, browser):  # noqa: F811
    """A creditor's claim, open in a browser that listens, and a way to let something happen to the claim."""
    creditor_id = house.creditor()
    manager = Browser(house, creditor_id, Role.CREDITOR_MANAGER)
    manager.drop(a_file(a_row("F-2026-17")))
    drain(house.units)
    path, claim_id = re.search(
        r'href="(/creditor/claims/([0-9a-f-]{36}))"', manager.get("/creditor/claims").text
    ).groups()

    def pause() -> None:
        with house.units.open(Door.WORKER, by=f"debtor:{claim_id}") as unit:
            place_hold(unit, creditor_id=creditor_id, claim_id=claim_id, ground=HoldGround.SAYS_PAID)
        drain(house.units)

    with serve(house) as served:
        context = browser.new_context(base_url=served.url, locale="en-GB")
        context.add_cookies(
            [{"name": "session", "value": manager.client.cookies["session"], "url": served.url}]
        )
        page = context.new_page()
        page.goto(path)
        wait_until(lambda: is_listened_to(house.units))
        yield page, pause
        context.close()


def test_what_was_opened_stays_open_and_in_hand(claim_page):
    page, pause = claim_page
    earlier, insurance = page.locator("#earlier details.more"), page.locator("#insurance details.more")
    insurance.locator("summary").click()
    earlier.locator("summary").focus()
    page.keyboard.press("Enter")
    page.locator("#claim").evaluate("part => { part.dataset.old = 'yes' }")
    pause()
    expect(page.locator("#claim")).not_to_have_attribute("data-old", "yes")
    expect(page.locator("#insurance [name=insurer]")).to_be_visible()
    expect(page.locator("#earlier [name=sent_on]")).to_be_visible()
    expect(earlier.locator("summary")).to_be_focused()


def test_what_is_being_written_is_not_taken_away(claim_page):
    page, pause = claim_page
    page.locator("#earlier details.more summary").click()
    page.locator("#earlier [name=sent_on]").fill("2026-07-01")
    pause()
    expect(page.locator("#notices .tone-warning")).to_be_visible()
    expect(page.locator("#earlier [name=sent_on]")).to_have_value("2026-07-01")


def test_a_refused_form_waits_to_be_mended(claim_page, house):  # noqa: F811
    page, pause = claim_page
    with house.units.open(Door.STAFF, by="user:x") as unit:
        claim = unit.session.exec(select(Claim)).one()
        whose = {"creditor_id": claim.creditor_id, "claim_id": claim.id}
        raise_dispute(unit, **whose, reason="wrong_amount", words="Too much")
    page.reload()
    page.locator("#disputes input[value=part]").check()
    page.locator("#disputes textarea").fill("The second delivery came late.")
    page.locator("#disputes form button[type=submit]").click()
    expect(page.locator("#disputes [role=alert]")).to_contain_text("for which amount")
    wait_until(lambda: is_listened_to(house.units))
    pause()
    expect(page.locator("#notices .tone-warning")).to_be_visible()
    expect(page.locator("#notices .tone-bad")).to_have_count(0)
    expect(page.locator("#disputes textarea")).to_have_value("The second delivery came late.")


def test_a_price_that_evidence_lowers_says_so_where_it_is_open(house, browser):  # noqa: F811
    manager = Browser(house, house.creditor(), Role.CREDITOR_MANAGER)
    price = manager.drop(a_file(a_row("F-2026-18"))).headers["location"]
    drain(house.units)
    claim = re.search(r'href="(/creditor/claims/[0-9a-f-]{36})"', manager.get("/creditor/claims").text)[1]
    with serve(house) as served:
        context = browser.new_context(base_url=served.url, locale="en-GB")
        context.add_cookies(
            [{"name": "session", "value": manager.client.cookies["session"], "url": served.url}]
        )
        page = context.new_page()
        page.goto(price)
        expect(page.get_by_text("This price was replaced")).to_have_count(0)
        wait_until(lambda: is_listened_to(house.units))
        note = {
            "file": ("pakbon.txt", b"Afleverbon bij factuur F-2026-18. Ontvangen en getekend.", "text/plain")
        }
        assert manager.post(f"{claim}/documents", {"kind": "delivery_note"}, files=note).status_code == 303
        drain(house.units)
        expect(page.get_by_text("This price was replaced")).to_be_visible()
        expect(page.get_by_role("button", name="Decline")).to_have_count(0)
        page.get_by_role("link", name="See the new price").click()
        expect(page.get_by_text("This price replaces an earlier one")).to_be_visible()
        context.close()

"""Sorting with the keyboard, and the new pages in both themes, on a desk and on a phone."""

import pytest
from playwright.sync_api import expect

from agency.disputes.raising import raise_dispute
from agency.documents.asking import ask_missing
from agency.documents.dossier import ask_dossier
from agency.kernel.unit import Door
from agency.parties.models import Role
from agency.pricing.acceptance import accept_quote
from tests.barriers import DESK, barriers
from tests.intake.factories import a_file, a_row
from tests.portal.served import serve
from tests.portal.test_shell_in_browser import watched
from tests.portal.test_sorting_and_asking import claims, clerk, creditor_id, dropped, house, one
from tests.sorting.papers import a_pdf

__all__ = ["claims", "clerk", "creditor_id", "house"]
pytestmark = pytest.mark.browser
LONG = "Koninklijke-Verenigde-Noord-Nederlandse-Scheepsbouw-en-Machinefabrieken-algemene-voorwaarden-2026.pdf"


@pytest.fixture
def served(house, creditor_id, claims):
    """Three files to sort, something missing, a dispute and a dossier on its way."""
    paper = a_pdf("Algemene voorwaarden", "Geleverd aan Bakkerij Jansen BV", "1012 AB Amsterdam")
    dropped(house, creditor_id, (LONG, paper), ("b.txt", b"los briefje"), ("c.pdf", a_pdf("nog een brief")))
    with house.units.open(Door.STAFF, by="system:test") as unit:
        ask_missing(unit, creditor_id=creditor_id, placement_id=one(house, "SELECT id FROM placement"))
        raise_dispute(
            unit, creditor_id=creditor_id, claim_id=claims[0], reason="not_delivered", words="Nooit gezien"
        )
        ask_dossier(unit, creditor_id=creditor_id, claim_id=claims[0], language="nl")
    with serve(house) as running:
        yield running


def window(browser, served, *roles, creditor=None, **settings):
    context = browser.new_context(base_url=served.url, locale="en-GB", **settings)
    person = served.house.person(*roles, creditor_id=creditor)
    session = served.house.signed_in(person).cookies["session"]
    context.add_cookies([{"name": "session", "value": session, "url": served.url}])
    return context


def test_pages_can_be_read_by_everybody_and_fit(browser, served, creditor_id, claims):
    file = one(served.house, "SELECT id FROM incoming_document ORDER BY id LIMIT 1")
    doors = {
        Role.CREDITOR_CLERK: (
            "/creditor", "/creditor/sorting", f"/creditor/sorting/{file}", "/creditor/missing",
            f"/creditor/missing/{claims[1]}", f"/creditor/claims/{claims[0]}",
        ),
        Role.COLLECTOR: (
            "/desk/sorting", f"/desk/sorting/{creditor_id}/{file}", f"/desk/claims/{creditor_id}/{claims[0]}",
        ),
    }  # fmt: skip
    for role, paths in doors.items():
        creditor = creditor_id if role == Role.CREDITOR_CLERK else None
        with window(browser, served, role, creditor=creditor) as context:
            for path in paths:
                page, complaints = watched(context)
                page.goto(path)
                assert (path, complaints, barriers(page)) == (path, [], [])
                page.close()


def test_the_keyboard_alone_sorts_and_takes_back(browser, served, creditor_id, claims):
    with window(browser, served, Role.CREDITOR_CLERK, creditor=creditor_id, viewport=DESK) as context:
        page = context.new_page()
        page.goto("/creditor/sorting/next")
        first = page.url
        page.keyboard.press("ArrowRight")
        page.wait_for_url(lambda url: url != first)
        page.keyboard.press("ArrowLeft")
        page.wait_for_url(first)
        page.keyboard.press("/")
        expect(page.locator("[name=q]")).to_be_focused()
        page.keyboard.press("Escape")
        page.locator("h1").click()
        page.keyboard.press("1")
        page.wait_for_url(lambda url: url != first)
        assert one(served.house, "SELECT count(*) FROM document WHERE claim_id IS NOT NULL") == 1
        page.keyboard.press("u")
        page.wait_for_url(first)
        assert one(served.house, "SELECT count(*) FROM document WHERE claim_id IS NOT NULL") == 0


@pytest.fixture
def abroad(house, clerk, creditor_id):
    """A consumer in Germany who must be told what was agreed; nobody said it yet."""
    clerk.drop(
        a_file(
            a_row(
                "R-77",
                kind="particulier",
                name="Jan Bakker",
                country="DE",
                postcode="10115",
                email="j@example.org",
            )
        )
    )
    with house.units.open(Door.CREDITOR, by="user:x", creditor_id=creditor_id) as unit:
        accept_quote(unit, creditor_id=creditor_id, quote_id=one(house, "SELECT id FROM quote"))
    with house.units.open(Door.STAFF, by="system:test") as unit:
        ask_missing(unit, creditor_id=creditor_id, placement_id=one(house, "SELECT id FROM placement"))
    with serve(house) as running:
        yield running


def test_a_creditor_says_what_was_agreed_with_a_consumer_in_germany(browser, abroad, creditor_id):
    claim = one(abroad.house, "SELECT id FROM claim")
    with window(browser, abroad, Role.CREDITOR_CLERK, creditor=creditor_id) as context:
        page, complaints = watched(context)
        page.goto(f"/creditor/missing/{claim}")
        assert barriers(page) == []
        page.get_by_role("link", name="Say what was agreed").click()
        page.get_by_label("What was bought or done?").fill("Ein Fahrrad")
        page.get_by_label("Date of the contract").fill("2026-04-20")
        page.locator("#contract").get_by_role("button", name="Save").click()
        page.get_by_text("The claim is changed.").wait_for()
        page.goto(f"/creditor/missing/{claim}")
        page.get_by_text("Done").wait_for()
        assert complaints == []
    assert one(abroad.house, "SELECT count(*) FROM hold WHERE lifted_at IS NULL") == 0

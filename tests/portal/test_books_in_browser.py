"""Finance's books in a real browser: readable by everybody in both themes, and fitting a phone."""

import pytest
from playwright.sync_api import sync_playwright
from sqlalchemy import create_engine, text

from agency.banking.proof import prove
from agency.kernel.unit import Door
from agency.parties.models import Role
from portal import main
from portal.proving.seeded import seed
from tests.barriers import barriers
from tests.portal.house import House
from tests.portal.served import serve
from tests.portal.test_evidence_in_browser import seen

pytestmark = pytest.mark.browser

PAGES = {
    "proof": "/finance/proof",
    "ledger": "/finance/ledger",
    "account": "/finance/ledger/trust.creditor",
    "narrowed": "/finance/ledger/trust.suspense?kind=bank_line",
}


@pytest.fixture
def house(units, redis_url, data_folder, monkeypatch) -> House:
    """Finance's door on a database of this test's own."""
    monkeypatch.setattr(main, "PARTS", ("portal.shared.sign_in", "portal.finance"))
    return House(units, folder=data_folder, redis_url=redis_url)


@pytest.mark.usefixtures("chromium")
def test_books_can_be_read_by_everybody_and_fit(house, units, fresh_database, chromium):
    """The proof is red here, so that the rows that differ are seen too."""
    seed(units)
    engine = create_engine(fresh_database[1])
    with engine.begin() as connection:
        connection.execute(text("SELECT set_config('app.agency', 'on', true)"))
        connection.execute(text("UPDATE bank_line SET amount_minor = amount_minor + 1"))
    engine.dispose()
    session = house.browser(Role.FINANCE).cookies["session"]
    with units.open(Door.STAFF, by="system:test") as unit:
        assert not prove(unit, on=unit.today).green
    with serve(house) as served, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(chromium), args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context(base_url=served.url, locale="en-GB")
        context.add_cookies([{"name": "session", "value": session, "url": served.url}])
        page = context.new_page()
        for name, path in PAGES.items():
            for theme, width in (("light", 1440), ("dark", 1440), ("light", 390), ("dark", 390)):
                page.set_viewport_size({"width": width, "height": 900})
                page.emulate_media(color_scheme=theme, reduced_motion="reduce")
                answer = page.goto(path)
                assert answer.status == 200, path
                seen(page, f"books-{name}-{theme}-{width}")
                assert barriers(page) == [], (path, theme, width)
        browser.close()

"""Finance's books in a real browser: readable by everybody in both themes, and fitting a phone."""

import pytest
from sqlalchemy import create_engine, text

from agency.banking.proof import prove
from agency.kernel.unit import Door
from agency.parties.models import Role
from portal import main
from portal.proving.seeded import seed
from tests.barriers import barriers
from tests.portal.house import House
from tests.portal.served import serve

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


def test_books_can_be_read_by_everybody_and_fit(house, units, fresh_database, browser):
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
    with serve(house) as served:
        context = browser.new_context(base_url=served.url, locale="en-GB")
        context.add_cookies([{"name": "session", "value": session, "url": served.url}])
        page = context.new_page()
        for name, path in PAGES.items():
            answer = page.goto(path)
            assert answer.status == 200, path
            assert barriers(page) == [], name
        context.close()

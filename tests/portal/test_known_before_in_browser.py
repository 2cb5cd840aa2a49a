"""The pages of what is known before collection, in a real browser: readable, usable and without barriers."""

from datetime import date

import pytest
from sqlalchemy import text

from agency.credit.checking import answer
from agency.intake.duplicates import look_for_duplicates
from agency.kernel.emitting import install_reactions
from agency.kernel.unit import Door
from agency.parties.models import Role
from agency.pricing.rate_cards import publish_first_card
from integrations.credit.bureau import HttpCreditBureau
from portal import main
from portal.shared.sessions import cookie_name
from tests.barriers import DESK, barriers
from tests.intake.factories import a_file, a_row
from tests.outside import outside_world, simulator
from tests.portal.house import House
from tests.portal.served import serve
from tests.portal.test_creditor import Browser

pytestmark = pytest.mark.browser
__all__ = ["outside_world", "simulator"]

PARTS = ("portal.shared.sign_in", "portal.shared.account", "portal.creditor", "portal.api", "portal.live")
LONG = "Koninklijke Verenigde Noord-Nederlandse Scheepsbouw- en Machinefabrieken De Nieuwe Onderneming"


@pytest.fixture
def house(units, redis_url, data_folder, monkeypatch) -> House:
    monkeypatch.setattr(main, "PARTS", PARTS)
    install_reactions({})
    with units.open(Door.STAFF, by="system:test") as unit:
        publish_first_card(unit, valid_from=date(2020, 1, 1))
    return House(units, folder=data_folder, redis_url=redis_url)


@pytest.fixture
def pages(house, simulator):
    """Everything that the pages can show: pairs, remarks, an insurance, a reminder and a check's answer."""
    creditor_id = house.creditor()
    manager = Browser(house, creditor_id, Role.CREDITOR_MANAGER)
    manager.drop(
        a_file(
            a_row("F1", customer="7", name=LONG),
            a_row("F2", customer="8", name=LONG + " BV"),
            a_row("F3", customer="9", amount="400.000,00", issued="01-05-2019", due="31-05-2019"),
        )
    )
    with house.units.open(Door.WORKER, by="system:test") as unit:
        placement = unit.session.connection().execute(text("SELECT id FROM placement")).scalar_one()
        assert look_for_duplicates(unit, creditor_id=creditor_id, placement_id=placement) == 1
    claim = f"/creditor/claims/{house.one('SELECT id FROM claim ORDER BY number LIMIT 1')}"
    manager.post(f"{claim}/earlier-steps", {"kind": "reminder", "channel": "email", "sent_on": "2026-06-10"})
    policy = {"insurer": "Atradius", "policy_number": "P-7", "covered_percent": "90"}
    manager.post(f"{claim}/insurance", policy)
    asked = {"country": "NL", "name": LONG, "request_key": "k"}
    check = manager.post("/creditor/credit-checks", asked).headers["location"]
    bureau = HttpCreditBureau(url=f"{simulator.url}/credit", key="k", production=False)
    check_id = house.one("SELECT id FROM credit_check")
    answer(house.units, bureau, creditor_id=creditor_id, check_id=check_id)
    bureau.close()
    listed = ["/creditor", "/creditor/duplicates", "/creditor/goals", "/creditor/credit-checks"]
    return manager, [*listed, check, claim, f"/creditor/placements/{placement}"]


def test_every_page_is_without_barriers_and_fits_a_telephone(house, pages, browser):
    manager, addresses = pages
    with serve(house) as served:
        context = browser.new_context(viewport=DESK)
        session = manager.client.cookies.get(cookie_name(house.settings))
        context.add_cookies([{"name": cookie_name(house.settings), "value": session, "url": served.url}])
        page = context.new_page()
        for address in addresses:
            page.goto(served.url + address, wait_until="load")
            for more in page.locator("details.more > summary").all():
                more.click()
            assert barriers(page) == [], address
        context.close()

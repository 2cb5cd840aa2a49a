"""Plans, settlements and collections in a real browser: readable, without barriers, also on a telephone."""

from datetime import date

import pytest

from agency.arrangements.direct_debits import draft_collection
from agency.arrangements.mandates import sign_mandate
from agency.arrangements.plans import Wish, propose_plan
from agency.arrangements.settlements import offer_settlement
from agency.kernel.unit import Door
from agency.money import Money
from agency.parties.models import Role
from agency.payments.links import issue_link
from portal import main
from portal.shared.sessions import cookie_name
from tests.arrangements.agreements import Bureau
from tests.barriers import DESK, barriers
from tests.communication.correspondence import a_correspondent
from tests.portal.house import House
from tests.portal.served import serve

pytestmark = pytest.mark.browser

PARTS = (
    "portal.shared.sign_in", "portal.shared.account", "portal.debtor", "portal.collector", "portal.creditor",
    "portal.finance", "portal.live",
)  # fmt: skip
LONG = "Koninklijke Verenigde Noord-Nederlandse Scheepsbouw- en Machinefabrieken De Nieuwe Onderneming"
WISHED = "how=count&count=12&rhythm=monthly&first_on=2026-12-15"


@pytest.fixture
def house(units, redis_url, data_folder, monkeypatch) -> House:
    monkeypatch.setattr(main, "PARTS", PARTS)
    house = House(units, folder=data_folder, redis_url=redis_url)
    house.office = Bureau(units).open_up()
    return house


@pytest.fixture
def pages(house):
    """A running plan with a mandate and a drafted collection, one asked for, a settlement that waits."""
    with house.office.unit() as unit:
        running = a_correspondent(unit, name=LONG)
        asked, waiting, fresh = (a_correspondent(unit, creditor_id=running[0], name=LONG) for _ in range(3))
    for claim, wish in ((running, {"count": 12}), (asked, {"amount": Money(2_000, "EUR")})):
        with house.office.unit() as unit:
            made = Wish(first_on=date(2026, 12, 15), **wish)
            propose_plan(unit, creditor_id=claim[0], claim_ids=[claim[1]], wish=made)
        house.office.react()
    with house.office.unit() as unit:
        offer_settlement(
            unit, creditor_id=waiting[0], claim_id=waiting[1], amount=Money(20_000, "EUR"),
            pay_by=date(2026, 12, 20), why="pays at once",
        )  # fmt: skip
        plan_id = house.one("SELECT plan_id FROM plan_claim WHERE claim_id = :c", c=running[1])
        sign_mandate(
            unit, creditor_id=running[0], plan_id=plan_id, iban="NL91ABNA0417164300", holder=LONG[:70]
        )
    house.office.on(date(2026, 12, 14))
    with house.units.open(Door.STAFF, by="user:anna") as unit:
        draft_collection(unit)
    links = {}
    with house.office.unit() as unit:
        for name, claim in (("running", running), ("fresh", fresh)):
            links[name] = issue_link(unit, creditor_id=claim[0], claim_id=claim[1])
    plan = house.one("SELECT plan_id FROM plan_claim WHERE claim_id = :c", c=asked[1])
    return {
        "creditor": running[0],
        "links": links,
        "staff": [
            "/desk/plans", f"/desk/plans/{running[0]}/{plan}", f"/desk/plans/{running[0]}/{plan_id}",
            f"/desk/claims/{fresh[0]}/{fresh[1]}/arrangement?{WISHED}", "/finance/collections",
        ],
    }  # fmt: skip


def test_pages_are_without_barriers_and_fit_a_telephone(house, pages, browser):
    staff = house.browser(Role.COLLECTOR, Role.FINANCE)
    manager = house.browser(Role.CREDITOR_MANAGER, creditor_id=pages["creditor"])
    with serve(house) as served:
        for client, addresses in ((staff, pages["staff"]), (manager, ["/creditor/arrangements"])):
            context = browser.new_context(viewport=DESK)
            session = client.cookies.get(cookie_name(house.settings))
            context.add_cookies([{"name": cookie_name(house.settings), "value": session, "url": served.url}])
            page = context.new_page()
            for address in addresses:
                page.goto(served.url + address, wait_until="load")
                assert barriers(page) == [], address
            context.close()
        for name, token in pages["links"].items():
            _as_debtor(browser, served.url, token, name)


def _as_debtor(browser, url: str, token: str, name: str) -> None:
    context = browser.new_context(viewport=DESK)
    page = context.new_page()
    page.goto(f"{url}/pay/{token}")
    page.fill("input[name=answer]", "3511 AB")
    page.click("main form button[type=submit]")
    addresses = (
        ["/pay/plan", "/pay/plan/mandate"]
        if name == "running"
        else ["/pay", "/pay/plan", f"/pay/plan?{WISHED}", "/pay/plan/affordability"]
    )
    for address in addresses:
        page.goto(url + address, wait_until="load")
        assert barriers(page) == [], (name, address)
    if name == "fresh":
        for income in ("2500", "1500"):
            page.goto(f"{url}/pay/plan/affordability")
            page.fill("input[name=income]", income)
            page.fill("input[name=fixed_costs]", "1000")
            page.click("main form button[type=submit]")
            assert barriers(page) == [], income
    context.close()

"""The pages of what leaves, in a real browser: without barriers in both themes, and fitting a telephone."""

import pytest

from agency.kernel.ids import HOUSE
from agency.kernel.unit import Door
from agency.parties.models import Role
from agency.payments.models import IntentState, PaymentIntent
from agency.remittance.account_changes import approve_account_change, ask_change
from agency.remittance.direct import report_file
from agency.remittance.returned import RefusedPayout, take_back_refused
from agency.remittance.runs import draft_own_run
from portal import main
from portal.shared.sessions import cookie_name
from tests.barriers import DESK, barriers
from tests.portal.house import House
from tests.portal.served import serve
from tests.remittance.out import agreed, another_claim, paid, pay_out, run_of

pytestmark = pytest.mark.browser

PARTS = (
    "portal.shared.sign_in", "portal.shared.account", "portal.collector", "portal.creditor", "portal.finance",
    "portal.live",
)  # fmt: skip
LONG = "Koninklijke Verenigde Noord-Nederlandse Scheepsbouw- en Machinefabrieken De Nieuwe Onderneming"


@pytest.fixture
def house(units, redis_url, data_folder, monkeypatch) -> House:
    monkeypatch.setattr(main, "PARTS", PARTS)
    return House(units, folder=data_folder, redis_url=redis_url)


@pytest.fixture
def doors(units, house) -> list[tuple[tuple, list[str]]]:
    """A returned payout, invoices, a change of account and reports, behind both doors."""
    creditor, claim = agreed(units, invoices=(120_000, 80_000), terms={"withdrawal_bps": 500})
    house.change("UPDATE debtor SET name = :n", n=LONG)
    with units.open(Door.STAFF, by="x") as unit:
        open_claim = another_claim(unit, creditor)
    paid(units, creditor, claim, 130_000, key="a")
    paid(units, creditor, claim, 70_000, key="b", direct=True)
    pay_out(units)
    run = run_of(units, creditor)
    with units.open(Door.STAFF, by="x") as unit:
        own_run = draft_own_run(unit)
    with units.open(Door.STAFF, by="user:admin") as unit:
        take_back_refused(unit, refused=[RefusedPayout(run.end_to_end, "AC04", "account closed")])
        change = ask_change(unit, creditor_id=creditor, iban="BE68539007547034", holder=LONG[:70], reason="x")
    with units.open(Door.STAFF, by="user:ann") as unit:
        approve_account_change(unit, creditor_id=creditor, change_id=change)
    with units.open(Door.STAFF, by="x") as unit:
        coming = PaymentIntent(
            creditor_id=creditor, created_at=unit.now, claim_id=claim, amount_minor=129_000, currency="EUR",
            state=IntentState.PAID, provider_ref="tr_1", paid_at=unit.now,
        )  # fmt: skip
        unit.session.add(coming)
    number = house.one("SELECT number FROM claim WHERE id = :c", c=open_claim)
    today = house.today()
    with units.open(Door.CREDITOR, by="user:c", creditor_id=creditor) as unit:
        content = f"claim,amount,date\n{number},7.00,{today}\n{LONG},1.00,{today}\n{number},x,{today}\n"
        report = report_file(unit, creditor_id=creditor, content=content.encode(), name="paid.csv")
    own = [
        "/creditor/payouts", f"/creditor/payouts/{run.id}", "/creditor/invoices", "/creditor/account",
        "/creditor/direct-payments", f"/creditor/direct-payments/{report.report_id}",
        f"/creditor/claims/{open_claim}/withdrawal",
    ]  # fmt: skip
    finance = [
        "/finance/remittances", f"/finance/remittances/{creditor}/{run.id}", "/finance/invoices",
        "/finance/account-changes", f"/finance/remittances/{HOUSE}/{own_run}",
    ]  # fmt: skip
    return [
        (house.browser(Role.CREDITOR_MANAGER, creditor_id=creditor), own),
        (house.browser(Role.FINANCE, Role.ADMIN), finance),
        (house.browser(Role.COLLECTOR), [f"/desk/claims/{creditor}/{open_claim}/due-date"]),
    ]


def test_every_page_is_without_barriers_and_fits_a_telephone(house, doors, browser):
    with serve(house) as served:
        for client, addresses in doors:
            context = browser.new_context(viewport=DESK)
            name = cookie_name(house.settings)
            context.add_cookies([{"name": name, "value": client.cookies.get(name), "url": served.url}])
            page = context.new_page()
            for address in addresses:
                page.goto(served.url + address, wait_until="load")
                for one in page.locator("details.why > summary").all()[:2]:
                    one.click()
                assert barriers(page) == [], address
            context.close()

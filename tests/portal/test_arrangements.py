"""Plans, settlements and collections on the desk, with the creditor and at finance, over HTTP."""

from datetime import date

import pytest
from sqlalchemy import text

from agency.arrangements.mandates import sign_mandate
from agency.arrangements.plans import Wish, propose_plan
from agency.kernel.unit import Door
from agency.money import Money
from agency.parties.models import Role
from portal import main
from tests.arrangements.agreements import Bureau
from tests.communication.correspondence import a_correspondent
from tests.portal.house import House, send

PARTS = ("portal.shared.sign_in", "portal.collector", "portal.creditor", "portal.finance")
COUNT = {"how": "count", "count": "4", "rhythm": "monthly", "first_on": "2026-12-15"}
LOW = {**COUNT, "how": "amount", "amount": "20"}
TERMS = {
    "valid_from": "2026-12-01", "months_max": "6", "instalment_min": "15", "monthly_min": "50,00",
    "share_min": "2,5", "interest_stops": "true", "grace_days": "5", "missed_max": "2",
    "collector_percent": "5", "admin_percent": "12,5",
}  # fmt: skip


@pytest.fixture
def house(units, redis_url, data_folder, monkeypatch) -> House:
    monkeypatch.setattr(main, "PARTS", PARTS)
    house = House(units, folder=data_folder, redis_url=redis_url)
    house.office = Bureau(units).open_up()
    return house


@pytest.fixture
def claim(house):
    with house.office.unit() as unit:
        return a_correspondent(unit)  # 402.15 is owed


def propose(house, claim, **wish):
    with house.office.unit() as unit:
        plan = propose_plan(
            unit, creditor_id=claim[0], claim_ids=[claim[1]], wish=Wish(first_on=date(2026, 12, 15), **wish)
        )
    house.office.react()
    return f"/desk/plans/{claim[0]}/{plan.id}"


class TestDesk:
    def test_a_plan_is_worked_out_then_agreed(self, house, claim):
        browser = house.browser(Role.COLLECTOR)
        page = f"/desk/claims/{claim[0]}/{claim[1]}"
        assert f"{page}/arrangement" in browser.get(page).text
        seen = browser.get(f"{page}/arrangement", params=COUNT).text
        assert "Within the creditor&#39;s bands" in seen or "Within the creditor's bands" in seen
        assert house.one("SELECT count(*) FROM plan") == 0
        answer = send(
            browser, f"{page}/arrangement/plan", page=f"{page}/arrangement", **COUNT, step="agree", why=""
        )
        assert answer.status_code == 303
        assert "€100.53" in browser.get(answer.headers["location"]).text
        assert house.one("SELECT state FROM plan") == "active"

    def test_a_settlement_is_taken_back_before_a_plan_is_agreed(self, house, claim):
        browser = house.browser(Role.COLLECTOR)
        page = f"/desk/claims/{claim[0]}/{claim[1]}/arrangement"
        send(
            browser, f"{page}/settlement", page=page, settle_amount="390", pay_by="2026-12-15",
            settle_why="pays at once",
        )  # fmt: skip
        seen = browser.get(page).text
        assert "take it back first" in seen
        assert f'action="{page}/settlement"' not in seen
        assert 'id="field-rhythm"' not in seen
        path = f"{page}/settlement/{house.one('SELECT id FROM settlement')}/end"
        assert send(browser, path, page=page, why="").status_code == 422
        assert send(browser, path, page=page, why="Wants to pay in parts").status_code == 303
        assert house.one("SELECT state FROM settlement") == "cancelled"
        seen = browser.get(page).text
        assert f'action="{page}/settlement"' in seen
        assert 'id="field-rhythm"' in seen
        late = send(browser, path, page=page, why="Once more")
        assert late.status_code == 422
        assert "Once more</textarea>" in late.text

    def test_outside_the_bands_it_takes_a_reason(self, house, claim):
        browser = house.browser(Role.COLLECTOR)
        page = f"/desk/claims/{claim[0]}/{claim[1]}/arrangement"
        answer = send(browser, f"{page}/plan", page=page, **LOW, step="agree", why="")
        assert answer.status_code == 422
        assert "Say why this plan is agreed" in answer.text
        answer = send(browser, f"{page}/plan", page=page, **LOW, step="offer")
        assert answer.status_code == 303
        assert house.one("SELECT state FROM plan") == "offered"

    def test_a_debtors_plan_waits_on_the_list_and_is_answered(self, house, claim):
        browser = house.browser(Role.COLLECTOR)
        page = propose(house, claim, amount=Money(2_000, "EUR"))
        assert page in browser.get("/desk/plans").text
        refused = send(browser, f"{page}/answer", page=page, answer="accept", why="")
        assert refused.status_code == 422
        countered = send(browser, f"{page}/answer", page=page, answer="counter", why="the most", **COUNT)
        assert countered.status_code == 303
        states = house.office.rows("SELECT state FROM plan ORDER BY made_at, id")
        assert states == [("countered",), ("offered",)]
        assert "Answered with another offer" in browser.get(page).text

    def test_a_running_plan_is_ended_with_a_reason(self, house, claim):
        browser = house.browser(Role.COLLECTOR)
        page = propose(house, claim, count=4)
        assert send(browser, f"{page}/end", page=page, why="").status_code == 422
        assert send(browser, f"{page}/end", page=page, why="the debtor asked").status_code == 303
        assert house.one("SELECT state FROM plan") == "cancelled"

    def test_a_settlement_beyond_the_authority_waits_for_the_creditor(self, house, claim):
        browser = house.browser(Role.COLLECTOR)
        page = f"/desk/claims/{claim[0]}/{claim[1]}/arrangement"
        fields = {"settle_amount": "200,00", "pay_by": "2026-12-20", "settle_why": "pays at once"}
        wrong = send(browser, f"{page}/settlement", page=page, **{**fields, "settle_amount": "999"})
        assert wrong.status_code == 422
        assert "below what is owed" in wrong.text
        assert send(browser, f"{page}/settlement", page=page, **fields).status_code == 303
        assert house.one("SELECT state FROM settlement") == "waiting"
        manager = house.browser(Role.CREDITOR_MANAGER, creditor_id=claim[0])
        seen = manager.get("/creditor/arrangements").text
        assert "€200.00 instead of €402.15" in seen
        decision = f"/creditor/settlements/{house.one('SELECT id FROM settlement')}/decision"
        assert send(manager, decision, page="/creditor/arrangements", accept="true").status_code == 303
        assert house.one("SELECT state FROM settlement") == "open"
        assert send(manager, decision, page="/creditor/arrangements").status_code == 409


class TestCreditor:
    def test_sets_its_terms_and_a_clerk_does_not(self, house, claim):
        manager = house.browser(Role.CREDITOR_MANAGER, creditor_id=claim[0])
        assert (
            send(manager, "/creditor/arrangements", page="/creditor/arrangements", **TERMS).status_code == 303
        )
        row = house.office.rows(
            "SELECT months_max, instalment_min_minor, monthly_min_minor, share_min_bps, collector_bps,"
            " admin_bps FROM arrangement_terms"
        )
        assert row == [(6, 1_500, 5_000, 250, 500, 1_250)]
        clerk = house.browser(Role.CREDITOR_CLERK, creditor_id=claim[0])
        assert "12.5" in clerk.get("/creditor/arrangements").text
        refused = send(clerk, "/creditor/arrangements", page="/creditor/arrangements", **TERMS)
        assert refused.status_code == 403

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"months_max": "0"}, "outside what is possible"),
            ({"share_min": "101"}, "percentage between 0 and 100"),
            ({"collector_percent": "50"}, "may not forgive more"),
            ({"valid_from": "2026-11-30"}, "today or a later day"),
            ({"monthly_min": "x"}, "Give an amount"),
        ],
    )
    def test_is_told_what_is_wrong(self, house, claim, change, says):
        manager = house.browser(Role.CREDITOR_MANAGER, creditor_id=claim[0])
        answer = send(manager, "/creditor/arrangements", page="/creditor/arrangements", **{**TERMS, **change})
        assert answer.status_code == 422
        assert says in answer.text
        assert house.one("SELECT count(*) FROM arrangement_terms") == 0

    def test_never_sees_a_debtors_account(self, house, claim):
        with house.units.open(Door.CREDITOR, by="user:x", creditor_id=claim[0]) as unit:
            granted = unit.session.connection().execute(
                text(
                    "SELECT has_table_privilege('agency_creditor', 'sepa_mandate', 'SELECT')"
                    " OR has_table_privilege('agency_creditor', 'direct_debit', 'SELECT')"
                )
            )
            assert granted.scalar_one() is False


class TestFinance:
    def test_collects_with_four_eyes(self, house, claim):
        propose(house, claim, count=3)
        with house.office.unit() as unit:
            plan_id = unit.session.connection().execute(text("SELECT id FROM plan")).scalar_one()
            sign_mandate(
                unit,
                creditor_id=claim[0],
                plan_id=plan_id,
                iban="NL91ABNA0417164300",
                holder="J. van den Berg",
            )
        first, page = house.browser(Role.FINANCE), "/finance/collections"
        assert "No direct debits yet" in first.get(page).text
        assert send(first, page, page=page).status_code == 409
        coming = first.get(page).text
        assert "Can be drafted from" in coming
        assert "14 Dec 2026" in coming  # the bank works a day before the fifteenth
        house.office.on(date(2026, 12, 14))
        first = house.signed_in(house.person(Role.FINANCE, Role.COLLECTOR))
        assert ">Now<" in first.get(page).text
        assert send(first, page, page=page).status_code == 303
        assert ">Now<" not in first.get(page).text
        file = f"{page}/{house.one('SELECT id FROM direct_debit_file')}"
        assert send(first, f"{file}/approval", page=page).status_code in (403, 409)
        second = house.signed_in(house.person(Role.FINANCE, Role.ADMIN))
        assert send(second, f"{file}/approval", page=page).status_code == 303
        content = send(second, f"{file}/download", page=page)
        assert b"pain.008.001.08" in content.content
        assert "€134.05" in first.get(page).text

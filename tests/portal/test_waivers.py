"""Giving up over HTTP: the desk's form, finance's decision, what the creditor reads, and the way back."""

import pytest
from sqlalchemy import text

from agency.parties.models import Role
from portal import main
from tests.arrangements.agreements import Bureau
from tests.communication.correspondence import a_correspondent
from tests.portal.house import House, send

PARTS = ("portal.shared.sign_in", "portal.collector", "portal.creditor", "portal.finance")


@pytest.fixture
def house(units, redis_url, data_folder, monkeypatch) -> House:
    monkeypatch.setattr(main, "PARTS", PARTS)
    house = House(units, folder=data_folder, redis_url=redis_url)
    house.office = Bureau(units).open_up()
    return house


@pytest.fixture
def claim(house):
    with house.office.unit() as unit:
        claim = a_correspondent(unit)  # 402.15 of principal
        unit.session.connection().execute(text("UPDATE claim SET phase = 'amicable'"))
    return claim


def page_of(claim) -> str:
    return f"/desk/claims/{claim[0]}/{claim[1]}/giving-up"


def test_a_collector_gives_up_within_the_limit_and_undoes_it(house, claim):
    browser, page = house.browser(Role.COLLECTOR), page_of(claim)
    assert page in browser.get(f"/desk/claims/{claim[0]}/{claim[1]}").text
    answer = send(browser, page, page=page, act="waiver", interest="0,02", why="hardship")
    assert answer.status_code == 303
    shown = browser.get(page).text
    assert "hardship" in shown
    assert "€0.02" in shown
    owed = house.office.owed(claim)
    given = house.one("SELECT id FROM ledger_transaction WHERE kind = 'waiver'")
    refused = send(browser, f"{page}/{given}/undoing", page=page, why="")
    assert (refused.status_code, "Say why" in refused.text) == (422, True)
    assert send(browser, f"{page}/{given}/undoing", page=page, why="a mistake").status_code == 303
    assert house.office.owed(claim) == owed + 2
    assert f"{given}/undoing" not in browser.get(page).text


def test_above_the_limit_finance_decides_and_the_creditor_reads_it(house, claim):
    desk, finance = house.browser(Role.COLLECTOR), house.browser(Role.FINANCE)
    page = page_of(claim)
    wish = {"act": "write_off", "principal": "402,15", "why": "no assets, agreed with the creditor"}
    assert send(desk, page, page=page, **wish).status_code == 303
    assert "Waits for a second person" in desk.get(page).text
    seen = finance.get("/finance/waivers").text
    assert "no assets, agreed with the creditor" in seen
    where = f"/finance/waivers/{claim[0]}/{house.one('SELECT id FROM waiver_request')}"
    assert send(finance, f"{where}/refusal", page="/finance/waivers", why="").status_code == 422
    assert send(finance, f"{where}/approval", page="/finance/waivers").status_code == 303
    late = send(finance, f"{where}/refusal", page="/finance/waivers", why="he has a house in Spain")
    assert (late.status_code, "he has a house in Spain</textarea>" in late.text) == (422, True)
    asked = f"{page}/requests/{house.one('SELECT id FROM waiver_request')}"
    late = send(desk, f"{asked}/withdrawal", page=page, why="she has found work")
    assert (late.status_code, "she has found work</textarea>" in late.text) == (422, True)
    assert house.one("SELECT state FROM waiver_request") == "granted"
    creditor = house.browser(Role.CREDITOR_CLERK, creditor_id=claim[0])
    read = creditor.get(f"/creditor/claims/{claim[1]}").text
    assert "Written off" in read
    assert "no assets, agreed with the creditor" in read


def test_a_second_request_is_refused_in_words_and_its_reason_given_back(house, claim):
    desk, page = house.browser(Role.COLLECTOR), page_of(claim)
    wish = {"act": "write_off", "principal": "402,15"}
    assert send(desk, page, page=page, **wish, why="no assets").status_code == 303
    late = send(desk, page, page=page, **wish, why="moved abroad, no address is known")
    assert late.status_code == 422
    assert "moved abroad, no address is known</textarea>" in late.text
    assert 'role="alert"' in late.text


def test_only_finance_and_administrators_decide(house, claim):
    assert house.browser(Role.COLLECTOR).get("/finance/waivers").status_code == 403
    assert house.browser(Role.ADMIN).get("/finance/waivers").status_code == 200


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"costs": "1,00"}, "Less than this is owed of this part"),
        ({}, "Give an amount"),
        ({"principal": "-5"}, "Less than this is owed of this part"),
        ({"principal": "abc"}, "Give an amount, like 12.50."),
        ({"principal": "1,005"}, "Write cents with two decimals"),
    ],
)
def test_what_cannot_be_given_up_is_said_beside_its_field(house, claim, fields, sentence):
    browser, page = house.browser(Role.COLLECTOR), page_of(claim)
    answer = send(browser, page, page=page, act="waiver", why="hardship", **fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert house.one("SELECT count(*) FROM ledger_transaction WHERE kind = 'waiver'") == 0

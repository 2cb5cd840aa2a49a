"""Finance agrees how a creditor is paid out, from a day on; the next draft follows it."""

import re
from datetime import timedelta

import pytest

from agency.kernel.unit import Door
from agency.money import Money
from agency.parties.models import Role
from agency.parties.terms import terms_on
from portal import main
from tests.portal.house import House, send

PARTS = ("portal.shared.sign_in", "portal.finance")
WEEKLY = {"cycle": "weekly", "mode": "gross", "weekday": "4", "day": "1", "least": "1.250,00"}


@pytest.fixture
def house(units, redis_url, data_folder, monkeypatch) -> House:
    monkeypatch.setattr(main, "PARTS", PARTS)
    return House(units, folder=data_folder, redis_url=redis_url)


def terms(house, creditor, *, later=0):
    with house.units.open(Door.STAFF, by="system:test") as unit:
        return terms_on(unit, creditor_id=creditor, on=unit.today + timedelta(days=later))


@pytest.fixture
def page(house):
    house.enercity = house.creditor()
    return f"/finance/payout-terms/{house.enercity}"


def test_counts_from_its_day_and_leaves_the_rest_as_agreed(house, page):
    browser = house.browser(Role.FINANCE)
    assert page in browser.get("/finance/payout-terms").text
    before = terms(house, house.enercity)
    tomorrow = (house.today() + timedelta(days=1)).isoformat()
    assert send(browser, page, page=page, valid_from=tomorrow, **WEEKLY).status_code == 303
    assert terms(house, house.enercity).payout_cycle == before.payout_cycle
    after = terms(house, house.enercity, later=2)
    assert (after.payout_cycle, after.payout_day, after.remittance_mode) == ("weekly", 4, "gross")
    assert Money(after.payout_from_minor, "EUR") == Money(125_000, "EUR")
    assert (after.interest_to, after.costs_to) == (before.interest_to, before.costs_to)
    told = browser.get(page).text
    assert "Weekly: Thursday" in told
    assert told.count("Gross: the fee is invoiced") > 1, "the fee stands in what was agreed, too"
    after_it = (house.today() + timedelta(days=2)).isoformat()
    assert re.search(rf'name="valid_from"[^>]*value="{after_it}"[^>]*min="{after_it}"', told)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"valid_from": "2020-01-01"}, "Choose today or a later day"),
        ({"cycle": "monthly", "day": "32"}, "This is no day of a week or of a month"),
        ({"cycle": "threshold", "least": ""}, "A threshold needs an amount"),
        ({"cycle": "hourly"}, "Choose one of the options"),
        ({"least": "-1"}, "Give an amount in euro"),
    ],
)
def test_what_cannot_be_agreed_is_said(house, page, change, sentence):
    browser = house.browser(Role.FINANCE)
    day = (house.today() + timedelta(days=3)).isoformat()
    answer = send(browser, page, page=page, **{**WEEKLY, "valid_from": day, **change})
    assert (answer.status_code, sentence in answer.text) == (422, True)


def test_the_agencys_own_share_is_no_way_to_pay_a_creditor(house, page):
    told = house.browser(Role.FINANCE).get(page).text
    assert re.findall(r'name="mode" value="(\w+)"', told) == ["net", "gross", "combined"]


def test_terms_are_not_put_behind_later_ones(house, page):
    browser = house.browser(Role.FINANCE)
    days = [(house.today() + timedelta(days=ahead)).isoformat() for ahead in (5, 4)]
    assert send(browser, page, page=page, valid_from=days[0], **WEEKLY).status_code == 303
    answer = send(browser, page, page=page, valid_from=days[1], **WEEKLY)
    assert "Terms from this day or a later one stand already" in answer.text


def test_others_do_not_set_them(house, page):
    assert house.browser(Role.COLLECTOR).get(page).status_code == 403
    nobody = f"/finance/payout-terms/{house.person(Role.ADMIN).user_id}"
    assert house.browser(Role.FINANCE).get(nobody).status_code == 404

"""A refund that needs an account: finance asks, the debtor names it after the second fact, two decide."""

from datetime import date

import pytest
from sqlmodel import select

from agency.kernel.unit import Door
from agency.money import Money
from agency.parties.models import Role
from agency.payments.giving_back import owed_back_list, read_owed_back
from agency.payments.links import issue_link
from agency.payments.models import PaymentSource, Refund
from agency.payments.refund_accounts import UnableToName, name_account
from agency.payments.settlement import settle
from portal import main
from tests.arrangements.agreements import Bureau
from tests.communication.correspondence import a_correspondent
from tests.portal.house import House, send

IBAN = "NL91ABNA0417164300"


@pytest.fixture
def house(units, redis_url, data_folder, monkeypatch) -> House:
    monkeypatch.setattr(main, "PARTS", ("portal.shared.sign_in", "portal.debtor", "portal.finance"))
    house = House(units, folder=data_folder, redis_url=redis_url)
    house.office = Bureau(units).open_up()
    return house


@pytest.fixture
def claim(house):
    """402.15 is owed, 450.00 was paid through the provider."""
    with house.office.unit() as unit:
        claim = a_correspondent(unit)
        settle(
            unit, creditor_id=claim[0], claim_id=claim[1], source=PaymentSource.PSP, source_key="tr_1",
            amount=Money(45_000, "EUR"), value_on=date(2026, 12, 1), trust_account="trust.psp",
        )  # fmt: skip
    house.office.react()
    return claim


def owed(house):
    with house.office.unit() as unit:
        [found] = owed_back_list(unit)
        return found


def visitor(house, claim):
    with house.office.unit() as unit:
        link = issue_link(unit, creditor_id=claim[0], claim_id=claim[1])
    browser = house.client()
    browser.get(f"/pay/{link}")
    send(browser, "/pay/identify", page="/pay", answer="3511 AB")
    return browser


def test_the_debtor_names_it_on_his_page_and_finance_asks_with_it(house, claim):
    found = owed(house)
    finance, page = house.browser(Role.FINANCE), f"/finance/refunds/owed/{claim[0]}/{found.payment_id}"
    assert send(finance, f"{page}/question", page=page).status_code == 303
    house.office.send()
    [question] = [one for one in house.office.mail.left if "Welke" in one.subject or "welke" in one.subject]
    assert "47,85" in question.subject
    assert IBAN not in question.body

    debtor = visitor(house, claim)
    assert "/pay/refund" in debtor.get("/pay").text
    wrong = send(debtor, "/pay/refund", page="/pay/refund", iban="NL91ABNA0417164301", holder="J. de Vries")
    assert (wrong.status_code, "This is not a valid IBAN" in wrong.text) == (422, True)
    given = send(
        debtor, "/pay/refund", page="/pay/refund", iban="nl91 abna 0417 1643 00", holder="J. de Vries"
    )
    assert given.status_code == 303

    shown = finance.get(page).text
    assert IBAN in shown
    assert house.one("SELECT count(*) FROM refund") == 0  # naming an account moves nothing
    asked = send(finance, page, page=page, reason="paid too much", iban=IBAN, holder="J. de Vries")
    assert asked.status_code == 303
    with house.office.unit() as unit:
        refund = unit.session.exec(select(Refund)).one()
    assert (refund.state, refund.iban) == ("requested", IBAN)
    assert "/pay/refund" not in debtor.get("/pay").text


def test_an_account_is_taken_only_while_it_is_asked_and_only_of_that_claim(house, claim):
    with (
        house.units.open(Door.DEBTOR, by="debtor:x", creditor_id=claim[0], claim_id=claim[1]) as unit,
        pytest.raises(UnableToName),
    ):
        name_account(unit, creditor_id=claim[0], claim_id=claim[1], iban=IBAN, holder="J. de Vries")
    finance = house.browser(Role.FINANCE)
    page = f"/finance/refunds/owed/{claim[0]}/{owed(house).payment_id}"
    send(finance, f"{page}/question", page=page)
    with house.office.unit() as unit:
        other = a_correspondent(unit, creditor_id=claim[0])
    with (
        house.units.open(Door.DEBTOR, by="debtor:x", creditor_id=claim[0], claim_id=other[1]) as unit,
        pytest.raises(UnableToName),
    ):
        name_account(unit, creditor_id=claim[0], claim_id=claim[1], iban=IBAN, holder="J. de Vries")


def test_without_the_second_fact_nothing_is_shown(house, claim):
    with house.office.unit() as unit:
        link = issue_link(unit, creditor_id=claim[0], claim_id=claim[1])
        assert read_owed_back(unit, creditor_id=claim[0], origin_id=owed(house).payment_id)
    browser = house.client()
    browser.get(f"/pay/{link}")
    assert browser.get("/pay/refund").status_code in (302, 303, 401)

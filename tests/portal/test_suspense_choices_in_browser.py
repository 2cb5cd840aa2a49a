"""Settling suspense with the keyboard in a real browser, with long names and several choices."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from agency.banking.importing import import_statements
from agency.banking.matching import match_lines
from agency.claims.models import Claim
from agency.kernel.unit import Door, Unit
from agency.parties.models import Role
from tests.banking.test_importing import a_line, a_statement
from tests.barriers import barriers
from tests.made import a_claim, a_creditor
from tests.portal.house import House
from tests.portal.served import serve
from tests.portal.test_shell_in_browser import watched

pytestmark = pytest.mark.browser
LONG = "Koninklijke-Verenigde-Noord-Nederlandse-Scheepsbouw-en-Machinefabrieken Holding BV"
PAYER = "NL91ABNA0417164300"


@pytest.fixture
def house(units, tmp_path, redis_url) -> House:
    return House(units, folder=tmp_path, redis_url=redis_url)


def lines_wait(unit: Unit, iban: str) -> None:
    """A debtor with two claims and a namesake; one line for both claims, one for either, one of nobody."""
    creditor = a_creditor(unit)
    claims = [a_claim(unit, creditor_id=creditor, invoices=[(minor, unit.today)]) for minor in (6_000, 4_000)]
    other = a_claim(unit, creditor_id=a_creditor(unit), invoices=[(6_000, unit.today)])
    rows = [unit.session.get_one(Claim, (creditor, claim)) for claim in claims]
    rows[1].debtor_id = rows[0].debtor_id
    unit.session.flush()
    unit.session.connection().execute(
        text("UPDATE debtor SET name = :name, name_key = 'koninklijke verenigde machinefabrieken holding'"
             " WHERE id = ANY(:ids)"),
        {"name": LONG, "ids": [rows[0].debtor_id, unit.session.connection().execute(
            text("SELECT debtor_id FROM claim WHERE id = :id"), {"id": other}).scalar_one()]},
    )  # fmt: skip
    said = {"on": unit.today, "counterparty": "Koninklijke Verenigde Machinefabrieken Holding B.V."}
    lines = (
        a_line("a", 10_000, text="alles ineens " * 8, counterparty_iban=PAYER, **said),
        a_line("b", 6_000, text="een ervan", **said),
        a_line("c", 777, text="?", on=unit.today),
    )
    read = a_statement("s1", lines, opening=0, on=unit.today, account=iban)
    import_statements(unit, content=b"s1", reader=lambda _: [read], iban=iban)
    match_lines(unit)


@pytest.fixture
def served(house):
    with house.units.open(Door.STAFF, by="user:ann") as unit:
        lines_wait(unit, house.settings.trust_iban)
    with serve(house) as running:
        yield running


def states(house: House) -> list[str]:
    with house.units.open(Door.STAFF, by="x") as unit:
        found = unit.session.connection().execute(
            text("SELECT state FROM bank_line ORDER BY amount_minor DESC")
        )
        return list(found.scalars())


def chosen(page: Page) -> str:
    return page.evaluate("document.querySelector('[name=choice]:checked')?.dataset.key ?? ''")


def test_lines_are_settled_from_the_keyboard(browser, served):
    house = served.house
    session = house.signed_in(house.person(Role.FINANCE)).cookies["session"]
    with browser.new_context(base_url=served.url, locale="en-GB") as context:
        context.add_cookies([{"name": "session", "value": session, "url": served.url}])
        page, complaints = watched(context)
        page.goto("/finance/suspense")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Confirm")).to_be_focused()
        assert barriers(page) == []
        assert chosen(page) == "1"
        page.keyboard.press("2")
        assert chosen(page) == "2"
        page.keyboard.press("1")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").filter(has_text="several claims")).to_be_visible()
        assert barriers(page) == []
        assert states(house) == ["matched", "suspense", "suspense"]
        page.keyboard.press("u")
        expect(page.get_by_text("Taken back. The line waits again.")).to_be_visible()
        assert states(house) == ["suspense", "suspense", "suspense"]
        page.keyboard.press("j")
        expect(page.get_by_text("2 of 3")).to_be_visible()
        page.keyboard.press("x")
        expect(page.get_by_text("Kept: none of them.")).to_be_visible()
        page.goto("/finance/suspense")
        assert barriers(page) == []
        assert complaints == []

"""Refunds and suspense in both themes, on a desk and on a phone, with long names and much to read."""

import pytest
from sqlalchemy import text

from agency.banking.importing import import_statements
from agency.banking.matching import match_lines
from agency.banking.proof import prove
from agency.banking.suspense_cases import add_note, ask_to_park, park
from agency.claims.models import Claim
from agency.kernel.unit import Door, Unit
from agency.parties.models import Role
from agency.payments.giving_back import owed_back_list
from agency.payments.refunds import checked_payee, request_refund
from tests.banking.test_importing import a_line, a_statement
from tests.barriers import barriers
from tests.made import a_claim, a_creditor, an_accepted_price
from tests.portal.house import House
from tests.portal.served import serve
from tests.portal.test_shell_in_browser import watched

pytestmark = pytest.mark.browser
LONG = "Koninklijke-Verenigde-Noord-Nederlandse-Scheepsbouw-en-Machinefabrieken Holding BV"
PAYER = "NL91ABNA0417164300"


@pytest.fixture
def house(units, tmp_path, redis_url) -> House:
    return House(units, folder=tmp_path, redis_url=redis_url)


def claims_paid_too_much(unit: Unit, iban: str) -> None:
    """Two claims overpaid, a line that names both, one of nobody and one that two people parked."""
    references = []
    for _ in range(2):
        creditor = a_creditor(unit)
        claim = a_claim(unit, creditor_id=creditor, invoices=[(10_000, unit.today)])
        an_accepted_price(unit, creditor_id=creditor, claim_id=claim)
        references.append(unit.session.get_one(Claim, (creditor, claim)).payment_reference)
    said = {"on": unit.today, "counterparty": LONG, "counterparty_iban": PAYER}
    lines = (
        a_line("a", 15_000, text=references[0], **said),
        a_line("b", 12_345, text=references[1], **said),
        a_line("c", 7_000, text="factuur, ik weet het nummer niet meer " * 3, **said),
        a_line("d", 9_900, text="?", **said),
        a_line("e", 20_000, text=" en ".join(references), **said),
    )
    read = a_statement("s1", lines, opening=0, on=unit.today, account=iban)
    import_statements(unit, content=b"s1", reader=lambda _: [read], iban=iban)
    match_lines(unit)
    prove(unit, on=unit.today)


@pytest.fixture
def served(house):
    with house.units.open(Door.STAFF, by="user:ann") as unit:
        claims_paid_too_much(unit, house.settings.trust_iban)
        owed = owed_back_list(unit)[0]
        payee = checked_payee(iban="BE68539007547034", holder=LONG)
        request_refund(
            unit,
            creditor_id=owed.creditor_id,
            payment_id=owed.payment_id,
            reason="Twee keer betaald; de debiteur belde zelf.",
            payee=payee,
        )
        parked, waits = line(unit, 9_900), line(unit, 20_000)
        ask_to_park(unit, line_id=parked, reason="De bank kan de afzender niet noemen.")
        add_note(unit, line_id=waits, words="Gebeld: komt er morgen op terug.")
    with house.units.open(Door.STAFF, by="user:bob") as unit:
        park(unit, line_id=parked)
    with serve(house) as running:
        yield running


def line(unit: Unit, minor: int):
    found = unit.session.connection().execute(
        text("SELECT id FROM bank_line WHERE amount_minor = :minor"), {"minor": minor}
    )
    return found.scalar_one()


def test_pages_can_be_read_by_everybody_and_fit(browser, served):
    house = served.house
    with house.units.open(Door.STAFF, by="x") as unit:
        waits, parked = line(unit, 20_000), line(unit, 9_900)
        [owed] = owed_back_list(unit)
        refund = unit.session.connection().execute(text("SELECT creditor_id, id FROM refund")).one()
    paths = (
        "/finance", "/finance/refunds", f"/finance/refunds/{refund.creditor_id}/{refund.id}",
        f"/finance/refunds/owed/{owed.creditor_id}/{owed.payment_id}", "/finance/suspense",
        f"/finance/suspense/{waits}", f"/finance/suspense/{parked}", "/finance/proof",
    )  # fmt: skip
    session = house.signed_in(house.person(Role.FINANCE)).cookies["session"]
    with browser.new_context(base_url=served.url, locale="en-GB") as context:
        context.add_cookies([{"name": "session", "value": session, "url": served.url}])
        for path in paths:
            page, complaints = watched(context)
            page.goto(path)
            assert (path, complaints, barriers(page)) == (path, [], [])
            page.close()

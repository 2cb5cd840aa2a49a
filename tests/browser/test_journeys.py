"""One journey per audience in a real browser, on the whole agency; everybody can use every page it passes."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from agency.desk.models import WorkKind
from agency.desk.queue import ask_for_person
from agency.kernel.unit import Door
from agency.parties.models import Role
from tests.agency_at_work import as_file, register, rows
from tests.barriers import PHONE
from tests.browser.conftest import Person
from tests.flows.conftest import BAKERY, JANSEN, MONDAY, clock, reminded

pytestmark = pytest.mark.browser

TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
THURSDAY = WEDNESDAY + timedelta(days=1)
MAIL = JANSEN["email"]


def test_a_creditor_submits_a_file_sees_the_price_and_accepts(town, hired, signed_in):
    creditor_id = register(town.work, reference="ENERCITY", name="Enercity B.V.")
    carla = hired("Carla Creditor", Role.CREDITOR_CLERK, Role.CREDITOR_MANAGER, creditor_id=creditor_id)
    clerk = signed_in(carla)
    clerk.can_use_this_page()
    clerk.goes_to("/creditor/placements/new")
    clerk.can_use_this_page()
    broken = JANSEN | {"invoice_number": "F-1003", "amount": "-5"}
    content = as_file([JANSEN, BAKERY, broken])
    file = {"name": "open.csv", "mimeType": "text/csv", "buffer": content}
    clerk.page.get_by_label("Drop files here, or choose them").set_input_files(file)
    clerk.page.wait_for_url("**/creditor/drops/*")
    clerk.sees("See the price")
    clerk.can_use_this_page()

    clerk.follows("See the price")
    clerk.sees("1 row was rejected and is not in this price")
    lines = clerk.page.locator("details.price-line")
    expect(lines).to_have_count(2)
    lines.first.locator("summary").click()
    expect(lines.first.locator(".price-detail")).to_be_visible()
    clerk.can_use_this_page()
    assert rows(town.work, "SELECT DISTINCT state FROM claim") == [("quoted",)]
    clerk.presses("Accept and start")
    clerk.sees("collection has started")
    clerk.can_use_this_page()
    town.work_off()
    assert rows(town.work, "SELECT state FROM claim") == [("active",)] * 2

    clerk.follows("Follow the claims")
    expect(clerk.page.locator("tbody tr")).to_have_count(2)
    clerk.can_use_this_page()
    clerk.strikes("/")
    clerk.page.keyboard.type("jansen")
    expect(clerk.page.locator("tbody tr")).to_have_count(1)
    clerk.follows("CL-")
    expect(clerk.page.get_by_role("heading", level=1)).to_contain_text("J. Jansen")
    clerk.can_use_this_page()
    for path in ("/creditor", "/creditor/quotes", "/creditor/payouts", "/creditor/claims/new"):
        clerk.goes_to(path)
        clerk.can_use_this_page()


def test_a_debtor_opens_the_link_on_a_phone_and_pays_while_the_creditor_watches(
    town, hired, signed_in, at_a_browser
):
    creditor_id = reminded(town, JANSEN)
    clerk = signed_in(hired("Carla Creditor", Role.CREDITOR_CLERK, creditor_id=creditor_id))
    clerk.goes_to(f"/creditor/claims/{town.claim('F-1001').id}")
    state = clerk.page.get_by_role("heading", level=1).locator(".chip")
    expect(state).to_have_text("In collection")
    clerk.page.evaluate("window.untouched = true")

    debtor = at_a_browser(PHONE)
    link = town.pay_link(MAIL)
    debtor.page.goto(link)
    debtor.can_use_this_page()
    debtor.page.get_by_label("Your postal code").fill("9999 ZZ")
    debtor.presses("Continue")
    debtor.sees("This is not what we have on file.")
    debtor.can_use_this_page()
    debtor.page.get_by_label("Your postal code").fill("3511 AB")
    debtor.presses("Continue")
    debtor.sees("F-1001")
    assert debtor.page.url == f"{debtor.portal}/pay", "the token must not stay in the address"
    assert link.rsplit("/", 1)[1] not in debtor.page.content()
    debtor.can_use_this_page()
    for name in ("I will pay on another day", "I do not agree", "I have already paid", "This is not for me"):
        debtor.follows(name)
        debtor.page.wait_for_url("**/pay/*")
        debtor.can_use_this_page()
        debtor.goes_to("/pay")

    debtor.presses("Pay with iDEAL | Wero or another method")
    debtor.page.wait_for_url("**/checkout/**")
    debtor.presses("Pay €\N{NO-BREAK SPACE}125.00")
    debtor.page.wait_for_url("**/pay/return")
    debtor.sees("Your payment is being checked")
    debtor.can_use_this_page()
    expect(state).to_have_text("In collection")  # what a payer's browser says is not believed
    town.work_off()
    assert town.claim("F-1001").state == "paid"

    # Neither of the two touches anything: the creditor's page was nudged, the debtor's looks again by itself.
    expect(state).to_have_text("Paid")
    clerk.sees("Payment received")
    clerk.sees("Receipt of payment")
    assert clerk.page.evaluate("window.untouched") is True
    clerk.can_use_this_page()
    debtor.sees("We have received your payment")
    debtor.can_use_this_page()
    debtor.follows("What I have paid")
    debtor.sees("€125.00")
    debtor.can_use_this_page()
    debtor.goes_to("/pay")
    debtor.sees("Nothing to pay now")
    debtor.can_use_this_page()


def test_finance_imports_the_bank_and_two_people_pay_out(town, hired, signed_in):
    reminded(town, JANSEN, BAKERY)
    town.it_is(clock(WEDNESDAY, 9))
    transfer(town, "1250.00", structured_reference=town.claim("F-1002").payment_reference)
    transfer(town, "125.00", text="betaling", from_name="J. Jansen")
    town.it_is(clock(WEDNESDAY, 18))
    fenna, floris = (hired(name, Role.FINANCE) for name in ("Fenna de Vries", "Floris van den Berg"))

    first = signed_in(fenna)
    first.can_use_this_page()
    import_day(town, first, WEDNESDAY)
    first.can_use_this_page()
    first.page.locator("#list tbody").get_by_role("link").first.click()
    first.page.wait_for_url("**/statements/*")
    first.can_use_this_page()
    assert (town.claim("F-1001").state, town.claim("F-1002").state) == ("active", "paid")
    first.goes_to("/finance/suspense")
    first.can_use_this_page()
    first.strikes("j")
    first.strikes("Enter")
    first.page.wait_for_url("**/finance/suspense/*")
    first.can_use_this_page()
    first.strikes("/")
    first.page.keyboard.type("jansen")
    first.strikes("Enter")
    first.sees("exactly this amount")
    first.can_use_this_page()
    first.presses("Book here CL-0000-0001-01")
    first.sees("Nothing waits")
    town.work_off()
    assert town.claim("F-1001").state == "paid"
    prove(first)

    first.goes_to("/finance/remittances")
    first.presses("Draft up to today")
    first.sees("Drafted. Another person approves.")
    first.can_use_this_page()
    first.follows("Enercity B.V.")
    first.sees("A colleague must approve it.")
    expect(first.page.get_by_role("button", name="Approve")).to_have_count(0)
    first.can_use_this_page()

    second = signed_in(floris)
    second.can_use_this_page()
    second.follows("Enercity B.V.")
    second.presses("Approve")
    second.sees("Approved.")
    second.presses("Make the payout file")
    second.sees("The payout file is ready to download.")
    second.can_use_this_page()
    with second.page.expect_download() as downloading:
        second.presses("Download")
    order = downloading.value.path().read_bytes()
    assert b"pain.001.001.09" in order
    [paid] = re.findall(rb"<InstdAmt[^>]*>([^<]+)", order)

    for person in (first, second):
        person.goes_home()

    # The bank executes the file; its next statement is the last word.
    town.it_is(clock(THURSDAY, 9))
    town.simulator.http.post("/bank/payments", content=order).raise_for_status()
    town.it_is(clock(THURSDAY, 18))
    signed_in(fenna, first)
    import_day(town, first, THURSDAY)
    first.goes_to("/finance/remittances")
    expect(first.page.locator("#list tbody .chip")).to_have_text("Paid out")
    expect(first.page.locator("#list tbody tr")).to_contain_text(f"€{float(paid):,.2f}")
    prove(first)
    assert town.proof_is_green()
    for path in ("/finance", "/finance/ledger", "/finance/ledger/trust.bank"):
        first.goes_to(path)
        first.can_use_this_page()


def transfer(town, amount: str, **details: str) -> None:
    """Somebody pays into the trust account."""
    to = {"to_iban": town.work.settings.trust_iban, "amount": amount}
    town.simulator.post("/bank/transfer", to | details)


def import_day(town, visitor, day) -> None:
    """Upload the bank's statement of a day; what the bank says is matched at once."""
    visitor.goes_to("/finance/statements")
    file = {"name": f"{day}.xml", "mimeType": "application/xml", "buffer": town.bank_file(day)}
    visitor.page.get_by_label("Bank file").set_input_files(file)
    visitor.presses("Import")
    visitor.sees("new line")
    town.work_off()


def prove(visitor) -> None:
    """Press the button; every check is green."""
    visitor.goes_to("/finance/proof")
    visitor.presses("Prove now")
    visitor.sees("Proven: bank, ledger and liabilities are equal.")
    visitor.page.wait_for_load_state()
    checks = visitor.page.locator("#list tbody .chip")
    assert set(checks.all_inner_texts()) == {"Green"}
    visitor.can_use_this_page()


def test_a_collector_takes_the_next_case_calls_notes_and_sees_a_promise_kept(town, hired, signed_in, debtor):
    creditor_id = reminded(town, JANSEN, BAKERY)
    with town.work.units.open(Door.WORKER, by="system:test") as unit:
        for number, kind in (("F-1001", WorkKind.CALL_DUE), ("F-1002", WorkKind.PROMISE_BROKEN)):
            claim_id = town.claim(number).id
            ask_for_person(unit, creditor_id=creditor_id, claim_id=claim_id, kind=kind, key=number)
    town.it_is(clock(WEDNESDAY, 10))
    collector = signed_in(hired("Cora Collector", Role.COLLECTOR))
    page = collector.page
    expect(page.locator("#list tbody tr")).to_have_count(2)
    collector.can_use_this_page()

    collector.strikes("n")  # the broken promise comes first
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bakkerij De Vries")
    collector.can_use_this_page()
    collector.strikes("w")
    page.get_by_role("dialog").get_by_label("Note").fill("Asks for the invoice by e-mail.")
    collector.can_use_this_page()
    collector.presses("Keep")
    collector.sees("Asks for the invoice by e-mail.")
    collector.strikes("p")
    page.get_by_role("dialog").get_by_label("Amount").fill("1250")
    page.get_by_role("dialog").get_by_label("Pays on").fill((MONDAY + timedelta(days=4)).isoformat())
    collector.can_use_this_page()
    collector.presses("Note the promise")
    collector.sees("Collection is paused: promise to pay")
    collector.can_use_this_page()

    collector.strikes("f")
    expect(page.get_by_role("heading", level=1)).to_contain_text("J. Jansen")
    collector.strikes("c")
    page.get_by_role("dialog").get_by_label("Your own number").fill("+31 20 111 22 22")
    collector.presses("Ring")
    collector.sees("How did it end?")
    town.work_off()
    expect(page.locator("#call-state")).to_contain_text("Picked up")
    ending = page.locator("#open-call")
    ending.get_by_text("Promises a payment", exact=True).click()
    ending.get_by_label("Pays on").fill((MONDAY + timedelta(days=10)).isoformat())
    ending.get_by_label("Note").fill("Salary comes on the ninth.")
    collector.can_use_this_page()
    collector.presses("Close the call")
    collector.sees("The call is on file.")
    collector.sees("Salary comes on the ninth.")
    collector.can_use_this_page()
    jansen = page.url
    collector.strikes("f")
    collector.sees("Nothing waits any more. Well done.")
    collector.can_use_this_page()

    # J. Jansen keeps the promise while the collector looks at the claim.
    town.work_off()
    page.goto(jansen)
    promise = page.locator("section.card", has=page.get_by_role("heading", name="Promises"))
    expect(promise.locator(".chip")).to_have_text("Open")
    debtor.open(town.pay_link(MAIL), answer="3511 AB")
    debtor.pay()
    town.work_off()
    expect(promise.locator(".chip")).to_have_text("Kept")  # by itself
    expect(page.get_by_role("heading", level=1)).to_contain_text("Paid")
    collector.can_use_this_page()
    for path in ("/desk/claims", "/desk/promises", "/desk/disputes"):
        collector.goes_to(path)
        collector.can_use_this_page()
    collector.strikes("Control+k")
    page.get_by_role("dialog").get_by_role("searchbox").fill("bakkerij")
    page.get_by_role("dialog").get_by_role("link", name="Bakkerij De Vries").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bakkerij De Vries")


def test_an_administrator_hires_somebody_and_sees_the_brands_and_the_machinery(town, hired, signed_in):
    register(town.work, reference="ENERCITY", name="Enercity B.V.")
    admin = signed_in(hired("Ada Administrator", Role.ADMIN))
    page = admin.page
    admin.sees("Ahead of the machine")
    admin.can_use_this_page()
    admin.goes_to("/admin/users")
    admin.can_use_this_page()
    admin.follows("New user")
    admin.can_use_this_page()
    page.get_by_label("Name").fill("Nora Newcomer")
    page.get_by_label("E-mail address").fill("nora@example.org")
    page.get_by_label("Collector").check()
    admin.presses("Make user")
    admin.sees("Shown once")
    admin.can_use_this_page()
    password, secret = page.locator(".secret").all_inner_texts()
    nora = Person("nora@example.org", secret, password)
    admin.follows("Done")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nora Newcomer")
    admin.can_use_this_page()

    admin.goes_to("/admin/brands")
    admin.can_use_this_page()
    admin.follows("Enercity B.V.")
    admin.can_use_this_page()
    admin.presses("New draft")
    admin.can_use_this_page()
    for path in ("/sessions", "/password"):
        admin.goes_to(path)
        admin.can_use_this_page()

    newcomer = signed_in(nora)
    assert newcomer.page.url.endswith("/desk")
    newcomer.can_use_this_page()

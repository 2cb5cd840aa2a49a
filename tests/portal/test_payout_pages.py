"""Payouts, invoices, accounts and reports over HTTP: what each door may do, and what it is told."""

import csv
import re
from decimal import Decimal

import pytest
from pypdfium2 import PdfDocument

from agency.events import DirectPaymentsReported
from agency.kernel.ids import HOUSE
from agency.kernel.unit import Door
from agency.ledger.queries import account_balance
from agency.money import Money
from agency.parties.models import Role
from agency.payments.models import Payment
from agency.payments.settlement import reverse_payment
from agency.remittance.direct import book_reports
from agency.remittance.models import AccountChangeRow, DirectPayment, FeeInvoice, RemittanceFile
from agency.remittance.returned import RefusedPayout, take_back_refused
from agency.rules.explain import written_day
from portal import main
from portal.creditor.claim_happenings import happened_to
from tests.portal.house import House, send
from tests.remittance.out import agreed, another_claim, approve_all, draft, paid, pay_out, rows_of, run_of

NEW = "BE68539007547034"


def csv_rows(content: str) -> dict[str, dict[str, str]]:
    """The rows of a file by their first column."""
    rows = list(csv.DictReader(content.removeprefix("\ufeff").splitlines(), delimiter=";"))
    return {next(iter(row.values())): row for row in rows}


@pytest.fixture
def house(units, data_folder, redis_url, monkeypatch) -> House:
    parts = ("portal.shared.sign_in", "portal.shared.account", "portal.creditor", "portal.finance")
    monkeypatch.setattr(main, "PARTS", parts)
    return House(units, folder=data_folder, redis_url=redis_url)


@pytest.fixture
def paid_out(units):
    """A creditor with a payout on its way: 1,000.00 collected, 500.00 paid to itself."""
    creditor, claim = agreed(units, invoices=(120_000, 80_000))
    paid(units, creditor, claim, 100_000, key="a")
    paid(units, creditor, claim, 50_000, key="b", direct=True)
    pay_out(units)
    return creditor, claim


class TestCreditor:
    def test_sees_each_invoice_of_a_payout_and_why(self, units, house, paid_out):
        browser = house.browser(Role.CREDITOR_MANAGER, creditor_id=paid_out[0])
        run = run_of(units, paid_out[0])
        page = browser.get(f"/creditor/payouts/{run.id}").text
        assert "€818.50" in page
        assert "10% of €1,000.00 collected" in page.replace("\xa0", " ")
        assert "The debtor paid you yourself" in page
        assert run.payee_iban in page

    def test_adds_up_to_what_was_collected_once_what_was_paid_to_the_creditor_is_left_out(
        self, units, house, paid_out
    ):
        """A book-keeper who adds the rows up is told what is not in the sum above them, on paper too."""
        run = run_of(units, paid_out[0])
        creditor = house.browser(Role.CREDITOR_CLERK, creditor_id=paid_out[0])
        told = creditor.get(f"/creditor/payouts/{run.id}").text
        assert "€500.00 was paid to you and not to us" in told
        assert told.count(">paid to you<") == 2  # two invoices
        assert "How you are paid out: Daily" in creditor.get("/creditor/payouts").text
        finance = house.browser(Role.FINANCE).get(f"/finance/remittances/{paid_out[0]}/{run.id}").text
        assert "€500.00 was paid to the creditor itself" in finance
        assert finance.count(">paid directly<") == 2
        content = creditor.get(f"/creditor/payouts/{run.id}/statement.pdf").content
        paper = " ".join(PdfDocument(content)[0].get_textpage().get_text_range().split())
        assert paper.count("· paid to you") == 2
        assert "€500.00 was paid to you and not to us" in paper.replace("\xa0", " ")

    def test_says_of_a_payment_that_was_taken_back_when_and_in_which_payout_it_was(
        self, units, house, paid_out
    ):
        creditor = paid_out[0]
        with units.open(Door.WORKER, by="system:x") as unit:
            payment = min(rows_of(unit, Payment), key=lambda one: one.created_at)
            reverse_payment(
                unit, creditor_id=creditor, payment_id=payment.id, why="chargeback", effective_on=unit.today
            )
        with units.open(Door.STAFF, by="x") as unit:
            other = another_claim(unit, creditor, invoices=(300_000,))
        paid(units, creditor, other, 300_000, key="c")
        draft(units, later=1)
        run = run_of(units, creditor)
        assert run.collected_minor == 200_000
        clerk = house.browser(Role.CREDITOR_CLERK, creditor_id=creditor)
        today = written_day(house.today(), "en")
        words = f"Taken back on {today}. It stood in the payout up to and including"
        assert words in clerk.get(f"/creditor/payouts/{run.id}").text
        finance = house.browser(Role.FINANCE).get(f"/finance/remittances/{creditor}/{run.id}").text
        assert words in finance
        content = clerk.get(f"/creditor/payouts/{run.id}/statement.csv").text
        assert f"{words} {today}; its fee goes back too" in content

    @pytest.mark.parametrize(
        ("kind", "start"),
        [("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK"), ("pdf", b"%PDF"), ("camt", b"<"), ("mt940", b":20:")],
    )
    def test_takes_a_payout_along_in_every_form(self, units, house, paid_out, kind, start):
        browser = house.browser(Role.CREDITOR_CLERK, creditor_id=paid_out[0])
        answer = browser.get(f"/creditor/payouts/{run_of(units, paid_out[0]).id}/statement.{kind}")
        assert answer.status_code == 200
        assert answer.content.startswith(start)

    @pytest.mark.parametrize("kind", ["pdf", "xml"])
    def test_reads_the_agencys_invoice_and_nobody_elses(self, units, house, paid_out, kind):
        with units.open(Door.STAFF, by="x") as unit:
            [invoice] = rows_of(unit, FeeInvoice)
        own = house.browser(Role.CREDITOR_CLERK, creditor_id=paid_out[0])
        other = house.browser(Role.CREDITOR_CLERK, creditor_id=house.creditor("Other"))
        path = f"/creditor/invoices/{invoice.id}/document.{kind}"
        assert own.get(path).status_code == 200
        assert other.get(path).status_code == 404
        assert invoice.full_number in own.get("/creditor/invoices").text
        assert invoice.full_number not in other.get("/creditor/invoices").text

    def test_another_creditors_payout_looks_like_none(self, units, house, paid_out):
        other = house.browser(Role.CREDITOR_MANAGER, creditor_id=house.creditor("Other"))
        run = run_of(units, paid_out[0])
        for path in ("", "/statement.csv", "/statement.pdf", "/statement.camt"):
            assert other.get(f"/creditor/payouts/{run.id}{path}").status_code == 404

    def test_asks_for_another_account_and_stops_it(self, units, house, paid_out):
        manager = house.browser(Role.CREDITOR_MANAGER, creditor_id=paid_out[0])
        bad = send(manager, "/creditor/account/changes", page="/creditor/account", iban="NL00", holder="X")
        assert bad.status_code == 422
        assert "This is no valid IBAN" in bad.text
        asked = send(manager, "/creditor/account/changes", page="/creditor/account", iban=NEW, holder="X BV")
        assert asked.status_code == 303
        page = manager.get("/creditor/account").text
        assert NEW in page
        stop = re.search(r'action="(/creditor/account/changes/[^"]+/stop)"', page)
        assert send(manager, stop[1], page="/creditor/account").status_code == 303
        with units.open(Door.STAFF, by="x") as unit:
            assert rows_of(unit, AccountChangeRow)[0].state == "taken_back"

    def test_a_clerk_may_not_ask_for_another_account(self, house, paid_out):
        clerk = house.browser(Role.CREDITOR_CLERK, creditor_id=paid_out[0])
        page = "/creditor/direct-payments"
        refused = send(clerk, "/creditor/account/changes", page=page, iban=NEW, holder="X")
        assert refused.status_code == 403

    def test_tells_what_was_too_much_and_what_was_refused_after_all(self, units, house, paid_out):
        """A creditor that was thanked for a report reads what became of it, and what is not its money."""
        clerk = house.browser(Role.CREDITOR_CLERK, creditor_id=paid_out[0])
        page = "/creditor/direct-payments"
        number = house.one("SELECT number FROM claim WHERE id = :c", c=paid_out[1])
        for amount in ("900,00", "3,00"):
            facts = {"claim": number, "amount": amount, "paid_on": house.today().isoformat()}
            assert send(clerk, page, page=page, **facts).status_code == 303
        with units.open(Door.WORKER, by="system:x") as unit:
            report_id = rows_of(unit, DirectPayment)[-1].report_id
            book_reports(
                unit, DirectPaymentsReported(creditor_id=paid_out[0], report_id=report_id, payments=1)
            )
        over = house.one("SELECT max(over_minor) FROM payment WHERE source = 'direct'")
        told = clerk.get(page).text
        assert f"€{over // 100:,}.{over % 100:02d} more than was owed: give it back to the debtor" in told
        assert "Not taken" in told
        assert "When this was booked, nothing was owed on this claim any more" in told

    def test_reports_money_one_by_one_and_by_file(self, units, house, paid_out):
        clerk = house.browser(Role.CREDITOR_CLERK, creditor_id=paid_out[0])
        page = "/creditor/direct-payments"
        number = house.one("SELECT number FROM claim WHERE id = :c", c=paid_out[1])
        today = house.today()
        facts = {"claim": number, "amount": "12,50", "paid_on": today.isoformat()}
        assert send(clerk, page, page=page, **facts).status_code == 303
        again = send(clerk, page, page=page, **facts)
        assert again.status_code == 422
        assert "This is another payment" in again.text
        token = re.search(r'name="csrf" value="([^"]+)"', clerk.get(page).text)[1]
        content = f"claim,amount,date\n{number},7.00,{today}\nnobody,1.00,{today}\n".encode()
        sent = clerk.post(f"{page}/files", data={"csrf": token}, files={"file": ("paid.csv", content)})
        assert sent.status_code == 303
        report = sent.headers["location"]
        told = clerk.get(report).text
        assert "1 payment was taken" in told
        assert "no claim of yours has this number" in told.lower()
        rejects = clerk.get(f"{report}/rejects.csv")
        assert b"nobody" in rejects.content
        with units.open(Door.STAFF, by="x") as unit:
            assert [row.state for row in rows_of(unit, DirectPayment)] == ["reported", "reported", "refused"]

    def test_takes_a_claim_back_after_seeing_what_it_costs(self, units, house):
        creditor, claim = agreed(units, terms={"withdrawal_bps": 500})
        manager = house.browser(Role.CREDITOR_MANAGER, creditor_id=creditor)
        path = f"/creditor/claims/{claim}/withdrawal"
        assert "€50.00" in manager.get(path).text
        assert send(manager, path, page=path, why="settled").status_code == 303
        assert house.one("SELECT state FROM claim WHERE id = :c", c=claim) == "withdrawn"


class TestFinance:
    def test_puts_a_returned_payout_forward_again_for_a_second_person(self, units, house, paid_out):
        run = run_of(units, paid_out[0])
        with units.open(Door.STAFF, by="x") as unit:
            take_back_refused(unit, refused=[RefusedPayout(run.end_to_end, "AC04", "account closed")])
        browser = house.browser(Role.FINANCE)
        path = f"/finance/remittances/{run.creditor_id}/{run.id}"
        page = browser.get(path).text
        assert "AC04 account closed" in page
        assert send(browser, f"{path}/again", page=path).status_code == 409, "that account was closed"
        assert send(browser, f"{path}/again", page=path, account_confirmed="yes").status_code == 303
        assert "A colleague must approve it." in browser.get(path).text

    def test_pays_the_agencys_own_share_out_with_four_eyes(self, units, house, paid_out):
        ann, bob = house.browser(Role.FINANCE), house.browser(Role.FINANCE, Role.ADMIN)
        page = "/finance/remittances"
        shown = ann.get(page).text
        assert "Draft the payout of our share" in shown
        assert "€181.50" in shown
        assert send(ann, f"{page}/own-share", page=page).status_code == 303
        run = run_of(units, HOUSE)
        own = f"{page}/{HOUSE}/{run.id}"
        assert "Draft the payout of our share" not in ann.get(page).text
        assert "A colleague must approve it." in ann.get(own).text
        assert "Invoice by invoice" not in ann.get(own).text
        assert send(ann, f"{own}/approval", page=own).status_code == 409
        assert send(bob, f"{own}/approval", page=own).status_code == 303
        assert send(bob, f"{page}/files", page=page).status_code == 303
        assert run_of(units, HOUSE).payee_iban == house.settings.agency_iban

    def test_sees_before_the_file_is_made_that_a_payout_cannot_leave(self, units, house):
        creditor, claim = agreed(units)
        payment = paid(units, creditor, claim, 50_000, key="a")
        draft(units)
        run = run_of(units, creditor)
        page = f"/finance/remittances/{creditor}/{run.id}"
        ann = house.browser(Role.FINANCE)
        assert "cannot leave" not in ann.get(page).text.lower()
        approve_all(units)
        with units.open(Door.STAFF, by="system:test") as unit:
            reverse_payment(unit, creditor_id=creditor, payment_id=payment, why="charged back")
        assert "Cannot leave" in ann.get("/finance/remittances").text
        told = ann.get(page).text
        assert "This payout cannot leave as it is" in told
        assert "A payment in it was taken back; cancel it and draft again." in told
        assert send(ann, f"{page}/cancellation", page=page, why="charged back").status_code == 303
        assert "cannot leave" not in ann.get(page).text.lower()

    def test_lists_invoices_and_what_the_network_misses(self, units, house, paid_out):
        browser = house.browser(Role.FINANCE)
        page = browser.get("/finance/invoices").text
        assert "registration number" in page
        with units.open(Door.STAFF, by="x") as unit:
            [invoice] = rows_of(unit, FeeInvoice)
        assert invoice.full_number in page
        assert invoice.full_number.encode() in browser.get("/finance/invoices.csv").content
        path = f"/finance/invoices/{invoice.creditor_id}/{invoice.id}/document"
        assert browser.get(f"{path}.pdf").content.startswith(b"%PDF")
        assert b"<cbc:ID>" in browser.get(f"{path}.xml").content

    def test_what_was_paid_on_an_invoice_lowers_what_is_left_everywhere(self, units, house, paid_out):
        browser, creditor = house.browser(Role.FINANCE), paid_out[0]
        owner = house.browser(Role.CREDITOR_CLERK, creditor_id=creditor)
        with units.open(Door.STAFF, by="x") as unit:
            [invoice] = rows_of(unit, FeeInvoice)
            left = invoice.net_minor + invoice.vat_minor - invoice.settled_minor
        page = f"/finance/invoices/{creditor}/{invoice.id}"
        assert left == 0, "a payout keeps its fee"
        assert "Book a payment" not in browser.get(page).text
        assert invoice.full_number in browser.get("/finance/invoices?state=done").text
        assert invoice.full_number not in browser.get("/finance/invoices?state=open").text

        gross, claim = agreed(units, terms={"remittance_mode": "gross"})
        paid(units, gross, claim, 100_000, key="g")
        pay_out(units)
        with units.open(Door.STAFF, by="x") as unit:
            [invoice] = rows_of(unit, FeeInvoice, creditor_id=gross)
        page = f"/finance/invoices/{gross}/{invoice.id}"
        assert invoice.full_number in browser.get("/finance/invoices?state=open").text
        assert invoice.full_number not in browser.get("/finance/invoices?state=overdue").text
        day = invoice.issued_on.isoformat()
        sent = {"amount": "999", "paid_on": day, "memo": "A17", "read_minor": "12100"}
        refused = send(browser, f"{page}/payments", page=page, **sent)
        assert refused.status_code == 422
        assert "This is more than is left to pay" in refused.text
        assert 'value="999"' in refused.text
        assert send(browser, f"{page}/payments", page=page, **sent | {"amount": "100,00"}).status_code == 303
        again = send(browser, f"{page}/payments", page=page, **sent | {"amount": "10"})
        assert "Something was booked on this invoice meanwhile" in again.text
        assert "€21.00" in browser.get(page).text
        assert "€21.00" in browser.get("/finance/invoices").text
        clerk = house.browser(Role.CREDITOR_CLERK, creditor_id=gross)
        assert "€21.00" in clerk.get("/creditor/invoices").text
        assert "€21.00" not in owner.get("/creditor/invoices").text
        row = csv_rows(browser.get("/finance/invoices.csv").text)[invoice.full_number]
        assert (row["Without VAT"], row["VAT"], row["With VAT"]) == ("100.00", "21.00", "121.00")
        assert (row["Paid"], row["Left to pay"], row["Kind of VAT"]) == ("100.00", "21.00", "VAT charged")
        booked = re.search(r'name="transaction_id" value="([^"]+)"', browser.get(page).text)[1]
        back = send(browser, f"{page}/payments/reversal", page=page, transaction_id=booked, why="wrong")
        assert back.status_code == 303
        assert "€121.00" in clerk.get("/creditor/invoices").text

    def test_what_was_given_back_lowers_the_sums_of_the_file(self, units, house):
        creditor, claim = agreed(units, invoices=(300_000,))
        payment = paid(units, creditor, claim, 100_000, key="a")
        pay_out(units)
        with units.open(Door.STAFF, by="system:test") as unit:
            reverse_payment(unit, creditor_id=creditor, payment_id=payment, why="charged back")
        paid(units, creditor, claim, 150_000, key="b")
        pay_out(units, later=1)
        browser = house.browser(Role.FINANCE)
        rows = csv_rows(browser.get("/finance/invoices.csv").text).values()
        vat = sum(Decimal(row["VAT"]) for row in rows)
        with units.open(Door.STAFF, by="x") as unit:
            assert account_balance(unit, account="agency.vat", currency="EUR") == -Money(
                int(vat * 100), "EUR"
            )
        assert len(rows) == 3

    def test_two_people_let_an_account_change_and_an_admin_may_ask(self, units, house, paid_out):
        page = "/finance/account-changes"
        admin, finance = house.browser(Role.ADMIN), house.browser(Role.FINANCE)
        facts = {"creditor_id": str(paid_out[0]), "iban": NEW, "holder": "X BV", "reason": "called"}
        assert send(admin, page, page=page, **facts).status_code == 303
        approval = re.search(r'action="(/finance/account-changes/[^"]+/approval)"', finance.get(page).text)[1]
        assert "Another person must approve this" in admin.get(page).text
        assert "called" in finance.get(page).text, "who approves reads why it was asked"
        assert send(finance, approval, page=page).status_code == 303
        refused = send(finance, approval, page="/finance/remittances")
        assert refused.status_code == 409
        assert "Another person must give the second approval" in refused.text
        third = house.browser(Role.FINANCE, Role.ADMIN)
        assert send(third, approval, page=page).status_code == 303
        with units.open(Door.STAFF, by="x") as unit:
            assert rows_of(unit, AccountChangeRow)[0].state == "approved"

    def test_a_refusal_that_came_too_late_keeps_its_reason(self, house, paid_out):
        page = "/finance/account-changes"
        admin, finance = house.browser(Role.ADMIN), house.browser(Role.FINANCE)
        facts = {"creditor_id": str(paid_out[0]), "iban": NEW, "holder": "X BV", "reason": "called"}
        assert send(admin, page, page=page, **facts).status_code == 303
        refusal = re.search(r'action="(/finance/account-changes/[^"]+/refusal)"', finance.get(page).text)[1]
        assert send(finance, refusal, page=page, why="The number is new").status_code == 303
        assert "The number is new" in finance.get(page).text
        late = send(admin, refusal, page=page, why="Nobody there knows of it")
        assert late.status_code == 422
        assert "Nobody there knows of it" in late.text

    def test_of_finance_alone_may_not_ask(self, house, paid_out):
        finance = house.browser(Role.FINANCE)
        facts = {"creditor_id": str(paid_out[0]), "iban": NEW, "holder": "X BV", "reason": "called"}
        answer = send(finance, "/finance/account-changes", page="/finance/remittances", **facts)
        assert answer.status_code == 403


class TestReverseCharged:
    def test_is_told_per_vat_number_and_quarter_and_adds_up_to_the_invoices(self, units, house):
        """Two invoices and a credit note of one creditor, one of another; a Dutch one is left out."""
        belgian, claim = agreed(units, country="BE", vat_number="BE0403170701", invoices=(300_000,))
        first = paid(units, belgian, claim, 100_000, key="a")
        greek, other = agreed(units, country="GR", vat_number="EL094259216")
        paid(units, greek, other, 30_000, key="b")
        dutch, third = agreed(units)
        paid(units, dutch, third, 40_000, key="c")
        pay_out(units)
        with units.open(Door.STAFF, by="x") as unit:
            reverse_payment(unit, creditor_id=belgian, payment_id=first, why="chargeback")
        paid(units, belgian, claim, 120_000, key="d")
        pay_out(units, later=1)
        finance = house.browser(Role.FINANCE)
        page = finance.get("/finance/invoices").text
        with units.open(Door.STAFF, by="x") as unit:
            day = unit.today
        quarter = f"{day.year}-Q{(day.month + 2) // 3}"
        assert f"Together €150.00 in {quarter}" in page.replace("\xa0", " ")
        content = finance.get(f"/finance/invoices/reverse-charged.csv?quarter={quarter}").text
        rows = list(csv.DictReader(content.removeprefix("\ufeff").splitlines(), delimiter=";"))
        told = {(row["Country"], row["VAT number"]): (row["Invoices"], row["Without VAT"]) for row in rows}
        assert told == {("BE", "0403170701"): ("3", "120.00"), ("EL", "094259216"): ("1", "30.00")}
        with units.open(Door.STAFF, by="x") as unit:
            invoices = [one for one in rows_of(unit, FeeInvoice) if one.creditor_id != dutch]
        signs = {"invoice": 1, "credit_note": -1}
        assert sum(signs[one.kind] * one.net_minor for one in invoices) == 15_000
        assert finance.get("/finance/invoices/reverse-charged.csv?quarter=1999-Q1").text.count("\n") == 1


class TestTakingAClaimBack:
    def test_says_what_it_costs_and_afterwards_that_it_was_taken_back_and_why(self, units, house):
        creditor, claim = agreed(units, terms={"withdrawal_bps": 500})
        manager = house.browser(Role.CREDITOR_MANAGER, creditor_id=creditor)
        page = f"/creditor/claims/{claim}/withdrawal"
        assert "€50.00" in manager.get(page).text
        assert send(manager, page, page=page, why="").status_code == 422
        assert send(manager, page, page=page, why="Settled with the customer").status_code == 303
        told = manager.get(page).text
        assert "Only a claim that is being collected can be taken back" in told
        assert "<textarea" not in told
        assert 'name="why"' not in told
        with units.open(Door.CREDITOR, by="user:c", creditor_id=creditor) as unit:
            lines = happened_to(unit, creditor_id=creditor, claim_id=claim)
        assert "Settled with the customer" in [line["text"] for line in lines]


def test_the_files_of_payouts_and_of_refunds_stand_each_on_their_own_page(units, house, paid_out):
    """Refunds leave every day: twenty of them would push the week's payouts off a list of both."""
    with units.open(Door.STAFF, by="x") as unit:
        for day in range(20):
            unit.session.add(
                RemittanceFile(
                    message_id=f"REFUND-{day}", content=b"<NbOfTxs>3</NbOfTxs>", sha256="x", total_minor=100,
                    currency="EUR", made_at=unit.now, made_by="x",
                )
            )  # fmt: skip
    finance = house.browser(Role.FINANCE)
    payouts, refunds = (finance.get(f"/finance/{page}").text for page in ("remittances", "refunds"))
    assert ("PAYOUT-" in payouts, "REFUND-" in payouts) == (True, False)
    assert ("PAYOUT-" in refunds, refunds.count('title="REFUND-')) == (False, 20)

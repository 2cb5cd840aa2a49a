"""Fees kept and invoiced by mode, numbers without gaps, credit notes, and the statement of it all."""

import threading
from decimal import Decimal

import pytest
from lxml import etree
from sqlalchemy.exc import DBAPIError

from agency.banking.proof import prove
from agency.kernel.errors import AgencyError
from agency.kernel.unit import Door
from agency.ledger.queries import account_balance
from agency.parties.models import RemittanceMode
from agency.payments.settlement import reverse_payment
from agency.remittance.fees import charge_fees
from agency.remittance.invoices import from_facts
from agency.remittance.models import FeeInvoice, RemittanceRun, SuccessFee
from agency.remittance.statement import statement_shares
from agency.remittance.withdrawing import withdraw_claim, withdrawal_terms
from agency.rules.payout import PayoutCycle
from integrations.bankfiles import read_bank_file
from integrations.einvoice import read_einvoice
from integrations.einvoice.written_ubl import lacking
from integrations.rendering import TemplateRenderer
from portal.fee_invoices import invoice_pdf
from portal.payout_statements import books_file, file_rows, statement_pdf
from portal.payouts import export_payouts
from tests.remittance.out import (
    APPROVER,
    SETTINGS,
    agreed,
    another_claim,
    approve_all,
    draft,
    eur,
    paid,
    pay_out,
    rows_of,
    run_of,
)


def invoices(units, creditor) -> list[FeeInvoice]:
    with units.open(Door.STAFF, by="x") as unit:
        return rows_of(unit, FeeInvoice, creditor_id=creditor)


def balance(units, account: str) -> int:
    with units.open(Door.STAFF, by="x") as unit:
        return account_balance(unit, account=account, currency="EUR").minor


class TestModes:
    @pytest.mark.parametrize(
        ("mode", "net", "withheld", "payable", "receivable"),
        [
            (RemittanceMode.NET, 81_850, 18_150, 0, 0),
            (RemittanceMode.COMBINED, 87_900, 12_100, 6_050, 6_050),
            (RemittanceMode.GROSS, 100_000, 0, 18_150, 18_150),
        ],
    )
    def test_keep_or_invoice_the_fee_also_on_money_paid_to_the_creditor(
        self, units, mode, net, withheld, payable, receivable
    ):
        creditor, claim = agreed(units, invoices=(200_000,), mode=mode)
        paid(units, creditor, claim, 100_000, key="a")
        paid(units, creditor, claim, 50_000, key="b", direct=True)
        pay_out(units)
        run = run_of(units, creditor)
        assert (run.collected_minor, run.net_minor, run.withheld_minor) == (100_000, net, withheld)
        [invoice] = invoices(units, creditor)
        document = from_facts(invoice.facts)
        assert (document.total, document.payable) == (eur(18_150), eur(payable))
        assert balance(units, "agency.receivable") == receivable
        assert balance(units, "agency.fee_income") == -15_000
        assert balance(units, "trust.creditor") == 0

    def test_fees_without_a_payout_are_invoiced_and_stand_in_no_file(self, units):
        creditor, claim = agreed(units)
        paid(units, creditor, claim, 50_000, key="b", direct=True)
        assert pay_out(units) is None
        run = run_of(units, creditor)
        assert (run.state, run.net_minor, run.file_id) == ("paid", 0, None)
        [invoice] = invoices(units, creditor)
        assert from_facts(invoice.facts).payable == eur(6_050)

    def test_what_is_kept_never_exceeds_what_was_collected(self, units):
        creditor, claim = agreed(units, invoices=(200_000,))
        paid(units, creditor, claim, 1_000, key="a")
        paid(units, creditor, claim, 100_000, key="b", direct=True)
        pay_out(units)
        run = run_of(units, creditor)
        assert (run.net_minor, run.withheld_minor) == (0, 1_000)
        assert from_facts(invoices(units, creditor)[0].facts).payable == eur(12_221 - 1_000)


class TestDays:
    def test_a_weekly_creditor_is_paid_once_a_week(self, units):
        with units.open(Door.STAFF, by="x") as unit:
            weekday = unit.today.isoweekday()
        creditor, claim = agreed(units, terms={"payout_cycle": PayoutCycle.WEEKLY, "payout_day": weekday})
        paid(units, creditor, claim, 10_000, key="a")
        pay_out(units)
        paid(units, creditor, claim, 10_000, key="b")
        assert draft(units, later=6) == []
        assert len(draft(units, later=7)) == 1

    def test_a_threshold_waits_until_enough_came_in(self, units):
        terms = {"payout_cycle": PayoutCycle.THRESHOLD, "payout_from_minor": 20_000}
        creditor, claim = agreed(units, terms=terms)
        paid(units, creditor, claim, 20_000, key="a")
        assert draft(units) == []
        paid(units, creditor, claim, 10_000, key="b")
        assert len(draft(units, later=1)) == 1


class TestFreeDaysAndWithdrawals:
    def test_a_payment_within_the_free_days_bears_no_fee_and_makes_no_invoice(self, units):
        creditor, claim = agreed(units, terms={"free_demand_days": 5})
        paid(units, creditor, claim, 100_000, key="a")
        pay_out(units)
        assert run_of(units, creditor).net_minor == 100_000
        assert invoices(units, creditor) == []
        with units.open(Door.STAFF, by="x") as unit:
            [fee] = rows_of(unit, SuccessFee)
            assert (fee.net_minor, fee.trace[0]["outcome"]) == (0, "fee.free_demand")

    def test_a_claim_that_is_taken_back_costs_the_agreed_share_once(self, units):
        creditor, claim = agreed(units, terms={"withdrawal_bps": 500, "withdrawal_minimum_minor": 2_500})
        with units.open(Door.CREDITOR, by="user:c", creditor_id=creditor) as unit:
            withdraw_claim(unit, creditor_id=creditor, claim_id=claim, why="settled ourselves")
        pay_out(units)
        pay_out_again = draft(units, later=1)
        [invoice] = invoices(units, creditor)
        assert (invoice.net_minor, invoice.vat_minor, pay_out_again) == (5_000, 1_050, [])

    def test_costs_what_was_shown_when_it_was_taken_back_whatever_is_open_later(self, units):
        creditor, claim = agreed(units, terms={"withdrawal_bps": 500, "withdrawal_minimum_minor": 2_500})
        payment = paid(units, creditor, claim, 20_000, key="a")
        with units.open(Door.CREDITOR, by="user:c", creditor_id=creditor) as unit:
            shown = withdrawal_terms(unit, creditor_id=creditor, claim_id=claim).open_amount
            withdraw_claim(unit, creditor_id=creditor, claim_id=claim, why="settled ourselves")
        with units.open(Door.STAFF, by="x") as unit:
            reverse_payment(unit, creditor_id=creditor, payment_id=payment, why="chargeback")
        pay_out(units)
        [invoice] = invoices(units, creditor)
        assert (shown.minor, invoice.net_minor) == (80_000, 4_000)

    def test_nothing_agreed_nothing_charged(self, units):
        """S-9: EUR 0 if nothing is collected."""
        creditor, claim = agreed(units)
        with units.open(Door.CREDITOR, by="user:c", creditor_id=creditor) as unit:
            withdraw_claim(unit, creditor_id=creditor, claim_id=claim, why="settled ourselves")
        assert draft(units) == []
        with units.open(Door.STAFF, by="x") as unit:
            assert charge_fees(unit, creditor_id=creditor) == 0


class TestClawBack:
    @pytest.mark.parametrize("mode", [RemittanceMode.NET, RemittanceMode.GROSS])
    def test_is_a_credit_note_that_names_its_invoice(self, units, mode):
        creditor, claim = agreed(units, invoices=(300_000,), mode=mode)
        first = paid(units, creditor, claim, 100_000, key="a")
        pay_out(units)
        with units.open(Door.STAFF, by="x") as unit:
            reverse_payment(unit, creditor_id=creditor, payment_id=first, why="chargeback")
        paid(units, creditor, claim, 150_000, key="b")
        pay_out(units, later=1)
        run = run_of(units, creditor)
        kept = 6_050 if mode is RemittanceMode.NET else 0
        assert (run.collected_minor, run.net_minor) == (50_000, 50_000 - kept)
        earned, given, again = sorted(invoices(units, creditor), key=lambda one: one.issued_at)[0:3]
        notes = [one for one in (earned, given, again) if one.kind == "credit_note"]
        assert len(notes) == 1
        document = from_facts(notes[0].facts)
        assert document.credits == (earned.full_number,)
        assert (document.net, document.vat) == (eur(10_000), eur(2_100))
        assert document.payable == (eur(0) if mode is RemittanceMode.NET else eur(12_100))
        with units.open(Door.STAFF, by="x") as unit:
            assert prove(unit, on=unit.today).green

    def test_of_a_fee_of_the_same_payout_names_the_invoice_beside_it(self, units):
        """Paid and taken back between two payouts: a credit note without its invoice is refused by Peppol."""
        creditor, claim = agreed(units, invoices=(300_000,))
        first = paid(units, creditor, claim, 100_000, key="a")
        with units.open(Door.STAFF, by="x") as unit:
            charge_fees(unit, creditor_id=creditor)
        with units.open(Door.STAFF, by="x") as unit:
            reverse_payment(unit, creditor_id=creditor, payment_id=first, why="chargeback")
        paid(units, creditor, claim, 150_000, key="b")
        pay_out(units)
        documents = {one.kind: one for one in invoices(units, creditor)}
        note = from_facts(documents["credit_note"].facts)
        assert note.credits == (documents["invoice"].full_number,)
        assert lacking(note) == lacking(from_facts(documents["invoice"].facts))

    def test_of_more_than_comes_in_waits_for_the_next_payout(self, units):
        """A14: the negative balance is netted, whatever the mode."""
        creditor, claim = agreed(units, invoices=(300_000,))
        first = paid(units, creditor, claim, 100_000, key="a")
        pay_out(units)
        with units.open(Door.STAFF, by="x") as unit:
            reverse_payment(unit, creditor_id=creditor, payment_id=first, why="chargeback")
        paid(units, creditor, claim, 40_000, key="b")
        assert draft(units, later=1) == []
        paid(units, creditor, claim, 80_000, key="c")
        pay_out(units, later=2)
        assert run_of(units, creditor).collected_minor == 20_000


class TestNumbers:
    def test_have_no_gaps_over_creditors_and_rolled_back_attempts(self, units):
        for number in range(3):
            creditor, claim = agreed(units)
            paid(units, creditor, claim, 50_000, key=str(number))
        draft(units)
        approve_all(units)
        with pytest.raises(RuntimeError), units.open(Door.STAFF, by=APPROVER) as unit:
            export_payouts(unit, settings=SETTINGS)
            raise RuntimeError("the machine stops before the end")
        with units.open(Door.STAFF, by=APPROVER) as unit:
            export_payouts(unit, settings=SETTINGS)
        with units.open(Door.STAFF, by="x") as unit:
            found = sorted(one.number for one in rows_of(unit, FeeInvoice))
        assert found == [1, 2, 3]

    def test_of_two_people_at_once_are_different_and_complete(self, units):
        """Two exports at the same moment: one does the work, the other is refused, no number is lost."""
        for number in range(2):
            creditor, claim = agreed(units)
            paid(units, creditor, claim, 50_000, key=str(number))
        draft(units)
        approve_all(units)
        start, done = threading.Barrier(2), []

        def work():
            start.wait(10)
            try:
                with units.open(Door.STAFF, by=APPROVER) as unit:
                    done.append(export_payouts(unit, settings=SETTINGS))
            except AgencyError as error:
                done.append(type(error).__name__)

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(done) == 2
        with units.open(Door.STAFF, by="x") as unit:
            assert sorted(one.number for one in rows_of(unit, FeeInvoice)) == [1, 2]

    def test_an_issued_invoice_is_never_changed(self, units):
        creditor, claim = agreed(units)
        paid(units, creditor, claim, 50_000, key="a")
        pay_out(units)
        with pytest.raises(DBAPIError, match="permission denied"), units.open(Door.STAFF, by="x") as unit:
            rows_of(unit, FeeInvoice)[0].net_minor = 1


class TestDocument:
    def test_is_read_back_equal_and_its_pdf_is_the_same_each_time(self, units):
        creditor, claim = agreed(units, country="BE", vat_number="BE0403170701")
        paid(units, creditor, claim, 100_000, key="a")
        pay_out(units)
        [invoice] = invoices(units, creditor)
        read = read_einvoice(bytes(invoice.document), "x.xml")
        assert (read.number, read.total_incl_vat, read.payable) == (invoice.full_number, eur(10_000), eur(0))
        first, second = (
            invoice_pdf(invoice, renderer=TemplateRenderer(), language=language) for language in ("nl", "nl")
        )
        assert first == second
        assert first.startswith(b"%PDF")
        assert invoice_pdf(invoice, renderer=TemplateRenderer(), language="en") != first

    def test_of_many_small_fees_bears_vat_over_their_total(self, units):
        """Each fee of 0.02 rounds to no VAT; together they bear it, and the lines say so."""
        creditor, claim = agreed(units, invoices=(100_000,))
        for number in range(50):
            paid(units, creditor, claim, 20, key=str(number))
        pay_out(units)
        run = run_of(units, creditor)
        assert (run.fee_minor, run.vat_minor) == (100, 21)
        with units.open(Door.STAFF, by="x") as unit:
            fees = rows_of(unit, SuccessFee)
            assert sum(fee.vat_minor for fee in fees) == 21
            for fee in fees:
                addends = [line["amount"]["minor"] for line in fee.trace if line["amount"]]
                assert sum(addends) == fee.net_minor + fee.vat_minor


class TestStatement:
    @pytest.fixture
    def run(self, units) -> RemittanceRun:
        creditor, claim = agreed(units, invoices=(30_000, 50_000))
        paid(units, creditor, claim, 40_000, key="a")
        paid(units, creditor, claim, 40_000, key="b", direct=True)
        with units.open(Door.STAFF, by="x") as unit:
            second = another_claim(unit, creditor, (10_000,))
        paid(units, creditor, second, 10_000, key="c")
        pay_out(units)
        return run_of(units, creditor)

    def test_adds_up_to_the_payout_invoice_by_invoice(self, units, run):
        with units.open(Door.CREDITOR, by="user:c", creditor_id=run.creditor_id) as unit:
            shares = list(statement_shares(unit, creditor_id=run.creditor_id, run_id=run.id))
        own = [share for share in shares if not share.direct]
        assert sum(share.received.minor - share.kept.minor for share in own) == run.collected_minor
        assert sum(share.fee.minor for share in shares) == run.fee_minor
        assert sum(share.vat.minor for share in shares) == run.vat_minor
        assert sum(share.paid.minor for share in shares) == run.net_minor
        assert [share.received.minor for share in shares if not share.direct] == [30_000, 10_000, 10_000]
        assert len({share.invoice for share in shares}) == 3

    @pytest.mark.parametrize("kind", ["camt", "mt940"])
    def test_closes_the_creditors_books(self, units, run, kind):
        """Our own reader finds the same sums: every invoice, our invoice, the payout, and nothing left."""
        with units.open(Door.CREDITOR, by="user:c", creditor_id=run.creditor_id) as unit:
            name, content = books_file(unit, run=run, settings=SETTINGS, kind=kind)
            again = books_file(unit, run=run, settings=SETTINGS, kind=kind)
        assert again == (name, content)
        [read] = read_bank_file(content)
        assert (read.opening, read.closing, read.warnings) == (eur(0), eur(0), ())
        assert int(read.number) == run.cutoff_on.timetuple().tm_yday, "two payouts are two statements"
        coming = [line.amount.minor for line in read.lines if line.amount.minor > 0]
        going = [line.amount.minor for line in read.lines if line.amount.minor < 0]
        assert sum(coming) == run.collected_minor
        assert going == [-run.withheld_minor, -run.net_minor]
        assert read.lines[-1].end_to_end == run.end_to_end
        assert [line.text.split()[0][-2:] for line in read.lines[:3]] == ["-1", "-2", "-1"]

    def test_is_a_pdf_and_rows_with_the_reason(self, units, run):
        with units.open(Door.CREDITOR, by="user:c", creditor_id=run.creditor_id) as unit:
            rows = list(file_rows(unit, run=run, language="nl"))
            pdf = statement_pdf(
                unit, run=run, creditor="X", settings=SETTINGS, renderer=TemplateRenderer(), language="nl"
            )
        assert pdf.startswith(b"%PDF")
        assert all("10%" in str(row[-1]).replace("\xa0", "") for row in rows)
        assert {row[9] for row in rows} == {Decimal(10)}


def test_the_payout_file_pays_the_account_that_stands(units):
    creditor, claim = agreed(units)
    paid(units, creditor, claim, 50_000, key="a")
    file = pay_out(units)
    root = etree.fromstring(file.content)
    assert root.xpath("string(//*[local-name()='CdtrAcct']//*[local-name()='IBAN'])") == "NL91ABNA0417164300"
    assert run_of(units, creditor).payee_iban == "NL91ABNA0417164300"

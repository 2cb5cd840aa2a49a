"""Credit checks stand on the fee invoices: each once, with VAT, and the books are the sum of the invoices."""

from calendar import monthrange
from uuid import UUID

import pytest

from agency.banking.proof import prove
from agency.credit.checking import answer, request_check
from agency.credit.models import CreditCheck
from agency.kernel.unit import Door
from agency.ledger.queries import account_balance
from agency.parties.models import Creditor, RemittanceMode
from agency.payments.settlement import reverse_payment
from agency.ports.registers import CompanyReport
from agency.remittance.invoices import from_facts
from agency.remittance.models import FeeInvoice, RemittanceRun, SuccessFee
from agency.remittance.runs import cancel_run
from agency.remittance.statement import statement_shares
from agency.rules.payout import PayoutCycle
from integrations.bankfiles import read_bank_file
from integrations.einvoice import read_einvoice
from integrations.rendering import TemplateRenderer
from portal.fee_invoices import invoice_pdf
from portal.payout_statements import books_file, file_rows
from tests.remittance.out import (
    SETTINGS,
    agreed,
    another_claim,
    approve_all,
    draft,
    eur,
    export,
    paid,
    pay_out,
    rows_of,
    run_of,
)

PRICE, VAT = 1_250, 263
NEXT_MONTH = 31


class Bureau:
    """A bureau that knows every company."""

    def report(self, *, request_id: str, country: str, registration_number: str, name: str) -> CompanyReport:
        return CompanyReport(
            ref=request_id, country=country, registration_number=registration_number, name=name or "X BV",
            status="active", score=70, limit=None,
        )  # fmt: skip


def checked(units, creditor_id: UUID, number: str = "30123456") -> UUID:
    with units.open(Door.CREDITOR, by="user:c", creditor_id=creditor_id) as unit:
        check_id = request_check(unit, creditor_id=creditor_id, country="NL", registration_number=number)
    answer(units, Bureau(), creditor_id=creditor_id, check_id=check_id)
    return check_id


def read_all(units, model, **facts) -> list:
    with units.open(Door.STAFF, by="x") as unit:
        return rows_of(unit, model, **facts)


def books_are_the_invoices(units, *, checks_waiting: int = 0) -> None:
    """Receivable and VAT of the ledger are what the invoices say, and checks that have none yet."""
    with units.open(Door.STAFF, by="x") as unit:
        invoices = rows_of(unit, FeeInvoice)
        signs = {"invoice": 1, "credit_note": -1}
        owed = sum(signs[i.kind] * (i.net_minor + i.vat_minor - i.settled_minor) for i in invoices)
        vat = sum(signs[i.kind] * i.vat_minor for i in invoices)
        fees = sum(signs[i.kind] * i.net_minor for i in invoices)
        books = {
            account: account_balance(unit, account=account, currency="EUR").minor
            for account in ("agency.receivable", "agency.vat", "agency.fee_income",
                            "agency.credit_check_income")
        }  # fmt: skip
        assert books["agency.receivable"] == owed + checks_waiting * (PRICE + VAT)
        assert books["agency.vat"] == -vat - checks_waiting * VAT
        income = books["agency.fee_income"] + books["agency.credit_check_income"]
        assert income == -fees - checks_waiting * PRICE
        assert prove(unit, on=unit.today).green


class TestWithAPayout:
    @pytest.mark.parametrize(
        ("mode", "net", "settled", "receivable"),
        [
            (RemittanceMode.NET, 100_000 - 12_100 - 3_025, 15_125, 0),
            # The cent is taken off the largest line, which is the fee that was kept.
            (RemittanceMode.COMBINED, 100_000 - 12_099, 12_099, 3_026),
            (RemittanceMode.GROSS, 100_000, 0, 15_125),
        ],
    )
    def test_are_lines_of_their_own_and_settled_as_agreed(self, units, mode, net, settled, receivable):
        creditor, claim = agreed(units, invoices=(200_000,), mode=mode)
        ids = [checked(units, creditor), checked(units, creditor, "30123457")]
        books_are_the_invoices(units, checks_waiting=2)
        paid(units, creditor, claim, 100_000, key="a")
        pay_out(units)
        assert run_of(units, creditor).net_minor == net
        [invoice] = read_all(units, FeeInvoice)
        document = from_facts(invoice.facts)
        lines = [line for line in document.lines if line.kind == "check"]
        checks = {check.number: check for check in read_all(units, CreditCheck)}
        assert {line.name for line in lines} == set(checks) == {one.hex[-8:].upper() for one in ids}
        assert {line.note for line in lines} == {"NL 30123456", "NL 30123457"}
        assert all(line.on is not None and line.net == eur(PRICE) for line in lines)
        # One rate: VAT over all of it, a cent less than both checks rounded by themselves.
        [total] = document.vat_totals
        assert (total.taxable, total.vat) == (eur(12_500), eur(2_625))
        assert (document.settled, document.payable) == (eur(settled), eur(receivable))
        books_are_the_invoices(units)

    def test_the_documents_name_number_and_day(self, units):
        creditor, claim = agreed(units)
        check_id = checked(units, creditor)
        paid(units, creditor, claim, 50_000, key="a")
        pay_out(units)
        [invoice] = read_all(units, FeeInvoice)
        read = read_einvoice(bytes(invoice.document), "x.xml")
        assert read.total_incl_vat == eur(6_050 + PRICE + VAT)
        day = invoice.issued_on.isoformat()
        assert f"NL 30123456 credit check of {day}".encode() in invoice.document
        assert check_id.hex[-8:].upper().encode() in invoice.document
        assert invoice_pdf(invoice, renderer=TemplateRenderer(), language="nl").startswith(b"%PDF")

    @pytest.mark.parametrize("kind", ["camt", "mt940"])
    def test_the_statement_adds_up_and_closes_the_creditors_books(self, units, kind):
        creditor, claim = agreed(units)
        check_id = checked(units, creditor)
        paid(units, creditor, claim, 50_000, key="a")
        pay_out(units)
        run = run_of(units, creditor)
        with units.open(Door.CREDITOR, by="user:c", creditor_id=creditor) as unit:
            shares = list(statement_shares(unit, creditor_id=creditor, run_id=run.id))
            rows = list(file_rows(unit, run=run, language="nl"))
            _, content = books_file(unit, run=run, settings=SETTINGS, kind=kind)
        assert sum(share.paid.minor for share in shares) == run.net_minor
        [check] = [share for share in shares if share.check_id]
        assert (check.check_id, check.claim_id, check.fee) == (check_id, None, eur(PRICE))
        assert any("Krediettoets" in str(row[-1]) for row in rows)
        [read] = read_bank_file(content)
        assert (read.closing, read.warnings) == (eur(0), ())


class TestWithoutCollections:
    def test_wait_for_the_end_of_their_month_and_are_invoiced_alone(self, units):
        creditor, _ = agreed(units)
        checked(units, creditor)
        assert draft(units) == []
        assert pay_out(units, later=NEXT_MONTH) is None
        run = run_of(units, creditor)
        assert (run.state, run.net_minor, run.withheld_minor) == ("paid", 0, 0)
        [invoice] = read_all(units, FeeInvoice)
        assert from_facts(invoice.facts).payable == eur(PRICE + VAT)
        books_are_the_invoices(units)

    def test_a_threshold_or_a_shortfall_does_not_keep_them_back(self, units):
        """The shortfall stays for the next payout; the checks are invoiced and no client money pays them."""
        creditor, claim = agreed(units, invoices=(300_000,))
        first = paid(units, creditor, claim, 100_000, key="a")
        pay_out(units)
        with units.open(Door.STAFF, by="x") as unit:
            reverse_payment(unit, creditor_id=creditor, payment_id=first, why="chargeback")
        checked(units, creditor)
        poor, small = agreed(
            units, terms={"payout_cycle": PayoutCycle.THRESHOLD, "payout_from_minor": 20_000}
        )
        paid(units, poor, small, 10_000, key="b")
        checked(units, poor)
        assert draft(units, later=1) == []
        pay_out(units, later=NEXT_MONTH)
        for one in (creditor, poor):
            run = run_of(units, one)
            assert (run.collected_minor, run.withheld_minor, run.fee_minor) == (0, 0, PRICE)
        paid(units, poor, small, 15_000, key="c")
        pay_out(units, later=NEXT_MONTH + 1)
        assert run_of(units, poor).collected_minor == 25_000
        books_are_the_invoices(units)

    def test_an_invoice_of_checks_alone_does_not_move_the_day_of_the_payout(self, units):
        """Monthly on the 1st: too little that day, so only the checks; what comes later is not held."""
        creditor, claim = agreed(
            units,
            terms={"payout_cycle": PayoutCycle.MONTHLY, "payout_day": 1, "payout_from_minor": 20_000},
        )
        checked(units, creditor)
        paid(units, creditor, claim, 10_000, key="a")
        with units.open(Door.STAFF, by="x") as unit:
            today = unit.today
        first = monthrange(today.year, today.month)[1] - today.day + 1
        pay_out(units, later=first)
        assert run_of(units, creditor).collected_minor == 0
        paid(units, creditor, claim, 15_000, key="b")
        pay_out(units, later=first + 3)
        assert run_of(units, creditor).collected_minor == 25_000


class TestOnce:
    def test_a_cancelled_run_lets_them_go_and_the_next_takes_them_once(self, units):
        creditor, claim = agreed(units)
        checked(units, creditor)
        paid(units, creditor, claim, 50_000, key="a")
        [run_id] = draft(units)
        with units.open(Door.STAFF, by="x") as unit:
            cancel_run(unit, creditor_id=creditor, run_id=run_id, why="wrong day")
        pay_out(units, later=1)
        paid_again(units, creditor)
        pay_out(units, later=2)
        kinds = [fee.kind for fee in read_all(units, SuccessFee)]
        assert sorted(kinds) == ["check", "fee", "fee"]
        documents = [from_facts(invoice.facts) for invoice in read_all(units, FeeInvoice)]
        assert [line.kind for document in documents for line in document.lines].count("check") == 1
        books_are_the_invoices(units)

    def test_a_check_after_the_draft_goes_with_the_next(self, units):
        creditor, claim = agreed(units)
        paid(units, creditor, claim, 50_000, key="a")
        draft(units)
        checked(units, creditor)
        approve_all(units)
        export(units)
        books_are_the_invoices(units, checks_waiting=1)
        paid_again(units, creditor)
        pay_out(units, later=1)
        assert len(read_all(units, RemittanceRun)) == 2
        books_are_the_invoices(units)

    def test_the_rate_of_the_day_of_the_check_counts(self, units):
        """A Belgian creditor gets its VAT number between the check and the invoice: two rates."""
        creditor, claim = agreed(units, country="BE")
        checked(units, creditor)
        with units.open(Door.STAFF, by="x") as unit:
            unit.session.get_one(Creditor, creditor).vat_number = "BE0403170701"
        paid(units, creditor, claim, 50_000, key="a")
        pay_out(units)
        [invoice] = read_all(units, FeeInvoice)
        totals = from_facts(invoice.facts).vat_totals
        assert {(one.category, one.taxable.minor, one.vat.minor) for one in totals} == {
            ("AE", 5_000, 0),
            ("S", PRICE, VAT),
        }
        books_are_the_invoices(units)


def paid_again(units, creditor: UUID) -> UUID:
    with units.open(Door.STAFF, by="x") as unit:
        claim = another_claim(unit, creditor)
    return paid(units, creditor, claim, 10_000, key="again")

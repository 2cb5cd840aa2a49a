"""Invoices that are only a picture for people: read surely, asked about, or refused; never guessed."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agency.money import Money
from agency.ports.readers import SURE_ENOUGH, NoInvoice, NotSure, Unreadable
from integrations.einvoice import read_einvoice
from integrations.einvoice.plain_pdf import read_plain
from integrations.einvoice.written import find_amounts, find_day, find_ibans, find_payment_reference
from tests.einvoice.pdf_samples import WORDS, invoice_pdf
from tests.sorting.papers import a_delivery_note

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


class TestAPlainInvoice:
    @pytest.mark.parametrize("language", WORDS)
    @pytest.mark.parametrize("beside", [True, False])
    def test_is_read_in_four_languages_with_labels_beside_and_above(self, language, beside):
        invoice = read_einvoice(invoice_pdf(language, beside=beside))
        assert (invoice.kind, invoice.number) == ("invoice", "2026-00417")
        assert (invoice.issue_date, invoice.due_date) == (date(2026, 10, 1), date(2026, 10, 31))
        assert invoice.payable == Money(121_000, "EUR")
        assert (invoice.buyer.name, invoice.buyer.street) == ("Bakkerij Jansen B.V.", "Dorpsstraat 5")
        assert (invoice.buyer.postal_code, invoice.buyer.city) == ("1012 AB", "Amsterdam")
        assert (invoice.buyer.country, invoice.buyer.identifier) == ("NL", "000417")
        assert invoice.seller.name == "Groothandel De Brug B.V."
        assert (invoice.iban, invoice.payment_reference) == ("NL91ABNA0417164300", "+++010/8068/17183+++")

    def test_says_where_each_value_stands_and_how_sure_it_is(self):
        found = read_einvoice(invoice_pdf()).read_values
        for name in ("number", "issue_date", "due_date", "payable", "buyer_name"):
            left, top, right, bottom = found[name].box
            assert found[name].page == 1
            assert 0 <= left < right <= 10_000
            assert 0 <= top < bottom <= 10_000
            assert SURE_ENOUGH <= found[name].confidence <= 100
        assert found["buyer_name"].box[0] > 4_000  # the right half, where the address stands
        assert found["number"].box[1] < found["payable"].box[1]

    def test_counts_a_term_in_days_from_its_date(self):
        invoice = read_einvoice(invoice_pdf(leave_out=("due",), extra="Betaling binnen 14 dagen."))
        assert invoice.due_date == date(2026, 10, 15)

    def test_that_credits_is_a_credit_note(self):
        assert read_einvoice(invoice_pdf(title="Creditnota")).kind == "credit_note"


class TestWhatIsNotSure:
    @pytest.mark.parametrize(
        ("change", "unsure"),
        [
            ({"leave_out": ("number",)}, "number"),
            ({"leave_out": ("issued",)}, "issue_date"),
            ({"leave_out": ("net", "vat", "total")}, "payable"),
            ({"buyer": ("Jansen", "Pietersen", "Dorpsstraat 5", "1012 AB Amsterdam")}, "buyer_name"),
            ({"buyer": ()}, "buyer_name"),
        ],
    )
    def test_is_asked_with_what_was_found(self, change, unsure):
        with pytest.raises(NotSure) as doubt:
            read_einvoice(invoice_pdf(**change))
        assert unsure in doubt.value.unsure
        assert unsure.replace("_", " ") in doubt.value.reason
        assert doubt.value.values["currency"].value == "EUR"

    def test_an_english_date_of_which_day_and_month_could_be_exchanged_is_asked(self):
        content = invoice_pdf("en", leave_out=("issued",), extra="Invoice date: 03/04/2026")
        with pytest.raises(NotSure) as doubt:
            read_einvoice(content)
        assert "issue_date" in doubt.value.unsure

    def test_two_different_amounts_to_pay_are_not_chosen_between(self):
        with pytest.raises(NotSure) as doubt:
            read_einvoice(invoice_pdf(extra="Totaal te betalen: 999,00"))
        assert "payable" in doubt.value.unsure


class TestOtherDocuments:
    @pytest.mark.parametrize("number", ["JU000", "2026-7001", "(Q)12", "F-1"])
    def test_that_refer_to_an_invoice_are_none_whatever_letters_its_number_has(self, number):
        with pytest.raises(NoInvoice):
            read_einvoice(a_delivery_note(number=number, debtor="Café De Zon"))

    @pytest.mark.parametrize(
        "title", ["Pakbon", "Orderbevestiging", "Betalingsherinnering", "Algemene voorwaarden"]
    )
    def test_are_no_invoices_though_they_name_one(self, title):
        with pytest.raises(NoInvoice):
            read_einvoice(invoice_pdf(title=title))

    def test_a_scan_says_that_it_has_no_text(self):
        import typst

        content = typst.compile(b'#set page(paper: "a5")\n#rect(width: 4cm, height: 4cm, fill: black)')
        with pytest.raises(Unreadable, match=r"scan without text.*\[ocr\]"):
            read_einvoice(content)


class TestRealPictures:
    def test_what_is_taken_from_a_picture_is_what_its_data_says(self, real_data):
        """The PDFs of a public corpus carry the same invoice as data: every sure value must agree with it.

        The corpus files whose picture is of another invoice than their data are left out.
        """
        compared = 0
        for path in sorted((real_data / "02_einvoice").glob("facturx_*/*.pdf")):
            truth = read_einvoice(path.read_bytes())
            if truth.read_values or "Mustang" in path.name:
                continue
            try:
                found = read_plain(path.read_bytes()).read_values
            except NotSure as doubt:
                found = doubt.values
            facts = {
                "number": truth.number,
                "issue_date": truth.issue_date.isoformat(),
                "due_date": truth.due_date and truth.due_date.isoformat(),
                "payable": str(abs(truth.payable.decimal)),
                "buyer_name": truth.buyer.name,
            }
            for name, value in facts.items():
                if value and name in found and found[name].confidence >= SURE_ENOUGH:
                    assert found[name].value.lstrip("-") == value, (path.name, name)
                    compared += 1
        assert compared >= 30


class TestWriting:
    @pytest.mark.parametrize(
        ("text", "day"),
        [
            ("1 oktober 2026", date(2026, 10, 1)),
            ("le 1er août 2026", date(2026, 8, 1)),
            ("12. März 2026", date(2026, 3, 12)),
            ("Feb 3, 2026", date(2026, 2, 3)),
            ("03-04-2026", date(2026, 4, 3)),
            ("2026-04-03", date(2026, 4, 3)),
            ("31-02-2026", None),
            ("1.234,56", None),
        ],
    )
    def test_of_days(self, text, day):
        found = find_day(text, english=False)
        assert (found and found.day) == day

    @pytest.mark.parametrize(
        ("text", "amounts"),
        [
            ("€ 1.234,56", ["1234.56"]),
            ("1,234.56 EUR", ["1234.56"]),
            ("1 234,56 €", ["1234.56"]),
            ("-12,00", ["-12.00"]),
            ("12,5", []),
            ("1.234,567", []),
            ("21% 2,10 en 12,10", ["2.10", "12.10"]),
        ],
    )
    def test_of_amounts(self, text, amounts):
        assert find_amounts(text) == [Decimal(amount) for amount in amounts]

    def test_of_references_only_with_right_check_digits(self):
        assert find_payment_reference("+++010/8068/17183+++") == "+++010/8068/17183+++"
        assert find_payment_reference("+++123/4567/89012+++") is None
        assert find_payment_reference("ref RF18 5390 0754 7034 graag") == "RF18539007547034"
        assert find_payment_reference("RF123456") is None
        assert find_ibans("IBAN NL91 ABNA 0417 1643 00 BIC ABNANL2A") == ["NL91ABNA0417164300"]
        assert find_ibans("NL92 ABNA 0417 1643 00") == []

    @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(st.text(max_size=80))
    def test_of_anything_never_fails(self, text):
        find_day(text, english=True)
        find_amounts(text)
        find_payment_reference(text)
        find_ibans(text)

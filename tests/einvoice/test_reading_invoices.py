"""Small invoices, each bent in one place."""

import base64
import contextlib
from datetime import date
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfWriter

from agency.money import Money
from agency.ports.readers import EInvoice, Unreadable
from integrations.einvoice import read_einvoice
from tests.einvoice.invoice_samples import BUYER, PAYMENT, SELLER, TOTALS, cii, pdf, total, ubl
from tests.einvoice.pdf_samples import invoice_pdf

pytestmark = pytest.mark.pure

HEAD = ubl().partition("<cbc:ID>")[2].partition("<cac:AccountingSupplierParty>")[0]


def head(old: str, new: str) -> str:
    """The usual header with one thing replaced."""
    text = f"<cbc:ID>{HEAD}"
    assert old in text
    return text.replace(old, new)


def euro(text: str) -> Money:
    return Money.parse(text, "EUR")


def read(text: str) -> EInvoice:
    return read_einvoice(text.encode())


SUM = "SpecifiedTradeSettlementHeaderMonetarySummation"
SUMMED = f"</ram:{SUM}>"
TO_PAY = total("PayableAmount", "121.00")


def envelope(*documents: str) -> str:
    """Peppol's envelope around documents."""
    sbd = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
    return (
        f'<StandardBusinessDocument xmlns="{sbd}"><StandardBusinessDocumentHeader/>'
        f"{''.join(documents)}</StandardBusinessDocument>"
    )


class TestUbl:
    def test_every_fact_is_found(self):
        invoice = read_einvoice(ubl().encode(), "factuur.xml")
        assert invoice.kind == "invoice"
        assert invoice.number == "00042"
        assert (invoice.issue_date, invoice.due_date) == (date(2026, 10, 1), date(2026, 10, 31))
        assert (invoice.total_incl_vat, invoice.payable) == (euro("121.00"), euro("121.00"))
        assert invoice.iban == "BE68539007547034"
        assert invoice.payment_reference == "+++010/8068/17183+++"
        assert (invoice.line_count, invoice.warnings) == (1, ())

    def test_what_was_bought_is_told_once_each(self):
        line = "<cac:InvoiceLine><cbc:ID>1</cbc:ID>"
        bought = "".join(
            f"{line}<cac:Item><cbc:Name>{name}</cbc:Name></cac:Item></cac:InvoiceLine>"
            for name in ("Carrelage  30x30", "Colle", "Colle")
        )
        invoice = read_einvoice(ubl().replace(f"{line}</cac:InvoiceLine>", bought).encode(), "facture.xml")
        assert invoice.items == ("Carrelage 30x30", "Colle")

    def test_parties_keep_both_names_and_leading_zeros(self):
        invoice = read_einvoice(ubl().encode())
        assert (invoice.seller.name, invoice.seller.legal_name) == ("Bakker & Zn", "Bakker Brood B.V.")
        assert (invoice.seller.vat, invoice.seller.legal_id) == ("NL123456789B01", "12345678")
        buyer = invoice.buyer
        assert (buyer.name, buyer.identifier, buyer.endpoint) == ("Café de Hoek", "000417", "0208:0123456789")
        assert (buyer.street, buyer.postal_code, buyer.city, buyer.country) == (
            "Meir 1",
            "2000",
            "Antwerpen",
            "BE",
        )
        assert (buyer.email, buyer.phone) == ("boekhouding@hoek.example", "+32 3 123 45 67")

    def test_a_credit_note_by_its_root_or_by_its_code(self):
        root = ubl(root="CreditNote", head=head("InvoiceTypeCode", "CreditNoteTypeCode"))
        assert read_einvoice(root.encode()).kind == "credit_note"
        assert read_einvoice(ubl(head=head(">380<", ">381<")).encode()).kind == "credit_note"

    def test_prepayment_and_rounding_explain_the_payable_amount(self):
        totals = (
            total("TaxExclusiveAmount", "100.00") + total("TaxInclusiveAmount", "121.00")
            + total("PrepaidAmount", "21.01") + total("PayableRoundingAmount", "0.01")
            + total("PayableAmount", "100.00")
        )  # fmt: skip
        invoice = read_einvoice(ubl(totals=totals).encode())
        assert (invoice.total_incl_vat, invoice.payable) == (euro("121.00"), euro("100.00"))
        assert invoice.warnings == ()

    def test_totals_that_contradict_each_other_are_a_warning_with_both_figures(self):
        invoice = read_einvoice(ubl(totals=TOTALS.replace("121.00", "125.00")).encode())
        assert invoice.payable == euro("125.00")
        assert invoice.warnings == ("total without VAT plus VAT is 121.00, the document says 125.00",)

    def test_a_total_left_out_is_worked_back_from_the_payable_amount(self):
        totals = total("PrepaidAmount", "21.00") + total("PayableAmount", "100.00")
        assert read_einvoice(ubl(totals=totals).encode()).total_incl_vat == euro("121.00")

    def test_a_negative_payable_amount_is_read_with_a_warning(self):
        totals = total("TaxInclusiveAmount", "-121.00") + total("PayableAmount", "-121.00")
        invoice = read_einvoice(ubl(totals=totals, vat="-21.00").encode())
        assert invoice.payable == euro("-121.00")
        assert invoice.warnings == ("the payable amount is negative: -121.00",)

    def test_vat_in_another_currency_is_not_mixed_in(self):
        other = '<cac:TaxTotal><cbc:TaxAmount currencyID="SEK">240</cbc:TaxAmount></cac:TaxTotal>'
        assert read_einvoice(ubl(payment=PAYMENT + other).encode()).warnings == ()

    def test_without_a_document_currency_the_amounts_name_it(self):
        text = ubl(head=head("<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>", ""))
        assert read_einvoice(text.encode()).currency == "EUR"

    @pytest.mark.parametrize(
        ("means", "due", "warned"),
        [
            (["2026-11-05"], date(2026, 11, 5), False),
            (["2026-11-05", "2026-11-05"], date(2026, 11, 5), False),
            (["2026-11-05", "2026-12-05"], date(2026, 12, 5), True),
            (["soon"], None, True),
            ([], None, False),
        ],
    )
    def test_the_payment_means_date_the_debt_and_of_several_days_the_last_does(self, means, due, warned):
        payment = "".join(
            f"<cac:PaymentMeans><cbc:PaymentDueDate>{day}</cbc:PaymentDueDate></cac:PaymentMeans>"
            for day in means
        )
        text = ubl(head=head("<cbc:DueDate>2026-10-31</cbc:DueDate>", ""), payment=payment)
        invoice = read_einvoice(text.encode())
        assert (invoice.due_date, bool(invoice.warnings)) == (due, warned)

    def test_the_due_date_of_the_document_goes_before_that_of_the_payment_means(self):
        payment = "<cac:PaymentMeans><cbc:PaymentDueDate>2026-12-24</cbc:PaymentDueDate></cac:PaymentMeans>"
        assert read_einvoice(ubl(payment=payment).encode()).due_date == date(2026, 10, 31)

    def test_an_embedded_document_is_lifted_and_a_damaged_one_is_a_warning(self):
        def document(content: str) -> str:
            return (
                "<cac:AdditionalDocumentReference><cac:Attachment><cbc:EmbeddedDocumentBinaryObject "
                f'mimeCode="application/pdf" filename="bon.pdf">{content}</cbc:EmbeddedDocumentBinaryObject>'
                "</cac:Attachment></cac:AdditionalDocumentReference>"
            )

        good = base64.b64encode(b"%PDF-1.7").decode()
        invoice = read_einvoice(ubl(payment=document(f"{good[:4]}\n{good[4:]}") + document("%%%")).encode())
        assert [(each.name, each.content) for each in invoice.attachments] == [("bon.pdf", b"%PDF-1.7")]
        assert invoice.warnings == ("the embedded document 'bon.pdf' is damaged and left out",)

    def test_a_buyer_without_a_name_is_a_warning(self):
        invoice = read_einvoice(ubl(buyer="").encode())
        assert invoice.buyer.name is None
        assert invoice.warnings == ("the buyer has no name",)

    def test_a_comment_does_not_cut_a_number_in_two(self):
        assert read_einvoice(ubl(head=head("00042", "000<!-- x -->42")).encode()).number == "00042"


class TestWhatPackagesWriteElsewhere:
    """Facts that real packages put in other places than the examples of the standard do."""

    def test_the_number_that_the_seller_gave_the_buyer_goes_before_others(self):
        account = "<cbc:SupplierAssignedAccountID>30417</cbc:SupplierAssignedAccountID>"
        text = ubl().replace("<cac:AccountingCustomerParty>", f"<cac:AccountingCustomerParty>{account}")
        assert read(text).buyer.identifier == "30417"
        assert read(ubl()).buyer.identifier == "000417"

    def test_every_line_of_the_address_is_kept_once(self):
        more = (
            "<cbc:StreetName>Meir</cbc:StreetName><cbc:AdditionalStreetName>bus 3</cbc:AdditionalStreetName>"
            "<cbc:BuildingNumber>1</cbc:BuildingNumber>"
        )
        line = "<cac:AddressLine><cbc:Line>bus 3</cbc:Line></cac:AddressLine><cac:Country>"
        buyer = BUYER.replace("<cbc:StreetName>Meir 1</cbc:StreetName>", more)
        invoice = read(ubl(buyer=buyer.replace("<cac:Country>", line)))
        assert invoice.buyer.street == "Meir 1, bus 3"
        lines = "<ram:LineOne>Frau Vos</ram:LineOne><ram:LineTwo>Hof 15</ram:LineTwo>"
        address = f"<ram:PostalTradeAddress>{lines}</ram:PostalTradeAddress></ram:BuyerTradeParty>"
        assert read(cii().replace("</ram:BuyerTradeParty>", address)).buyer.street == ("Frau Vos, Hof 15")

    def test_an_electronic_address_may_be_one_for_mail(self):
        contact = "<cbc:ElectronicMail>boekhouding@hoek.example</cbc:ElectronicMail>"
        by_mail = BUYER.replace('schemeID="0208">0123456789', 'schemeID="EM">facturen@hoek.example')
        assert read(ubl(buyer=by_mail)).buyer.email == "boekhouding@hoek.example"
        assert read(ubl(buyer=by_mail.replace(contact, ""))).buyer.email == "facturen@hoek.example"
        assert read(ubl(buyer=BUYER.replace(contact, ""))).buyer.email is None
        uri = '<ram:URIUniversalCommunication><ram:URIID schemeID="EM">f@hoek.example</ram:URIID>'
        party = f"{uri}</ram:URIUniversalCommunication></ram:BuyerTradeParty>"
        assert read(cii().replace("</ram:BuyerTradeParty>", party)).buyer.email == "f@hoek.example"

    @pytest.mark.parametrize(
        ("payee", "told"),
        [
            ("<cac:PartyName><cbc:Name>Snelfactor N.V.</cbc:Name></cac:PartyName>", True),
            ("<cac:PartyName><cbc:Name>BAKKER BROOD BV</cbc:Name></cac:PartyName>", False),
            ("<cac:PartyIdentification><cbc:ID>87654321</cbc:ID></cac:PartyIdentification>", True),
            ("", False),
        ],
    )
    def test_another_who_must_be_paid_is_a_warning(self, payee, told):
        payment = f"<cac:PayeeParty>{payee}</cac:PayeeParty>{PAYMENT}"
        warnings = read(ubl(payment=payment)).warnings
        assert any("not to the seller" in warning for warning in warnings) == told

    def test_another_who_must_be_paid_is_a_warning_in_cii_too(self):
        payee = "<ram:PayeeTradeParty><ram:Name>Snelfactor N.V.</ram:Name></ram:PayeeTradeParty>"
        text = cii().replace("<ram:SpecifiedTradePaymentTerms>", f"{payee}<ram:SpecifiedTradePaymentTerms>")
        assert read(text).warnings == ("the amount is to be paid to Snelfactor N.V., not to the seller",)

    @pytest.mark.parametrize(("name", "told"), [("Hoofdkantoor NV", True), ("CAFÉ", False)])
    def test_another_who_gets_the_invoice_than_who_bought_is_a_warning(self, name, told):
        invoicee = f"<ram:InvoiceeTradeParty><ram:Name>{name}</ram:Name></ram:InvoiceeTradeParty>"
        text = cii().replace(
            "<ram:SpecifiedTradePaymentTerms>", f"{invoicee}<ram:SpecifiedTradePaymentTerms>"
        )
        assert read(text).warnings == (f"the invoice is addressed to {name}, not to the buyer",) * told

    def test_a_corrected_invoice_says_which_one_it_replaces(self):
        reference = (
            "<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>00041</cbc:ID>"
            "</cac:InvoiceDocumentReference></cac:BillingReference>"
        )
        text = ubl().replace("<cac:AccountingSupplierParty>", f"{reference}<cac:AccountingSupplierParty>")
        assert read(text).warnings == ()
        (warning,) = read(text.replace(">380<", ">384<")).warnings
        assert warning == "it corrects invoice 00041: only one of the two may be collected"

    def test_a_factored_invoice_is_a_warning(self):
        (warning,) = read(ubl().replace(">380<", ">393<")).warnings
        assert warning == "it is a factored invoice: the claim was assigned to a third party"

    def test_terms_may_stand_in_several_places(self):
        terms = "<cac:PaymentTerms><cbc:Note>2% binnen 8 dagen</cbc:Note></cac:PaymentTerms>"
        more = "<cac:PaymentTerms><cbc:Note>30 dagen netto</cbc:Note></cac:PaymentTerms>"
        invoice = read(ubl(payment=PAYMENT + terms + more))
        assert invoice.terms == "2% binnen 8 dagen; 30 dagen netto"

    def test_a_credit_note_may_name_its_invoice_on_its_lines_and_more_than_once(self):
        head = (
            "<cbc:ID>C7</cbc:ID><cbc:IssueDate>2026-10-02</cbc:IssueDate>"
            "<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>"
        )
        reference = (
            "<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>00042</cbc:ID>"
            "</cac:InvoiceDocumentReference></cac:BillingReference>"
        )
        text = ubl(root="CreditNote", head=head)
        line = "<cac:CreditNoteLine><cbc:ID>1</cbc:ID>"
        on_lines = text.replace(f"{line}</cac:CreditNoteLine>", f"{line}{reference}</cac:CreditNoteLine>" * 2)
        assert read(on_lines).billing_reference == "00042"
        twice = text.replace("<cac:AccountingSupplierParty>", f"{reference * 2}<cac:AccountingSupplierParty>")
        assert read(twice).billing_reference == "00042"

    def test_a_day_may_have_a_time_behind_it(self):
        text = cii().replace('format="102">20261001<', 'format="203">202610011430<')
        assert read(text).issue_date == date(2026, 10, 1)


class TestCii:
    def test_the_minimum_is_enough(self):
        invoice = read_einvoice(cii().encode())
        assert (invoice.number, invoice.kind) == ("F-7", "invoice")
        assert (invoice.issue_date, invoice.due_date) == (date(2026, 10, 1), date(2026, 10, 31))
        assert (invoice.seller.name, invoice.buyer.name) == ("Bakker", "Café")
        assert invoice.payable == euro("121.00")

    def test_a_day_that_does_not_exist_is_a_warning_on_the_due_date(self):
        invoice = read_einvoice(cii(terms="20261131").encode())
        assert invoice.due_date is None
        assert invoice.warnings == ("the due date is not a date: '20261131'",)

    def test_a_credit_note_by_its_code(self):
        assert read_einvoice(cii(type_code="381").encode()).kind == "credit_note"


class TestWhatMayVary:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
    def test_the_encoding(self, encoding):
        declared = encoding.removesuffix("-sig")
        text = ubl(before=f'<?xml version="1.0" encoding="{declared}"?>')
        assert read_einvoice(text.encode(encoding)).buyer.name == "Café de Hoek"

    @pytest.mark.parametrize("said", ["", ' encoding="UTF-8"', ' encoding="utf-16"', ' encoding="UCS-2"'])
    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8"])
    def test_two_bytes_a_letter_whatever_they_call_themselves(self, said, encoding):
        text = ubl(before=f'<?xml version="1.0"{said}?>')
        assert read_einvoice(text.encode(encoding)).buyer.name == "Café de Hoek"

    @pytest.mark.parametrize("said", ["ISO-8859-1", "iso-8859-15", "windows-1252", "Latin1", "us-ascii"])
    def test_utf_8_that_calls_itself_something_else_is_read_as_it_is(self, said):
        text = ubl(before=f"<?xml version='1.0' encoding='{said}' standalone='yes'?>")
        assert read_einvoice(text.encode()).buyer.name == "Café de Hoek"
        assert read_einvoice(text.encode("cp1252")).buyer.name == "Café de Hoek"

    def test_the_signs_of_windows_in_what_calls_itself_latin_1_are_signs(self):
        text = ubl(before="<?xml version='1.0' encoding='ISO-8859-1'?>")
        text = text.replace("Café de Hoek", "Jan’s Café “€1”")
        assert read_einvoice(text.encode("cp1252")).buyer.name == "Jan’s Café “€1”"

    def test_line_ends_blanks_before_and_rubbish_behind(self):
        text = "\r\n " + ubl().replace("><", ">\r\n<") + "\r\n\x00\x1a"
        assert read_einvoice(text.encode()).number == "00042"

    def test_prefixes(self):
        text = (
            ubl().replace("cbc:", "b:").replace("cac:", "a:").replace(":cbc=", ":b=").replace(":cac=", ":a=")
        )
        assert read_einvoice(text.encode()).payable == euro("121.00")

    def test_no_namespaces_at_all(self):
        text = ubl().replace("cbc:", "").replace("cac:", "")
        bare = "<Invoice>" + text.partition('CommonBasicComponents-2">')[2]
        assert read_einvoice(bare.encode()).number == "00042"

    def test_peppols_envelope(self):
        assert read_einvoice(envelope(ubl(before="")).encode()).number == "00042"

    def test_decimals_without_a_value(self):
        assert read_einvoice(ubl(totals=TOTALS.replace("121.00", "121.0000")).encode()).payable == euro(
            "121.00"
        )


class TestPdf:
    @pytest.mark.parametrize("name", ["factur-x.xml", "ZUGFeRD-invoice.xml", "xrechnung.xml", "rechnung.XML"])
    def test_the_invoice_inside_is_read(self, name):
        assert read_einvoice(pdf({"note.txt": b"-", name: cii().encode()}), "f.pdf").number == "F-7"

    def test_the_invoice_is_chosen_by_what_it_is_where_its_name_says_nothing(self):
        content = pdf({"bestelling.xml": b"<Order/>", "kapot.xml": b"<a", "F-7.xml": cii().encode()})
        assert read_einvoice(content).number == "F-7"

    @pytest.mark.parametrize("other", [b"<Order/>", b"<a", b"<!DOCTYPE a><a/>"])
    def test_the_page_is_read_where_other_data_stands_beside_it(self, other):
        writer = PdfWriter(clone_from=BytesIO(invoice_pdf()))
        writer.add_attachment("bestelling.xml", other)
        out = BytesIO()
        writer.write(out)
        assert read_einvoice(out.getvalue()).number == read_einvoice(invoice_pdf()).number

    def test_the_invoice_is_chosen_by_its_name(self):
        content = pdf({"bestelling.xml": b"<Order/>", "factur-x.xml": cii().encode()})
        assert read_einvoice(content).number == "F-7"

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (pdf({}), "scan without text"),
            (pdf({"a.xml": b"<a/>", "b.xml": b"<b/>"}), "scan without text"),
            (pdf({"a.xml": cii().encode(), "b.xml": ubl().encode()}), "several e-invoices"),
            (pdf({"factur-x.xml": b"<Order/>"}), "is a Order"),
            (pdf({"factur-x.xml": cii().encode()}, password="geheim"), "password"),
            (b"%PDF-1.7\nrubbish", "damaged"),
        ],
    )
    def test_what_cannot_be_lifted_is_refused(self, content, reason):
        with pytest.raises(Unreadable, match=reason):
            read_einvoice(content, "f.pdf")


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            (ubl(head=head("<cbc:ID>00042</cbc:ID>", "")), "no invoice number"),
            (ubl(head=head("<cbc:ID>00042</cbc:ID>", "<cbc:ID> </cbc:ID>")), "no invoice number"),
            (ubl(head=head("</cbc:ID>", "</cbc:ID><cbc:ID>43</cbc:ID>")), "more than one invoice number"),
            (ubl(head=head("2026-10-01", "1 oktober")), "issue date is not a date"),
            (ubl(head=head("2026-10-01", "2026-02-30")), "issue date is not a date"),
            (ubl(head=head(">EUR<", ">EURO<")), "payable amount in EURO|unknown currency"),
            (ubl(totals=""), "no total including VAT"),
            (ubl(totals=TOTALS.replace('"EUR"', '"USD"')), "to pay is in USD, the document in EUR"),
            (ubl(totals=TOTALS.replace(TO_PAY, total("PayableAmount", "121.00", "USD"))), "to pay is in USD"),
            (ubl(head=head(">380<", ">325<")), "pro forma"),
            (cii(type_code="325"), "pro forma"),
            (envelope(ubl(before=""), ubl(before="")), "several documents"),
            (envelope(), "no document"),
            (ubl(totals=TOTALS.replace("121.00", "121,00")), "not a decimal number"),
            (ubl(totals=TOTALS.replace("121.00", "1e3")), "not a decimal number"),
            (ubl(totals=TOTALS.replace("121.00", "NaN")), "not a decimal number"),
            (ubl(totals=TOTALS.replace("121.00", "12..34")), "not a decimal number"),
            (ubl(totals=TOTALS.replace("121.00", "١٢١")), "not a decimal number"),
            (ubl(totals=TOTALS.replace("121.00", "121.005")), "more decimals"),
            (ubl(totals=TOTALS.replace("121.00", "9" * 29)), "too large"),
            (ubl(totals=TOTALS + total("PayableAmount", "1.00")), "more than one PayableAmount"),
            (ubl(seller=SELLER + SELLER.replace("Bakker Brood", "Slager")), "registered name of the seller"),
            (ubl(buyer=BUYER + BUYER.replace("Café", "Bar")), "registered name of the buyer"),
            (ubl(before='<!DOCTYPE Invoice [<!ENTITY e "x">]>'), "DOCTYPE"),
            (
                ubl(before='<?xml version="1.0"?><!-- a --><!DOCTYPE Invoice SYSTEM "http://127.0.0.1/x">'),
                "DOCTYPE",
            ),
            (ubl(head=head("00042", "&e;")), "not well-formed"),
            (ubl()[:-20], "not well-formed"),
            (ubl(head=head("00042", "<a>" * 300 + "</a>" * 300)), "nested deeper"),
            (ubl(head=head("00042", "x" * 10_500_000)), "of more than 10 MB; hand it over without"),
            (ubl().replace('xmlns="urn:oasis', 'xmlns="urn:other'), "another standard than UBL"),
            ("<html><body>Factuur</body></html>", "web page"),
            ("<!DOCTYPE html><p>Factuur<br>", "web page"),
            ("\n<table border=1><tr><td>Factuur", "web page"),
            ('<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>', "XML spreadsheet"),
            ("<Orders/>", "the document is a Orders"),
            (
                cii().replace(
                    SUMMED, f"{SUMMED}<ram:{SUM}><ram:DuePayableAmount>5</ram:DuePayableAmount></ram:{SUM}>"
                ),
                "more than one DuePayableAmount",
            ),
            ("<Invoice", "not well-formed"),
            ("Factuur 42", "neither XML nor PDF: factuur.xml"),
            ("", "neither XML nor PDF"),
        ],
    )
    def test_the_reason_is_named(self, text, reason):
        with pytest.raises(Unreadable, match=reason):
            read_einvoice(text.encode(), "factuur.xml")

    def test_an_invoice_of_another_standard_is_named_by_its_namespace(self):
        text = '<Invoice xmlns="http://www.ebinterface.at/schema/6p1/"><InvoiceNumber>1</InvoiceNumber></Invoice>'
        with pytest.raises(Unreadable, match="its namespace is http"):
            read(text)

    def test_nothing_outside_the_file_is_fetched(self):
        """The suite lets no connection out; an include is simply not followed."""
        include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'
        text = ubl(payment=include).replace(
            "<Invoice ",
            '<Invoice xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
            'xsi:schemaLocation="urn:x http://192.0.2.1/x.xsd" ',
        )
        assert read_einvoice(text.encode()).number == "00042"

    @pytest.mark.parametrize("said", ["", ' encoding="utf-16"', ' encoding="UTF-8"'])
    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
    def test_a_document_type_in_utf_16_is_refused_too(self, said, encoding):
        text = ubl(before=f'<?xml version="1.0"{said}?><!DOCTYPE Invoice [<!ENTITY e "x">]>')
        with pytest.raises(Unreadable, match="DOCTYPE"):
            read_einvoice(text.encode(encoding))

    def test_text_about_document_types_is_no_document_type(self):
        text = ubl(head=head("00042", "<![CDATA[<!DOCTYPE x>]]>"))
        assert read_einvoice(text.encode()).number == "<!DOCTYPE x>"

    def test_of_two_invoices_in_one_pdf_none_is_taken_for_both(self):
        """Invoices that were put together into one file: each brought its own data, under the same name."""
        second = cii(due_payable="242.00").replace("121.00", "242.00").encode()
        both = pdf({"factur-x.xml": cii().encode()}, more={"factur-x.xml": second})
        with pytest.raises(Unreadable, match="several e-invoices"):
            read_einvoice(both)
        twice = pdf({"factur-x.xml": cii().encode(), "Factur-X.xml": cii().encode()})
        assert read_einvoice(twice).payable == euro("121.00")

    def test_a_file_that_is_too_large_is_refused_unread(self):
        with pytest.raises(Unreadable, match="larger than the 20 MB"):
            read_einvoice(ubl().encode() + b" " * 20_000_000)

    @given(end=st.integers(0, len(ubl().encode()) - 1))
    def test_a_document_cut_anywhere_is_refused(self, end):
        with pytest.raises(Unreadable):
            read_einvoice(ubl().encode()[:end])

    @given(place=st.integers(0, len(cii().encode()) - 1), byte=st.integers(0, 255))
    def test_one_wrong_byte_is_read_or_refused_and_nothing_else(self, place, byte):
        content = bytearray(cii().encode())
        content[place] = byte
        with contextlib.suppress(Unreadable):
            assert read_einvoice(bytes(content)).currency

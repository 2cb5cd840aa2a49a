"""Every published e-invoice at hand, against what an independent reading found in it."""

import contextlib
import csv
from decimal import Decimal
from pathlib import Path

import pytest

from agency.ports.readers import EInvoice, Unreadable
from integrations.einvoice import read_einvoice

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

REFUSED = {
    "02_einvoice/facturx_akretion/order-x-basic.xml": "SCRDMCCBDACIOMessageStructure",
    "02_einvoice/facturx_akretion/order-x-comfort.xml": "SCRDMCCBDACIOMessageStructure",
    "02_einvoice/nlcius_si_ubl_2.0.3.2/"
    "SI-UBL-2.0_UBL-SR-09_error_multiple_legalentity_registrationname.xml": "more than one registered name",
}

# Where the reading on file is the poorer one. Seller's VAT numbers: it took the tax office's number where
# a VAT number stands beside it. The payment reference: it did not know ZUGFeRD 1's names. The currency:
# UBL 2.0 leaves it to the amounts.
KNOWN_DIFFERENCES = {
    ("02_einvoice/facturx_akretion/zugferd-comfort.xml", "seller_vat", "DE123456789"),
    ("02_einvoice/facturx_akretion/zugferd-comfort.xml", "payment_id", "2013-471102"),
    ("02_einvoice/numnum/UBL-Invoice-2.0-Detached.xml", "currency", "GBP"),
    ("02_einvoice/xrechnung_cii/03.06a-INVOICE_uncefact.xml", "seller_vat", "DE12345464867"),
    *(
        (f"02_einvoice/zugferd_corpus_ubl/{name}.ubl.xml", "seller_vat", "DE123456789")
        for name in (
            "EN16931_1_Teilrechnung",
            "EN16931_AbweichenderZahlungsempf",
            "EN16931_Einfach",
            "EN16931_Einfach_negativePaymentDue",
            "EN16931_Rabatte",
            "EN16931_SEPA_Prenotification",
            "XRECHNUNG_Einfach",
        )
    ),
}


@pytest.fixture(scope="module")
def expected(real_data: Path) -> list[dict[str, str]]:
    with (real_data / "_expected/einvoice.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["file"].startswith("02_einvoice/")]
    assert len(rows) >= 180
    return rows


def facts(invoice: EInvoice) -> dict[str, str]:
    """The invoice in the words of the expected table."""
    return {
        "type_code": invoice.type_code or "",
        "number": invoice.number,
        "issue": invoice.issue_date.isoformat(),
        "due": invoice.due_date.isoformat() if invoice.due_date else "",
        "currency": invoice.currency,
        "seller": invoice.seller.name or "",
        "seller_vat": invoice.seller.vat or "",
        "seller_legal_id": invoice.seller.legal_id or "",
        "seller_country": invoice.seller.country or "",
        "buyer": invoice.buyer.name or "",
        "buyer_vat": invoice.buyer.vat or "",
        "buyer_legal_id": invoice.buyer.legal_id or "",
        "buyer_country": invoice.buyer.country or "",
        "lines": str(invoice.line_count),
        "attachments": str(len(invoice.attachments)),
        "billing_ref": " ".join(invoice.billing_references),
        "order_ref": invoice.order_reference or "",
    }


def differences(row: dict[str, str], invoice: EInvoice) -> list[tuple[str, str, str]]:
    """What differs, as file, column and our value; several accounts or references are listed in one cell."""
    found = [
        (row["file"], name, ours)
        for name, ours in facts(invoice).items()
        if ours != " ".join(row[name].split())
    ]
    for name, ours in (("tax_inclusive", invoice.total_incl_vat), ("payable", invoice.payable)):
        if row[name] and ours.decimal != Decimal(row[name]):
            found.append((row["file"], name, str(ours.decimal)))
    for name, text in (("iban", invoice.iban or ""), ("payment_id", invoice.payment_reference or "")):
        listed = row[name].replace(" ", "")
        if bool(text) != bool(listed) or not listed.startswith(text.replace(" ", "")):
            found.append((row["file"], name, text))
    return found


class TestRealInvoices:
    def test_each_is_read_as_expected(self, real_data, expected):
        found = set()
        for row in expected:
            if row["file"] not in REFUSED:
                content = (real_data / row["file"]).read_bytes()
                found.update(differences(row, read_einvoice(content, row["file"])))
        assert found == KNOWN_DIFFERENCES

    def test_what_is_no_invoice_or_has_two_sellers_is_refused(self, real_data):
        for name, reason in REFUSED.items():
            with pytest.raises(Unreadable, match=reason):
                read_einvoice((real_data / name).read_bytes(), name)

    def test_contradicting_totals_are_read_with_a_warning_and_no_others_warn(self, real_data, expected):
        for row in expected:
            if row["file"] not in REFUSED:
                invoice = read_einvoice((real_data / row["file"]).read_bytes(), row["file"])
                contradicts = any("the document says" in warning for warning in invoice.warnings)
                assert contradicts == (row["arithmetic"] != "ok"), row["file"]

    def test_credit_notes_are_told_apart(self, real_data, expected):
        codes = {"81", "381", "532"}
        for row in expected:
            if row["file"] not in REFUSED:
                invoice = read_einvoice((real_data / row["file"]).read_bytes(), row["file"])
                is_credit = row["type_code"] in codes or row["syntax"] == "UBL CreditNote"
                assert (invoice.kind == "credit_note") == is_credit, row["file"]

    def test_both_syntaxes_say_the_same(self, real_data):
        twins = 0
        for cii in sorted((real_data / "02_einvoice/xrechnung_cii").glob("*_uncefact.xml")):
            ubl = real_data / "02_einvoice/xrechnung_ubl" / cii.name.replace("_uncefact", "_ubl")
            if ubl.exists():
                one, other = read_einvoice(cii.read_bytes()), read_einvoice(ubl.read_bytes())
                assert (one.number, one.total_incl_vat, one.payable, one.issue_date, one.due_date) == (
                    other.number, other.total_incl_vat, other.payable, other.issue_date, other.due_date,
                )  # fmt: skip
                twins += 1
        assert twins >= 3


class TestHostileFiles:
    def test_xml_with_a_document_type_is_refused_before_it_can_expand(self, real_data):
        bombs = sorted((real_data / "06_hostile/xml_defusedxml").glob("*.xml"))
        assert len(bombs) >= 8
        for bomb in bombs:
            reason = "neither|not a UBL" if bomb.name == "simple-ns.xml" else "DOCTYPE"
            with pytest.raises(Unreadable, match=reason):
                read_einvoice(bomb.read_bytes(), bomb.name)

    def test_hostile_pdfs_are_refused(self, real_data):
        pdfs = sorted((real_data / "06_hostile/pdf_pdfjs").glob("*.pdf"))
        assert len(pdfs) >= 16
        for each in pdfs:
            with pytest.raises(Unreadable, match="PDF"):
                read_einvoice(each.read_bytes(), each.name)

    def test_a_real_pdf_cut_anywhere_is_read_or_refused(self, real_data):
        content = (real_data / "02_einvoice/facturx_akretion/invoice_EN16931.pdf").read_bytes()
        for end in range(0, len(content), len(content) // 60):
            with contextlib.suppress(Unreadable):
                assert read_einvoice(content[:end]).number == "F20260023"

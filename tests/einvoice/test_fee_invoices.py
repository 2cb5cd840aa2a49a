"""The agency's own invoices as UBL: valid by schema, EN 16931, Peppol and Dutch rules, and read back."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from agency.money import Money, percent_of
from agency.ports.invoices import InvoiceDocument, InvoiceLine, InvoiceParty, VatTotal
from integrations.einvoice import read_einvoice
from integrations.einvoice.written_ubl import UnwritableInvoice, lacking, write_fee_invoice
from tests.einvoice.schematron import Schematron

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

SELLER = InvoiceParty(
    name="Incasso Noord", country="NL", legal_id="90000001", vat_number="NL000099998B57",
    street="Voorbeeldkade 1", postal_code="1000 AA", city="Amsterdam", email="post@agency.example",
    phone="+31 20 123 45 67",
)  # fmt: skip
DUTCH = InvoiceParty(
    name="Enercity & Zonen B.V.", country="NL", legal_id="90000002", vat_number="NL000099998B57",
    street="Kade 2", postal_code="2000 BB", city="Haarlem",
)  # fmt: skip
BELGIAN = InvoiceParty(
    name="Vandaele N.V.", country="BE", legal_id="", vat_number="BE0403170701", street="Kaai 3",
    postal_code="1000", city="Brussel",
)  # fmt: skip
OUTSIDE = InvoiceParty(name="Acme", country="US", email="books@acme.example", city="Springfield")
CASES = {
    "a Dutch client": (DUTCH, "S", 21, "invoice"),
    "a Belgian client, reverse charge": (BELGIAN, "AE", 0, "invoice"),
    "a credit note": (DUTCH, "S", 21, "credit_note"),
}
NLCIUS = b"urn:cen.eu:en16931:2017#compliant#urn:fdc:nen.nl:nlcius:v1.0"
PEPPOL = b"urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
# What only asks whether the document calls itself by the name of another specification.
BELGIAN_NAME = {"PEPPOL-EN16931-R004"}


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def a_document(buyer, category, percent, kind="invoice", nets=(10_000, 333), settled=0) -> InvoiceDocument:
    total = eur(sum(nets))
    vat = percent_of(total, Decimal(percent))
    return InvoiceDocument(
        kind=kind,
        number="F2026-00001" if kind == "invoice" else "C2026-00001",
        issued_on=date(2026, 11, 26),
        due_on=date(2026, 12, 10),
        currency="EUR",
        seller=SELLER,
        buyer=buyer,
        buyer_reference="ENERCITY",
        seller_iban="NL44RABO0123456789",
        lines=tuple(
            InvoiceLine(name=f"{number:08d}", note="K-1", base=eur(net * 10), fee_bps=1_000, net=eur(net),
                        vat_percent=Decimal(percent), vat_category=category)
            for number, net in enumerate(nets, 1)
        ),
        vat_totals=(VatTotal(category=category, percent=Decimal(percent), taxable=total, vat=vat),),
        net=total,
        vat=vat,
        settled=eur(settled),
        credits=("F2026-00001",) if kind == "credit_note" else (),
    )  # fmt: skip


@pytest.fixture(scope="module")
def belgian_rules(real_data):
    return Schematron(real_data / "04_schemas/schematron_xslt/GLOBALUBL.BE.xslt")


@pytest.fixture(scope="module")
def dutch_rules(real_data):
    return Schematron(real_data / "04_schemas/schematron_nlcius/si-ubl-2.0.xsl")


class TestOfficialRules:
    @pytest.mark.parametrize("case", CASES)
    def test_of_en_16931_and_peppol_are_kept(self, case, belgian_rules):
        verdict = belgian_rules.judge(etree.fromstring(write_fee_invoice(a_document(*CASES[case]))))
        own = [rule for rule in verdict.fatal if not rule.startswith("ubl-BE") and rule not in BELGIAN_NAME]
        assert (own, verdict.warnings, verdict.unanswered) == ([], [], [])
        assert verdict.answered > 850

    @pytest.mark.parametrize("case", CASES)
    def test_of_the_netherlands_are_kept(self, case, dutch_rules):
        """Under the Dutch name, so that the rules which look at the name first look at the rest too."""
        content = write_fee_invoice(a_document(*CASES[case])).replace(PEPPOL, NLCIUS)
        verdict = dutch_rules.judge(etree.fromstring(content))
        assert (verdict.fatal, verdict.unanswered) == ([], [])
        assert verdict.answered > 850

    @pytest.mark.parametrize(
        ("old", "new", "rule"),
        [
            (b"<cbc:PayableAmount currencyID=\"EUR\">125.03", b"<cbc:PayableAmount currencyID=\"EUR\">125.04",
             "BR-CO-16"),
            (b"<cbc:BuyerReference>ENERCITY</cbc:BuyerReference>", b"", "PEPPOL-EN16931-R003"),
            (b"380</cbc:InvoiceTypeCode>", b"999</cbc:InvoiceTypeCode>", "BR-CL-01"),
        ],
    )  # fmt: skip
    def test_would_notice_what_is_wrong(self, old, new, rule, belgian_rules):
        content = write_fee_invoice(a_document(DUTCH, "S", 21))
        assert old in content
        assert rule in belgian_rules.judge(etree.fromstring(content.replace(old, new))).fatal

    @pytest.mark.parametrize(
        "name",
        [
            "SI-UBL-2.0_BR-NL-10_error_customer_no_companyid.xml",
            "SI-UBL-2.0_BR-NL-11_error_no_paymentmeans.xml",
            "SI-UBL-2.0_BR-NL-10_ok_customer_not_nl.xml",
        ],
    )
    def test_are_judged_as_the_authors_of_the_rules_say(self, name, real_data, dutch_rules):
        path = real_data / "02_einvoice/nlcius_si_ubl_2.0.3.2" / name
        verdict = dutch_rules.judge(etree.parse(path).getroot())
        rule = name.split("_")[1]
        assert (rule in verdict.fatal) is ("_error_" in name)


class TestSchema:
    @settings(max_examples=25)
    @given(
        st.sampled_from([(DUTCH, "S", 21), (BELGIAN, "AE", 0), (OUTSIDE, "O", 0)]),
        st.sampled_from(["invoice", "credit_note"]),
        st.lists(st.integers(1, 10**7), min_size=1, max_size=5),
        st.integers(0, 100),
    )
    def test_is_kept_and_our_own_reader_reads_the_same(self, real_data, client, kind, nets, settled):
        # No more is settled than is owed: what is left is never less than nothing.
        document = a_document(*client, kind=kind, nets=nets, settled=min(settled, sum(nets)))
        content = write_fee_invoice(document)
        name = "Invoice" if kind == "invoice" else "CreditNote"
        folder = real_data / "04_schemas/ubl21/maindoc"
        etree.XMLSchema(etree.parse(folder / f"UBL-{name}-2.1.xsd")).assertValid(etree.fromstring(content))
        read = read_einvoice(content, "x.xml")
        assert (read.kind, read.number, read.issue_date) == (kind, document.number, document.issued_on)
        assert (read.total_incl_vat, read.payable) == (document.total, document.payable)
        assert (read.seller.name, read.buyer.name, read.iban) == (
            SELLER.name, document.buyer.name, document.seller_iban,
        )  # fmt: skip
        assert (read.line_count, read.billing_references) == (len(nets), document.credits)
        assert read.warnings == ()
        assert write_fee_invoice(document) == content


class TestRefusals:
    def test_sums_that_do_not_add_up_are_not_written(self):
        document = a_document(DUTCH, "S", 21)
        broken = InvoiceDocument(**{f: getattr(document, f) for f in document.__slots__} | {"net": eur(1)})
        with pytest.raises(UnwritableInvoice, match="add up"):
            write_fee_invoice(broken)

    def test_what_the_network_misses_is_named(self):
        bare = InvoiceParty(name="X", country="NL")
        assert lacking(a_document(bare, "S", 21)) == (
            "buyer.endpoint", "buyer.legal_id", "buyer.street", "buyer.postal_code", "buyer.city",
        )  # fmt: skip
        assert lacking(a_document(BELGIAN, "AE", 0)) == ()

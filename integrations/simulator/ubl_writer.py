"""Writes the simulated Belgian supplier's invoices and credit notes as UBL 2.1 (Peppol BIS Billing 3.0)."""

import io
import zipfile
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from lxml import etree

from integrations.simulator.portfolio import SimulatedDebtor, SimulatedInvoice

_CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
_CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
_ROOT = "urn:oasis:names:specification:ubl:schema:xsd:{}-2"
_VAT_PERCENT = Decimal("21")


@dataclass(frozen=True)
class Supplier:
    """Who sends the invoices."""

    name: str
    enterprise_number: str
    iban: str
    street: str
    postal_code: str
    city: str
    email: str


def write_ubl(*, supplier: Supplier, invoice: SimulatedInvoice) -> bytes:
    """This function will return one UBL 2.1 Invoice, or a CreditNote for a negative amount."""
    credit = invoice.amount_minor < 0
    kind = "CreditNote" if credit else "Invoice"
    total = Decimal(abs(invoice.amount_minor)) / 100
    net = (total * 100 / (100 + _VAT_PERCENT)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    root = etree.Element(
        f"{{{_ROOT.format(kind)}}}{kind}",
        nsmap={None: _ROOT.format(kind), "cac": _CAC, "cbc": _CBC},  # type: ignore[dict-item]
    )
    _header(root, kind, invoice)
    if credit:
        reference = _group(_group(root, "BillingReference"), "InvoiceDocumentReference")
        _text(reference, "ID", invoice.credits)
    _party(_group(root, "AccountingSupplierParty"), supplier)
    _customer(_group(root, "AccountingCustomerParty"), invoice.debtor)
    _payment_means(root, supplier, invoice)
    _tax(root, net, total)
    totals = _group(root, "LegalMonetaryTotal")
    for name, amount in (
        ("LineExtensionAmount", net),
        ("TaxExclusiveAmount", net),
        ("TaxInclusiveAmount", total),
        ("PayableAmount", total),
    ):
        _amount(totals, name, amount)
    _line(root, kind, invoice, net)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def zip_of_ubl(*, supplier: Supplier, invoices: list[SimulatedInvoice]) -> bytes:
    """This function will return a ZIP of the invoices, the way an access point hands them over; the same
    input gives the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for invoice in invoices:
            entry = zipfile.ZipInfo(f"{invoice.number}.xml", date_time=(2026, 1, 1, 0, 0, 0))
            archive.writestr(entry, write_ubl(supplier=supplier, invoice=invoice), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _header(root: etree._Element, kind: str, invoice: SimulatedInvoice) -> None:
    _text(
        root, "CustomizationID", "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
    )
    _text(root, "ProfileID", "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0")
    _text(root, "ID", invoice.number)
    _text(root, "IssueDate", invoice.issued_on.isoformat())
    if kind == "Invoice":
        _text(root, "DueDate", invoice.due_on.isoformat())
    _text(root, f"{kind}TypeCode", "381" if kind == "CreditNote" else "380")
    _text(root, "Note", invoice.description)
    _text(root, "DocumentCurrencyCode", "EUR")
    _text(root, "BuyerReference", invoice.claim_reference)


def _party(parent: etree._Element, supplier: Supplier) -> None:
    party = _group(parent, "Party")
    _text(party, "EndpointID", supplier.enterprise_number, schemeID="0208")
    _text(_group(party, "PartyName"), "Name", supplier.name)
    _address(party, supplier.street, supplier.city, supplier.postal_code, "BE")
    scheme = _group(party, "PartyTaxScheme")
    _text(scheme, "CompanyID", f"BE{supplier.enterprise_number}")
    _text(_group(scheme, "TaxScheme"), "ID", "VAT")
    entity = _group(party, "PartyLegalEntity")
    _text(entity, "RegistrationName", supplier.name)
    _text(entity, "CompanyID", supplier.enterprise_number, schemeID="0208")
    _text(_group(party, "Contact"), "ElectronicMail", supplier.email)


def _customer(parent: etree._Element, debtor: SimulatedDebtor) -> None:
    party = _group(parent, "Party")
    if debtor.registration_number:
        _text(party, "EndpointID", debtor.registration_number, schemeID="0208")
    else:
        _text(party, "EndpointID", debtor.email, schemeID="EM")
    _text(_group(party, "PartyIdentification"), "ID", debtor.reference)
    _address(party, debtor.street, debtor.city, debtor.postal_code, debtor.country)
    entity = _group(party, "PartyLegalEntity")
    _text(entity, "RegistrationName", debtor.name)
    if debtor.registration_number:
        _text(entity, "CompanyID", debtor.registration_number, schemeID="0208")
    contact = _group(party, "Contact")
    _text(contact, "Telephone", debtor.phone)
    _text(contact, "ElectronicMail", debtor.email)


def _payment_means(root: etree._Element, supplier: Supplier, invoice: SimulatedInvoice) -> None:
    means = _group(root, "PaymentMeans")
    _text(means, "PaymentMeansCode", "30")
    _text(means, "PaymentID", invoice.number)
    _text(_group(means, "PayeeFinancialAccount"), "ID", supplier.iban)


def _tax(root: etree._Element, net: Decimal, total: Decimal) -> None:
    tax = _group(root, "TaxTotal")
    _amount(tax, "TaxAmount", total - net)
    subtotal = _group(tax, "TaxSubtotal")
    _amount(subtotal, "TaxableAmount", net)
    _amount(subtotal, "TaxAmount", total - net)
    _category(_group(subtotal, "TaxCategory"))


def _line(root: etree._Element, kind: str, invoice: SimulatedInvoice, net: Decimal) -> None:
    line = _group(root, f"{kind}Line")
    _text(line, "ID", "1")
    quantity = "CreditedQuantity" if kind == "CreditNote" else "InvoicedQuantity"
    _text(line, quantity, "1", unitCode="C62")
    _amount(line, "LineExtensionAmount", net)
    item = _group(line, "Item")
    _text(item, "Name", invoice.description)
    _category(_group(item, "ClassifiedTaxCategory"))
    _amount(_group(line, "Price"), "PriceAmount", net)


def _category(category: etree._Element) -> None:
    _text(category, "ID", "S")
    _text(category, "Percent", str(_VAT_PERCENT))
    _text(_group(category, "TaxScheme"), "ID", "VAT")


def _address(party: etree._Element, street: str, city: str, postal_code: str, country: str) -> None:
    address = _group(party, "PostalAddress")
    _text(address, "StreetName", street)
    _text(address, "CityName", city)
    _text(address, "PostalZone", postal_code)
    _text(_group(address, "Country"), "IdentificationCode", country)


def _group(parent: etree._Element, name: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{_CAC}}}{name}")


def _text(parent: etree._Element, name: str, value: str, **attributes: str) -> None:
    etree.SubElement(parent, f"{{{_CBC}}}{name}", attributes).text = value


def _amount(parent: etree._Element, name: str, value: Decimal) -> None:
    _text(parent, name, f"{value:.2f}", currencyID="EUR")

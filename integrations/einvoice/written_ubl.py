"""Writes the agency's fee invoices and credit notes as UBL 2.1 by Peppol BIS Billing 3.0.

Order and names of elements follow the UBL 2.1 schemas; what must be there follows EN 16931, the Peppol rules
and the Dutch ones among them. Everything is read back by `read_einvoice`.
"""

from decimal import Decimal
from typing import Final

from lxml import etree
from stdnum.be import vat as be_number
from stdnum.exceptions import ValidationError

from agency.money import Money
from agency.ports.invoices import InvoiceDocument, InvoiceLine, InvoiceParty, VatTotal

_CBC: Final = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
_CAC: Final = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
_ROOT: Final = "urn:oasis:names:specification:ubl:schema:xsd:{}-2"
_CUSTOMIZATION: Final = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
_PROFILE: Final = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"

# UNTDID 1001 and 4461; UN/ECE recommendation 20; codes of EN 16931.
_TYPE_CODES: Final = {"invoice": "380", "credit_note": "381"}
_CREDIT_TRANSFER: Final = "58"
_ONE: Final = "C62"
_EXEMPTIONS: Final = {
    "AE": ("VATEX-EU-AE", "Reverse charge: Directive 2006/112/EC art. 44 and 196"),
    "O": ("VATEX-EU-O", "Not subject to VAT: Directive 2006/112/EC art. 44 and 59"),
}

# Registers of legal entities (ISO 6523) and VAT numbers as Peppol addresses (EAS), by country.
_REGISTERS: Final = {"NL": "0106", "BE": "0208"}
_VAT_SCHEMES: Final = {
    "AT": "9914", "BE": "9925", "CZ": "9929", "DE": "9930", "EE": "9931", "ES": "9920", "FR": "9957",
    "GR": "9933", "HR": "9934", "HU": "9910", "IE": "9935", "IT": "0211", "LT": "9937", "LU": "9938",
    "LV": "9939", "MT": "9943", "NL": "9944", "PL": "9945", "PT": "9946", "RO": "9947", "SI": "9949",
    "SK": "9950", "GB": "9932",
}  # fmt: skip


class UnwritableInvoice(ValueError):
    """The document contradicts itself; nothing is written."""


_BY_OFFER: Final = {"flat": "amount as agreed", "hours": "hours worked, as agreed"}


def write_fee_invoice(document: InvoiceDocument) -> bytes:
    """This function will write an invoice or credit note; equal documents give equal bytes.

    :raises UnwritableInvoice: when lines, VAT and totals do not add up.
    """
    _check(document)
    kind = "Invoice" if document.kind == "invoice" else "CreditNote"
    root = etree.Element(
        f"{{{_ROOT.format(kind)}}}{kind}",
        nsmap={None: _ROOT.format(kind), "cac": _CAC, "cbc": _CBC},  # type: ignore[dict-item]
    )
    _header(root, kind, document)
    taxed = all(total.category != "O" for total in document.vat_totals)
    _party(_group(root, "AccountingSupplierParty"), document.seller, with_vat=taxed)
    _party(_group(root, "AccountingCustomerParty"), document.buyer, with_vat=taxed)
    _payment(root, document)
    _vat(root, document)
    _totals(root, document)
    for number, line in enumerate(document.lines, 1):
        _line(root, kind, number, line)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def lacking(document: InvoiceDocument) -> tuple[str, ...]:
    """This function will name the facts without which the network may refuse the document.

    :returns: names such as "buyer.legal_id"; empty when nothing is missing.
    """
    buyer = document.buyer
    wanted = [
        ("buyer.endpoint", _endpoint(buyer) is not None),
        ("buyer.legal_id", buyer.country not in _REGISTERS or bool(_legal_id(buyer))),
        ("buyer.vat_number", all(t.category != "AE" for t in document.vat_totals) or bool(buyer.vat_number)),
    ]
    if buyer.country == "NL":
        wanted += [
            (f"buyer.{name}", bool(getattr(buyer, name))) for name in ("street", "postal_code", "city")
        ]
    if document.kind == "credit_note":
        wanted.append(("credits", bool(document.credits)))
    return tuple(name for name, there in wanted if not there)


def _check(document: InvoiceDocument) -> None:
    lines = Money.total((line.net for line in document.lines), document.currency)
    taxable = Money.total((total.taxable for total in document.vat_totals), document.currency)
    vat = Money.total((total.vat for total in document.vat_totals), document.currency)
    if not document.lines:
        raise UnwritableInvoice("an invoice has a line")
    if not lines == taxable == document.net or vat != document.vat:
        raise UnwritableInvoice(f"{document.number}: lines, VAT and totals do not add up")


def _header(root: etree._Element, kind: str, document: InvoiceDocument) -> None:
    _text(root, "CustomizationID", _CUSTOMIZATION)
    _text(root, "ProfileID", _PROFILE)
    _text(root, "ID", document.number)
    _text(root, "IssueDate", document.issued_on.isoformat())
    if kind == "Invoice":
        _text(root, "DueDate", document.due_on.isoformat())
    _text(root, f"{kind}TypeCode", _TYPE_CODES[document.kind])
    _text(root, "DocumentCurrencyCode", document.currency)
    _text(root, "BuyerReference", document.buyer_reference)
    for number in document.credits:
        _text(_group(_group(root, "BillingReference"), "InvoiceDocumentReference"), "ID", number)


def _party(parent: etree._Element, party: InvoiceParty, *, with_vat: bool) -> None:
    group = _group(parent, "Party")
    endpoint = _endpoint(party)
    if endpoint:
        _text(group, "EndpointID", endpoint[1], schemeID=endpoint[0])
    _text(_group(group, "PartyName"), "Name", party.name)
    address = _group(group, "PostalAddress")
    for name, value in (
        ("StreetName", party.street),
        ("CityName", party.city),
        ("PostalZone", party.postal_code),
    ):
        if value:
            _text(address, name, value)
    _text(_group(address, "Country"), "IdentificationCode", party.country)
    if party.vat_number and with_vat:
        scheme = _group(group, "PartyTaxScheme")
        _text(scheme, "CompanyID", party.vat_number)
        _text(_group(scheme, "TaxScheme"), "ID", "VAT")
    entity = _group(group, "PartyLegalEntity")
    _text(entity, "RegistrationName", party.name)
    legal_id = _legal_id(party)
    if legal_id:
        register = _REGISTERS.get(party.country)
        _text(entity, "CompanyID", legal_id, **({"schemeID": register} if register else {}))
    if party.email or party.phone:
        contact = _group(group, "Contact")
        for name, value in (("Telephone", party.phone), ("ElectronicMail", party.email)):
            if value:
                _text(contact, name, value)


def _legal_id(party: InvoiceParty) -> str:
    """Return the number in the country's register; the Belgian one is that of the VAT number."""
    if party.country != "BE":
        return party.legal_id
    try:
        return str(be_number.validate(party.legal_id or party.vat_number))
    except ValidationError:
        return ""


def _endpoint(party: InvoiceParty) -> tuple[str, str] | None:
    """Return where the network delivers to, as scheme and number: the register, else VAT, else e-mail."""
    legal_id = _legal_id(party)
    if legal_id and party.country in _REGISTERS:
        return _REGISTERS[party.country], legal_id
    if party.vat_number and party.country in _VAT_SCHEMES:
        return _VAT_SCHEMES[party.country], party.vat_number
    return ("EM", party.email) if party.email else None


def _payment(root: etree._Element, document: InvoiceDocument) -> None:
    means = _group(root, "PaymentMeans")
    _text(means, "PaymentMeansCode", _CREDIT_TRANSFER)
    _text(means, "PaymentID", document.number)
    _text(_group(means, "PayeeFinancialAccount"), "ID", document.seller_iban)


def _vat(root: etree._Element, document: InvoiceDocument) -> None:
    tax = _group(root, "TaxTotal")
    _amount(tax, "TaxAmount", document.vat)
    for total in document.vat_totals:
        subtotal = _group(tax, "TaxSubtotal")
        _amount(subtotal, "TaxableAmount", total.taxable)
        _amount(subtotal, "TaxAmount", total.vat)
        _total_category(_group(subtotal, "TaxCategory"), total)


def _total_category(category: etree._Element, total: VatTotal) -> None:
    exemption = _EXEMPTIONS.get(total.category)
    _text(category, "ID", total.category)
    if total.category != "O":
        _text(category, "Percent", _plain(total.percent))
    if exemption:
        _text(category, "TaxExemptionReasonCode", exemption[0])
        _text(category, "TaxExemptionReason", exemption[1])
    _text(_group(category, "TaxScheme"), "ID", "VAT")


def _totals(root: etree._Element, document: InvoiceDocument) -> None:
    totals = _group(root, "LegalMonetaryTotal")
    _amount(totals, "LineExtensionAmount", document.net)
    _amount(totals, "TaxExclusiveAmount", document.net)
    _amount(totals, "TaxInclusiveAmount", document.total)
    if document.settled:
        _amount(totals, "PrepaidAmount", document.settled)
    _amount(totals, "PayableAmount", document.payable)


def _line(root: etree._Element, kind: str, number: int, line: InvoiceLine) -> None:
    group = _group(root, f"{kind}Line")
    _text(group, "ID", str(number))
    _text(group, "InvoicedQuantity" if kind == "Invoice" else "CreditedQuantity", "1", unitCode=_ONE)
    _amount(group, "LineExtensionAmount", line.net)
    item = _group(group, "Item")
    percent = _plain(Decimal(line.fee_bps) / 100)
    said = _BY_OFFER.get(line.kind, f"{percent}% of {line.base.decimal} {line.base.currency}")
    if line.kind == "check":
        said = f"credit check of {line.on}" if line.on else "credit checks"
    _text(item, "Description", " ".join(filter(None, (line.note, said))))
    _text(item, "Name", line.name)
    category = _group(item, "ClassifiedTaxCategory")
    _text(category, "ID", line.vat_category)
    if line.vat_category != "O":
        _text(category, "Percent", _plain(line.vat_percent))
    _text(_group(category, "TaxScheme"), "ID", "VAT")
    _amount(_group(group, "Price"), "PriceAmount", line.net)


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")


def _group(parent: etree._Element, name: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{_CAC}}}{name}")


def _text(parent: etree._Element, name: str, value: str, **attributes: str) -> None:
    etree.SubElement(parent, f"{{{_CBC}}}{name}", attributes).text = value


def _amount(parent: etree._Element, name: str, value: Money) -> None:
    _text(parent, name, str(value.decimal), currencyID=value.currency)

"""UBL 2.0 and 2.1 Invoice and CreditNote, in any customisation: Peppol, NLCIUS, UBL.BE, XRechnung, SI-UBL."""

from collections.abc import Iterable

from lxml import etree

from agency.money import Money
from agency.ports.readers import EInvoice, Party
from integrations.einvoice import nodes
from integrations.einvoice.document_kind import kind_of, warn_of_type
from integrations.einvoice.totals import Totals

NAMESPACES = frozenset(
    {
        "",
        "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2",
        "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2",
    }
)


def read_ubl(root: etree._Element) -> EInvoice:
    """This function will read a UBL document from its root element.

    :raises Unreadable: when a fact that a claim cannot do without is missing or stated twice.
    """
    is_credit_note = etree.QName(root).localname == "CreditNote"
    currency = nodes.currency(
        nodes.the_only(nodes.texts(root, "DocumentCurrencyCode"), "currency") or _payable_currency(root)
    )
    totals = _totals(root, currency)
    warnings = totals.contradictions()
    type_code = nodes.text(root, "InvoiceTypeCode", "CreditNoteTypeCode")
    line = "CreditNoteLine" if is_credit_note else "InvoiceLine"
    earlier = _earlier(root, line if is_credit_note else "")
    warn_of_type(type_code, earlier, warnings)
    seller = _party(nodes.first(root, "AccountingSupplierParty"), "seller", warnings)
    nodes.to_be_paid(_payee(root), seller, warnings)
    return EInvoice(
        kind=kind_of(type_code, is_credit_note=is_credit_note),
        number=nodes.required(nodes.the_only(nodes.texts(root, "ID"), "invoice number"), "invoice number"),
        issue_date=nodes.required_day(
            nodes.the_only(nodes.texts(root, "IssueDate"), "issue date"), "issue date"
        ),
        due_date=_due_date(root, warnings),
        currency=currency,
        seller=seller,
        buyer=_party(nodes.first(root, "AccountingCustomerParty"), "buyer", warnings),
        total_incl_vat=nodes.present(totals.total_incl_vat(), "total including VAT"),
        payable=nodes.present(totals.left_to_pay(), f"payable amount in {currency}"),
        iban=nodes.account(nodes.text(root, "PaymentMeans/PayeeFinancialAccount/ID")),
        payment_reference=nodes.text(root, "PaymentMeans/PaymentID"),
        type_code=type_code,
        terms="; ".join(nodes.texts(root, "PaymentTerms/Note")) or None,
        order_reference=nodes.text(root, "OrderReference/ID"),
        billing_references=earlier,
        line_count=len(nodes.find(root, line)),
        items=nodes.each_once(root, f"{line}/Item/Name"),
        attachments=nodes.embedded(
            nodes.find(root, "AdditionalDocumentReference/Attachment/EmbeddedDocumentBinaryObject"), warnings
        ),
        warnings=tuple(warnings),
    )


def _earlier(root: etree._Element, line: str) -> tuple[str, ...]:
    """The invoices that this document refers to, each once; a credit note may name them on its lines only."""
    found: list[str] = []
    for path in ("BillingReference", f"{line}/BillingReference" if line else ""):
        if path and not found:
            found = nodes.texts(
                root, f"{path}/InvoiceDocumentReference/ID", f"{path}/CreditNoteDocumentReference/ID"
            )
    return tuple(dict.fromkeys(found))


def _payee(root: etree._Element) -> str | None:
    payee = nodes.first(root, "PayeeParty")
    return nodes.text(
        payee, "PartyName/Name", "PartyLegalEntity/RegistrationName", "PartyLegalEntity/CompanyID",
        "PartyIdentification/ID",
    )  # fmt: skip


def _payable_currency(root: etree._Element) -> str | None:
    """UBL 2.0 invoices may leave out the document currency; every amount names its own."""
    return next(
        (e.get("currencyID") for e in nodes.find(root, "LegalMonetaryTotal/PayableAmount")),
        None,
    )


def _totals(root: etree._Element, currency: str) -> Totals:
    def stated(name: str) -> nodes.MaybeMoney:
        return nodes.amount(root, f"LegalMonetaryTotal/{name}", currency)

    return Totals(
        currency=currency,
        lines=stated("LineExtensionAmount"),
        allowances=stated("AllowanceTotalAmount"),
        charges=stated("ChargeTotalAmount"),
        without_vat=stated("TaxExclusiveAmount"),
        vat=_vat(root, currency),
        with_vat=stated("TaxInclusiveAmount"),
        prepaid=stated("PrepaidAmount"),
        rounding=stated("PayableRoundingAmount"),
        payable=nodes.payable(root, "LegalMonetaryTotal/PayableAmount", currency),
    )


def _vat(root: etree._Element, currency: str) -> nodes.MaybeMoney:
    """Older invoices carry one TaxTotal per kind of tax: they add up."""
    stated = [nodes.amount(total, "TaxAmount", currency) for total in nodes.find(root, "TaxTotal")]
    found = [amount for amount in stated if amount is not None]
    return Money.total(found, currency) if found else None


def _due_date(root: etree._Element, warnings: list[str]) -> nodes.MaybeDay:
    stated: Iterable[str] = nodes.texts(root, "DueDate") or nodes.texts(
        root,
        "PaymentMeans/PaymentDueDate",
        "PaymentTerms/PaymentDueDate",
        "PaymentTerms/InstallmentDueDate",
    )
    return nodes.due_day(stated, warnings)


def _party(role: etree._Element | None, what: str, warnings: list[str]) -> Party:
    party = nodes.first(role, "Party")
    legal_name = nodes.the_only(
        nodes.texts(party, "PartyLegalEntity/RegistrationName"), f"registered name of the {what}"
    )
    name = nodes.text(party, "PartyName/Name") or legal_name or _person(party)
    if name is None:
        warnings.append(f"the {what} has no name")
    address = nodes.first(party, "PostalAddress", "PartyLegalEntity/RegistrationAddress")
    return Party(
        name=name,
        legal_name=legal_name,
        country=nodes.text(address, "Country/IdentificationCode"),
        vat=_vat_number(party),
        legal_id=nodes.text(party, "PartyLegalEntity/CompanyID"),
        identifier=nodes.text(role, "SupplierAssignedAccountID")
        or nodes.text(party, "PartyIdentification/ID"),
        endpoint=nodes.schemed(nodes.first(party, "EndpointID")),
        email=nodes.text(party, "Contact/ElectronicMail") or nodes.by_mail(nodes.first(party, "EndpointID")),
        phone=nodes.text(party, "Contact/Telephone"),
        street=nodes.street(address, "StreetName BuildingNumber", "AdditionalStreetName", "AddressLine/Line"),
        postal_code=nodes.text(address, "PostalZone"),
        city=nodes.text(address, "CityName"),
    )


def _person(party: etree._Element | None) -> str | None:
    return nodes.joined(nodes.first(party, "Person"), "FirstName", "MiddleName", "FamilyName")


def _vat_number(party: etree._Element | None) -> str | None:
    """A party may carry a registration per tax; the one under scheme VAT counts, else the first."""
    schemes = nodes.find(party, "PartyTaxScheme")
    under_vat = [scheme for scheme in schemes if nodes.text(scheme, "TaxScheme/ID") == "VAT"]
    return next(
        (number for scheme in under_vat or schemes for number in nodes.texts(scheme, "CompanyID")), None
    )

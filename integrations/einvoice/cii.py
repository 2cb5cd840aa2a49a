"""UN/CEFACT Cross Industry Invoice: Factur-X and ZUGFeRD in every profile, XRechnung and NLCIUS in CII."""

from lxml import etree

from agency.ports.readers import EInvoice, Party
from integrations.einvoice import nodes
from integrations.einvoice.document_kind import kind_of, warn_of_type
from integrations.einvoice.totals import Totals

ROOTS = frozenset({"CrossIndustryInvoice", "CrossIndustryDocument"})
"""Today's root element and that of ZUGFeRD 1."""


def read_cii(root: etree._Element) -> EInvoice:
    """This function will read a CII document from its root element.

    ZUGFeRD 1 uses other names for the same parts; each part is looked up under both.

    :raises Unreadable: when a fact that a claim cannot do without is missing or stated twice.
    """
    header = nodes.first(root, "ExchangedDocument", "HeaderExchangedDocument")
    trade = nodes.first(root, "SupplyChainTradeTransaction", "SpecifiedSupplyChainTradeTransaction")
    agreement = nodes.first(trade, "ApplicableHeaderTradeAgreement", "ApplicableSupplyChainTradeAgreement")
    settlement = nodes.first(trade, "ApplicableHeaderTradeSettlement", "ApplicableSupplyChainTradeSettlement")
    currency = nodes.currency(nodes.the_only(nodes.texts(settlement, "InvoiceCurrencyCode"), "currency"))
    totals = _totals(settlement, currency)
    warnings = totals.contradictions()
    type_code = nodes.text(header, "TypeCode")
    kind = kind_of(type_code)
    earlier = _earlier(trade, settlement, on_lines=kind == "credit_note")
    warn_of_type(type_code, earlier, warnings)
    seller = _party(nodes.first(agreement, "SellerTradeParty"), "seller", warnings)
    buyer = _party(nodes.first(agreement, "BuyerTradeParty"), "buyer", warnings)
    payee = nodes.first(settlement, "PayeeTradeParty")
    nodes.to_be_paid(nodes.text(payee, "Name", "ID", "GlobalID"), seller, warnings)
    nodes.addressed_to(nodes.text(settlement, "InvoiceeTradeParty/Name"), buyer, warnings)
    return EInvoice(
        kind=kind,
        number=nodes.required(nodes.the_only(nodes.texts(header, "ID"), "invoice number"), "invoice number"),
        issue_date=nodes.required_day(
            nodes.text(header, "IssueDateTime/DateTimeString", "IssueDateTime/DateTime"), "issue date"
        ),
        due_date=nodes.due_day(
            nodes.texts(
                settlement,
                "SpecifiedTradePaymentTerms/DueDateDateTime/DateTimeString",
                "SpecifiedTradePaymentTerms/DueDateDateTime/DateTime",
            ),
            warnings,
        ),
        currency=currency,
        seller=seller,
        buyer=buyer,
        total_incl_vat=nodes.present(totals.total_incl_vat(), "total including VAT"),
        payable=nodes.present(totals.left_to_pay(), f"payable amount in {currency}"),
        iban=nodes.account(_account(settlement)),
        payment_reference=nodes.text(settlement, "PaymentReference"),
        type_code=type_code,
        terms="; ".join(nodes.texts(settlement, "SpecifiedTradePaymentTerms/Description")) or None,
        order_reference=nodes.text(
            agreement,
            "BuyerOrderReferencedDocument/IssuerAssignedID",
            "BuyerOrderReferencedDocument/ID",
        ),
        billing_references=earlier,
        line_count=len(nodes.find(trade, "IncludedSupplyChainTradeLineItem")),
        items=nodes.each_once(trade, "IncludedSupplyChainTradeLineItem/SpecifiedTradeProduct/Name"),
        attachments=nodes.embedded(
            nodes.find(agreement, "AdditionalReferencedDocument/AttachmentBinaryObject"), warnings
        ),
        warnings=tuple(warnings),
    )


def _earlier(
    trade: etree._Element | None, settlement: etree._Element | None, *, on_lines: bool
) -> tuple[str, ...]:
    """The invoices that this document refers to, each once; a credit note may name them on its lines only."""
    names = ("InvoiceReferencedDocument/IssuerAssignedID", "InvoiceReferencedDocument/ID")
    found = nodes.texts(settlement, *names)
    if on_lines and not found:
        line = "IncludedSupplyChainTradeLineItem/SpecifiedLineTradeSettlement"
        found = nodes.texts(trade, *(f"{line}/{name}" for name in names))
    return tuple(dict.fromkeys(found))


def _account(settlement: etree._Element | None) -> str | None:
    means = "SpecifiedTradeSettlementPaymentMeans/PayeePartyCreditorFinancialAccount"
    return nodes.text(settlement, f"{means}/IBANID", f"{means}/ProprietaryID")


def _totals(settlement: etree._Element | None, currency: str) -> Totals:
    today, in_version_1 = (
        "SpecifiedTradeSettlementHeaderMonetarySummation",
        "SpecifiedTradeSettlementMonetarySummation",
    )
    summation = today if nodes.first(settlement, today) is not None else in_version_1

    def stated(name: str) -> nodes.MaybeMoney:
        return nodes.amount(settlement, f"{summation}/{name}", currency)

    return Totals(
        currency=currency,
        lines=stated("LineTotalAmount"),
        allowances=stated("AllowanceTotalAmount"),
        charges=stated("ChargeTotalAmount"),
        without_vat=stated("TaxBasisTotalAmount"),
        vat=stated("TaxTotalAmount"),
        with_vat=stated("GrandTotalAmount"),
        prepaid=stated("TotalPrepaidAmount"),
        rounding=stated("RoundingAmount"),
        payable=nodes.payable(settlement, f"{summation}/DuePayableAmount", currency),
    )


def _party(party: etree._Element | None, what: str, warnings: list[str]) -> Party:
    name = nodes.the_only(nodes.texts(party, "Name"), f"name of the {what}")
    if name is None:
        warnings.append(f"the {what} has no name")
    address = nodes.first(party, "PostalTradeAddress")
    contact = nodes.first(party, "DefinedTradeContact")
    return Party(
        name=name,
        legal_name=name,
        country=nodes.text(address, "CountryID"),
        vat=_tax_number(party),
        legal_id=nodes.text(party, "SpecifiedLegalOrganization/ID"),
        identifier=nodes.text(party, "ID"),
        endpoint=nodes.schemed(nodes.first(party, "URIUniversalCommunication/URIID")),
        email=nodes.text(contact, "EmailURIUniversalCommunication/URIID")
        or nodes.by_mail(nodes.first(party, "URIUniversalCommunication/URIID")),
        phone=nodes.text(contact, "TelephoneUniversalCommunication/CompleteNumber"),
        street=nodes.street(address, "LineOne", "LineTwo", "LineThree"),
        postal_code=nodes.text(address, "PostcodeCode"),
        city=nodes.text(address, "CityName"),
    )


def _tax_number(party: etree._Element | None) -> str | None:
    """Scheme VA is the VAT number; FC is a national tax number, which does not identify abroad."""
    numbers = nodes.find(party, "SpecifiedTaxRegistration/ID")
    under_vat = [number for number in numbers if number.get("schemeID") == "VA"]
    return next((nodes.clean(number) for number in under_vat or numbers), None)

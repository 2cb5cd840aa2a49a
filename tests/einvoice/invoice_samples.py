"""Small invoices for the tests to bend."""

from io import BytesIO

from pypdf import PdfWriter

_UBL = (
    'xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2" '
    'xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"'
)

SELLER = (
    "<cac:PartyName><cbc:Name>Bakker &amp; Zn</cbc:Name></cac:PartyName>"
    "<cac:PartyTaxScheme><cbc:CompanyID>NL123456789B01</cbc:CompanyID>"
    "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>"
    "<cac:PartyLegalEntity><cbc:RegistrationName>Bakker Brood B.V.</cbc:RegistrationName>"
    '<cbc:CompanyID schemeID="0106">12345678</cbc:CompanyID></cac:PartyLegalEntity>'
)
BUYER = (
    '<cbc:EndpointID schemeID="0208">0123456789</cbc:EndpointID>'
    "<cac:PartyIdentification><cbc:ID>000417</cbc:ID></cac:PartyIdentification>"
    "<cac:PostalAddress><cbc:StreetName>Meir 1</cbc:StreetName><cbc:CityName>Antwerpen</cbc:CityName>"
    "<cbc:PostalZone>2000</cbc:PostalZone>"
    "<cac:Country><cbc:IdentificationCode>BE</cbc:IdentificationCode></cac:Country></cac:PostalAddress>"
    "<cac:PartyLegalEntity><cbc:RegistrationName>Café de Hoek</cbc:RegistrationName></cac:PartyLegalEntity>"
    "<cac:Contact><cbc:Telephone>+32 3 123 45 67</cbc:Telephone>"
    "<cbc:ElectronicMail>boekhouding@hoek.example</cbc:ElectronicMail></cac:Contact>"
)
PAYMENT = (
    "<cac:PaymentMeans><cbc:PaymentMeansCode>30</cbc:PaymentMeansCode>"
    "<cbc:PaymentID>+++010/8068/17183+++</cbc:PaymentID><cac:PayeeFinancialAccount>"
    "<cbc:ID>BE68 5390 0754 7034</cbc:ID></cac:PayeeFinancialAccount></cac:PaymentMeans>"
)


def total(name: str, amount: str, currency: str = "EUR") -> str:
    """One amount of LegalMonetaryTotal."""
    return f'<cbc:{name} currencyID="{currency}">{amount}</cbc:{name}>'


TOTALS = "".join(
    [
        total("LineExtensionAmount", "100.00"),
        total("TaxExclusiveAmount", "100.00"),
        total("TaxInclusiveAmount", "121.00"),
        total("PayableAmount", "121.00"),
    ]
)


def ubl(
    *,
    root: str = "Invoice",
    head: str = "<cbc:ID>00042</cbc:ID><cbc:IssueDate>2026-10-01</cbc:IssueDate>"
    "<cbc:DueDate>2026-10-31</cbc:DueDate><cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>"
    "<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>",
    seller: str = SELLER,
    buyer: str = BUYER,
    payment: str = PAYMENT,
    vat: str = "21.00",
    totals: str = TOTALS,
    before: str = '<?xml version="1.0" encoding="UTF-8"?>',
) -> str:
    """A UBL document; each part can be replaced."""
    return (
        f'{before}<{root} xmlns="urn:oasis:names:specification:ubl:schema:xsd:{root}-2" {_UBL}>{head}'
        f"<cac:AccountingSupplierParty><cac:Party>{seller}</cac:Party></cac:AccountingSupplierParty>"
        f"<cac:AccountingCustomerParty><cac:Party>{buyer}</cac:Party></cac:AccountingCustomerParty>"
        f'{payment}<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">{vat}</cbc:TaxAmount></cac:TaxTotal>'
        f"<cac:LegalMonetaryTotal>{totals}</cac:LegalMonetaryTotal>"
        f"<cac:{root}Line><cbc:ID>1</cbc:ID></cac:{root}Line></{root}>"
    )


def cii(*, terms: str = "20261031", due_payable: str = "121.00", type_code: str = "380") -> str:
    """A Factur-X document of the MINIMUM kind, with a due date."""
    return (
        '<?xml version="1.0"?><rsm:CrossIndustryInvoice '
        'xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100" '
        'xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100" '
        'xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">'
        f"<rsm:ExchangedDocument><ram:ID>F-7</ram:ID><ram:TypeCode>{type_code}</ram:TypeCode><ram:IssueDateTime>"
        '<udt:DateTimeString format="102">20261001</udt:DateTimeString></ram:IssueDateTime>'
        "</rsm:ExchangedDocument><rsm:SupplyChainTradeTransaction><ram:ApplicableHeaderTradeAgreement>"
        "<ram:SellerTradeParty><ram:Name>Bakker</ram:Name></ram:SellerTradeParty>"
        "<ram:BuyerTradeParty><ram:Name>Café</ram:Name></ram:BuyerTradeParty>"
        "</ram:ApplicableHeaderTradeAgreement><ram:ApplicableHeaderTradeSettlement>"
        "<ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode><ram:SpecifiedTradePaymentTerms>"
        f'<ram:DueDateDateTime><udt:DateTimeString format="102">{terms}</udt:DateTimeString>'
        "</ram:DueDateDateTime></ram:SpecifiedTradePaymentTerms>"
        "<ram:SpecifiedTradeSettlementHeaderMonetarySummation><ram:TaxBasisTotalAmount>100.00"
        '</ram:TaxBasisTotalAmount><ram:TaxTotalAmount currencyID="EUR">21.00</ram:TaxTotalAmount>'
        "<ram:GrandTotalAmount>121.00</ram:GrandTotalAmount>"
        f"<ram:DuePayableAmount>{due_payable}</ram:DuePayableAmount>"
        "</ram:SpecifiedTradeSettlementHeaderMonetarySummation></ram:ApplicableHeaderTradeSettlement>"
        "</rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>"
    )


def pdf(
    attachments: dict[str, bytes], *, more: dict[str, bytes] | None = None, password: str | None = None
) -> bytes:
    """A one-page PDF that carries files; those in `more` may have the same names."""
    writer = PdfWriter()
    writer.add_blank_page(width=200, height=200)
    for name, content in (*attachments.items(), *(more or {}).items()):
        writer.add_attachment(name, content)
    if password:
        writer.encrypt(password, algorithm="AES-256")
    out = BytesIO()
    writer.write(out)
    return out.getvalue()

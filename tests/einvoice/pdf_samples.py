"""Invoices as PDF, set with Typst: the same facts in four languages and several layouts."""

from dataclasses import dataclass

import typst


@dataclass(frozen=True)
class Words:
    """What one language calls the parts of an invoice."""

    title: str
    number: str
    issued: str
    due: str
    customer: str
    net: str
    vat: str
    total: str
    day: str
    due_day: str
    amounts: tuple[str, str, str]
    pay: str


WORDS = {
    "nl": Words(
        "Factuur", "Factuurnummer", "Factuurdatum", "Vervaldatum", "Klantnummer", "Totaal excl. btw",
        "Btw 21%",
        "Totaal te betalen", "1 oktober 2026", "31-10-2026", ("€ 1.000,00", "€ 210,00", "€ 1.210,00"),
        "Gelieve te betalen onder vermelding van",
    ),
    "fr": Words(
        "Facture", "Numéro de facture", "Date de facture", "Date d'échéance", "Numéro de client",
        "Total HTVA",
        "TVA 21%", "Net à payer", "1er octobre 2026", "31/10/2026", ("1 000,00 €", "210,00 €", "1 210,00 €"),
        "Veuillez payer avec la communication",
    ),
    "en": Words(
        "Invoice", "Invoice number", "Invoice date", "Due date", "Customer number",
        "Total excl. VAT", "VAT 21%",
        "Amount due", "October 1, 2026", "2026-10-31", ("€1,000.00", "€210.00", "€1,210.00"),
        "Please pay quoting",
    ),
    "de": Words(
        "Rechnung", "Rechnungsnummer", "Rechnungsdatum", "Fällig am", "Kundennummer", "Nettobetrag",
        "MwSt. 21%",
        "Zahlbetrag", "1. Oktober 2026", "31.10.2026", ("1.000,00 €", "210,00 €", "1.210,00 €"),
        "Bitte zahlen Sie unter Angabe von",
    ),
}  # fmt: skip

SELLER = (
    "Groothandel De Brug B.V.",
    "Havenstraat 12",
    "3011 AB Rotterdam",
    "KvK 12345678",
    "IBAN NL91 ABNA 0417 1643 00",
)
BUYER = ("Bakkerij Jansen B.V.", "Dorpsstraat 5", "1012 AB Amsterdam")


def _block(lines) -> str:
    return "[" + " \\ ".join(line.replace("@", "\\@") for line in lines) + "]"


def invoice_pdf(
    language: str = "nl",
    *,
    beside: bool = True,
    buyer=BUYER,
    title: str | None = None,
    number: str = "2026-00417",
    total: str | None = None,
    leave_out=(),
    reference: str = "+++010/8068/17183+++",
    extra: str = "",
) -> bytes:
    """One invoice of 1,210.00 euros; labels beside or above their values, parts left out or replaced."""
    words = WORDS[language]
    facts = [
        (name, label, value)
        for name, label, value in (
            ("number", words.number, number),
            ("issued", words.issued, words.day),
            ("due", words.due, words.due_day),
            ("customer", words.customer, "000417"),
        )
        if name not in leave_out
    ]
    if beside:
        cells = ",".join(f"[{label}],[{value}]" for _, label, value in facts)
        table = f"#grid(columns:(5cm,5cm), row-gutter:6pt, {cells})"
    else:
        cells = (
            ",".join(f"[{label}]" for _, label, _ in facts) + "," + ",".join(f"[{v}]" for _, _, v in facts)
        )
        table = f"#grid(columns:{len(facts)}, column-gutter:1cm, row-gutter:6pt, {cells})"
    net, vat, due = words.amounts
    sums = ",".join(
        f"[{label}],[{value}]"
        for name, label, value in (
            ("net", words.net, net),
            ("vat", words.vat, vat),
            ("total", words.total, total or due),
        )
        if name not in leave_out
    )
    source = f"""
#set page(paper: "a4", margin: 2cm)
#set text(size: 10pt)
#grid(columns: (1fr, 1fr), {_block(SELLER)}, {_block(buyer)})
#v(1cm)
#text(size: 20pt)[{words.title if title is None else title}]
{table}
#v(1cm)
#table(columns: (1fr, 2cm, 3cm), [Meel 25 kg], [10], [{net}])
#align(right, grid(columns: (6cm, 3cm), row-gutter: 6pt, {sums}))
{words.pay} {reference}
{extra}
"""
    made: bytes = typst.compile(source.encode())
    return made

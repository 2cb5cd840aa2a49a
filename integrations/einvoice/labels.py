"""What invoices call their parts, in Dutch, French, English and German; the longest label wins."""

import re
from typing import Final

LABELS: Final[dict[str, str]] = {
    "number": r"factuur\s?nummer|factuur\s?-?\s?(?:nr|no)\b\.?|nummer factuur"
    r"|invoice (?:number|nr|no|id)\b\.?|invoice #"
    r"|num[ée]ro (?:de )?(?:la )?facture|n[°ºo]\.? ?(?:de )?(?:la )?facture|facture n[°ºo]\.?"
    r"|rechnungs\s?-?nummer"
    r"|rechnungs?\s?-?\s?nr\b\.?|creditnota\s?(?:nummer|nr)?\b\.?|credit note (?:number|no)\b\.?"
    r"|factuur|invoice|facture|rechnung|creditfactuur|credit note|avoir|note de cr[ée]dit|gutschrift",
    "issue_date": r"factuur\s?datum|datum factuur|invoice date|date of (?:invoice|issue)|issue date"
    r"|date (?:de )?(?:la )?facture|date d['’][ée]mission|rechnungs\s?datum|datum|date",
    "due_date": r"verval\s?datum|vervaldag|uiterste betaal\s?datum|betalen (?:v[oó][oó]r|uiterlijk)(?: op)?"
    r"|uiterlijk (?:te )?betalen(?: op| v[oó][oó]r)?|te voldoen v[oó][oó]r|betaaldatum|due (?:date|on)"
    r"|payment due"
    r"|pay(?:able)? (?:by|before)|date d['’][ée]ch[ée]ance|[ée]ch[ée]ance|[àa] payer (?:avant|pour) le"
    r"|f[äa]lligkeit(?:sdatum)?"
    r"|f[äa]llig am|zahlbar bis",
    "payable": r"(?:totaal )?(?:nog )?te (?:betalen|voldoen)(?: bedrag)?"
    r"|(?:totaal )?openstaand(?: bedrag| saldo)?"
    r"|amount due|balance due|total due|amount payable|total (?:[àa] )?payer|net [àa] payer"
    r"|montant d[ûu]|montant [àa] payer"
    r"|solde (?:d[ûu]|[àa] payer)|reste [àa] payer|due payable|residual|balance|zahlbetrag"
    r"|zu zahlen(?:der betrag)?|offener betrag",
    "total": r"totaal(?: bedrag)? \(?incl\w*\.?(?: btw)?\)?|totaalbedrag|factuurbedrag|factuurtotaal"
    r"|bedrag incl\w*\.?(?: btw)?"
    r"|total(?: amount)? incl\w*\.?(?: vat)?|grand total|invoice total|total ttc|total tvac|montant ttc"
    r"|montant total"
    r"|gesamtbetrag|rechnungsbetrag|bruttobetrag|gesamt brutto|eindtotaal|totaal|total|gesamt",
    "without_vat": r"net total|total net|(?:sub)?totaal \(?excl\w*\.?(?: btw)?\)?|subtotaal"
    r"|bedrag excl\w*\.?(?: btw)?"
    r"|total (?:excl\w*\.?(?: vat)?|hors taxes?|ht|htva|hors tva)"
    r"|sub-?\s?total|sous-?total|montant (?:ht|htva)|netto(?:betrag)?|zwischensumme|maatstaf",
    "vat": r"btw|vat|tva|mwst\.?|ust\.?|umsatzsteuer",
    "payment_reference": r"betalingskenmerk|betaalkenmerk|(?:gestructureerde )?mededeling"
    r"|(?:payment|structured) (?:reference|communication)"
    r"|communication(?: structur[ée]e)?|r[ée]f[ée]rence de paiement|verwendungszweck|zahlungsreferenz",
    "buyer": r"factuur\s?adres|factuur aan|gefactureerd aan|klant\s?gegevens|klant|afnemer|debiteur|aan"
    r"|bill(?:ed)? to|invoice to|customer"
    r"|sold to|factur[ée] [àa]|adresse de facturation|client|destinataire|rechnung an"
    r"|rechnungsempf[äa]nger|kunde|empf[äa]nger",
    "buyer_number": r"klant\s?(?:nummer|nr|code)\b\.?|debiteur(?:en)?\s?(?:nummer|nr)\b\.?"
    r"|relatie\s?(?:nummer|nr)\b\.?|customer (?:number|no|id)\b\.?"
    r"|(?:num[ée]ro|n[°ºo]\.?|code) (?:de )?client|kunden\s?-?(?:nummer|nr)\b\.?",
}  # fmt: skip

CREDIT_NOTE: Final = re.compile(
    r"credit\s?-?\s?(?:nota|factuur|note)|note de cr[ée]dit|\bavoir\b|gutschrift|storno\s?rechnung",
    re.IGNORECASE,
)
INVOICE: Final = re.compile(r"\b(?:factuur|invoice|facture|rechnung|verkoopfactuur)\b", re.IGNORECASE)
# What a line is about that only refers to an invoice: "Betreft factuur 2026-1" on a delivery note.
REFERS: Final = re.compile(
    r"(?:betreft|betr\.|inzake|onderwerp|concerne|objet|subject|regarding|re:|betreff|betrifft|bij)\b",
    re.IGNORECASE,
)
OTHER: Final = re.compile(
    r"\b(?:pakbon|afleverbon|leverbon|vrachtbrief|delivery note|packing (?:slip|list)|bon de livraison"
    r"|lieferschein|cmr"
    r"|order\s?bevestiging|bestelbon|order confirmation|purchase order|bon de commande"
    r"|auftragsbest[äa]tigung|bestellung"
    r"|offerte|quotation|quote|devis|angebot|overeenkomst|contract|contrat|vertrag|agreement"
    r"|algemene voorwaarden"
    r"|general terms|terms and conditions|conditions g[ée]n[ée]rales|agb"
    r"|allgemeine gesch[äa]ftsbedingungen"
    r"|(?:betalings)?herinnering|aanmaning|sommatie|ingebrekestelling|reminder|final notice|rappel"
    r"|mise en demeure"
    r"|mahnung|zahlungserinnerung|rekening\s?overzicht|statement of account|relev[ée] de compte"
    r"|kontoauszug|pro\s?-?forma"
    r"|schuldbekentenis|acknowledgement of debt|reconnaissance de dette)\b",
    re.IGNORECASE,
)
ENGLISH: Final = re.compile(
    r"\b(?:invoice|amount|due|payment|customer|number|delivery|price|tax)\b", re.IGNORECASE
)
DELIVERY: Final = re.compile(
    r"(?:af)?lever(?:ings)?\s?adres|bezorgadres|delivery(?: address)?|deliver to"
    r"|ship(?:ping)?(?: to| address)"
    r"|(?:adresse de )?livraison|liefer(?:adresse|anschrift)",
    re.IGNORECASE,
)
LEGAL_FORM: Final = re.compile(
    r"\b(?:b\.?v\.?(?:b\.?a\.?)?|n\.?v\.?|v\.?o\.?f\.?|c\.?v\.?|s\.?[àa]?\.?r\.?l\.?"
    r"|s\.?p\.?r\.?l\.?|s\.?a\.?s?\.?|s\.?c\.?s?\.?"
    r"|gmbh|ag|kg|ug|ltd|limited|plc|stichting|vereniging|vzw|asbl|eenmanszaak|bvba)(?![\w.])",
    re.IGNORECASE,
)
DAYS_TO_PAY: Final = re.compile(
    r"(?:binnen|within|sous|dans (?:les)?|innerhalb von|termijn|[àa]) (?:een termijn van )?"
    r"(\d{1,3}) ?(?:dagen|days|jours|tagen?)"
    r"|(\d{1,3}) (?:dagen|days|jours|tage) (?:netto|net|na factuurdatum|after invoice date"
    r"|date de facture|ab rechnungsdatum)",
    re.IGNORECASE,
)
NUMBER: Final = re.compile(r"(?:[A-Z]{1,6}[ ./-]?)?[A-Z0-9]*\d[A-Z0-9./_-]*(?<![.])", re.IGNORECASE)
NO_NUMBER: Final = re.compile(r"\d+ ?(?:van|of|de|sur|von|/) ?\d|\d+[.,]\d{2}(?!\d)|€", re.IGNORECASE)
BEFORE_DAY: Final = re.compile(
    r"(?:[\W_]|op|le|am|den|the|on|ma|di|wo|do|vr|za|zo)*(?:\d|[^\W\d_]{3,10}\.? \d)", re.IGNORECASE
)
BEFORE_AMOUNT: Final = re.compile(r"(?:[\W_]|EUR|euro)*\d|(?:\d{1,2}(?:[.,]\d+)? ?%\W*)", re.IGNORECASE)
_COMPILED: Final = {
    field: re.compile(rf"(?<![^\W\d_])(?:{pattern})(?![^\W\d_])\s*(?:\([^)]*\)\s*)?[:.]?\s*", re.IGNORECASE)
    for field, pattern in LABELS.items()
}


def label(field: str) -> "re.Pattern[str]":
    """This function will return the pattern of a field's labels with what stands between label and value."""
    return _COMPILED[field]

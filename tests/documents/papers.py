# ruff: noqa: E501  what a paper says is kept on one line, as Typst takes it
"""Papers as businesses write them, set with Typst in four languages: for reading them back."""

from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache

import typst

from agency.money import Money
from agency.rules.evidence import ClaimedFacts, InvoiceFacts
from agency.rules.facts import DocumentKind

SCRIBBLE = (
    "#box(curve(stroke: 1pt + blue, curve.move((0pt, 20pt)),"
    + "".join(
        f"curve.cubic(({i * 6}pt, -10pt), ({i * 6 + 3}pt, 40pt), ({i * 6 + 8}pt, 12pt)),"
        for i in range(1, 14)
    )
    + "))"
)


@dataclass(frozen=True)
class Paper:
    """What a paper says; fields that a test changes are those that a check must see."""

    creditor: str = "Groothandel De Kroon B.V."
    debtor: str = "Bakkerij Jansen B.V."
    number: str = "2026-0017"
    issued: str = "12-05-2026"
    due: str = "11-06-2026"
    amount: str = "€ 1.234,56"
    signed: bool = False
    extra: str = field(default="")


CLAIM = ClaimedFacts(
    invoices=(
        InvoiceFacts(
            "2026-0017", date(2026, 5, 12), date(2026, 6, 11), Money(123_456, "EUR"), Money(123_456, "EUR")
        ),
    ),
    debtor="Bakkerij Jansen B.V.",
    creditors=("Groothandel De Kroon B.V.",),
    principal=Money(123_456, "EUR"),
)
D = DocumentKind

# Per kind and language: the title, and the sentences around the facts. {n} number, {d} issued, {u} due, {a} amount,
# {c} creditor, {b} debtor, {s} the place of a signature.
TEXTS: dict[DocumentKind, dict[str, tuple[str, str]]] = {
    D.invoice: {
        "nl": (
            "Factuur",
            "Aan {b}\n\nFactuurnummer: {n}\n\nFactuurdatum: {d}\n\nVervaldatum: {u}\n\nOmschrijving: levering meel, 12 zakken. Subtotaal en btw zoals vermeld.\n\nTotaal te betalen: {a}\n\nOp al onze leveringen zijn de algemene voorwaarden van toepassing. Bij te late betaling volgt een herinnering.",
        ),
        "fr": (
            "Facture",
            "À {b}\n\nNuméro de facture : {n}\n\nDate de facture : {d}\n\nÉchéance : {u}\n\nDésignation : farine, 12 sacs. TVA comprise.\n\nNet à payer : {a}\n\nNos conditions générales de vente s'appliquent. Selon votre commande.",
        ),
        "en": (
            "Invoice",
            "To {b}\n\nInvoice number: {n}\n\nInvoice date: {d}\n\nDue date: {u}\n\nDescription: flour, 12 bags, as per your order and delivery note.\n\nTotal due: {a}\n\nOur general terms and conditions apply.",
        ),
        "de": (
            "Rechnung",
            "An {b}\n\nRechnungsnummer: {n}\n\nRechnungsdatum: {d}\n\nFällig am: {u}\n\nBezeichnung: Mehl, 12 Säcke laut Lieferschein. Zuzüglich MwSt.\n\nGesamtbetrag: {a}\n\nEs gelten unsere AGB.",
        ),
    },
    D.order: {
        "nl": (
            "Orderbevestiging",
            "{b}\n\nOrdernummer: B-4471. Wij bevestigen uw opdracht van {d}.\n\n12 zakken meel, leverdatum {u}.\n\nTotaal {a}. Prijzen zonder btw.\n\nVoor akkoord: {s}",
        ),
        "fr": (
            "Bon de commande",
            "{b}\n\nNuméro de commande B-4471, date de commande {d}.\n\n12 sacs de farine, délai de livraison : {u}.\n\nMontant {a}\n\nBon pour accord : {s}",
        ),
        "en": (
            "Purchase order",
            "{b}\n\nOrder number B-4471, order date {d}.\n\n12 bags of flour, requested delivery date {u}.\n\nAmount {a}. Please send the invoice to accounts.\n\nSigned: {s}",
        ),
        "de": (
            "Auftragsbestätigung",
            "{b}\n\nAuftragsnummer B-4471 vom {d}. Wir bestätigen Ihre Bestellung.\n\n12 Säcke Mehl, Liefertermin {u}.\n\nBetrag {a}. Die Rechnung folgt.\n\nUnterschrift: {s}",
        ),
    },
    D.contract: {
        "nl": (
            "Overeenkomst",
            "De ondergetekenden {c} en {b}, hierna te noemen afnemer, verklaren te zijn overeengekomen:\n\nArtikel 1. Levering van meel vanaf {d}. De looptijd van de overeenkomst is een jaar, de opzegtermijn een maand.\n\nFacturen worden binnen dertig dagen betaald. De algemene voorwaarden zijn bijgevoegd.\n\nHandtekening: {s}",
        ),
        "fr": (
            "Contrat",
            "Entre les soussignés {c} et {b}, ci-après dénommé le client, il a été convenu ce qui suit :\n\nArticle 1. Livraison de farine à partir du {d}. Durée du contrat : un an, préavis de résiliation d'un mois.\n\nChaque facture est payable à trente jours.\n\nSignature : {s}",
        ),
        "en": (
            "Service agreement",
            "This agreement is made by and between {c} and {b}, hereinafter referred to as the client.\n\nArticle 1. Supply of flour from {d}. The notice period is one month. The parties agree that each invoice is paid in thirty days.\n\nSigned: {s}",
        ),
        "de": (
            "Rahmenvertrag",
            "Zwischen {c} und {b}, nachfolgend genannt Kunde, wird folgender Vertrag geschlossen:\n\nDie Vertragsparteien vereinbaren die Lieferung von Mehl ab {d}. Vertragsdauer ein Jahr, Kündigungsfrist ein Monat. Rechnungen sind in dreißig Tagen zahlbar.\n\nUnterschrift: {s}",
        ),
    },
    D.terms: {
        "nl": (
            "Algemene voorwaarden",
            "{c}\n\nArtikel 1 Definities\n\nArtikel 2 Toepasselijkheid. Deze algemene voorwaarden gelden voor elke overeenkomst.\n\nArtikel 3 Betaling binnen dertig dagen na factuurdatum.\n\nArtikel 4 Eigendomsvoorbehoud, aansprakelijkheid, overmacht, toepasselijk recht en bevoegde rechter.",
        ),
        "fr": (
            "Conditions générales de vente",
            "{c}\n\nArticle 1 Champ d'application. Les présentes conditions régissent chaque contrat.\n\nArticle 2 Paiement à trente jours de la facture. Clause pénale.\n\nArticle 3 Réserve de propriété. Article 4 Droit applicable et tribunal compétent.",
        ),
        "en": (
            "General terms and conditions",
            "{c}\n\nArticle 1 Definitions\n\nArticle 2 Applicability. These terms govern every agreement.\n\nArticle 3 Payment within thirty days of the invoice date.\n\nArticle 4 Retention of title, limitation of liability, governing law.",
        ),
        "de": (
            "Allgemeine Geschäftsbedingungen",
            "{c}\n\nGeltungsbereich. Diese Bedingungen gelten für jeden Vertrag.\n\nZahlung innerhalb von dreißig Tagen nach Rechnungsdatum.\n\nEigentumsvorbehalt, Haftung, höhere Gewalt, anwendbares Recht, Gerichtsstand, salvatorische Klausel.",
        ),
    },
    D.delivery_note: {
        "nl": (
            "Afleverbon",
            "Afleveradres: {b}\n\nBehoort bij factuur {n}. Ordernummer B-4471.\n\n12 zakken meel, 2 colli, geleverd op {d} door {c}.\n\nIn goede staat ontvangen. Voor ontvangst: {s}",
        ),
        "fr": (
            "Bon de livraison",
            "Adresse de livraison : {b}\n\nFacture {n}, commande B-4471.\n\n12 sacs de farine, 2 colis, livrés le {d} par {c}.\n\nReçu en bon état. Pour réception : {s}",
        ),
        "en": (
            "Delivery note",
            "Delivery address: {b}\n\nInvoice {n}, order number B-4471.\n\n12 bags of flour, 2 parcels, delivered on {d} by {c}.\n\nReceived in good condition. Received by: {s}",
        ),
        "de": (
            "Lieferschein",
            "Lieferanschrift: {b}\n\nRechnung {n}, Bestellnummer B-4471.\n\n12 Säcke Mehl, 2 Colli, geliefert am {d} von {c}.\n\nWare erhalten. Unterschrift des Empfängers: {s}",
        ),
    },
    D.reminder: {
        "nl": (
            "Betalingsherinnering",
            "{b}\n\nGeachte heer of mevrouw,\n\nVan factuur {n} met factuurdatum {d} hebben wij nog geen betaling ontvangen. Wij verzoeken u {a} alsnog te voldoen binnen veertien dagen. Anders berekenen wij incassokosten.\n\nMet vriendelijke groet, {c}",
        ),
        "fr": (
            "Rappel de paiement",
            "{b}\n\nMadame, Monsieur,\n\nSauf erreur de notre part, la facture {n} du {d} reste impayée. Nous vous prions de régler {a} dans les quatorze jours.\n\nCordialement, {c}",
        ),
        "en": (
            "Payment reminder",
            "{b}\n\nDear Sir or Madam,\n\nWe have not yet received payment of invoice {n}, invoice date {d}. The amount of {a} is now overdue. Please pay within fourteen days.\n\nKind regards, {c}",
        ),
        "de": (
            "Zweite Mahnung",
            "{b}\n\nSehr geehrte Damen und Herren,\n\nauf unsere Rechnung {n} vom {d} haben wir keinen Zahlungseingang festgestellt. Wir fordern Sie auf, {a} innerhalb von vierzehn Tagen zu zahlen. Die Mahngebühr beträgt 5 Euro.\n\nMit freundlichen Grüßen, {c}",
        ),
    },
    D.correspondence: {
        "nl": (
            "Betreft: uw vraag",
            "Geachte heer Jansen van {b},\n\nNaar aanleiding van ons telefoongesprek stuur ik u graag de prijzen van het meel. Zoals besproken komt de chauffeur voortaan op maandag.\n\nMet vriendelijke groet, {c}",
        ),
        "fr": (
            "Objet : votre question",
            "Cher Monsieur ({b}),\n\nSuite à notre entretien, je vous envoie les prix de la farine. Comme convenu, nous passons le lundi.\n\nCordialement, {c}",
        ),
        "en": (
            "Subject: your question",
            "Dear Mr Jansen of {b},\n\nFurther to our telephone conversation I send you the prices of the flour. As discussed we come on Mondays.\n\nKind regards, {c}",
        ),
        "de": (
            "Betreff: Ihre Frage",
            "Sehr geehrter Herr Jansen ({b}),\n\nwie besprochen sende ich Ihnen die Preise für das Mehl. Wir kommen montags.\n\nMit freundlichen Grüßen, {c}",
        ),
    },
    D.acknowledgement: {
        "nl": (
            "Schuldbekentenis",
            "Ondergetekende, {b}, verklaart schuldig te zijn aan {c} een bedrag van {a} wegens geleverde goederen, factuur {n}.\n\nDe schuldenaar betaalt in vier termijnen.\n\nHandtekening: {s}",
        ),
        "fr": (
            "Reconnaissance de dette",
            "Je soussigné, pour {b}, reconnais devoir à {c} la somme de {a}, facture {n}, et m'engage à rembourser en quatre mensualités.\n\nSignature : {s}",
        ),
        "en": (
            "Acknowledgement of debt",
            "The undersigned, {b}, hereby acknowledges that it owes {c} the sum of {a} for invoice {n}, and undertakes to repay it in four instalments.\n\nSigned: {s}",
        ),
        "de": (
            "Schuldanerkenntnis",
            "Der Unterzeichnete, {b}, erkennt an, {c} den Betrag von {a} aus der Rechnung {n} zu schulden, und verpflichtet sich zur Zahlung in vier Raten.\n\nUnterschrift: {s}",
        ),
    },
    D.statement: {
        "nl": (
            "Rekeningoverzicht",
            "{b}\n\nOverzicht van uw openstaande facturen bij {c}. Beginsaldo 0,00. Factuur {n} van {d}: {a}, vervallen op {u}.\n\nTotaal openstaand: {a}. Saldo per heden.",
        ),
        "fr": (
            "Relevé de compte",
            "{b}\n\nFactures ouvertes chez {c}. Solde à nouveau 0,00. Facture {n} du {d} : {a}, échue le {u}.\n\nSolde ouvert : {a}",
        ),
        "en": (
            "Statement of account",
            "{b}\n\nOpen items with {c}. Opening balance 0.00. Invoice {n} of {d}: {a}, due {u}.\n\nTotal outstanding: {a}. Closing balance as above.",
        ),
        "de": (
            "Kontoauszug Offene Posten",
            "{b}\n\nOffene Posten bei {c}. Anfangssaldo 0,00. Rechnung {n} vom {d}: {a}, fällig {u}.\n\nOffener Saldo: {a}. Endsaldo wie oben.",
        ),
    },
}
LANGUAGES = ("nl", "fr", "en", "de")


def a_paper(kind: DocumentKind, language: str = "nl", **changes: str | bool) -> bytes:
    """A PDF of a kind in a language; `changes` are fields of Paper."""
    return _set(kind, language, replace(Paper(), **changes))


@lru_cache(maxsize=256)
def _set(kind: DocumentKind, language: str, paper: Paper) -> bytes:
    title, body = TEXTS[kind][language]
    text = body.format(
        n=_plain(paper.number), d=_plain(paper.issued), u=_plain(paper.due), a=_plain(paper.amount),
        c=_plain(paper.creditor), b=_plain(paper.debtor), s=SCRIBBLE if paper.signed else "",
    )  # fmt: skip
    source = (
        f'#set page(paper: "a4", margin: 2.2cm)\n#set text(lang: "{language}")\n'
        f'{_plain(paper.creditor)}\n\n#v(1cm)\n#text(size: 18pt, weight: "bold")[{title}]\n\n{text}\n\n{paper.extra}\n'
    )
    return typst.compile(source.encode())


def _plain(text: str) -> str:
    """Text that Typst sets as it is."""
    return f'#"{text}"'

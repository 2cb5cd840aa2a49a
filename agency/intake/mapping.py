"""What a creditor's columns mean: recognised from their headers in four languages, or as saved before."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal
from uuid import UUID

from sqlmodel import col, select

from agency.intake.models import ColumnMapping
from agency.intake.values import DateOrder, DecimalSign
from agency.kernel.errors import Invalid
from agency.kernel.ids import new_id
from agency.kernel.unit import Unit

Grouping = Literal["invoice", "debtor"]

HEADERS: Final[dict[str, str]] = {
    "claim_reference": "dossiernummer dossier dossierreferentie vorderingnummer vordering"
    " claimreference claim"
    " claimnumber caseid casenumber casereference case numerodossier referencedossier aktenzeichen"
    " zaaknummer",
    "invoice_number": "factuurnummer factuurnr factuur factuurid invoicenumber invoiceno invoicenr"
    " invoice invoiceid"
    " numerofacture nfacture nofacture facture rechnungsnummer rechnungsnr documentnumber"
    " documentnummer docid"
    " reference referentie kenmerk yourreference invoicereference invoiceref factuurreferentie",
    "document_kind": "documentsoort documenttype doctype factuursoort invoicetype typedocument soortdocument"
    " belegart kinddocument",
    "billing_reference": "oorspronkelijkefactuur creditvan betreftfactuur billingreference originalinvoice"
    " creditednumber creditsinvoice factureorigine originefacture crediteertfactuur creditedinvoice",
    "amount": "bedrag openstaand openstaandbedrag openbedrag saldo openstaandsaldo amount openamount"
    " amountdue"
    " outstanding outstandingamount amountoutstanding balance balancedue totalopenamount montant"
    " montantdu solde"
    " montantouvert resteapayer betrag offenerbetrag restbedrag tebetalen vorderingsbedrag hoofdsom principal"
    " amountopen claimamount",
    "total": "factuurbedrag totaalbedrag totaal bedraginclbtw bedraginclusiefbtw invoiceamount total"
    " totalamount"
    " totalinclvat montanttotal montantttc montantfacture rechnungsbetrag brutto amountinclvat",
    "currency": "valuta munt muntsoort currency invoicecurrency currencycode devise monnaie wahrung",
    "issued_on": "factuurdatum datumfactuur invoicedate issuedate dateofinvoice datefacture"
    " documentcreatedate"
    " rechnungsdatum boekdatum documentdate dateemission datedelafacture issuedon datum date",
    "due_on": "vervaldatum vervaldag betaaldatum uiterstebetaaldatum duedate dueindate dateecheance echeance"
    " faelligkeit falligkeit faelligam paymentduedate due dueon datedecheance",
    "debtor_reference": "klantnummer klantnr klantcode klantid debiteurnummer debiteurnr debiteurcode"
    " customerid"
    " customernumber customerno custnumber customercode debtorreference debtornumber debtorid"
    " clientnumber clientid"
    " numeroclient noclient codeclient kundennummer relatienummer relatiecode relatienr customerreference"
    " lidnummer",
    "debtor_kind": "soort soortdebiteur klantsoort klanttype debiteursoort debtortype debtorkind customertype"
    " b2bb2c typeclient typedebiteur debiteurtype particulierzakelijk kind",
    "debtor_name": "naam klantnaam debiteur debiteurnaam bedrijfsnaam klant name customername"
    " namecustomer customer"
    " debtorname debtor companyname company nom nomclient client raisonsociale societe kundenname kunde firma"
    " naamdebiteur naamklant fullname volledigenaam",
    "registration_number": "kvk kvknummer kvknr kbo kbonummer ondernemingsnummer handelsregisternummer"
    " registrationnumber companynumber chamberofcommerce numeroentreprise bce siren handelsregister"
    " kvkkbo cocnumber",
    "vat_number": "btw btwnummer btwnr btwid vat vatnumber vatid tva numerotva notva ustid ustidnr",
    "iban": "iban rekeningnummer bankrekening bankaccount accountnumber ibannummer compte debtoriban",
    "language": "taal taalcode language languagecode langue sprache",
    "country": "land landcode country countrycode pays codepays laendercode",
    "street": "straat adres adres1 straatnaam address address1 street streetaddress rue adresse strasse"
    " straathuisnummer"
    " adresregel1 addressline1",
    "house_number": "huisnummer huisnr housenumber numero hausnummer",
    "postal_code": "postcode postkode pc zip zipcode postalcode codepostal plz",
    "city": "plaats woonplaats stad gemeente city town ville localite ort stadt plaatsnaam",
    "email": "email emailadres emailaddress mail courriel adressemail eadres emailadresse",
    "phone": "telefoon telefoonnummer tel telnr mobiel mobielnummer gsm gsmnummer phone phonenumber"
    " mobile telephone"
    " telefon portable phoneno",
    "description": "omschrijving beschrijving description libelle objet betreft beschreibung onderwerp"
    " details",
    "disputed": "betwist betwisting disputed dispute indispute conteste contestee contestation geschil"
    " strittig"
    " isdisputed",
    "dispute_reason": "redenbetwisting betwistingreden disputereason motifcontestation",
    "reminder_1_on": "herinnering1 eersteherinnering datumherinnering1 datumeersteherinnering"
    " herinneringsdatum"
    " reminder1 firstreminder reminder1date reminder1on rappel1 premierrappel mahnung1 herinnering",
    "reminder_2_on": "herinnering2 tweedeherinnering datumherinnering2 datumtweedeherinnering aanmaning"
    " aanmaningsdatum reminder2 secondreminder reminder2date reminder2on rappel2 deuxiemerappel mahnung2",
    "reminder_channel": "kanaalherinnering verzendwijze wijzevanverzenden reminderchannel canalrappel",
    "notice_on": "ingebrekestelling datumingebrekestelling wikbrief datumwikbrief wikbriefdatum"
    " veertiendagenbrief"
    " 14dagenbrief datum14dagenbrief noticedate noticeon formalnotice misedemeure datemisedemeure",
    "notice_days": "termijnwikbrief termijn14dagenbrief noticedays noticeterm delaimisedemeure",
    "notice_costs": "kostenwikbrief aangekondigdekosten kosten14dagenbrief noticecosts announcedcosts",
    "notice_complete": "gevolgenvermeld wikbriefvolledig noticecomplete consequencesstated",
    "insurer": "verzekeraar kredietverzekeraar insurer creditinsurer assureur assureurcredit versicherer",
    "policy_number": "polisnummer polis kredietpolis policynumber policy policyno numeropolice police",
    "covered_percent": "dekking dekkingspercentage verzekerddeel coveredpercent coverage insuredpercent"
    " quotitegarantie",
    "indemnity_percent": "vergoedingspercentage vergoedingincassokosten indemnitypercent indemnity",
    "notify_by": "meldenvoor uiterstemelddatum meldingsdeadline notifyby notificationdeadline",
    "notified_on": "gemeldop melddatumverzekeraar gemeldbijverzekeraar notifiedon notificationdate",
}  # fmt: skip
"""Our fields, each with the headers (folded to letters and digits) under which bookkeeping packages export
it.
"""

REQUIRED: Final = ("invoice_number", "debtor_name", "amount")

_FIELD_BY_HEADER: Final = {name: ours for ours, names in HEADERS.items() for name in names.split()}


class UnclearColumns(Invalid):
    """The headers do not say beyond doubt what each column means; `proposal` is what was recognised."""

    def __init__(self, message: str, *, proposal: "Mapped", field: str | None = None) -> None:
        super().__init__(message, field=field)
        self.proposal = proposal


@dataclass(frozen=True, kw_only=True)
class Mapped:
    """How a file is read: our field -> its header, and what the columns do not say.

    `decimal_sign` is None as long as nobody said which it is: doubtful amounts are then refused.
    """

    columns: Mapping[str, str]
    decimal_sign: DecimalSign | None = None
    date_order: DateOrder = "day"
    one_claim_per: Grouping = "invoice"
    defaults: Mapping[str, str] = field(default_factory=dict)


def folded(header: str) -> str:
    """This function will return a header in lower case, without accents, blanks and signs."""
    plain = unicodedata.normalize("NFKD", header).casefold()
    return re.sub(r"[^a-z0-9]", "", plain)


def recognise(headers: Sequence[str]) -> Mapped:
    """This function will recognise columns by their headers.

    :raises UnclearColumns: two columns could be the same field, two are named alike, or one that is
        needed is missing.
    """
    found: dict[str, list[str]] = {}
    for header in headers:
        ours = _FIELD_BY_HEADER.get(folded(header))
        if ours:
            found.setdefault(ours, []).append(header)
    columns = {ours: names[0] for ours, names in found.items() if len(names) == 1}
    if "amount" not in found and "total" in columns:
        columns["amount"] = columns["total"]
    proposal = Mapped(columns=columns)
    for ours, names in found.items():
        if len(names) > 1:
            raise UnclearColumns(
                f"several columns could be {ours.replace('_', ' ')}: {', '.join(names)}",
                proposal=proposal,
                field=ours,
            )
    check_columns(proposal, headers)
    return proposal


def check_columns(mapped: Mapped, headers: Sequence[str]) -> None:
    """This function will make sure that every mapped header stands in the file once, and none is missing.

    :raises UnclearColumns: otherwise; the message names the column.
    """
    for ours, header in mapped.columns.items():
        if headers.count(header) != 1:
            times = "is not in the file" if header not in headers else "stands in the file more than once"
            raise UnclearColumns(f"the column {header} {times}", proposal=mapped, field=ours)
    missing = [ours for ours in REQUIRED if ours not in mapped.columns]
    if "due_on" not in mapped.columns and "issued_on" not in mapped.columns:
        missing.append("due_on")
    if missing:
        names = ", ".join(name.replace("_", " ") for name in missing)
        raise UnclearColumns(f"no column was recognised for: {names}", proposal=mapped, field=missing[0])


def choose_mapping(unit: Unit, *, creditor_id: UUID, headers: Sequence[str]) -> tuple[Mapped, UUID | None]:
    """This function will return the creditor's latest saved mapping that fits the file, else recognise it.

    :raises UnclearColumns: none fits and the headers leave doubt.
    """
    saved = unit.session.exec(
        select(ColumnMapping)
        .where(ColumnMapping.creditor_id == creditor_id)
        .order_by(col(ColumnMapping.created_at).desc(), col(ColumnMapping.version).desc())
        .limit(20)
    ).all()
    for mapping in saved:
        if all(headers.count(header) == 1 for header in mapping.columns.values()):
            return as_mapped(mapping), mapping.id
    return recognise(headers), None


def as_mapped(mapping: ColumnMapping) -> Mapped:
    """This function will return a saved mapping as plain facts."""
    return Mapped(
        columns=mapping.columns,
        decimal_sign="," if mapping.decimal_sign == "," else ".",
        date_order="month" if mapping.date_order == "month" else "day",
        one_claim_per="debtor" if mapping.one_claim_per == "debtor" else "invoice",
        defaults=mapping.defaults,
    )


def save_mapping(unit: Unit, *, creditor_id: UUID, name: str, mapped: Mapped) -> UUID:
    """This function will save a mapping as a new version; files read before keep the version they had.

    :raises Invalid: the decimal sign was not said.
    """
    if mapped.decimal_sign is None:
        raise Invalid("say which decimal sign the file uses", field="decimal_sign")
    latest = unit.session.exec(
        select(ColumnMapping.version)
        .where(ColumnMapping.creditor_id == creditor_id, ColumnMapping.name == name)
        .order_by(col(ColumnMapping.version).desc())
        .limit(1)
    ).first()
    mapping = ColumnMapping(
        creditor_id=creditor_id,
        id=new_id(),
        name=name,
        version=(latest or 0) + 1,
        columns=dict(mapped.columns),
        decimal_sign=mapped.decimal_sign,
        date_order=mapped.date_order,
        defaults=dict(mapped.defaults),
        one_claim_per=mapped.one_claim_per,
        created_at=unit.now,
    )
    unit.session.add(mapping)
    unit.session.flush()
    return mapping.id

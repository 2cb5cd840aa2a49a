"""What columns are called: our fields as bookkeeping packages name them, in four languages."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

HEADERS: Final[dict[str, str]] = {
    "claim_reference": "dossiernummer dossier dossierreferentie vorderingnummer vordering"
    " claimreference claim"
    " claimnumber caseid casenumber casereference case numerodossier referencedossier aktenzeichen"
    " zaaknummer",
    "invoice_number": "factuurnummer factuurnr factuur factuurid invoicenumber invoiceno invoicenr"
    " invoice invoiceid"
    " numerofacture nfacture nofacture facture rechnungsnummer rechnungsnr documentnumber"
    " rechnungnr rechnungnummer rechnung declaratienummer declaratienr notanummer notanr"
    " documentnummer docid documentno documentnr docno docnr"
    " reference referentie kenmerk yourreference invoicereference invoiceref factuurreferentie"
    " numfacture numerodefacture nodefacture ndefacture nfact numerodepiece numeropiece numpiece nopiece"
    " npiece ndepiece reffacture referencefacture numerodedocument"
    " factnr factno factnum belegnummer belegnr piece belegfeld1 ndoc nodoc docnummer stuknr"
    " stuknummer boekstuk boekstuknr boekstuknummer",
    "document_kind": "documentsoort documenttype doctype factuursoort invoicetype typedocument soortdocument"
    " belegart kinddocument",
    "billing_reference": "oorspronkelijkefactuur creditvan betreftfactuur billingreference originalinvoice"
    " creditednumber creditsinvoice factureorigine originefacture crediteertfactuur creditedinvoice"
    " creditnotavan creditfactuurvan creditnotabijfactuur",
    "amount": "bedrag openstaand openstaandbedrag openbedrag saldo openstaandsaldo amount openamount"
    " amountdue"
    " outstanding outstandingamount amountoutstanding balance balancedue totalopenamount montant"
    " montantdu solde"
    " montantouvert resteapayer betrag offenerbetrag restbedrag tebetalen vorderingsbedrag hoofdsom principal"
    " amountopen claimamount debitminuscredit amountwithitssign sumoftheageingcolumns amountlesswhatwaspaid"
    " soldedu soldeouvert restantdu"
    " montantrestant restedu resteapercevoir montantimpaye impaye montantechu offenerposten offen"
    " remainingamount amountremaining nogtebetalen restant restantbedrag totaalopenstaand amountdueinclvat"
    " nogtevoldoen tevoldoen achterstand arrears arriere ruckstand rueckstand offenersaldo"
    " residual residualamount opensaldo saldoopen saldoopenstaand resterendbedrag nogopenstaand openbalance"
    " opsaldo verschuldigdbedrag topay invoiceamountdue",
    "total": "factuurbedrag totaalbedrag totaal bedraginclbtw bedraginclusiefbtw invoiceamount total"
    " totalamount"
    " totalinclvat montanttotal montanttvac totaltvac montantttc"
    " montantfacture rechnungsbetrag brutto amountinclvat totalincl"
    " betragbrutto origineelbedrag oorspronkelijkbedrag totaalinclusiefbtw totaalinclbtw",
    "currency": "valuta munt muntsoort currency invoicecurrency currencycode ccy devise monnaie wahrung",
    "issued_on": "factuurdatum datumfactuur invoicedate issuedate dateofinvoice datefacture"
    " documentcreatedate"
    " rechnungsdatum boekdatum documentdate dateemission datedelafacture issuedon"
    " datedemission datedefacture datedepiece datepiece datedocument boekingsdatum datum date"
    " factdatum factdat docdatum docdat dateissued datedoc datedefacturation invoicebilldate"
    " belegdatum uitgiftedatum notadatum declaratiedatum ausstellungsdatum",
    "due_on": "vervaldatum vervaldag betaaldatum uiterstebetaaldatum duedate dueindate dateecheance echeance"
    " faelligkeit falligkeit faelligam falligam faellig fallig zahlbarbis paymentduedate due dueon"
    " datedecheance datelimite datelimitedepaiement faelligkeitsdatum falligkeitsdatum vervdatum"
    " vervdat datedue netduedate expirydate nettofalligkeit nettofall"
    " nettovervaldatum uiterstebetaaldag tebetalenvoor betalenuiterlijk uiterlijkbetalenop",
    "debtor_reference": "klantnummer klantnr klantcode klantid debiteurnummer debiteurnr debiteurcode"
    " debnr debnummer"
    " customerid"
    " customernumber customerno custnumber customercode debtorreference debtornumber debtorid"
    " clientnumber clientid"
    " numeroclient noclient codeclient"
    " numerodeclient nclient ndeclient nduclient codetiers comptetiers compteclient referenceclient"
    " debtornumberabove debiteurennummer debiteurennr kundennummer kundennr relatienummer relatiecode"
    " relatienr customerreference lidnummer nummerdebiteur nummerklant huurdernummer huurdernr patientnummer"
    " tenantnumber tenantno nlocataire numerolocataire numerodelocataire mieternummer"
    " patientnr numclt lidnr ledennummer abonneenummer deelnemernummer mitgliedsnummer debitorennummer",
    "debtor_kind": "soort soortdebiteur klantsoort klanttype debiteursoort debtortype debtorkind customertype"
    " b2bb2c typeclient typedebiteur debiteurtype particulierzakelijk kind",
    "debtor_name": "naam klantnaam clientname debiteur debiteurnaam bedrijfsnaam klant name customername"
    " namecustomer customer"
    " debtorname debtor companyname company nom nomclient client raisonsociale societe kundenname kunde firma"
    " naamdebiteur naamklant fullname volledigenaam"
    " debtorabove nomduclient nomdudebiteur denomination denominationsociale intitule intituleclient tiers"
    " debiteuren nomprenom relatienaam naamrelatie huurder huurdernaam naamhuurder patient patientnaam"
    " beschriftung kontobeschriftung debitorenname tenaamstelling nameofitsparts"
    " naampatient name1 contactname partnername"
    " invoicepartnerdisplayname weergavenaampartnerfactuur nomdaffichagedupartenairedelafacture"
    " naamverkooprelatie verkooprelatienaam kontobezeichnung"
    " nomclt locataire nomlocataire nomdulocataire mieter mietername tenant tenantname",
    "registration_number": "kvk kvknummer kvknr kbo kbonummer ondernemingsnummer handelsregisternummer"
    " registrationnumber companynumber chamberofcommerce numeroentreprise bce"
    " numerodentreprise ndentreprise nentreprise numerobce siren handelsregister"
    " kvkkbo cocnumber kbonr ondernemingsnr nbce nobce numbce numentreprise numeroentreprisebce",
    "vat_number": "btw btwnummer btwnr btwid vat vatnumber vatid tva numerotva notva"
    " numerodetva ntva ndetva numtva nrtva ustid ustidnr",
    "iban": "iban rekeningnummer bankrekening bankaccount accountnumber ibannummer compte debtoriban",
    "language": "taal taalcode language languagecode langue sprache",
    "country": "land landcode country countrycode pays codepays laendercode",
    "street": "straat adres adres1 straatnaam address address1 street streetaddress rue adresse strasse"
    " straathuisnummer"
    " adresregel1 addressline1",
    "house_number": "huisnummer huisnr housenumber numero hausnummer",
    "postal_code": "postcode postkode pc zip zipcode postalcode codepostal cp codepost postnummer plz",
    "city": "plaats woonplaats stad gemeente city town ville localite ort stadt plaatsnaam",
    "email": "email emailadres emailaddress mail courriel adressemail eadres emailadresse"
    " adressecourriel adressedemail adresseemail",
    "phone": "telefoon telefoonnummer tel telnr mobiel mobielnummer gsm gsmnummer phone phonenumber"
    " mobile telephone"
    " telefon portable phoneno"
    " numerodetelephone ntelephone telephoneportable",
    "description": "omschrijving beschrijving description libelle objet betreft beschreibung onderwerp"
    " details designation prestation marchandise",
    "period": "huurmaand huurperiode periode maand maandjaar jaarmaand period month rentmonth rentperiod"
    " mois moisdeloyer moisloyer moisconcerne monat mietmonat abrechnungsmonat zeitraum tijdvak",
    "contract_on": "contracton contractdatum datumcontract overeenkomstdatum datumovereenkomst besteldatum"
    " contractdate agreementdate orderdate vertragsdatum vertragsschluss datumvertrag"
    " datecontrat dateducontrat",
    "disputed": "betwist betwisting disputed dispute indispute conteste contestee contestation geschil"
    " enlitige litige"
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

LESSER: Final[dict[str, str]] = {
    "invoice_number": "number nummer num doc document",
    "debtor_name": "relatie contact partner verkooprelatie bedrijf organisatie entreprise unternehmen"
    " eigenaar lid deelnemer cursist abonnee ouderverzorger empfanger empfaenger rechnungsempfanger"
    " destinataire billingname",
}
"""What packages call these fields, too, and others mean something else by: only where no better one is."""

_FIELD_BY_LESSER: Final = {name: ours for ours, names in LESSER.items() for name in names.split()}
_FIELD_BY_HEADER: Final = {name: ours for ours, names in HEADERS.items() for name in names.split()}
_NUMBERED: Final = re.compile(r" \(\d+\)$")
_IN_EUROS: Final = re.compile(r"(?:[\s_/\-(\[]+(?:in )?EUR|[\s_/\-(\[]*(?:in )?€)[)\]]?$", re.IGNORECASE)


# As the columns of a database are called: CUST_SHORT_NM, TOT_OS. Only where blanks or strokes part the words.
_SHORTENED: Final = {
    "cust": "customer",
    "nm": "name",
    "addr": "address",
    "cty": "city",
    "cntry": "country",
    "ctry": "country",
    "ccy": "currency",
    "amt": "amount",
    "inv": "invoice",
    "os": "outstanding",
    "od": "overdue",
    "tot": "total",
    "prin": "principal",
    "dt": "date",
    "pc": "postcode",
    "acc": "account",
    "acct": "account",
    "desc": "description",
}
_SHORT_MIN: Final = 2  # so many words, of which one at least is shortened


def spelled(header: str) -> str:
    """This function will return a header with the words that databases shorten written out; other headers
    as they are."""
    words = re.split(r"[_ ]+", header.strip())
    if len(words) < _SHORT_MIN or not all(word.isupper() or word.isdigit() for word in words):
        return header
    return " ".join(_SHORTENED.get(word.casefold(), word) for word in words)


@lru_cache(maxsize=4_096)
def folded(header: str) -> str:
    """This function will return a header in lower case, without accents, blanks and signs, nor that it is in
    euros: "Débit EUR" is not a "debiteur"."""
    plain = unicodedata.normalize("NFKD", header).casefold()
    return re.sub(r"[^a-z0-9]", "", _IN_EUROS.sub("", plain) or plain)


def lesser_field(header: str) -> str | None:
    """This function will return the field that a header may stand for where no column is plainly it."""
    return _FIELD_BY_LESSER.get(folded(header))


def known_field(header: object) -> str | None:
    """This function will return the field that a header stands for, None when no package calls it so.

    What stands between brackets, and the number of a header that came twice, says nothing about it.
    """
    if not isinstance(header, str) or not header.strip() or len(header) > 80:
        return None
    name = _NUMBERED.sub("", header.strip())
    return _FIELD_BY_HEADER.get(folded(name)) or _FIELD_BY_HEADER.get(folded(unbracketed(name)))


def unbracketed(header: str) -> str:
    """This function will return a header without what stands between brackets in it."""
    return re.sub(r"[(\[].*?[)\]]", "", header)

"""CSV exports: each bank's layout, balances where rows carry them, and refusals that name row and column."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.ports.readers import BankLine, BankStatement, Unreadable
from integrations.bankfiles import read_bank_file
from tests.bankfiles.one_day import ACCOUNT, Paid, bunq, ing

pytestmark = pytest.mark.pure

RABOBANK = (
    '"IBAN/BBAN","Munt","BIC","Volgnr","Datum","Rentedatum","Bedrag","Saldo na trn",'
    '"Tegenrekening IBAN/BBAN","Naam tegenpartij","Naam uiteindelijke partij","Naam initiërende partij",'
    '"BIC tegenpartij","Code","Batch ID","Transactiereferentie","Machtigingskenmerk","Incassant ID",'
    '"Betalingskenmerk","Omschrijving-1","Omschrijving-2","Omschrijving-3","Reden retour","Oorspr bedrag",'
    '"Oorspr munt","Koers"\n'
    '"NL91ABNA0417164300","EUR","RABONL2U","000000000000007000","2026-11-02","2026-11-02","+25,00","+125,00",'
    '"NL86INGB0002445588","J JANSEN","","","INGBNL2A",'
    '"cb","","E2E-1","","","","Factuur ","42 privé","","","","",""\n'
    '"NL91ABNA0417164300","EUR","RABONL2U","000000000000007001","2026-11-02","2026-11-03","-1.234,50",'
    '"-1.109,50","NL86INGB0002445588","J JANSEN","","","INGBNL2A","ei","","","M-7","","","terug","","",'
    '"MD06 - Terugbetaling","","",""\n'
).encode("cp1252")

ABN_TAB = (
    b"417164300\tEUR\t20261102\t100,00\t112,90\t20261102\t25,00\tSEPA Overboeking                 "
    b"IBAN: NL86INGB0002445588        BIC: INGBNL2A                    Naam: J JANSEN"
    b"                  Omschrijving: Factuur 42        Kenmerk: E2E-1\r\n"
    b"417164300\tEUR\t20261102\t100,00\t112,90\t20261102\t-12,10\t/TRTP/SEPA OVERBOEKING/IBAN/"
    b"NL86INGB0002445588/BIC/INGBNL2A/NAME/J JANSEN/REMI/Loon/EREF/NOTPROVIDED\r\n"
)

KBC = (
    b"Rekeningnummer;Rubrieknaam;Naam;Munt;Afschriftnummer;Datum;Omschrijving;Valuta;"
    b"Bedrag;Saldo;credit;debet;"
    b"rekeningnummer tegenpartij;BIC tegenpartij;Naam tegenpartij;Adres tegenpartij;"
    b"gestructureerde mededeling;"
    b"Vrije mededeling\r\n"
    b"BE68539007547034;;AGENCY;EUR; 02026001;03/11/2026;"
    b"EUROPESE OVERSCHRIJVING;03/11/2026;-12,10;112,90;;-12,10;"
    b"BE43068999999501;;J JANSEN;;;loon\r\n"
    b"BE68539007547034;;AGENCY;EUR; 02026001;02/11/2026;"
    b"EUROPESE OVERSCHRIJVING;02/11/2026;25,00;125,00;25,00;;"
    b"BE43068999999501;;J JANSEN;;+++123/4567/89002+++;\r\n"
)

BELFIUS = (
    "Boekingsdatum vanaf;01/11/2026\r\nBoekingsdatum tot en met;03/11/2026\r\n;\r\n;\r\n"
    "Rekening;Boekingsdatum;Rekeninguittrekselnummer;Transactienummer;Rekening tegenpartij;"
    "Naam tegenpartij bevat;Straat en nummer;Postcode en plaats;Transactie;Valutadatum;Bedrag;Devies;BIC;"
    "Landcode;Mededelingen\r\n"
    "BE68 5390 0754 7034;02/11/2026;00011;3;BE43 0689 9999 9501;J JANSEN;;;"
    "overschrijving;02/11/2026;1.025,00;"
    "EUR;GKCCBEBB;BE;Factuur 42 \xe9\r\n"
).encode("latin-1")


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def one(content: bytes) -> BankStatement:
    (only,) = read_bank_file(content)
    return only


def first(content: bytes) -> BankLine:
    return one(content).lines[0]


class TestLayouts:
    def test_ing_with_the_latest_row_first(self):
        read = one(ing([Paid(2500, end_to_end="E2E-1"), Paid(-1210)], 10_000))
        assert (read.format, read.account, read.currency, read.balances) == ("CSV ING", ACCOUNT, "EUR", True)
        assert (read.opening, read.closing) == (Money(10_000, "EUR"), Money(11_290, "EUR"))
        assert [line.amount.minor for line in read.lines] == [2_500, -1_210]
        line = read.lines[0]
        assert (line.text, line.end_to_end, line.counterparty_iban, line.counterparty) == (
            "Factuur 42", "E2E-1", "NL86INGB0002445588", "J JANSEN",
        )  # fmt: skip

    def test_ing_without_balances_says_so(self):
        content = (
            b'"Datum","Naam / Omschrijving","Rekening","Tegenrekening","Code","Af Bij","Bedrag (EUR)",'
            b'"MutatieSoort","Mededelingen"\n'
            b'"20261102","J JANSEN","NL91ABNA0417164300","","BA","Af","1,05","Betaalautomaat",'
            b'"Pasvolgnr: 001"\n'
        )
        read = one(content)
        assert (read.opening, read.closing, read.net.minor, read.balances) == (None, None, -105, None)
        assert read.warnings == ("this export carries no balances: nothing tells whether rows are missing",)

    def test_ing_in_english(self):
        content = (
            b'"Date";"Name / Description";"Account";"Counterparty";"Code";"Debit/credit";"Amount (EUR)";'
            b'"Transaction type";"Notifications";"Resulting balance";"Tag"\n'
            b'"20261102";"J JANSEN";"NL91ABNA0417164300";"";"OV";"Credit";"25,00";"Transfer";'
            b'"Name: J JANSEN Description: Invoice 42 IBAN: NL86INGB0002445588 '
            b'Reference: E2E-1";"125,00";""\n'
        )
        line = first(content)
        assert (line.amount.minor, line.text, line.end_to_end) == (2_500, "Invoice 42", "E2E-1")

    def test_rabobank_in_its_own_code_page(self):
        read = one(RABOBANK)
        assert (read.opening, read.closing, read.net.minor) == (
            Money(10_000, "EUR"), Money(-110_950, "EUR"), -120_950,
        )  # fmt: skip
        credit, debit = read.lines
        assert (credit.text, credit.end_to_end, credit.bank_ref) == (
            "Factuur 42 privé", "E2E-1", "000000000000007000",
        )  # fmt: skip
        assert (debit.return_reason, debit.value_on.day, debit.booked_on.day) == ("MD06", 3, 2)

    def test_abn_amro_breaks_a_word_where_a_column_ends(self):
        text = (
            "SEPA iDEAL                       IBAN: NL86INGB0002445588        "
            "BIC: INGBNL2A                    Naam: J JANSEN INZ BETAALVERZOEK"
            "Omschrijving: 000112128315 00300 04183484482 factuur 42 NL91ABNA0"
            "417164300                        Kenmerk: 02-11-2026 22:56 003000"
            "4183484482"
        )
        line = first(f"417164300\tEUR\t20261102\t100,00\t125,00\t20261102\t25,00\t{text}\r\n".encode())
        assert (line.text, line.end_to_end, line.counterparty) == (
            "000112128315 0030004183484482 factuur 42 NL91ABNA0417164300",
            "02-11-2026 22:56 0030004183484482",
            "J JANSEN INZ BETAALVERZOEK",
        )

    def test_abn_amro_without_columns_keeps_every_blank(self):
        text = "SEPA Overboeking Naam: J JANSEN A B Omschrijving: Factuur 42"
        line = first(f"417164300\tEUR\t20261102\t100,00\t125,00\t20261102\t25,00\t{text}\r\n".encode())
        assert (line.text, line.counterparty) == ("Factuur 42", "J JANSEN A B")

    def test_abn_amro_without_a_header_row_and_with_the_days_balances_on_each_row(self):
        read = one(ABN_TAB)
        assert (read.account, read.opening, read.closing, read.balances) == (
            "417164300", Money(10_000, "EUR"), Money(11_290, "EUR"), True,
        )  # fmt: skip
        told = [
            (line.text, line.counterparty, line.counterparty_iban, line.end_to_end) for line in read.lines
        ]
        assert told == [
            ("Factuur 42", "J JANSEN", "NL86INGB0002445588", "E2E-1"),
            ("Loon", "J JANSEN", "NL86INGB0002445588", None),
        ]  # fmt: skip

    def test_kbc_with_a_structured_communication(self):
        read = one(KBC)
        assert (read.opening, read.closing) == (Money(10_000, "EUR"), Money(11_290, "EUR"))
        assert read.lines[0].structured_reference == "+++123/4567/89002+++"
        assert read.lines[1].text == "loon EUROPESE OVERSCHRIJVING"

    def test_kbc_names_the_other_account_in_two_ways(self):
        other = KBC.replace(b"rekeningnummer tegenpartij", b"Rekening tegenpartij")
        assert {first(content).counterparty_iban for content in (KBC, other)} == {"BE43068999999501"}

    def test_belfius_under_its_preamble(self):
        read = one(BELFIUS)
        assert (read.account, read.net.minor, read.balances) == ("BE68539007547034", 102_500, None)
        assert read.lines[0].text == "Factuur 42 é overschrijving"

    def test_bunq_with_a_decimal_comma(self):
        assert [line.amount.minor for line in one(bunq([Paid(75_000), Paid(-256)])).lines] == [75_000, -256]

    def test_rabobank_in_english(self):
        content = (
            b'"IBAN/BBAN","Ccy","BIC","Seq No","Date","Value Date","Amount","Bal After Bkng",'
            b'"Counterpty IBAN/BBAN","Name Counterpty","Code","Transaction Reference","Payment Reference",'
            b'"Description-1","Description-2","Description-3","Reasoncode"\n'
            b'"NL91ABNA0417164300","EUR","RABONL2U","7000","2026-11-02","2026-11-03","+25,00","+125,00",'
            b'"NL86INGB0002445588","J JANSEN","cb","E2E-1","9999123456789012","","","",""\n'
        )
        read = one(content)
        assert (read.opening, read.closing) == (Money(10_000, "EUR"), Money(12_500, "EUR"))
        assert (read.lines[0].end_to_end, read.lines[0].structured_reference) == ("E2E-1", "9999123456789012")

    def test_kbc_in_english(self):
        content = (
            b"Account number;Heading;Name;Currency;Statement number;Date;Description;Value date;Amount;"
            b"Balance;credit;debit;counterparty's account number;Counterparty BIC;Counterparty name;"
            b"Counterparty address;standard-format reference;Free-format reference\r"
            b"BE68539007547034;;AGENCY;EUR; 02026001;02/11/2026;TRANSFER;02/11/2026;25,00;125,00;25,00;;"
            b"BE43068999999501;;J JANSEN;;+++123/4567/89002+++;;\r"
        )
        read = one(content)
        assert (read.opening, read.closing) == (Money(10_000, "EUR"), Money(12_500, "EUR"))
        line = read.lines[0]
        assert (line.structured_reference, line.counterparty) == ("+++123/4567/89002+++", "J JANSEN")

    @pytest.mark.parametrize(
        "header",
        [
            "Rekeningnummer;Naam van de rekening;Rekening tegenpartij;Omzetnummer;Boekingsdatum;Valutadatum;"
            "Bedrag;Munteenheid;Omschrijving;Detail van de omzet;Bericht",
            "Numéro de compte;Nom du compte;Compte partie adverse;Numéro de mouvement;Date comptable;"
            "Date valeur;Montant;Devise;Libellés;Détails du mouvement;Message",
        ],
    )
    def test_ing_in_belgium_lists_messages_that_move_nothing(self, header):
        content = (
            f"{header}\n"
            "BE68539007547034;AGENCY;BE43068999999501;159;02/11/2026;03/11/2026;-10,44;EUR;Huur;;\n"
            "BE68539007547034;AGENCY;;;02/11/2026;02/11/2026;;EUR;;;Uw kaart is onderweg\n"
        )
        read = one(content.encode("cp1252"))
        assert (read.net.minor, read.entries, read.lines[0].text) == (-1_044, 1, "Huur")
        assert "1 rows are not booked and are left out" in read.warnings

    BNP = (
        "Volgnummer;Uitvoeringsdatum;Valutadatum;Bedrag;Valuta rekening;Rekeningnummer;Type verrichting;"
        "Tegenpartij;Naam van de tegenpartij;Mededeling;Details;Status;Reden van weigering\n"
        "2026-00001;02/11/2026;02/11/2026;25,00;EUR;BE68539007547034;Overschrijving;BE43068999999501;"
        "J JANSEN;Factuur 42;;Geaccepteerd;\n"
        "2026-00002;02/11/2026;02/11/2026;-99,00;EUR;BE68539007547034;Overschrijving;BE43068999999501;X;"
        ";;Geweigerd;Onvoldoende saldo\n"
    )

    def test_bnp_lists_payments_that_it_refused(self):
        read = one(self.BNP.encode("utf-8-sig"))
        assert [(line.amount.minor, line.text) for line in read.lines] == [(2_500, "Factuur 42")]

    def test_bnp_in_french_numbers_no_row_and_says_what_it_refused(self):
        content = (
            "Nº de séquence;Date d'exécution;Date valeur;Montant;Devise du compte;Numéro de compte;"
            "Type de transaction;Contrepartie;Nom de la contrepartie;Communication;Détails;Statut;"
            "Motif du refus\n"
            "2026-;02/11/2026;02/11/2026;1.225,00;EUR;BE68539007547034;Virement en euros;BE43068999999501;"
            "J JANSEN;Facture 42;REFERENCE BANQUE : 2611021;Accepté;\n"
            "2026-;02/11/2026;02/11/2026;-99,00;EUR;BE68539007547034;Virement en euros;BE43068999999501;X;"
            ";;Refusé;Solde insuffisant\n"
        )
        for encoded in (content.encode("utf-8-sig"), content.encode("cp1252")):
            [line] = one(encoded).lines
            assert (line.amount.minor, line.bank_ref) == (122_500, None)
            assert line.text == "Facture 42 REFERENCE BANQUE : 2611021"
            assert (line.counterparty, line.counterparty_iban) == ("J JANSEN", "BE43068999999501")

    @pytest.mark.parametrize("content", [
        "Volgnummer;Uitvoeringsdatum;Valutadatum;Bedrag;Valuta rekening;Details;Rekeningnummer\n"
        "2026-0042;02/11/2026;02/11/2026;25,00;EUR;OVERSCHRIJVING MEDEDELING : Factuur 42 VALUTADATUM : "
        "02/11/2026;BE68539007547034\n",
        "Numéro de séquence;Date d'exécution;Date valeur;Montant;Devise du compte;Détails;Numéro de compte\n"
        "2026-0042;02/11/2026;02/11/2026;25,00;EUR;VIREMENT COMMUNICATION : Factuur 42 DATE VALEUR : "
        "02/11/2026;BE68539007547034\n",
        "Nº de séquence;Date d'exécution;Date valeur;Montant;Devise du compte;Contrepartie;Détails;"
        "Numéro de compte;Communication;Nom de la contrepartie\n"
        "2026-0042;02/11/2026;02/11/2026;25,00;EUR;BE43068999999501;;BE68539007547034;Factuur 42;X\n",
    ])  # fmt: skip
    def test_bnp_without_the_other_party_or_what_it_refused(self, content):
        line = first(content.encode())
        assert (line.amount, line.text, line.bank_ref) == (eur(2_500), "Factuur 42", "2026-0042")

    def test_a_row_that_may_not_be_booked_is_refused(self):
        with pytest.raises(Unreadable, match="row 3, Status: 'In behandeling' does not say"):
            read_bank_file(self.BNP.replace("Geweigerd", "In behandeling").encode())

    @pytest.mark.parametrize(
        ("head", "tail", "day"), [("", "", 3), ("Referentie;Boekdatum;", '"REF1";"04-11-2026";', 4)]
    )
    def test_knab_before_and_since_it_writes_the_day_of_booking(self, head, tail, day):
        content = (
            "KNAB EXPORT;;;;;;;;;;;;;;;;\nRekeningnummer;Transactiedatum;Valutacode;CreditDebet;Bedrag;"
            "Tegenrekeningnummer;Tegenrekeninghouder;Valutadatum;Betaalwijze;Omschrijving;Type betaling;"
            f"Machtigingsnummer;Incassant ID;Adres;{head}\n"
            '"NL91ABNA0417164300";"03-11-2026";"EUR";"D";"1.827,75";'
            f'"NL86INGB0002445588";"J JANSEN";"03-11-2026";"Overboeking";"Huur";"";"";"";"";{tail}\n'
        )
        line = first(content.encode())
        assert (line.amount.minor, line.booked_on.day, line.text) == (-182_775, day, "Huur")

    def test_asn_and_sns_quote_with_apostrophes_and_write_the_balance_before(self):
        def row(before: str, amount: str, text: str) -> str:
            return (
                f"02-11-2026,NL91ABNA0417164300,NL86INGB0002445588,j jansen,,,,EUR,{before},EUR,{amount},"
                f"02-11-2026,03-11-2026,9820,OVB,90043054,'',{text},42\r\n"
            )

        read = one((row("-10.50", "25.00", "'Factuur 42, klant 7'") + row("14.50", "-1.05", "''")).encode())
        assert (read.opening, read.closing, read.balances) == (
            Money(-1_050, "EUR"),
            Money(1_345, "EUR"),
            True,
        )
        assert (read.lines[0].text, read.lines[0].counterparty) == ("Factuur 42, klant 7", "j jansen")

    def test_triodos_without_a_header_row(self):
        rows = (
            '"02-11-2026","NL91TRIO0417164300","1.025,00","Credit","J JANSEN","NL86INGB0002445588","ET",'
            '"Factuur 42","1.125,00"\n'
            '"03-11-2026","NL91TRIO0417164300","25,00","Debet","X","","BA","Loon","1.100,00"\n'
        )
        read = one(rows.encode())
        assert (read.opening, read.closing, read.balances) == (
            Money(10_000, "EUR"), Money(110_000, "EUR"), True,
        )  # fmt: skip

    @pytest.mark.parametrize("heading", [
        "", "Boekdatum,Rekeningnummer,Bedrag,Debet / Credit,Naam tegenrekening,Tegenrekening,Code,"
        "Omschrijving\n",
    ])  # fmt: skip
    def test_triodos_before_it_wrote_the_balance_and_with_a_bank_before_the_account(self, heading):
        rows = (
            '"02-11-2026","NL91TRIO0417164300","1.025,00","Credit","J JANSEN","INGBNL2A NL86INGB0002445588",'
            '"ET","Factuur 42"\n"03-11-2026","NL91TRIO0417164300","25,00","Debet","X","","BA","Loon"\n'
        )
        read = one((heading + rows).encode())
        assert (read.net, read.opening, read.closing) == (Money(100_000, "EUR"), None, None)
        line = read.lines[0]
        assert (line.counterparty, line.counterparty_iban, line.text) == (
            "J JANSEN", "NL86INGB0002445588", "Factuur 42",
        )  # fmt: skip

    @pytest.mark.parametrize("kind", ["Rekening type", "Rekening naam"])
    def test_ing_of_a_savings_account(self, kind):
        rows = (
            f'"Datum";"Omschrijving";"Rekening";"{kind}";"Tegenrekening";"Af Bij";"Bedrag";"Valuta";'
            '"Mutatiesoort";"Mededelingen";"Saldo na mutatie"\n'
            '"2026-11-03";"Rente";"A12345678";"Spaarrekening";"";"Bij";"1,00";"EUR";"Rente";'
            '"Valutadatum: 01-11-2026";"76,00"\n'
            '"2026-11-02";"Overboeking";"A12345678";"Spaarrekening";"NL86INGB0002445588";"Af";"25,00";"EUR";'
            '"Opname";"Factuur 42";"75,00"\n'
        )
        read = one(rows.encode())
        assert (read.account, read.opening, read.closing) == (
            "A12345678", Money(10_000, "EUR"), Money(7_600, "EUR"),
        )  # fmt: skip
        assert (read.lines[0].text, read.lines[1].value_on.day) == ("Overboeking Factuur 42", 1)

    def test_vdk_bank_whose_account_stands_above_the_header_row(self):
        content = (
            "Rekeningnummer;BE68 5390 0754 7034;;;;;;;;;;;;;;;;\r\nNaam;Agency;;;;;;;;;;;;;;;;\r\n"
            "Saldo;1012,9;;;;;;;;;;;;;;;;\r\n;;;;;;;;;;;;;;;;;\r\n"
            "Uitvoeringsdatum;Valutadatum;Jaar uittreksel;Nummer uittreksel;VDK-refertenummer;Soort beweging;"
            "Tegenpartij rekeningnummer;Tegenpartij BIC/SWIFT;Tegenpartij naam;Tegenpartij adres;"
            "Tegenpartij postnummer;Tegenpartij woonplaats;Tegenpartij land;Mededeling;Bedrag;"
            "Saldo na beweging;Wisselkoers;Kosten\r\n"
            "3/11/2026;2/11/2026;;;10000000002;Kaart;;;;;;;;BAKKER;-12,1;1012,9;;\r\n"
            "2/11/2026;2/11/2026;2026;3;10000000001;Overschrijving;BE43 0689 9999 9501;GKCCBEBB;J JANSEN;;;;"
            'België;"Factuur\n42";25;1025;;\r\n' + ";;;;;;;;;;;;;;;;;\r\n" * 3
        ).encode("cp1252")
        read = one(content)
        assert (read.account, read.opening, read.closing, read.balances) == (
            "BE68539007547034", Money(100_000, "EUR"), Money(101_290, "EUR"), True,
        )  # fmt: skip
        line = read.lines[0]
        assert (line.text, line.counterparty, line.counterparty_iban, line.bank_ref) == (
            "Factuur 42 Overschrijving", "J JANSEN", "BE43068999999501", "10000000001",
        )  # fmt: skip
        with pytest.raises(Unreadable, match="not a bank file"):
            read_bank_file(content.partition(b"\r\n")[2])

    def test_abn_amro_saved_from_a_workbook_has_points_and_no_noughts_behind_them(self):
        content = (
            "accountNumber;mutationcode;transactiondate;valuedate;startsaldo;endsaldo;amount;description\n"
            "417164300;EUR;20261102;20261102;1100;1089.5;-10.5;BEA Spar\n"
        )
        assert (first(content.encode()).amount, one(content.encode()).balances) == (eur(-1_050), True)

    def test_bunq_with_strokes_in_its_dates(self):
        content = (
            "Date,Interest Date,Amount,Account,Counterparty,Name,Description\n"
            '02/11/2026,03/11/2026,"25,00",NL91BUNQ0417164300,NL86INGB0002445588,J JANSEN,Factuur 42\n'
        )
        line = first(content.encode())
        assert (line.booked_on.isoformat(), line.value_on.day) == ("2026-11-02", 3)

    def test_asn_sns_and_regiobank_with_a_header_row(self):
        rows = (
            "Datum,Je rekening,Van / naar,Naam,Adres,Postcode,Woonplaats,Valuta saldo,Saldo voor boeking,"
            "Valuta,Bedrag bij / af,Verwerkingsdatum,Valutadatum,Code,Type,Volgnummer,Betalingskenmerk,"
            "Omschrijving,Afschriftnummer,Categorie\n"
            "1-11-2026,NL91ASNB0417164300,NL86INGB0002445588,J JANSEN,,,,EUR,100.00,EUR,25.00,2-11-2026,"
            "2-11-2026,8949,IOS,571,,'Factuur 42, met dank',32,Wonen\n"
            "03-11-2026,NL91ASNB0417164300,,X,,,,EUR,125.00,EUR,-12.10,03-11-2026,03-11-2026,9806,IDE,572,,"
            "'Loon',32,\n"
        )
        read = one(rows.encode())
        assert (read.opening, read.closing, read.balances) == (
            Money(10_000, "EUR"), Money(11_290, "EUR"), True,
        )  # fmt: skip
        line = read.lines[0]
        assert (line.text, line.counterparty, line.counterparty_iban, line.booked_on.day) == (
            "Factuur 42, met dank", "J JANSEN", "NL86INGB0002445588", 2,
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("head", "party", "words"),
        [
            (
                "Volgnummer;Uitvoeringsdatum;Valutadatum;Bedrag;Valuta rekening;"
                "TEGENPARTIJ VAN DE VERRICHTING;Details;Rekeningnummer",
                "J JANSEN BE43 0689 9999 9501 BIC GKCCBEBB REFERTE OPDRACHTGEVER : E2E-1 MEDEDELING : ",
                " BANKREFERENTIE : 261102 VALUTADATUM : 02/11/2026",
            ),
            (
                '"JAAR + REFERTE";"UITVOERINGSDATUM";"VALUTADATUM";"BEDRAG";"MUNT V/D REKENING";'
                '"TEGENPARTIJ VAN DE VERRICHTING";"DETAILS";"REKENINGNUMMER"',
                "J JANSEN BE43 0689 9999 9501 REFERTE OPDRACHTGEVER : E2E-1 MEDEDELING : ",
                " VALUTADATUM : 02/11/2026",
            ),
            (
                "Numéro de séquence;Date d'exécution;Date valeur;Montant;Devise du compte;"
                "CONTREPARTIE DE LA TRANSACTION;Détails;Numéro de compte",
                "J JANSEN REFERENCE DONNEUR D'ORDRE : E2E-1 COMMUNICATION : ",
                " REFERENCE BANQUE : 261102 DATE VALEUR : 02/11/2026",
            ),
        ],
    )
    def test_bnp_paribas_fortis_with_all_about_a_payment_in_one_text(self, head, party, words):
        rows = (
            f"{head}\n2026-0008;03/11/2026;03/11/2026;-12.10;EUR;BETALING MET KAART;KAART 4871;"
            "BE68539007547034\n"
            f"2026-0007;02/11/2026;02/11/2026;1.025,00;EUR;BE43 0689 9999 9501;{party}Factuur 42{words};"
            "BE68539007547034\n"
        )
        paid, card = one(rows.encode()).lines
        assert (paid.amount.minor, paid.text, paid.end_to_end, paid.counterparty_iban, paid.bank_ref) == (
            102_500, "Factuur 42", "E2E-1", "BE43068999999501", "2026-0007",
        )  # fmt: skip
        assert (card.amount.minor, card.text, card.counterparty_iban) == (
            -1_210, "BETALING MET KAART KAART 4871", None,
        )  # fmt: skip

    @pytest.mark.parametrize("name", ["Compte contrepartie", "Compte partie adverse"])
    def test_ing_in_french_names_the_other_account_in_two_ways(self, name):
        rows = (
            f"Numéro de compte;Nom du compte;{name};Numéro de mouvement;Date comptable;Date valeur;Montant;"
            "Devise;Libellés;Détails du mouvement;Message\n"
            "BE68539007547034;AGENCY;BE43068999999501;7;02/11/2026;02/11/2026;1025,00;EUR;"
            "Virement;;Facture 42\n"
        )
        line = first(rows.encode())
        assert (line.amount.minor, line.counterparty_iban, line.text) == (
            102_500, "BE43068999999501", "Virement Facture 42",
        )  # fmt: skip

    def test_belfius_with_the_year_in_two_digits(self):
        assert first(BELFIUS.replace(b";02/11/2026", b";02/11/26")).booked_on.year == 2026

    def test_argenta(self):
        rows = (
            "Rekening;Boekdatum;Valutadatum;Referentie;Beschrijving;Bedrag;Munt;Verrichtingsdatum;"
            "Rekening tegenpartij;Naam tegenpartij;Mededeling\n"
            "BE68 5390 0754 7034;02-11-2026;03-11-2026;7SLLCW65;Inkomende overschrijving;1.025,00;EUR;"
            "02-11-2026;BE43 0689 9999 9501;J JANSEN;Factuur 42\n"
        )
        line = first(rows.encode())
        assert (line.amount.minor, line.bank_ref, line.counterparty_iban) == (
            102_500, "7SLLCW65", "BE43068999999501",
        )  # fmt: skip

    @pytest.mark.parametrize("turned", [False, True])
    def test_crelan_leaves_out_a_nought_and_ends_in_empty_rows(self, turned):
        head = (
            "Datum;Bedrag;Saldo na verrichting;Munt;Tegenpartij;Rekening tegenpartij;Type verrichting;"
            "Mededeling;Rekening opdrachtgever"
        )
        rows = [
            "02/11/2026;1.00;1.00;EUR;J JANSEN;BE43 0689 9999 9501;Overschrijving in uw voordeel;"
            "+++123/4567/89002+++;BE68 5390 0754 7034",
            "03/11/2026;-.05;.95;EUR;KOSTEN;;Beheerskosten;;BE68 5390 0754 7034",
        ]
        content = "\r\n".join([head, *(rows[::-1] if turned else rows), *[";;;;;;;;"] * 30, ""])
        read = one(content.encode())
        assert (read.account, read.opening, read.closing) == ("BE68539007547034", eur(0), eur(95))
        assert [line.amount.minor for line in read.lines] == [100, -5]
        assert read.lines[0].counterparty_iban == "BE43068999999501"
        assert "123/4567/89002" in read.lines[0].text

    @pytest.mark.parametrize("amount", ["1025,00", "1025.00", "1.025,00", "1,025.00", "1.025"])
    def test_bunq_and_bnp_write_either_decimal_sign(self, amount):
        content = bunq([Paid(2500)]).replace(b"25,00", amount.encode())
        assert first(content).amount.minor == 102_500

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
    def test_an_export_in_any_unicode(self, encoding):
        content = ing([Paid(2500)], 10_000).decode().replace("J JANSEN", "ZOË")
        assert first(content.encode(encoding)).counterparty == "ZOË"

    @pytest.mark.parametrize("padding", [0, 1])
    def test_a_long_export_is_known_wherever_its_beginning_ends(self, padding):
        head = (
            "Numéro de compte;Devise;Date;Valeur;Montant;Solde;Communication libre;Description\n"
            f"BE68539007547034;EUR;02/11/2026;02/11/2026;25,00;125,00;{'x' * padding}{'é' * 12_000};\n"
        )
        assert one(head.encode()).net.minor == 2_500

    def test_each_account_of_an_export_is_a_statement(self):
        other = bunq([Paid(100)]).splitlines()[1].replace(ACCOUNT.encode(), b"BE68539007547034")
        read = read_bank_file(bunq([Paid(2500)]) + b"\n" + other)
        assert [(statement.account, statement.net.minor) for statement in read] == [
            (ACCOUNT, 2_500), ("BE68539007547034", 100),
        ]  # fmt: skip

    def test_rows_that_are_missing_leave_no_balances(self):
        rows = ing([Paid(2500), Paid(100), Paid(-1210)], 10_000).splitlines(keepends=True)
        read = one(b"".join([rows[0], rows[1], rows[3]]))
        assert (read.opening, read.net.minor) == (None, 1_290)
        assert "do not follow on one another" in read.warnings[0]


class TestRefused:
    @pytest.mark.parametrize(
        ("cell", "instead", "reason"),
        [
            (b"25,00", b"12..34", "row 2, amount: the amount '12..34' cannot be read"),
            (b"25,00", b"25.00", "row 2, amount: the amount '25.00' cannot be read"),
            (b"25,00", b"1.23,00", "row 2, amount"),
            (b"20261102", b"20261302", "row 2, booked_on: '20261302' is not a date"),
            (b'"Bij"', b'"Bijna"', "row 2, Af Bij: 'Bijna' is neither in nor out"),
            (b'"25,00"', b'"-25,00"', "row 2: a negative amount and a direction besides"),
            (b'"Bij";', b"", "row 2: 10 columns where there are 11"),
            (b'"NL91ABNA0417164300"', b'""', "row 2: no account"),
            (b'125,00"', b'abc"', "row 2, balance_after"),
        ],
    )
    def test_row_column_and_reason_are_named(self, cell, instead, reason):
        with pytest.raises(Unreadable, match=reason.replace("(", r"\(")):
            read_bank_file(ing([Paid(2500)], 10_000).replace(cell, instead))

    def test_a_header_of_an_unknown_bank_is_shown(self):
        with pytest.raises(Unreadable, match="it begins with 'Fecha;Concepto;Importe'"):
            read_bank_file(b"Fecha;Concepto;Importe\n2026-11-02;Alquiler;1,00\n")

    @pytest.mark.parametrize(
        ("header", "reason"),
        [
            (
                '"TransferWise ID",Date,"Date Time",Amount,Currency,Description,"Payment Reference",'
                '"Running Balance","Exchange From","Payer Name","Payee Account Number"',
                "an export of Wise, which does not say of which account it is: ask that bank for a camt.053,"
                " MT940 or CODA file",
            ),
            (
                "Date started (UTC),Date completed (UTC),ID,Type,Description,Reference,Payer,Card number,"
                "Orig currency,Orig amount,Payment currency,Amount,Fee,Balance,Account,Beneficiary IBAN",
                "an export of Revolut Business",
            ),
            (
                '"Booking Date","Value Date","Partner Name","Partner Iban",Type,"Payment Reference",'
                '"Account Name","Amount (EUR)","Original Amount","Original Currency","Exchange Rate"',
                "an export of N26",
            ),
            ("\ufeffExtrait;Date;Date valeur;IBAN;Description;Montant;Devise", "an export of Keytrade Bank"),
            (
                "Company Account,Merchant Account,Psp Reference,Merchant Reference,Payment Method,"
                "Creation Date,TimeZone,Type,Gross Currency,Gross Debit (GC),Gross Credit (GC),Batch Number",
                "a report of Adyen, which is no bank file: what it paid out is on the bank's statement",
            ),
        ],
    )
    def test_an_export_that_names_no_account_is_refused_by_its_name(self, header, reason):
        with pytest.raises(Unreadable) as refusal:
            read_bank_file(f"{header}\r\n1,2,3\r\n".encode())
        assert refusal.value.reason.startswith(reason)

    def test_a_header_alone_is_refused(self):
        with pytest.raises(Unreadable, match="a header and no line"):
            read_bank_file(ing([], 10_000))

    @pytest.mark.parametrize("content", [ing([Paid(2500), Paid(-1210)], 10_000), RABOBANK])
    def test_b5_a_row_cut_anywhere_is_refused_as_a_whole_or_had_lost_nothing(self, content):
        whole, last_row = one(content), content.rstrip(b"\n").rfind(b"\n") + 1
        for end in range(last_row + 1, len(content.rstrip(b"\n"))):
            try:
                assert one(content[:end]).lines == whole.lines
            except Unreadable:
                continue
            assert content[end:].strip() == b'""'

    @given(place=st.integers(0, len(ABN_TAB) - 1), byte=st.integers(0, 255))
    def test_one_wrong_byte_is_read_or_refused_and_nothing_else(self, place, byte):
        content = bytearray(ABN_TAB)
        content[place] = byte
        with contextlib.suppress(Unreadable):
            assert read_bank_file(bytes(content))

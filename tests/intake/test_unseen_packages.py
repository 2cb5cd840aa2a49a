"""Lists of open items as packages export them that were not tried before; the lists are made up."""

import pytest

from agency.intake.mapping import UnclearColumns, recognise
from agency.intake.reading import read_table

pytestmark = pytest.mark.pure


def columns(*lines):
    table = read_table("\n".join(lines).encode())
    return dict(recognise(table.headers, table.sample).columns)


KNOWN = [
    (
        "Relatiecode;Relatie;Factuurnummer;Factuurdatum;Vervaldatum;Factuurbedrag;Openstaand saldo",
        "12;Jansen Bouw BV;2026-12;03-01-2026;02-02-2026;1.210,00;605,00",
        {"debtor_reference": "Relatiecode", "debtor_name": "Relatie", "amount": "Openstaand saldo"},
    ),
    (
        "Verkooprelatie;Naam verkooprelatie;Factuurnummer;Factuurdatum;Factuurbedrag;Openstaand bedrag",
        "10001;Jansen Bouw BV;VF26012;3-1-2026;1210,00;605,00",
        {"debtor_name": "Naam verkooprelatie", "invoice_number": "Factuurnummer"},
    ),
    (
        "Factuur;Contact;Factuurdatum;Vervaldatum;Totaal inclusief btw;Openstaand",
        "2026-0012;Jansen Bouw BV;2026-01-03;2026-02-02;1210.00;605.00",
        {"debtor_name": "Contact", "invoice_number": "Factuur", "total": "Totaal inclusief btw"},
    ),
    (
        "*ContactName;*InvoiceNumber;Reference;*InvoiceDate;*DueDate;Total;InvoiceAmountDue;Currency",
        "Jansen Bouw BV;INV-12;PO1;13/01/2026;12/02/2026;1210.00;605.00;EUR",
        {"debtor_name": "*ContactName", "invoice_number": "*InvoiceNumber", "amount": "InvoiceAmountDue"},
    ),
    (
        "Konto;Kontobezeichnung;Belegfeld 1;Belegdatum;Fälligkeit;Rechnungsbetrag;OP-Saldo",
        "10001;Jansen Bouw BV;RE-12;03.01.2026;02.02.2026;1.210,00;605,00",
        {"debtor_name": "Kontobezeichnung", "invoice_number": "Belegfeld 1", "issued_on": "Belegdatum",
         "amount": "OP-Saldo", "total": "Rechnungsbetrag"},
    ),
    (
        "CLIENT;NOM;JRNL;DOC;DATE DOC;ECHEANCE;MONTANT",
        "JANSEN;Jansen Bouw BV;VEN;260012;03/01/2026;02/02/2026;1210,00",
        {"debtor_reference": "CLIENT", "debtor_name": "NOM", "invoice_number": "DOC"},
    ),
    (
        "Konto;Beschriftung;Rechnung;Datum;Fälligkeit;Betrag;S/H",
        "10000;Jansen Bouw BV;RE-12;03.01.2026;02.02.2026;1.210,00;S",
        {"debtor_name": "Beschriftung", "invoice_number": "Rechnung", "amount": "amount with its sign"},
    ),
    (
        "Rechnungsnummer;Kundennummer;Empfänger;Rechnungsdatum;Fälligkeitsdatum;Offener Betrag",
        "RE-12;C12;Jansen Bouw BV;03.01.2026;02.02.2026;1.210,00",
        {"debtor_name": "Empfänger", "debtor_reference": "Kundennummer"},
    ),
    (
        "Factuurnr;Tenaamstelling;Uitgiftedatum;Uiterste betaaldag;Nog te voldoen",
        "F-12;Jansen Bouw BV;03-01-2026;02-02-2026;1.210,00",
        {"debtor_name": "Tenaamstelling", "issued_on": "Uitgiftedatum", "due_on": "Uiterste betaaldag",
         "amount": "Nog te voldoen"},
    ),
    (
        "Declaratienummer;Patiëntnummer;Naam patiënt;Declaratiedatum;Vervaldatum;Te betalen",
        "D-12;0012;J. Jansen;03-01-2026;02-02-2026;60,00",
        {"invoice_number": "Declaratienummer", "debtor_reference": "Patiëntnummer",
         "debtor_name": "Naam patiënt"},
    ),
]  # fmt: skip


class TestColumns:
    @pytest.mark.parametrize(("headers", "row", "told"), KNOWN)
    def test_are_known_by_the_names_of_their_package(self, headers, row, told):
        second = row.replace("12;", "13;", 1) if row.startswith("2026-0012") else row.replace("12", "13", 1)
        found = columns(headers, row, second.replace("260012", "260013"))
        assert {field: found[field] for field in told} == told

    @pytest.mark.parametrize(
        ("headers", "rows"),
        [
            # A number that comes twice is its debtor's, not of an invoice.
            ("Nummer;Naam;Vervaldatum;Bedrag", ["1;Jansen;31-08-2026;10,00", "1;Jansen;31-07-2026;9,00"]),
            # A contact beside a firm may be anybody.
            ("Bedrijf;Contact;Factuur;Vervaldatum;Bedrag", ["A BV;Jan;F1;31-08-2026;10,00"]),
            # The books' own number beside a reference: which of them the debtor knows, a person must say.
            (
                "Name 1;Document Number;Reference;Net due date;Open balance",
                ["A BV;1800000012;90001234;31.08.2026;10,00"],
            ),
            # An owner beside a customer may be who of the firm looks after him.
            ("Klant;Eigenaar;Factuur;Vervaldatum;Bedrag;Saldo", ["A BV;Jan;F1;31-08-2026;10,00;10,00"]),
            # Two columns of codes and none of names.
            ("CLIENT;NOM;FACTURE;ECHEANCE;MONTANT", ["JANSEN;PIETERS;F1;31/08/2026;10,00"]),
        ],
    )
    def test_are_asked_about_where_they_are_not_plain(self, headers, rows):
        with pytest.raises(UnclearColumns):
            columns(headers, *rows)

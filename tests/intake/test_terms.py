"""Payment terms as invoices word them."""

from datetime import date

import pytest

from agency.intake.terms import due_by_terms

pytestmark = pytest.mark.pure
ISSUED = date(2026, 8, 10)


@pytest.mark.parametrize(
    ("terms", "due"),
    [
        ("Graag betalen binnen 60 dagen netto.", date(2026, 10, 9)),
        ("14 dagen", date(2026, 8, 24)),
        ("Betalingstermijn: 45 dagen netto. Prijswijzigingen voorbehouden.", date(2026, 9, 24)),
        ("30 days after invoice date", date(2026, 9, 9)),
        ("Payment terms: net 60 days", date(2026, 10, 9)),
        ("30 jours net", date(2026, 9, 9)),
        ("à 45 jours fin de mois", date(2026, 9, 30)),
        ("30 dagen einde maand", date(2026, 9, 30)),
        ("Zahlbar innerhalb von 14 Tagen nach Erhalt der Rechnung.", date(2026, 8, 24)),
        ("10 Tage 3% Skonto, 60 Tage netto", date(2026, 10, 9)),
        ("Net 60", date(2026, 10, 9)),
        ("NET30", date(2026, 9, 9)),
        ("2/10 net 45", date(2026, 9, 24)),
        ("Solde net 30%", None),
        ("30 dgn netto", date(2026, 9, 9)),
        ("Binnen 1 dag", date(2026, 8, 11)),
        ("Paiement à 30 j", date(2026, 9, 9)),
        ("45 jrs FDM", date(2026, 9, 30)),
        ("2% binnen 8 dagen; 30 dagen netto", date(2026, 9, 9)),
        ("8 days 2% discount; net 60", date(2026, 10, 9)),
        ("2% Skonto innerhalb 14 Tagen; 1% Skonto innerhalb 7 Tagen", None),
        ("Bei Zahlung innerhalb 14 Tagen 2,0% Skonto. Innerhalb 30 Tagen ohne Abzug.", date(2026, 9, 9)),
        ("Total net 100 EUR", None),
        ("#SKONTO#TAGE=7#PROZENT=2.00#", None),
        ("Payment within 10 days, 2% discount", None),
        ("Contant", None),
        ("Levering binnen de week, garantie 365 dagen", None),
        (None, None),
    ],
)
def test_say_when_an_invoice_is_due(terms, due):
    assert due_by_terms(terms, ISSUED) == due


def test_end_with_the_calendar():
    assert due_by_terms("30 dagen netto", date.max) is None

"""What French and German ask for: elision before names, the day of a month, thousands."""

from datetime import UTC, date, datetime

import pytest

from agency.money import Money
from portal.shared import i18n
from portal.shared.rendering import environment

pytestmark = pytest.mark.pure


def test_a_page_and_the_code_elide_before_a_vowel():
    page = environment().from_string('{{ _("Claims of %(creditor)s", creditor=who) }}')
    with i18n.speaking("fr"):
        assert page.render(who="Enercity <B.V.>") == "Créances d’Enercity &lt;B.V.&gt;"
        assert page.render(who="Vandaele") == "Créances de Vandaele"
        assert i18n.gettext("Claims of %(creditor)s") % {"creditor": "Aldi"} == "Créances d’Aldi"
    with i18n.speaking("nl"):
        assert page.render(who="Enercity") == "Vorderingen van Enercity"


def test_counts_stay_what_they_were():
    page = environment().from_string(
        "{{ ngettext('%(num)s claim costs more than your highest fee',"
        " '%(num)s claims cost more than your highest fee', n, num=n) }}"
    )
    with i18n.speaking("fr"):
        assert page.render(n=3).startswith("3 ")


def test_the_day_of_a_month_is_written_as_it_is_said():
    with i18n.speaking("fr"):
        assert i18n.format_day(date(2026, 12, 1), "EEEE d MMMM") == "mardi 1er décembre"
        assert i18n.format_day(date(2026, 12, 11)) == "11 déc. 2026"
        assert i18n.format_moment(datetime(2026, 12, 1, 11, tzinfo=UTC)).startswith("1er déc. 2026")
    with i18n.speaking("de"):
        assert i18n.format_day(date(2026, 12, 1), "d MMMM") == "1. Dezember"
        assert i18n.format_day(date(2026, 12, 20)) == "20. Dez. 2026"
        assert i18n.format_day(date(2026, 12, 20), "EEE d MMM") == "So. 20. Dez."
        assert i18n.format_moment(datetime(2026, 12, 20, 11, tzinfo=UTC)) == "20. Dez. 2026 12:00"
        assert i18n.format_money_short(Money(50_000_000, "EUR")) == "500.000\u00a0€"

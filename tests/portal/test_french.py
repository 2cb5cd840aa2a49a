"""What only French asks for: elision before names, the first of a month."""

from datetime import UTC, date, datetime

import pytest

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


def test_the_first_of_a_month_is_said_in_words():
    with i18n.speaking("fr"):
        assert i18n.format_day(date(2026, 12, 1), "EEEE d MMMM") == "mardi 1er décembre"
        assert i18n.format_day(date(2026, 12, 11)) == "11 déc. 2026"
        assert i18n.format_moment(datetime(2026, 12, 1, 11, tzinfo=UTC)).startswith("1er déc. 2026")
    with i18n.speaking("de"):
        assert i18n.format_day(date(2026, 12, 1), "d MMMM") == "1 Dezember"

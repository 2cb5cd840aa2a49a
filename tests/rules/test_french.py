"""French words before a value that begins with a vowel, and blanks that do not break."""

import re

import pytest

from agency.rules.french import begins_with_vowel, elide, typeset

pytestmark = pytest.mark.pure
PLACE = re.compile(r"\{(\w+)\}")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Enercity B.V.", "une facture d’{creditor}"),
        ("Île de France SA", "une facture d’{creditor}"),
        ("<strong>Orange</strong>", "une facture d’{creditor}"),
        ("ING", "une facture d’{creditor}"),
        ("Vandaele NV", "une facture de {creditor}"),
        ("Hubo", "une facture de {creditor}"),
        ("Yves Rocher", "une facture de {creditor}"),
        ("8 à Huit", "une facture de {creditor}"),
        ("", "une facture de {creditor}"),
    ],
)
def test_de_loses_its_e_before_a_vowel_only(name, said):
    assert elide("une facture de {creditor}", PLACE, lambda _: name) == said


def test_que_too_and_nothing_that_ends_alike():
    written = "Depuis que {who} paie, lorsque {who} ne paie pas ; mode {who}, 12 de {who}"
    told = elide(written, PLACE, lambda _: "Anna")
    assert told == "Depuis qu’{who} paie, lorsqu’{who} ne paie pas ; mode {who}, 12 d’{who}"


def test_a_blank_or_a_star_before_a_name_is_not_read():
    assert begins_with_vowel("**Orange**")
    assert not begins_with_vowel("**")


def test_a_sign_never_begins_a_line():
    assert typeset("Payé ? Merci ! Voir : « ici » ; 12:30") == (
        "Payé\u00a0? Merci\u00a0! Voir\u00a0: «\u00a0ici\u00a0»\u00a0; 12:30"
    )
    assert typeset("l'agence d'%(name)s aujourd'hui") == "l’agence d’%(name)s aujourd’hui"
    assert typeset("subject: Voir\n\n?costs.total: Payez") == "subject: Voir\n\n?costs.total: Payez"
    assert typeset("key = 'a'") == "key = 'a'"

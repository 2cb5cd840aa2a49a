"""What a brand may be: contrast of every colour, names that arrive, texts that everybody can read."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agency.rules.brand import BrandDesign, brand_faults, brand_limits, changes, contrast, fonts

pytestmark = pytest.mark.pure

TODAY = date(2026, 11, 27)
DESIGN = BrandDesign(
    name="Enercity", sender_name="Enercity Klantenservice", sender_email="post@enercity.example",
    reply_to="klant@enercity.example", sms_sender="Enercity", phone="+31 20 765 43 21",
)  # fmt: skip
HARD = "De verschuldigde buitengerechtelijke incassokosten " * 6
COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def codes(**changed):
    return [(one.field, one.code) for one in brand_faults(replace(DESIGN, **changed), on=TODAY)]


def test_an_ordinary_brand_has_no_faults():
    assert codes() == []


def test_contrast_is_that_of_the_guideline():
    # The guideline's own extremes, and the grey that is known to pass on white by a hair.
    assert contrast("#000000", "#ffffff") == 21
    assert contrast("#123456", "#123456") == 1
    assert Decimal("4.5") <= contrast("#767676", "#ffffff") < Decimal("4.55")
    assert contrast("#777777", "#ffffff") < Decimal("4.5")


@settings(max_examples=60)
@given(COLOURS, COLOURS, COLOURS)
def test_what_passes_can_be_read_on_buttons_and_on_paper(colour, ink, accent):
    found = {field for field, _ in codes(colour=colour, ink=ink, accent=accent)}
    assert ("ink" in found) == (contrast(ink, colour) < Decimal("4.5"))
    assert ("accent" in found) == (contrast(accent, "#ffffff") < Decimal("4.5"))


@settings(max_examples=40)
@given(COLOURS, COLOURS)
def test_contrast_has_no_direction_and_stays_in_its_range(one, other):
    assert contrast(one, other) == contrast(other, one)
    assert 1 <= contrast(one, other) <= Decimal("21.01")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"name": "x"}, ("name", "too_short")),
        ({"sender_name": "Enercity\r\nBcc: all@example.org"}, ("sender_name", "one_line")),
        ({"sender_name": "x" * 101}, ("sender_name", "too_long")),
        ({"colour": "red"}, ("colour", "no_colour")),
        ({"colour": "#ffd400"}, ("ink", "contrast_button")),
        ({"accent": "#ffd400"}, ("accent", "contrast_paper")),
        ({"font": "Comic"}, ("font", "no_font")),
        ({"letterhead": "\n".join("abcdef")}, ("letterhead", "too_many_lines")),
        ({"letterhead": "x" * 41}, ("letterhead", "line_too_long")),
        ({"sender_email": "post@localhost"}, ("sender_email", "no_mail")),
        ({"sender_email": "post@enercity.example\nBcc:"}, ("sender_email", "no_mail")),
        ({"reply_to": ""}, ("reply_to", "no_mail")),
        ({"pay_host": "https://betalen.example"}, ("pay_host", "no_host")),
        ({"sms_sender": "A sender too long"}, ("sms_sender", "no_sms_sender")),
        ({"sms_sender": "Ener-city"}, ("sms_sender", "no_sms_sender")),
        ({"sms_sender": "123456"}, ("sms_sender", "no_sms_sender")),
        ({"phone": "call me"}, ("phone", "no_phone")),
        ({"caller_id": "020 765 43 21"}, ("caller_id", "no_caller_id")),
        ({"footer": "x" * 501}, ("footer", "too_long")),
        ({"pay_text": {"xx": "hello"}}, ("pay_text_xx", "no_language")),
        ({"pay_text": {"nl": HARD}}, ("pay_text_nl", "too_hard")),
    ],
)  # fmt: skip
def test_a_fault_names_its_field(changed, expected):
    assert expected in codes(**changed)


def test_what_is_optional_may_be_empty_and_what_arrives_may_stand():
    assert codes(sender_email="", caller_id="", pay_host="") == []
    assert codes(sms_sender="+31612345678", caller_id="+31207654321") == []
    assert codes(pay_host="betalen.enercity.example") == []
    assert codes(pay_text={"nl": "U kunt hier veilig betalen.", "de": "", "en": "You can pay here."}) == []
    assert codes(letterhead="Afdeling Debiteuren\nPostbus 12\n1000 AA Amsterdam") == []


def test_fields_and_back_give_the_same_design():
    design = replace(DESIGN, pay_text={"nl": "Betaal hier."}, colour="#1d7a46")
    assert BrandDesign.from_fields(design.plain() | {"unknown": "x", "caller_id": None}) == design
    with pytest.raises(TypeError):
        BrandDesign.from_fields({"name": 7})


def test_a_difference_is_told_by_field_and_language():
    after = replace(DESIGN, colour="#1d7a46", pay_text={"fr": "Payez ici."})
    assert changes(DESIGN, after) == (("colour", "#0b5cad", "#1d7a46"), ("pay_text_fr", "", "Payez ici."))
    assert changes(DESIGN, DESIGN) == ()


def test_the_domain_of_mail_is_that_of_its_address():
    assert replace(DESIGN, sender_email="Post@Enercity.Example").mail_domain == "enercity.example"
    assert replace(DESIGN, sender_email="").mail_domain == ""


def test_every_font_has_a_name_in_each_medium():
    assert set(fonts()) == {"plain", "classic", "bookish", "technical"}
    assert brand_limits(on=TODAY)["sms_sender_max"] == 11

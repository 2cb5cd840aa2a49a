"""What a brand may be: contrast of every colour, names that arrive, texts that everybody can read."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agency.rules.brand import (
    BrandDesign,
    brand_faults,
    brand_limits,
    changes,
    contrast,
    fonts,
    text_contrast_min,
)

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
        ({"name": "Ener\u0441ity"}, ("name", "look_alike")),  # a Cyrillic es
        ({"sender_name": "\u0395nercity"}, ("sender_name", "look_alike")),  # a Greek epsilon
        ({"sender_name": "\U0001d404nercity"}, ("sender_name", "look_alike")),  # a mathematical E
        ({"sender_name": "Enerc\u0269ty"}, ("sender_name", "look_alike")),  # a phonetic iota
        ({"sender_name": "\u0421\u043e\u0441\u0430"}, ("sender_name", "look_alike")),  # all of it Cyrillic
        ({"name": "Enercity \uff12\uff14"}, ("name", "look_alike")),  # digits of full width
        ({"sender_email": "post@\u0435nercity.example"}, ("sender_email", "no_mail")),
        ({"pay_host": "betalen.\u0435nercity.example"}, ("pay_host", "no_host")),
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


@pytest.mark.parametrize(
    "name",
    [
        "Stra\u00dfe & S\u00f8n",
        "\u0141\u00f3d\u017a \u0130n\u015faat",
        "Caf\u00e9 \u2013 \u201et Hoekje\u201d",
        "Nguy\u1ec5n 24/7 \u20ac",
    ],
)
def test_names_of_europe_are_ordinary(name):
    assert codes(name=name, sender_name=name) == []


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


def test_answers_come_in_below_the_domain_of_mail():
    assert DESIGN.inbound_domain(on=TODAY) == "antwoord.enercity.example"
    assert replace(DESIGN, sender_email="").inbound_domain(on=TODAY) == ""


def test_every_font_has_a_name_in_each_medium():
    assert set(fonts()) == {"plain", "classic", "bookish", "technical"}
    assert brand_limits(on=TODAY)["sms_sender_max"] == 11


class TestBorders:
    """Each limit from both sides, with the facts that fill its sentence."""

    LIMITS = brand_limits(on=TODAY)

    def faults(self, **changed):
        return [
            (one.field, one.code, one.facts) for one in brand_faults(replace(DESIGN, **changed), on=TODAY)
        ]

    @pytest.mark.parametrize(
        ("field", "limit"), [("name", "name_max"), ("sender_name", "name_max"), ("footer", "text_max")]
    )
    def test_a_text_may_be_as_long_as_the_limit(self, field, limit):
        most = self.LIMITS[limit]
        assert self.faults(**{field: "x" * most}) == []
        assert self.faults(**{field: "x" * (most + 1)}) == [(field, "too_long", {"most": str(most)})]

    def test_a_name_has_two_signs(self):
        assert self.faults(name="ab") == []
        assert self.faults(name=" a ") == [("name", "too_short", {})]

    def test_a_letterhead_has_so_many_lines_of_such_a_length(self):
        lines, longest = self.LIMITS["letterhead_lines"], self.LIMITS["letterhead_line_max"]
        assert self.faults(letterhead="\n".join(["x" * longest] * lines)) == []
        assert self.faults(letterhead="\n".join(["x"] * (lines + 1))) == [
            ("letterhead", "too_many_lines", {"most": str(lines)})
        ]
        assert self.faults(letterhead="x" * (longest + 1)) == [
            ("letterhead", "line_too_long", {"most": str(longest)})
        ]

    def test_an_sms_sender_has_eleven_signs(self):
        assert self.faults(sms_sender="x" * 11) == []
        assert self.faults(sms_sender="x" * 12) == [("sms_sender", "no_sms_sender", {"most": "11"})]

    def test_a_contrast_that_is_too_low_is_told_beside_the_least(self):
        assert self.faults(accent="#777777") == [
            ("accent", "contrast_paper", {"found": "4.4", "least": "4.5"})
        ]
        assert self.faults(ink="#ffffff", colour="#ffffff") == [
            ("ink", "contrast_button", {"found": "1.0", "least": "4.5"})
        ]

    def test_the_darkest_colours_are_linear(self):
        # WCAG 2.2: below 0.04045 a part counts by a 12.92th of itself.
        expected = (Decimal(10) / 255 / Decimal("12.92") + Decimal("0.05")) / Decimal("0.05")
        assert contrast("#0a0a0a", "#000000").quantize(Decimal("0.000001")) == expected.quantize(
            Decimal("0.000001")
        )

    def test_a_text_of_the_pay_page_may_be_as_long_as_the_limit(self):
        most = self.LIMITS["text_max"]
        assert self.faults(pay_text={"nl": "." * most}) == []
        assert self.faults(pay_text={"nl": "." * (most + 1)}) == [
            ("pay_text_nl", "too_long", {"most": str(most)})
        ]

    def test_a_hard_text_is_told_with_what_to_mend(self):
        long = "verantwoordelijkheidsverzekering "
        [(_, code, facts)] = self.faults(pay_text={"nl": long * 12})
        sentence, *words = facts["mend"].split(" | ")
        assert (code, set(facts)) == ("too_hard", {"mend"})
        assert sentence.startswith(long.strip())
        assert words == [long.strip()]

    def test_of_a_hard_text_the_longest_sentence_and_three_words_are_told(self):
        hard = (
            "onverantwoordelijkheid",
            "verzekeringsmaatschappij",
            "incassokostenberekening",
            "rechtsbijstand",
        )
        longer, shorter = (f"{' '.join(hard * times)}." for times in (3, 2))
        [(_, code, facts)] = self.faults(pay_text={"nl": f"{shorter} {longer}"})
        sentence, *words = facts["mend"].split(" | ")
        assert (code, sentence) == ("too_hard", longer)
        assert len(words) == 3
        assert set(words) < set(hard)

    def test_what_is_no_colour_has_no_contrast(self):
        with pytest.raises(ValueError, match="no colour"):
            contrast("red", "#ffffff")

    def test_the_least_contrast_is_that_of_the_guideline_whenever_asked(self):
        assert text_contrast_min(on=TODAY) == Decimal("4.5")
        assert text_contrast_min(on=date(1990, 1, 1)) == Decimal("4.5")

"""Mails: escaped, sandboxed, without third parties, with a text part that says the same."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agency.ports.providers import TemplateRefused
from integrations.rendering import TemplateRenderer

pytestmark = pytest.mark.pure

RENDERER = TemplateRenderer()

TEMPLATE = """
<mjml><mj-head><mj-preview>Wat u ziet in de lijst</mj-preview></mj-head><mj-body>
<mj-section><mj-column>
<mj-text font-family="Roboto">Beste {{ name }},</mj-text>
<mj-text>Open staat {{ amount }}. {% for line in lines %}{{ line.number }} {% endfor %}</mj-text>
<mj-button href="{{ link }}">Bekijk en betaal</mj-button>
</mj-column></mj-section></mj-body></mjml>
"""
VALUES = {
    "name": "De Vries",
    "amount": "€ 61,85",
    "link": "http://127.0.0.1:8000/p/abc",
    "lines": [{"number": "2026-001"}, {"number": "2026-002"}],
}


def body(text: str) -> str:
    column = f"<mj-column><mj-text>{text}</mj-text></mj-column>"
    return f"<mjml><mj-body><mj-section>{column}</mj-section></mj-body></mjml>"


class TestRenderMail:
    def test_gives_html_and_the_same_words_as_text(self):
        html, text = RENDERER.email(mjml=TEMPLATE, values=VALUES)
        assert "Beste De Vries," in html
        assert text == (
            "Beste De Vries,\n\nOpen staat € 61,85. 2026-001 2026-002\n\n"
            "Bekijk en betaal (http://127.0.0.1:8000/p/abc)\n"
        )

    def test_asks_no_third_party_for_anything(self):
        html, _ = RENDERER.email(mjml=TEMPLATE, values=VALUES)
        assert "googleapis" not in html
        assert "@import" not in html

    def test_escapes_every_value(self):
        hostile = "</mj-text><mj-raw><script>alert(1)</script></mj-raw>\" onload='x' {{ 7*7 }}"
        html, text = RENDERER.email(mjml=TEMPLATE, values=VALUES | {"name": hostile})
        assert "<script" not in html
        assert "49" not in html
        assert "<script>alert(1)</script>" in text  # as words, which is what was typed

    def test_a_value_cannot_leave_its_attribute(self):
        html, _ = RENDERER.email(mjml=TEMPLATE, values=VALUES | {"link": 'x" onclick="alert(1)'})
        assert 'onclick="alert(1)"' not in html

    @settings(max_examples=60, deadline=None)
    @given(name=st.text(max_size=40))
    def test_any_name_renders(self, name):
        html, _ = RENDERER.email(mjml=TEMPLATE, values=VALUES | {"name": name})
        assert "Bekijk en betaal" in html

    @pytest.mark.parametrize(
        "source",
        [
            body("{{ missing }}"),
            body("{{ ''.__class__.__mro__ }}"),
            body("{{ name.__init__.__globals__ }}"),
            body("{% include 'other' %}"),
            body("{% for n in range(100000000) %}x{% endfor %}"),
            body("{{ 'x' * 1000000000 }}"),
            body("{{ 9 ** 999999999 }}"),
            body("{{ lines.append(1) }}"),
            body("{% if %}"),
            # F2: these pass Jinja's own sandbox, and take minutes or gigabytes.
            body(3 * "{% for one in lines %}" + "x" + 3 * "{% endfor %}"),
            body("{% for a in lines recursive %}{{ loop(lines) }}{% endfor %}"),
            body("{{ name.ljust(200000000) }}"),
            body("{{ '%99999999d' % 1 }}"),
            body("{{ name|center(200000000) }}"),
            body("{% set x = name ~ name %}{{ x }}"),
            body("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"),
            body("{{ cycler }}{{ lipsum(100000) }}"),
            "<mjml><mj-body><mj-include path='/etc/passwd' /></mj-body></mjml>",
            "<mjml><mj-body><mj-text>",
            "no markup at all",
        ],
    )
    def test_refuses_a_template_that_reaches_out_or_is_broken(self, source):
        with pytest.raises(TemplateRefused):
            RENDERER.email(mjml=source, values=VALUES)

    def test_a_mail_larger_than_a_mail_can_be_is_given_up(self):
        many = body("{% for a in lines %}{% for b in lines %}{{ name }}{% endfor %}{% endfor %}")
        values = VALUES | {"name": "x" * 1_000, "lines": [{"number": str(n)} for n in range(1_000)]}
        with pytest.raises(TemplateRefused, match="too large"):
            RENDERER.email(mjml=many, values=values)

    def test_a_few_places_with_very_long_words_are_given_up_as_well(self):
        many = body("{% for a in lines %}{{ name }}{% endfor %}")
        values = VALUES | {"name": "x" * 100_000, "lines": [{"number": str(n)} for n in range(50)]}
        with pytest.raises(TemplateRefused, match="too large"):
            RENDERER.email(mjml=many, values=values)

    def test_values_larger_than_a_message_can_hold_are_refused(self):
        with pytest.raises(TemplateRefused, match="too large"):
            RENDERER.email(mjml=TEMPLATE, values=VALUES | {"name": "x" * 4_000_001})

    @pytest.mark.parametrize(
        "value", [Decimal("1.50"), 1.5, date(2026, 11, 2), b"x", object(), {1: "x"}, [object()]]
    )
    def test_refuses_a_value_that_is_not_plain(self, value):
        with pytest.raises(TemplateRefused):
            RENDERER.email(mjml=TEMPLATE, values=VALUES | {"name": value})

    def test_refuses_text_that_claims_to_be_safe(self):
        class Trusted(str):
            def __html__(self):
                return self

        with pytest.raises(TemplateRefused):
            RENDERER.email(mjml=TEMPLATE, values=VALUES | {"name": Trusted("<script>")})

"""A mail's shape is made once: with its words put in, it is what MJML makes of that mail alone."""

import re

import mjml
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment

from integrations.rendering import TemplateRenderer, mail_shapes
from integrations.rendering.plain_text import as_text
from integrations.rendering.plain_values import plain_values
from tests.rendering.test_mail import body

pytestmark = pytest.mark.pure

RENDERER = TemplateRenderer()
ALONE = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)

EVERYWHERE = """
<mjml><mj-head>
<mj-title>{{ subject }}</mj-title><mj-preview>{{ name }} - {{ subject }}</mj-preview>
<mj-attributes><mj-text color="{{ colour }}" /></mj-attributes>
<mj-style>.note { color: {{ colour }}; }</mj-style>
<mj-style inline="inline">.loud div { color: {{ colour }} !important; }</mj-style>
</mj-head><mj-body background-color="{{ colour }}">
<mj-section><mj-column>
<mj-image src="{{ link }}" alt="{{ name }}" width="{{ width }}" />
<mj-text css-class="loud">Beste {{ name }},
{% if name == "De Vries" %}dag{% elif not name %}wie?{% endif %}</mj-text>
<mj-text>{{ name }}{{ subject }}<br/>{{ name[0:3] }} <a href="{{ link }}">{{ subject }}</a></mj-text>
<mj-table>{% for line in lines %}
<tr><td>{{ line.number }}</td><td>{{ line.words }}</td></tr>
{% endfor %}</mj-table>
{% if "x" in subject %}<mj-button href="{{ link }}?a=1">{{ name }}</mj-button>{% endif %}
</mj-column></mj-section></mj-body></mjml>
"""
WORDS = st.one_of(
    st.sampled_from(["De Vries", "", " ", "€\xa0125,00", "a  b", " voor", "na ", "x<b>&amp;</b>", 'a"b']),
    st.sampled_from(["<!-- x -->", "]]>", "{{ 7 }}", "&nbsp;"]),
    st.text(alphabet=st.characters(exclude_characters="\\", exclude_categories=("Cs",)), max_size=12),
    st.text(alphabet="ax <>&\"'=/\n\t\xa0\u2009⸨⸩1;#-", max_size=12),
)
VALUES = st.fixed_dictionaries(
    {
        "subject": WORDS,
        "name": WORDS,
        "link": WORDS.map(lambda word: f"http://127.0.0.1/p/{''.join(word.split())}"),
        "colour": st.sampled_from(["#123456", "#fff", "red"]),
        "width": st.sampled_from(["80px", "120px"]),
        "lines": st.lists(st.fixed_dictionaries({"number": WORDS, "words": WORDS}), max_size=3),
    }
)


# In attributes MJML spells out what it takes for unprintable: in a shape such signs stay what they are.
SPELLED_OUT = re.compile(r"\\u\{([0-9a-f]+)\}")


def alone(source: str, values: dict) -> tuple[str, str]:
    markup = ALONE.from_string(source).render(plain_values(values))
    return read_out(mjml.mjml2html(markup, fonts={})), as_text(markup)


def shaped(source: str, values: dict) -> tuple[str, str]:
    html, text = RENDERER.email(mjml=source, values=values)
    return read_out(html), text


def read_out(html: str) -> str:
    return SPELLED_OUT.sub(lambda found: chr(int(found[1], 16)), html)


@settings(max_examples=300, deadline=None)
@given(values=VALUES)
def test_a_mail_is_the_one_that_is_made_of_its_own_markup(values):
    assert shaped(EVERYWHERE, values) == alone(EVERYWHERE, values)


def test_other_words_are_put_into_the_same_shape():
    mail_shapes._made.cache_clear()
    for name in ("De Vries", "Jansen & Zn", "Van <den> Berg"):
        source = body("{{ name }}")
        assert shaped(source, {"name": name}) == alone(source, {"name": name})
    assert mail_shapes._made.cache_info().misses == 1

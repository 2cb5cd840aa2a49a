"""A letter in a court's bundle opens no page: not by its words, not by its code, not by its link."""

import io
from datetime import date

import pypdfium2
import pytest
from pypdf import PdfReader

from agency.communication.payment_codes import drawn_code
from integrations.rendering import TemplateRenderer
from integrations.rendering.covered_links import cover_links

pytestmark = pytest.mark.pure

TOKEN = "twFg1-YUN1BnRv1xmTYaSQ"
SOURCE = """
#let data = json(bytes(sys.inputs.data))
#set document(title: "Aanmaning")
#set text(lang: "nl", size: 11pt)
#set page(width: 210mm, height: 297mm, margin: 25mm)
= Aanmaning
#grid(columns: (28mm, 1fr), column-gutter: 6mm,
  image(bytes(data.qr), format: "svg", width: 28mm, alt: "code"),
  [*Zo betaalt u* \\ Online op: \\ #data.link \\ of naar NL91 ABNA 0417 1643 00])
"""


def letter(link: str) -> bytes:
    values = {"qr": drawn_code(link, is_link=True), "link": link}
    return TemplateRenderer().letter(source=SOURCE, values=values, dated=date(2026, 11, 3))


def dark(pdf: bytes) -> float:
    """The part of the place of the code that is black."""
    page = pypdfium2.PdfDocument(pdf)[0]
    picture = page.render(scale=1).to_pil().convert("L")
    tones = picture.crop((73, 100, 148, 160)).histogram()
    return sum(tones[:60]) / sum(tones)


@pytest.mark.parametrize(
    "host", ["https://incasso.example", "https://" + "een-heel-lange-naam." * 5 + "example"]
)
def test_neither_words_nor_code_nor_link_are_left(host):
    made = letter(f"{host}/pay/{TOKEN}")
    covered = cover_links(made)
    assert dark(made) > 0.2
    assert dark(covered) == 0
    reader = PdfReader(io.BytesIO(covered))
    assert TOKEN[:6] not in "".join(page.extract_text() for page in reader.pages)
    assert not any(page.annotations for page in reader.pages)
    assert TOKEN.encode() not in covered


def test_the_same_letter_is_covered_into_the_same_bytes():
    made = letter(f"https://incasso.example/pay/{TOKEN}")
    assert cover_links(made) == cover_links(made)


@pytest.mark.parametrize("content", [b"%PDF-1.4 broken", letter("https://incasso.example/over-ons")])
def test_what_has_no_such_link_stays_byte_for_byte(content):
    assert cover_links(content) == content

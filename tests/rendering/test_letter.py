"""Letters: two PDF standards, the same bytes each time, and nothing but the values inside."""

import io
import threading
from datetime import date

import pytest
from pypdf import PdfReader

from agency.communication.print_batches.gathering import pages_of
from agency.ports.providers import TemplateRefused
from integrations.rendering import TemplateRenderer
from tests.printing import pdf_of

pytestmark = pytest.mark.pure

RENDERER = TemplateRenderer()
DATED = date(2026, 11, 3)
SOURCE = """
#let data = json(bytes(sys.inputs.data))
#set document(title: "Aanmaning")
#set text(lang: "nl", size: 11pt)
#set page(width: 210mm, height: 297mm, margin: 25mm)
= Aanmaning
#data.name

#data.text
"""


def letter(**values: str) -> bytes:
    return RENDERER.letter(source=SOURCE, values={"name": "Jansen", "text": "Betaal"} | values, dated=DATED)


def words(pdf: bytes) -> str:
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


class TestPagesOf:
    @pytest.mark.parametrize("lines", [1, 200, 3_000])
    def test_counts_the_pages_that_a_reader_counts(self, lines):
        pdf = letter(text="Betaal \n" * lines)
        assert pages_of(pdf) == len(PdfReader(io.BytesIO(pdf)).pages)

    def test_needs_nothing_behind_the_list_of_pages(self):
        """What is behind it takes a reader of any PDF its time."""
        pdf = letter(text="Betaal \n" * 200)
        cut = pdf[: pdf.index(b"endobj")] + b"/Pages 1 0 R"
        assert pages_of(cut) == pages_of(pdf) > 1

    def test_reads_a_letter_of_another_maker_too(self):
        assert pages_of(pdf_of(3)) == 3


class TestRenderLetter:
    def test_is_pdf_a_2a_and_pdf_ua_1(self):
        metadata = PdfReader(io.BytesIO(letter())).xmp_metadata
        assert metadata is not None
        xmp = metadata.rdf_root.toxml()
        assert "<pdfaid:part>2</pdfaid:part>" in xmp
        assert "<pdfaid:conformance>A</pdfaid:conformance>" in xmp
        assert "<pdfuaid:part>1</pdfuaid:part>" in xmp

    def test_is_dated_by_the_letter_and_equal_each_time(self):
        first, second = letter(), letter()
        assert first == second
        information = PdfReader(io.BytesIO(first)).metadata
        assert information is not None
        assert str(information.creation_date).startswith("2026-11-03")

    def test_embeds_all_its_fonts(self):
        for page in PdfReader(io.BytesIO(letter())).pages:
            for font in page["/Resources"]["/Font"].values():
                descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
                assert {"/FontFile2", "/FontFile3"} & set(descriptor.get_object())

    @pytest.mark.parametrize(
        "hostile",
        ['#read("/etc/passwd")', "$x^2$ *vet* <label> @ref", '")] #panic("x")', "\\u{41} // ${{ 7*7 }}"],
    )
    def test_a_value_is_never_markup(self, hostile):
        assert hostile.replace(" ", "") in words(letter(text=hostile)).replace(" ", "").replace("\n", "")

    def test_a_name_wider_than_the_paper_wraps(self):
        name = "Wolfeschlegelsteinhausenbergerdorff" * 6
        lines = words(letter(name=name)).replace("\u200b", "").splitlines()
        assert "".join(lines[1:-1]) == name
        assert len(lines[1:-1]) == 3

    def test_an_address_to_copy_stays_as_it_is(self):
        address = "https://betaal.incassonoord.example/p/3Jc9xQm2Tz7VbN4kLw8Rp1Ys6Hd"
        assert address in words(letter(text=address)).replace("\n", "")

    @pytest.mark.parametrize(
        ("source", "why"),
        [
            ('#import "@preview/cetz:0.2.2"', "load"),
            ('#include "/etc/passwd"', "load"),
            ('#set document(title: "x")\n#read("/etc/passwd")', "not found"),
            ('#set document(title: "x")\n#read("../mail.py")', "escape"),
            ('#set document(title: "x")\n#while true { [x] }', "only go over its values"),
            ('#set document(title: "x")\n#{ let a = 0; while a < 1e9 { a += 1 } }', "only go over"),
            ('#set document(title: "x")\n#for n in range(1000000000) [x]', "only go over its values"),
            ('#set document(title: "x")\n#eval("1")', "only go over its values"),
            ("= Zonder titel", "title"),
            ('#set document(title: "x")\n#unknown', "unknown"),
        ],
    )
    def test_refuses_a_source_that_reaches_out_or_breaks_a_standard(self, source, why):
        with pytest.raises(TemplateRefused, match=why):
            RENDERER.letter(source=source, values={}, dated=DATED)

    def test_leaves_nothing_of_its_values_for_the_next(self):
        """The next letter of a thread is compiled by the same compiler."""
        letter(name="Jansen")
        reads = '#set document(title: "x")\n#set text(lang: "nl")\n#read("data.json")'
        assert "Jansen" not in words(RENDERER.letter(source=reads, values={"name": "Bakker"}, dated=DATED))

    def test_renders_in_many_threads_at_once(self):
        done: list[bytes] = []
        threads = [
            threading.Thread(target=lambda n=n: done.append(letter(name=f"Debiteur {n}"))) for n in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(done)) == 6

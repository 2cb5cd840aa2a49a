"""Documents are what their content says they are, and never do anything by themselves."""

import io
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from agency.documents.completeness import assess_claim
from agency.documents.types import UnacceptableFile, active_parts, file_type, suggest_kind
from agency.documents.upload import DOCUMENT_BYTES_MAX, add_document, clean_name, documents_of, fetch_document
from agency.kernel.emitting import install_reactions
from agency.kernel.errors import NotFound
from agency.kernel.unit import Door
from agency.rules.facts import DocumentKind
from tests.intake.factories import Store, a_creditor, a_file, a_row, place, rows_of

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n%%EOF"


def an_image(kind, size=(8, 8)):
    out = io.BytesIO()
    Image.new("RGB", size, "white").save(out, kind)
    return out.getvalue()


PNG = an_image("PNG")


def a_docx() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w:document/>")
    return out.getvalue()


@pytest.mark.pure
class TestType:
    @pytest.mark.parametrize(
        ("name", "content", "media_type"),
        [
            ("bon.pdf", PDF, "application/pdf"),
            ("foto.PNG", PNG, "image/png"),
            ("foto.jpg", an_image("JPEG"), "image/jpeg"),
            ("notitie.txt", "Geachte heer, €".encode(), "text/plain"),
            ("factuur.xml", b"<?xml version='1.0'?><Invoice/>", "application/xml"),
            (
                "factuur.xml",
                "<?xml version='1.0' encoding='utf-16'?><Invoice/>".encode("utf-16"),
                "application/xml",
            ),
            ("lijst.csv", "\ufeffnaam;bedrag".encode("utf-16-be"), "text/csv"),
        ],
    )
    def test_is_told_from_content_and_extension_together(self, name, content, media_type):
        assert file_type(content, name=name).media_type == media_type

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("leeg.pdf", b""),
            ("bon.pdf", PNG),
            ("bon.pdf", b"<html>%PDF-1.4</html>"),
            ("foto.png", PDF),
            ("pagina.html", b"<html></html>"),
            ("logo.svg", b"<svg onload='x'/>"),
            ("tekst.txt", b"<script>alert(1)</script>"),
            ("tekst.txt", b"a\x00b"),
            ("plaatje.xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
            ("plaatje.xml", "<svg xmlns='http://www.w3.org/2000/svg'/>".encode("utf-16")),
            ("tekst.txt", "<script>alert(1)</script>".encode("utf-16")),
            ("tekst.txt", "a\x00b".encode("utf-16")),
            ("programma.exe", b"MZ"),
            ("zonder", PDF),
            ("bon.pdf.exe", PDF),
        ],
    )
    def test_is_refused_when_they_disagree_or_it_could_act(self, name, content):
        with pytest.raises(UnacceptableFile):
            file_type(content, name=name)

    def test_active_parts_are_named_also_when_compressed(self):
        hidden = zlib.compress(b"<</S/JavaScript/JS(app.alert(1))>>")
        content = PDF + b"2 0 obj<<>>stream\r\n" + hidden + b"endstream"
        assert active_parts(content) == ("JavaScript",)
        assert active_parts(PDF + b"/Launch /EmbeddedFile") == ("embedded files", "starts a program")
        assert active_parts(PDF + b"/JSON") == ()

    def test_real_pdfs_with_code_are_marked(self, real_data):
        folder = real_data / "06_hostile/pdf_pdfjs"
        assert "JavaScript" in file_type((folder / "js-authors.pdf").read_bytes(), name="a.pdf").active
        for path in folder.glob("*.pdf"):
            try:
                file_type(path.read_bytes(), name=path.name)
            except UnacceptableFile:
                continue

    @given(st.binary(max_size=300), st.sampled_from(["pdf", "png", "docx", "xlsx", "txt", "xml", "msg"]))
    def test_any_bytes_are_told_or_refused(self, content, extension):
        try:
            file_type(content, name=f"a.{extension}")
        except UnacceptableFile:
            return

    @given(st.text(max_size=400))
    def test_names_are_shown_without_folders_or_tricks(self, name):
        shown = clean_name(name)
        assert 0 < len(shown) <= 200
        assert "/" not in shown
        assert "\\" not in shown
        assert not set(shown) & {"\u202e", "\x00", "\n"}

    def test_a_kind_is_suggested_by_the_name(self):
        assert suggest_kind("Afleverbon 2026.pdf") is DocumentKind.delivery_note
        assert suggest_kind("scan0001.pdf") is DocumentKind.other


@pytest.fixture
def creditor_id(units):
    install_reactions({})
    found = a_creditor(units)
    place(units, found, a_file(a_row("F1")))
    return found


def add(units, creditor_id, claim_id, *, content=PDF, name="bon.pdf", store=None):
    with units.open(Door.CREDITOR, by="user:test", creditor_id=creditor_id) as unit:
        return add_document(
            unit,
            store or Store(),
            creditor_id=creditor_id,
            claim_id=claim_id,
            kind=DocumentKind.delivery_note,
            name=name,
            content=content,
        )


class TestAdding:
    def test_the_same_file_twice_is_one_document(self, units, creditor_id):
        ((claim_id,),) = rows_of(units, creditor_id, "SELECT id FROM claim")
        assert add(units, creditor_id, claim_id) == add(units, creditor_id, claim_id, name="kopie.pdf")
        assert rows_of(units, creditor_id, "SELECT count(*) FROM event WHERE kind = 'DocumentAdded'") == [
            (1,)
        ]

    def test_one_that_is_refused_leaves_nothing(self, units, creditor_id):
        ((claim_id,),) = rows_of(units, creditor_id, "SELECT id FROM claim")
        for content, name in ((PNG, "bon.pdf"), (PDF + b"x" * DOCUMENT_BYTES_MAX, "groot.pdf")):
            with pytest.raises(UnacceptableFile):
                add(units, creditor_id, claim_id, content=content, name=name)
        assert rows_of(units, creditor_id, "SELECT count(*) FROM document") == [(0,)]

    def test_another_creditors_claim_and_document_do_not_exist(self, units, creditor_id):
        ((claim_id,),) = rows_of(units, creditor_id, "SELECT id FROM claim")
        store, other = Store(), a_creditor(units, "OTHER")
        document_id = add(units, creditor_id, claim_id, store=store)
        with pytest.raises(NotFound):
            add(units, other, claim_id)
        with units.open(Door.CREDITOR, by="user:x", creditor_id=other) as unit:
            for owner in (other, creditor_id):
                with pytest.raises(NotFound):
                    fetch_document(unit, store, creditor_id=owner, document_id=document_id)
        with units.open(Door.CREDITOR, by="user:x", creditor_id=creditor_id) as unit:
            assert fetch_document(unit, store, creditor_id=creditor_id, document_id=document_id)[1] == PDF

    def test_raises_the_completeness(self, units, creditor_id):
        ((claim_id,),) = rows_of(units, creditor_id, "SELECT id FROM claim")

        def completeness():
            with units.open(Door.CREDITOR, by="user:x", creditor_id=creditor_id) as unit:
                found = assess_claim(unit, creditor_id=creditor_id, claim_id=claim_id)
                return found.completeness, len(documents_of(unit, creditor_id=creditor_id, claim_id=claim_id))

        before = completeness()
        add(units, creditor_id, claim_id)
        after = completeness()
        assert before == (0, 0)
        assert after[0] > 0
        assert after[1] == 1

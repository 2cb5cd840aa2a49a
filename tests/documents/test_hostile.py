"""Files made to do harm, by the cases of the catalogue of faults: refused in words, or kept and inert."""

import csv
import io
import struct
import time
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from agency.documents import sandbox
from agency.documents.archives import ArchiveLimits, UnacceptableArchive, entries_of, names_of
from agency.documents.signs import signs_of, text_of
from agency.documents.types import UnacceptableFile, file_type
from agency.intake.archive import unpack
from agency.kernel.errors import NotFound
from agency.ports.readers import Unreadable
from agency.rules.pdf_streams import STREAMS_MAX
from agency.rules.reading import ReadState
from integrations.einvoice.reader import read_einvoice
from tests.documents.papers import D, a_paper

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


def a_zip(entries, *, compression=zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


def a_docx(**parts: str) -> bytes:
    usual = {
        "[Content_Types].xml": "<Types/>",
        "word/document.xml": "<w:d xmlns:w='w'><w:p><w:r><w:t>Afleverbon</w:t></w:r></w:p></w:d>",
    }
    return a_zip(usual | parts)


class TestMails:
    """A mail as evidence is read as every mail is that comes in: whatever charset it claims."""

    MAIL = (
        b"From: Jan <jan@example.org>\nTo: a@example.org\nSubject: Uw factuur =?no-such?q?F-117?=\n"
        b"Content-Type: text/plain; charset=Shyft_JIS\n\nIk heb F-117 al betaald.\n"
    )

    def test_an_unknown_charset_does_not_keep_its_words_back(self):
        assert "F-117" in signs_of(text_of(self.MAIL, "message/rfc822"), "x.eml").tokens

    def test_two_bytes_a_letter_do_not_keep_its_words_back(self):
        invoice = "<Invoice><ID>F-117</ID></Invoice>".encode("utf-16")
        assert "F-117" in signs_of(text_of(invoice, "application/xml"), "x.xml").tokens
        found = sandbox.read(self.MAIL, media_type="message/rfc822")
        assert found.state is ReadState.read
        assert {"From:", "betaald."} <= {word.text for word in found.pages[0].words}


class TestArchives:
    def test_e7_a_bomb_is_stopped_before_it_is_unpacked(self):
        bomb = a_zip({"nul.txt": b"\0" * 50_000_000})
        tracemalloc.start()
        with pytest.raises(UnacceptableArchive, match="too large when unpacked"):
            list(entries_of(bomb))
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
        tracemalloc.stop()

    def test_e7_too_many_too_much_and_nested_are_each_bounded(self):
        limits = ArchiveLimits(entries=3, entry_bytes=1000, total_bytes=2000)
        with pytest.raises(UnacceptableArchive, match="too many"):
            names_of(a_zip({f"{n}": b"" for n in range(4)}), limits=limits)
        with pytest.raises(UnacceptableArchive, match="too large"):
            names_of(a_zip({"a": b"x" * 900, "b": b"y" * 900, "c": b"z" * 900}), limits=limits)
        with pytest.raises(UnacceptableArchive, match="too large"):
            names_of(a_zip({"a": b"x" * 1500}), limits=limits)
        inner = a_zip({"x": b"hello"})
        # An archive inside an archive is a file like any other: nobody unpacks it unasked.
        assert [entry.content for entry in entries_of(a_zip({"in.zip": inner}))] == [inner]

    def test_e7_entries_that_share_their_bytes_are_refused(self):
        content = bytearray(a_zip({"a.txt": b"a" * 40, "b.txt": b"b" * 40}, compression=zipfile.ZIP_STORED))
        second = content.rindex(b"PK\x01\x02")
        content[second + 42 : second + 46] = struct.pack("<I", 10)
        with pytest.raises(UnacceptableArchive, match="overlap"):
            list(entries_of(bytes(content)))

    @pytest.mark.parametrize("name", ["../../etc/passwd", "C:\\windows\\x", "/abs", "CON.pdf", "a/../../b"])
    def test_e8_a_name_is_only_a_label(self, name, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (entry,) = entries_of(a_zip({name: b"content"}))
        assert entry.content == b"content"
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_e7_ways_of_packing_that_unpack_without_bounds_are_refused_unopened(self, packing):
        bomb = a_zip({"a.csv": b"0" * 30_000_000}, compression=packing)
        at = bomb.index(b"PK\x01\x02") + 24
        lying = bomb[:at] + struct.pack("<I", 500_000) + bomb[at + 4 :]
        tracemalloc.start()
        with pytest.raises(UnacceptableArchive, match="pack it anew"):
            list(entries_of(lying))
        [packed] = unpack(lying)
        assert (packed.content, "pack it anew" in packed.refusal) == (b"", True)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
        tracemalloc.stop()

    def test_e8_a_file_without_a_name_is_a_file(self):
        with io.BytesIO(a_zip({"x": b"content"})) as packed:
            with zipfile.ZipFile(packed, "a") as archive:
                archive.writestr(zipfile.ZipInfo(""), b"nameless")
            content = packed.getvalue()
        assert names_of(content) == ["x", ""]
        assert [entry.content for entry in entries_of(content)] == [b"content", b"nameless"]

    def test_e8_a_link_is_refused(self):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            link = zipfile.ZipInfo("link")
            link.external_attr = 0o120777 << 16
            archive.writestr(link, "/etc/passwd")
        with pytest.raises(UnacceptableArchive, match="link"):
            names_of(out.getvalue())

    def test_every_real_broken_archive_is_refused_or_gives_what_is_expected(self, real_data):
        with (real_data / "_expected/hostile_zip.csv").open() as file:
            expected = {row["file"]: row for row in csv.DictReader(file) if row["file"].endswith(".zip")}
        read = {}
        for name, row in expected.items():
            try:
                read[name] = [len(entry.content) for entry in entries_of((real_data / name).read_bytes())]
            except UnacceptableArchive:
                continue
            assert row["python_zipfile"] == "reads ok", name
            assert len(read[name]) == int(row["members"]), name
            assert sum(read[name]) == int(row["uncompressed"]), name
        assert len(read) == 5

    @given(st.binary(max_size=400))
    def test_any_bytes_are_read_or_refused(self, content):
        for candidate in (content, a_zip({"a": b"abc"})[:20] + content):
            try:
                list(entries_of(candidate))
            except UnacceptableArchive:
                continue


class TestTypes:
    @pytest.mark.parametrize(
        "declared",
        [
            b'<!DOCTYPE lolz [<!ENTITY a "ha">]><Invoice>&a;</Invoice>',
            b'<?xml version="1.0"?><!DOCTYPE r SYSTEM "http://127.0.0.1:1/x"><r/>',
            b'<!DOCTYPE r [<!ENTITY % p SYSTEM "file:///etc/passwd">]><r/>',
            '<!DOCTYPE lolz [<!ENTITY a "ha">]><Invoice>&a;</Invoice>'.encode("utf-16"),
        ],
    )
    def test_e9_e10_a_document_type_is_refused_outright(self, declared):
        with pytest.raises(UnacceptableFile, match="document type"):
            file_type(declared, name="factuur.xml")

    def test_e9_e10_e11_every_real_hostile_xml_is_refused_or_only_text(self, real_data):
        for path in (real_data / "06_hostile/xml_defusedxml").glob("*.xml"):
            content = path.read_bytes()
            try:
                file_type(content, name=path.name)
            except UnacceptableFile:
                assert b"<!" in content, path.name
                continue
            assert sandbox.read(content, media_type="application/xml").words < 200

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("pagina.pdf", b"%PDF-1.4\n<html><script>alert(1)</script></html>\n%%EOF"),
            ("archief.pdf", b"%PDF-1.4\n%%EOF\n" + a_zip({"evil.exe": b"MZ"})),
            ("foto.jpg", b"\xff\xd8\xff\xfe\x00\x20<script>alert(1)</script>"),
        ],
    )
    def test_e13_what_is_two_things_at_once_is_refused(self, name, content):
        with pytest.raises(UnacceptableFile, match=r"at once|archive"):
            file_type(content, name=name)

    def test_e13_an_image_with_an_archive_behind_it_is_refused(self):
        out = io.BytesIO()
        Image.new("RGB", (4, 4)).save(out, "PNG")
        with pytest.raises(UnacceptableFile, match="archive"):
            file_type(out.getvalue() + a_zip({"a": b"b"}), name="foto.png")

    def test_e15_macros_programs_and_entities_in_letters_are_refused(self):
        assert file_type(a_docx(), name="brief.docx").media_type.endswith("document")
        for part in ({"word/vbaProject.bin": "x"}, {"word/a.exe": "MZ"}):
            with pytest.raises(UnacceptableFile, match="macros"):
                file_type(a_docx(**part), name="brief.docx")
        with pytest.raises(UnacceptableFile, match="entities"):
            file_type(a_docx(**{"word/document.xml": "<!DOCTYPE a><a/>"}), name="brief.docx")

    def test_e15_real_hostile_office_files_are_kept_inert_or_refused(self, real_data):
        seen = 0
        for path in sorted((real_data / "06_hostile").glob("excel_*/*")):
            if path.suffix in (".xlsx", ".docx"):
                seen += 1
                try:
                    found = file_type(path.read_bytes(), name=path.name)
                except UnacceptableFile:
                    continue
                assert sandbox.read(path.read_bytes(), media_type=found.media_type).state in ReadState
        assert seen > 5

    def test_e18_a_flood_of_pixels_is_refused_before_it_is_decoded(self):
        out = io.BytesIO()
        Image.new("1", (8, 8)).save(out, "PNG")
        head = struct.pack(">IIBBBBB", 50_000, 50_000, 1, 0, 0, 0, 0)
        chunk = b"IHDR" + head
        png = out.getvalue()
        flood = png[:8] + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png[33:]
        tracemalloc.start()
        with pytest.raises(UnacceptableFile, match=r"pixels|broken"):
            file_type(flood, name="foto.png")
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
        tracemalloc.stop()

    def test_e18_drawings_and_pages_with_code_are_refused(self):
        for name in ("logo.svg", "logo.xml", "logo.txt"):
            with pytest.raises(UnacceptableFile):
                file_type(b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", name=name)

    def test_e20_the_test_virus_is_refused(self):
        virus = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
        for name in ("a.txt", "a.pdf", "a.docx"):
            with pytest.raises(UnacceptableFile, match="virus"):
                file_type(virus, name=name)


class TestPackedParts:
    """What a PDF holds packed is found in one go through its bytes, and unpacked in bounds."""

    @pytest.mark.parametrize("bait", [b"stream\n", b"stream\n" + zlib.compress(b"")])
    def test_e12_beginnings_without_an_end_take_no_longer_than_the_file_is_long(self, bait):
        began = time.perf_counter()
        assert file_type(b"%PDF-1.4\n" + bait * 40_000, name="a.pdf").active == ()
        assert time.perf_counter() - began < 20
        with pytest.raises(UnacceptableFile, match="made to do harm"):
            file_type(b"%PDF-1.4\n" + bait * (STREAMS_MAX + 1), name="a.pdf")

    def test_e12_what_acts_is_found_behind_a_false_beginning_and_in_a_damaged_part(self):
        packed = zlib.compress(b"<</S/JavaScript/JS(app.alert(1))>>" * 50)
        for part in (packed, packed[:-8]):
            content = b"%PDF-1.4\nstream\n 1 0 obj<</Length 9>>stream\r\n" + part + b"\r\nendstream"
            assert file_type(content, name="a.pdf").active == ("JavaScript",)

    @pytest.mark.parametrize("locked", [False, True])
    def test_e12_an_invoice_that_unpacks_to_gigabytes_is_refused_before_it_is_read(self, locked):
        writer = pypdf.PdfWriter()
        page = writer.add_blank_page(200, 200)
        deflate = zlib.compressobj(9)
        inner = b"".join(deflate.compress(b"0" * 10_000_000) for _ in range(30)) + deflate.flush()
        stream = pypdf.generic.EncodedStreamObject()
        stream._data = zlib.compress(inner)
        twice = pypdf.generic.ArrayObject([pypdf.generic.NameObject("/FlateDecode")] * 2)
        stream[pypdf.generic.NameObject("/Filter")] = twice
        page[pypdf.generic.NameObject("/Contents")] = writer._add_object(stream)
        if locked:
            writer.encrypt("", algorithm="RC4-128")
        out = io.BytesIO()
        writer.write(out)
        assert len(out.getvalue()) < 10_000
        with pytest.raises(Unreadable, match="unpacks to more"):
            read_einvoice(out.getvalue())


class TestReader:
    def test_e12_every_real_hostile_pdf_is_read_or_has_a_state_that_says_why_not(self, real_data):
        """Where another reader counts the pages, this one counts the same or refuses the file."""
        with (real_data / "_expected/hostile_pdf.csv").open() as file:
            expected = list(csv.DictReader(file))
        states = {}
        for row in expected:
            began = time.monotonic()
            content = (real_data / row["file"]).read_bytes()
            reading = sandbox.read(content, media_type="application/pdf")
            states[row["file"].rpartition("/")[2]] = reading.state
            assert time.monotonic() - began < 60
            if row["pages"].isdigit() and reading.state != ReadState.broken:
                assert reading.page_count == int(row["pages"]), row["file"]
        assert states["signed_verified.pdf"] == ReadState.read
        assert states["Pages-tree-refs.pdf"] == ReadState.broken

    def test_e12_a_million_objects_end_in_a_state_in_bounded_time(self):
        objects = b"".join(b"%d 0 obj<</A %d 0 R>>endobj\n" % (n, n + 1) for n in range(1, 300_000))
        content = b"%PDF-1.7\n" + objects + b"trailer<</Root 1 0 R/Size 300000>>\n%%EOF"
        assert sandbox.read(content, media_type="application/pdf").state != ReadState.read

    def test_a_file_that_breaks_its_reader_breaks_nothing_else(self):
        for _ in range(3):
            assert sandbox.read(b"%PDF-1.7 nonsense", media_type="application/pdf").state == ReadState.broken
            assert sandbox.read(a_paper(D.invoice), media_type="application/pdf").state == ReadState.read

    def test_a_reading_process_that_was_killed_is_started_anew(self):
        assert sandbox.read(a_paper(D.invoice), media_type="application/pdf").state == ReadState.read
        running = sandbox._process._running
        running.kill()
        running.wait()
        assert sandbox.read(a_paper(D.order), media_type="application/pdf").state == ReadState.read
        assert sandbox._process._running is not running

    def test_the_reading_process_knows_no_secret_and_its_children_open_nothing(self):
        running = sandbox._process._running or sandbox._start()
        assert Path(f"/proc/{running.pid}/environ").read_bytes() == b""
        # A letter that asks for a file outside gets nothing: the part is not there, and nothing else opens.
        assert sandbox.read(b"%PDF-1.4 /etc/passwd", media_type="application/pdf").words == 0

    def test_a_locked_pdf_says_so(self, real_data):
        writer = pypdf.PdfWriter(clone_from=io.BytesIO(a_paper(D.invoice)))
        writer.encrypt("geheim", algorithm="RC4-128")
        out = io.BytesIO()
        writer.write(out)
        assert sandbox.read(out.getvalue(), media_type="application/pdf").state == ReadState.password

    def test_an_empty_page_says_so_and_a_scan_has_no_text(self):
        writer = pypdf.PdfWriter()
        writer.add_blank_page(595, 842)
        out = io.BytesIO()
        writer.write(out)
        assert sandbox.read(out.getvalue(), media_type="application/pdf").state == ReadState.blank
        scan = io.BytesIO()
        Image.new("L", (800, 1100), 200).save(scan, "PDF")
        assert sandbox.read(scan.getvalue(), media_type="application/pdf").state == ReadState.no_text

    def test_pages_are_drawn_as_pictures_and_nothing_else_is(self):
        png = sandbox.picture(a_paper(D.invoice), media_type="application/pdf", page=1)
        with Image.open(io.BytesIO(png)) as image:
            assert max(image.size) <= 1601
        for content, media_type, page in (
            (a_paper(D.invoice), "application/pdf", 2),
            (a_paper(D.invoice), "application/pdf", 0),
            (b"geen", "application/pdf", 1),
            (b"geen", "image/png", 1),
            (b"tekst", "text/plain", 1),
        ):
            with pytest.raises(NotFound):
                sandbox.picture(content, media_type=media_type, page=page)

    def test_letters_messages_and_texts_are_read_line_by_line(self):
        head = b"From: a@example.org\nSubject: Herinnering\nContent-Type: text/html; charset=utf-8"
        mail = head + b"\n\n<p>Geachte heer</p>"
        for content, media_type, word in (
            (a_docx(), file_type(a_docx(), name="a.docx").media_type, "Afleverbon"),
            (mail, "message/rfc822", "Geachte"),
            ("Één €".encode("cp1252"), "text/plain", "Één"),
            (b"<Invoice><ID>F1</ID></Invoice>", "application/xml", "F1"),
            ("<?xml version='1.0' encoding='utf-8'?><ID>Één</ID>".encode("utf-16"), "application/xml", "Één"),
            ("Één €".encode("utf-16"), "text/plain", "Één"),
        ):
            reading = sandbox.read(content, media_type=media_type)
            assert word in [found.text for page in reading.pages for found in page.words]
        assert sandbox.read(b"x", media_type="application/vnd.ms-outlook").state == ReadState.unsupported

    @given(st.binary(max_size=200), st.sampled_from(["application/pdf", "image/png", "message/rfc822"]))
    def test_any_bytes_get_an_answer(self, content, media_type):
        assert sandbox.read(content, media_type=media_type).state in ReadState

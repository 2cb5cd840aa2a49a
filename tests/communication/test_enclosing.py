"""Copies of invoices with a mail or behind a letter: the right ones, few, small, and never another's."""

import email
import hashlib
import io
from datetime import date
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from sqlalchemy import text

from agency.communication.enclosing import copied_page
from agency.documents.models import Document, DocumentCheck
from agency.documents.sandbox import printed
from agency.kernel.files import store
from agency.rules.enclosures import CopyFacts, enclosed
from agency.rules.evidence import Standing
from agency.rules.facts import Channel, DocumentKind
from tests.communication.correspondence import RENDERER, Office, a_correspondent, queue

TODAY = date(2026, 12, 1)
PDF = "application/pdf"


def copy(number="1", **changed):
    facts = {
        "sha256": f"{number}-sha", "kind": DocumentKind.invoice, "standing": Standing.valid,
        "media_type": PDF, "size": 1_000, "number": number, "pages": 1,
    }  # fmt: skip
    return CopyFacts(**facts | changed)


def chosen(*documents, open_numbers=("1", "2"), language="nl", channel=Channel.email):
    return enclosed(documents, open_numbers=open_numbers, channel=channel, language=language, on=TODAY)


@pytest.mark.pure
class TestChoice:
    def test_one_of_each_open_invoice_in_their_order_and_under_plain_names(self):
        found = chosen(copy("2"), copy("1"), language="de")
        assert [(one.name, one.sha256) for one in found.files] == [
            ("rechnung-1.pdf", "1-sha"),
            ("rechnung-2.pdf", "2-sha"),
        ]
        assert [line.inputs["sha256"] for line in found.trace] == ["1-sha", "2-sha"]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"kind": DocumentKind.contract},
            {"standing": Standing.unchecked},
            {"standing": Standing.questioned},
            {"standing": Standing.refuted},
            {"media_type": "text/html"},
            {"number": "3"},
            {"number": ""},
        ],
    )
    def test_nothing_that_is_not_in_order(self, wrong):
        assert chosen(copy(**wrong)).files == ()

    def test_what_is_too_large_stays_and_says_so(self):
        found = chosen(copy("1", size=5_000_001), copy("2"))
        assert [one.sha256 for one in found.files] == ["2-sha"]
        assert [line.outcome for line in found.trace] == ["enclosures.left_out", "enclosures.attached"]

    @given(st.lists(st.integers(0, 6_000_000), max_size=12))
    def test_never_more_than_five_files_and_five_megabytes(self, sizes):
        documents = [copy(str(n), size=size) for n, size in enumerate(sizes)]
        files = chosen(*documents, open_numbers=[str(n) for n in range(12)]).files
        assert len(files) <= 5
        assert sum(one.size for one in files) <= 5_000_000
        assert len({one.name for one in files}) == len(files)

    @given(st.lists(st.integers(0, 14), max_size=12))
    def test_never_more_than_ten_pages_behind_a_letter(self, pages):
        documents = [copy(str(n), pages=count) for n, count in enumerate(pages)]
        numbers = [str(n) for n in range(12)]
        files = chosen(*documents, open_numbers=numbers, channel=Channel.letter).files
        assert sum(one.pages for one in files) <= 10
        assert all(one.pages > 0 for one in files)
        assert len(chosen(*documents, open_numbers=numbers).files) == min(len(pages), 5)

    def test_nothing_by_a_way_without_a_limit(self):
        with pytest.raises(LookupError):
            chosen(copy(), channel=Channel.sms)


def file_for(
    unit, office, creditor_id, claim_id, *, content=b"%PDF-1.7 copy", number=None, standing="valid", pages=1
):
    """An invoice in the file of a claim that was read, with the number of the claim's own invoice."""
    own = unit.session.connection().execute(
        text("SELECT number FROM invoice WHERE creditor_id = :c AND claim_id = :i"),
        {"c": creditor_id, "i": claim_id},
    )
    number = number or own.scalars().first()
    sha256 = store(unit, office.ports.files, creditor_id=creditor_id, content=content, media_type=PDF)
    document = Document(
        creditor_id=creditor_id, created_at=unit.now, claim_id=claim_id, kind=DocumentKind.invoice,
        name="../../Rekening van J.pdf", sha256=sha256, media_type=PDF, size=len(content),
        added_at=unit.now, added_by="system:test", standing=standing,
    )  # fmt: skip
    unit.session.add(document)
    unit.session.flush()
    finding = {"field": "number", "outcome": "match", "expected": number, "found": number}
    unit.session.add(
        DocumentCheck(
            creditor_id=creditor_id, created_at=unit.now, document_id=document.id, claim_id=claim_id,
            at=unit.now, state="read", page_count=pages, confidence=100, language="nl", standing=standing,
            reasons=[], pages=[], findings=[finding], trace=[], facts={}, rule_version="1",
        )
    )  # fmt: skip
    unit.session.flush()


def send(office, *keys, facts=None, channel=Channel.email):
    with office.unit() as unit:
        for creditor_id, claim_id in keys:
            queue(
                unit, creditor_id, claim_id, channel=channel,
                facts={"copies": True} if facts is None else facts,
            )  # fmt: skip
    office.send()


class TestMail:
    def test_takes_the_copy_along_and_keeps_it_with_its_hash(self, units):
        office = Office(units).open_up()
        with office.unit() as unit:
            key = a_correspondent(unit)
            file_for(unit, office, *key, content=b"%PDF-1.7 mine")
        send(office, key)
        (left,) = office.mail.left
        assert [(one.name, one.content) for one in left.attachments] == [("factuur-1.pdf", b"%PDF-1.7 mine")]
        assert "als bijlage" in left.body
        (message,) = office.messages(key[1])
        sha256 = hashlib.sha256(b"%PDF-1.7 mine").hexdigest()
        assert [one["sha256"] for one in message.amounts["enclosed"]] == [sha256]
        assert sha256 in [line["inputs"].get("sha256") for line in message.trace]
        kept = email.message_from_bytes(office.ports.files.get(message.content_sha256), policy=default)
        assert [part.get_filename() for part in kept.iter_attachments()] == ["factuur-1.pdf"]
        assert "Dorpsstraat" not in kept.get_body(("plain",)).get_content()

    def test_only_where_the_step_asks_for_it(self, units):
        office = Office(units).open_up()
        with office.unit() as unit:
            key = a_correspondent(unit)
            file_for(unit, office, *key)
        send(office, key, facts={})
        (left,) = office.mail.left
        assert left.attachments == ()
        assert "bijlage" not in left.body

    def test_nobody_gets_anothers_copy(self, units):
        """Of another debtor, of another creditor, with the same number, and with the same bytes."""
        office = Office(units).open_up()
        with office.unit() as unit:
            one = a_correspondent(unit, email="one@example.org", name="Een")
            other = a_correspondent(unit, creditor_id=one[0], email="other@example.org", name="Ander")
            far = a_correspondent(unit, email="far@example.org", name="Ver")
            bare = a_correspondent(unit, email="bare@example.org", name="Kaal")
            for key, content in ((one, b"%PDF one"), (other, b"%PDF other"), (far, b"%PDF one")):
                file_for(unit, office, *key, content=content)
        send(office, one, other, far, bare)
        got = {left.to: [file.content for file in left.attachments] for left in office.mail.left}
        assert got == {
            "one@example.org": [b"%PDF one"],
            "other@example.org": [b"%PDF other"],
            "far@example.org": [b"%PDF one"],
            "bare@example.org": [],
        }

    def test_a_copy_that_is_lost_stops_the_mail(self, units):
        office = Office(units).open_up()
        with office.unit() as unit:
            key = a_correspondent(unit)
            file_for(unit, office, *key, content=b"%PDF gone")
        kept = office.ports.files.kept
        lose = office.ports.files.get
        from agency.ports.providers import FileNotStored

        def get(sha256):
            if kept[sha256] == b"%PDF gone":
                raise FileNotStored(sha256)
            return lose(sha256)

        office.ports.files.get = get
        send(office, key)
        assert office.mail.left == []
        assert [message.state for message in office.messages(key[1])] == ["failed"]


def paper(pages, word="Factuur"):
    """A PDF of so many pages, each of which says its number."""
    source = (
        '#set document(title: "x")\n#set text(lang: "nl", size: 40pt)\n'
        "#let data = json(bytes(sys.inputs.data))\n"
        "#for page in data.pages [#page #pagebreak(weak: true)]"
    )
    values = {"pages": [f"{word} {number + 1}" for number in range(pages)]}
    return RENDERER.letter(source=source, values=values, dated=TODAY)


def pages_in(pdf):
    return PdfReader(io.BytesIO(pdf)).pages


def picture_in(page):
    (found,) = page["/Resources"]["/XObject"].values()
    return found.get_object()._data


class TestLetter:
    def test_carries_the_pages_behind_it_and_tells_of_which_invoices(self, units):
        office = Office(units).open_up()
        with office.unit() as unit:
            key = a_correspondent(unit)
            file_for(unit, office, *key, content=paper(2), pages=2)
        send(office, key, channel=Channel.letter)
        (left,) = office.letters.left
        (message,) = office.messages(key[1])
        (told,) = message.amounts["enclosed"]
        first, *copied = pages_in(left.body)
        assert f"een kopie van factuur {told['number']}." in first.extract_text()
        assert "Pagina 1 / 3" in first.extract_text()
        assert [len(page.images) for page in copied] == [1, 1]
        assert f"Kopie van factuur {told['number']}" in copied[0].extract_text()
        assert "Kopie" not in copied[1].extract_text()
        assert (told["pages"], told["sha256"]) == (2, hashlib.sha256(paper(2)).hexdigest())

    def test_keeps_both_standards_and_its_bytes(self):
        source = '#set document(title: "x")\n#set text(lang: "nl")\n= Brief'
        page = copied_page(printed(paper(1), page=1), number="F-1", page=1, pages=1, language="nl")
        made = RENDERER.letter(source=source, values={}, dated=TODAY, copies=(page,))
        assert made == RENDERER.letter(source=source, values={}, dated=TODAY, copies=(page,))
        xmp = PdfReader(io.BytesIO(made)).xmp_metadata.rdf_root.toxml()
        assert "<pdfaid:part>2</pdfaid:part>" in xmp
        assert "<pdfuaid:part>1</pdfuaid:part>" in xmp

    def test_its_pages_count_in_the_totals_of_the_batch_and_choose_its_envelope(self, units):
        """Twelve pages are six sheets, the most that the narrow envelope takes."""
        office = Office(units).open_up()
        with office.unit() as unit:
            thin = a_correspondent(unit)
            thick = a_correspondent(unit, creditor_id=thin[0], name="Ander", email=None, phone=None)
            file_for(unit, office, *thick, content=paper(10), pages=10)
        send(office, thin, thick, channel=Channel.letter)
        (batch,) = office.letters.batches.values()
        pages = {letter.pages for letter in batch.letters}
        assert pages == {1, 11}
        assert (batch.totals.pages, batch.totals.sheets, batch.envelope) == (12, 7, "c5")

    def test_a_longer_copy_stays_and_the_letter_does_not_tell_of_it(self, units):
        office = Office(units).open_up()
        with office.unit() as unit:
            key = a_correspondent(unit)
            file_for(unit, office, *key, content=paper(11), pages=11)
        send(office, key, channel=Channel.letter)
        (left,) = office.letters.left
        (only,) = pages_in(left.body)
        assert "een kopie van factuur" not in only.extract_text()
        (message,) = office.messages(key[1])
        assert "enclosures.left_out" in [line["outcome"] for line in message.trace]

    def test_a_copy_that_cannot_be_drawn_stops_the_letter(self, units):
        office = Office(units).open_up()
        with office.unit() as unit:
            key = a_correspondent(unit)
            file_for(unit, office, *key, content=b"%PDF-1.7 nonsense")
        send(office, key, channel=Channel.letter)
        assert office.letters.left == []
        assert [message.state for message in office.messages(key[1])] == ["failed"]

    def test_nobody_gets_anothers_pages(self, units):
        office = Office(units).open_up()
        with office.unit() as unit:
            one = a_correspondent(unit, name="Een")
            other = a_correspondent(unit, creditor_id=one[0], name="Ander")
            bare = a_correspondent(unit, creditor_id=one[0], name="Kaal")
            for key, word in ((one, "Een"), (other, "Ander")):
                file_for(unit, office, *key, content=paper(1, word))
        send(office, one, other, bare, channel=Channel.letter)
        behind = {left.to.splitlines()[0]: pages_in(left.body)[1:] for left in office.letters.left}
        shown = {name: [picture_in(page) for page in pages] for name, pages in behind.items()}
        assert shown == {
            "Een": [printed(paper(1, "Een"), page=1)],
            "Ander": [printed(paper(1, "Ander"), page=1)],
            "Kaal": [],
        }

"""Copies of invoices with a mail: the right ones, few, small, plainly named, and never another's."""

import email
import hashlib
from datetime import date
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from agency.documents.models import Document, DocumentCheck
from agency.kernel.files import store
from agency.rules.enclosures import CopyFacts, enclosed
from agency.rules.evidence import Standing
from agency.rules.facts import Channel, DocumentKind
from tests.communication.correspondence import Office, a_correspondent, queue

TODAY = date(2026, 12, 1)
PDF = "application/pdf"


def copy(number="1", **changed):
    facts = {
        "sha256": f"{number}-sha", "kind": DocumentKind.invoice, "standing": Standing.valid,
        "media_type": PDF, "size": 1_000, "number": number,
    }  # fmt: skip
    return CopyFacts(**facts | changed)


def chosen(*documents, open_numbers=("1", "2"), language="nl"):
    return enclosed(documents, open_numbers=open_numbers, language=language, on=TODAY)


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


def file_for(unit, office, creditor_id, claim_id, *, content=b"%PDF-1.7 copy", number=None, standing="valid"):
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
            at=unit.now, state="read", page_count=1, confidence=100, language="nl", standing=standing,
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

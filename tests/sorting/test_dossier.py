"""A claim's file as one bundle: complete, in order, PDF/A, the same bytes again, and nobody else's."""

import base64
import hashlib
import io
import zipfile
from email import message_from_bytes
from itertools import product

import pypdf
import pytest
from sqlalchemy import text

from agency.arrangements.models import Promise
from agency.communication.inbound.models import Reply
from agency.desk.notes import add_note
from agency.disputes.raising import raise_dispute
from agency.documents.dossier import (
    DossierNotReady,
    ask_dossier,
    build_dossier,
    cancel_dossier,
    dossiers_of,
    fetch_bundle,
)
from agency.documents.dossier_facts import dossier_bundle
from agency.documents.dossier_links import without_live_links
from agency.documents.upload import add_document
from agency.documents.waiting import DossierReader
from agency.kernel.emitting import install_reactions
from agency.kernel.errors import NotFound
from agency.kernel.files import store
from agency.kernel.ids import new_id
from agency.kernel.ports import Ports
from agency.kernel.unit import Door
from agency.ports.bundles import NotBound
from agency.rules.facts import DocumentKind
from agency.rules.inbound.triage import Topic
from integrations.rendering.binder import bind
from integrations.rendering.covered_links import cover_links
from tests.intake.factories import Store, a_creditor, a_file, a_row, place, rows_of
from tests.sorting.papers import a_pdf

MAIL = b"From: a@b.example\r\nTo: c@d.example\r\nSubject: Offerte\r\n\r\nAkkoord met de offerte."


@pytest.fixture
def files():
    return Store()


@pytest.fixture
def ports(files):
    return Ports(
        email=None,
        sms=None,
        letters=None,
        calls=None,
        payments=None,
        renderer=None,
        files=files,
        bind=bind,
        cover=cover_links,
    )  # type: ignore[arg-type]


@pytest.fixture
def claim(units, files):
    """A claim with a two-page order, a mail, a note to share and one to keep, and a dispute."""
    install_reactions({})
    creditor_id = a_creditor(units)
    place(units, creditor_id, a_file(a_row("F2026-0117", name="Café Ümit & Zonen BV")))
    [(claim_id,)] = rows_of(units, creditor_id, "SELECT id FROM claim")
    with units.open(Door.STAFF, by="user:collector") as unit:
        for kind, name, content in (
            (DocumentKind.order, "=cmd|order.pdf", a_pdf("Opdrachtbevestiging")),
            (DocumentKind.delivery_note, "bon.pdf", a_pdf("Leverbon")),
            (DocumentKind.correspondence, "offerte.eml", MAIL),
        ):
            add_document(
                unit, files, creditor_id=creditor_id, claim_id=claim_id, kind=kind, name=name, content=content
            )
        add_note(unit, creditor_id=creditor_id, claim_id=claim_id, words="Belooft te bellen", shareable=True)
        add_note(unit, creditor_id=creditor_id, claim_id=claim_id, words="Klinkt boos")
        raise_dispute(
            unit, creditor_id=creditor_id, claim_id=claim_id, reason="not_delivered", words="Nooit gezien"
        )
    return creditor_id, claim_id


def built(units, ports, claim):
    creditor_id, claim_id = claim
    with units.open(Door.CREDITOR, by="user:clerk", creditor_id=creditor_id) as unit:
        dossier_id = ask_dossier(unit, creditor_id=creditor_id, claim_id=claim_id, language="nl")
    build_dossier(units, ports, creditor_id=creditor_id, dossier_id=dossier_id)
    return dossier_id


def take(units, files, claim, dossier_id, form):
    with units.open(Door.CREDITOR, by="user:clerk", creditor_id=claim[0]) as unit:
        return fetch_bundle(
            unit, files, creditor_id=claim[0], claim_id=claim[1], dossier_id=dossier_id, form=form
        )[1]


class TestBundle:
    def test_is_pdf_a_with_bookmarks_page_numbers_and_every_source_inside(self, units, ports, files, claim):
        pdf = take(units, files, claim, built(units, ports, claim), "pdf")
        reader = pypdf.PdfReader(io.BytesIO(pdf))
        metadata = reader.trailer["/Root"]["/Metadata"].get_object().get_data().decode()
        assert "<pdfaid:part>3</pdfaid:part>" in metadata
        assert "<pdfaid:conformance>A</pdfaid:conformance>" in metadata
        titles = [item.title for item in reader.outline if not isinstance(item, list)]
        assert titles[0].endswith("Partijen en vordering")
        assert [title.split(". ", 1)[1] for title in titles[2:5]] == [
            "Facturen",
            "Opdracht, overeenkomst en voorwaarden",
            "Levering en erkenning",
        ]
        last = len(reader.pages)
        assert f"{last}/{last}" in reader.pages[-1].extract_text()
        assert {name.split("_", 1)[0] for name in reader.attachments} == {
            "04-agreement",
            "05-performance",
            "06-correspondence",
        }
        assert MAIL in [content for one in reader.attachments.values() for content in one]

    def test_says_what_may_be_shared_and_nothing_else(self, units, ports, files, claim):
        pdf = take(units, files, claim, built(units, ports, claim), "pdf")
        words = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
        for shown in ("Café Ümit & Zonen BV", "Belooft te bellen", "Nooit gezien", "Akkoord met de offerte"):
            assert shown in words
        assert "Klinkt boos" not in words

    def test_names_things_as_its_reader_does(self, units, ports, files, claim):
        """A judge reads no name in the code: not of a way of contact, a receipt, an ending or a factor."""
        with units.open(Door.STAFF, by="system:test") as unit:
            connection = unit.session.connection()
            connection.execute(
                text(
                    "INSERT INTO call (creditor_id, id, claim_id, number, by, state, disposition, started_at)"
                    " VALUES (:c, :id, :claim, '+31612345678', 'user:collector', 'ended', 'no_answer',"
                    " app.now())"
                ),
                {"c": claim[0], "id": new_id(), "claim": claim[1]},
            )
        with units.open(Door.WORKER, by="system:test") as unit:
            bundle = dossier_bundle(
                unit, files, creditor_id=claim[0], claim_id=claim[1], on=unit.today, language="nl",
                reader=DossierReader.INSPECTOR,
            )  # fmt: skip
        cells = [cell for part in bundle.parts for table in part.tables for row in table.rows for cell in row]
        notes = [one.note for part in bundle.parts for one in part.files]
        assert "+31612345678, geen gehoor" in cells
        assert cells.count("betwist") == 2
        assert any(note.startswith("leverbon · ") for note in notes)
        for code in ("no_answer", "raised", "delivery_note"):
            assert not any(code in words for words in (*cells, *notes)), code

    def test_the_same_facts_give_the_same_bytes(self, units, ports, files, claim):
        one, two = (take(units, files, claim, built(units, ports, claim), "zip") for _ in range(2))
        assert hashlib.sha256(one).digest() == hashlib.sha256(two).digest()

    def test_the_zip_has_an_index_and_sums_that_are_right(self, units, ports, files, claim):
        archive = zipfile.ZipFile(io.BytesIO(take(units, files, claim, built(units, ports, claim), "zip")))
        sums = dict(
            reversed(line.split("  ", 1)) for line in archive.read("sha256sums.txt").decode().splitlines()
        )
        assert set(sums) == set(archive.namelist()) - {"sha256sums.txt"}
        for name, sha256 in sums.items():
            assert hashlib.sha256(archive.read(name)).hexdigest() == sha256
        index = archive.read("index.csv").decode("utf-8-sig")
        assert "04-agreement/001-cmd_order.pdf" in index
        assert ";'=cmd|order.pdf;" in index, "a spreadsheet would calculate with it"

    def test_a_bundle_that_cannot_be_bound_says_why(self, units, ports, files, claim):
        def refuse(bundle, *, progress):
            raise NotBound("more than 600 pages: take the files as a ZIP")

        object.__setattr__(ports, "bind", refuse)
        built(units, ports, claim)
        with units.open(Door.CREDITOR, by="user:clerk", creditor_id=claim[0]) as unit:
            [one] = dossiers_of(unit, creditor_id=claim[0], claim_id=claim[1])
        assert (one.state, one.error) == ("failed", "more than 600 pages: take the files as a ZIP")


class TestAsking:
    def test_a_cancelled_one_is_not_built(self, units, ports, files, claim):
        creditor_id, claim_id = claim
        with units.open(Door.CREDITOR, by="user:clerk", creditor_id=creditor_id) as unit:
            dossier_id = ask_dossier(unit, creditor_id=creditor_id, claim_id=claim_id, language="nl")
        with units.open(Door.CREDITOR, by="user:clerk", creditor_id=creditor_id) as unit:
            cancel_dossier(unit, creditor_id=creditor_id, dossier_id=dossier_id)
        build_dossier(units, ports, creditor_id=creditor_id, dossier_id=dossier_id)
        with pytest.raises(DossierNotReady):
            take(units, files, claim, dossier_id, "pdf")

    def test_cancelling_stops_one_that_is_being_bound(self, units, ports, files, claim):
        creditor_id, claim_id = claim

        def slow(bundle, *, progress):
            with units.open(Door.CREDITOR, by="user:clerk", creditor_id=creditor_id) as unit:
                [one] = dossiers_of(unit, creditor_id=creditor_id, claim_id=claim_id)
                cancel_dossier(unit, creditor_id=creditor_id, dossier_id=one.id)
            return bind(bundle, progress=progress)

        object.__setattr__(ports, "bind", slow)
        dossier_id = built(units, ports, claim)
        with pytest.raises(DossierNotReady):
            take(units, files, claim, dossier_id, "zip")

    def test_another_creditor_finds_nothing(self, units, ports, files, claim):
        dossier_id = built(units, ports, claim)
        other = a_creditor(units, "OTHER")
        with pytest.raises(NotFound), units.open(Door.CREDITOR, by="user:x", creditor_id=other) as unit:
            fetch_bundle(
                unit, files, creditor_id=claim[0], claim_id=claim[1], dossier_id=dossier_id, form="pdf"
            )
        with pytest.raises(NotFound), units.open(Door.CREDITOR, by="user:x", creditor_id=other) as unit:
            ask_dossier(unit, creditor_id=claim[0], claim_id=claim[1], language="nl")

    def test_every_language_has_every_label(self, units, files, claim):
        with units.open(Door.WORKER, by="system:test") as unit:
            for language, reader in product(("nl", "fr", "en", "de"), DossierReader):
                dossier_bundle(
                    unit, files, creditor_id=claim[0], claim_id=claim[1], on=unit.today, language=language,
                    reader=reader,
                )  # fmt: skip


TOKEN = "twFg1-YUN1BnRv1xmTYaSQ"
LINK = f"https://incasso.example/pay/{TOKEN}"


@pytest.fixture
def told(units, files, claim):
    """What the debtor wrote with our mail under it, a promise he broke and a plan that was agreed."""
    mail = (
        "From: d@voorbeeld.example\r\nSubject: Re: Herinnering\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.b64encode(f"De levering was onvolledig.\n> {LINK}".encode()).decode()
    ).encode()
    with units.open(Door.STAFF, by="system:test") as unit:
        sha256 = store(unit, files, creditor_id=claim[0], content=mail, media_type="message/rfc822")
        words = f"De levering was onvolledig.\n> {LINK}"
        unit.session.add(
            Reply(
                creditor_id=claim[0], id=new_id(), claim_id=claim[1], inbound_id=new_id(), channel="email",
                received_at=unit.now, from_value="d@voorbeeld.example", subject="Re: Herinnering",
                words=words,
                sha256=sha256, found_by="reference", topic=Topic.DISPUTE, language="nl",
            )
        )  # fmt: skip
        unit.session.add(
            Promise(
                creditor_id=claim[0], id=new_id(), claim_id=claim[1], amount_minor=12345, currency="EUR",
                due_on=unit.today, state="broken", made_at=unit.now, made_by="user:collector",
            )
        )  # fmt: skip
    return claim


class TestReaders:
    """What a summons must tell, who may read it, and what is nobody's concern in court."""

    def bundle(self, units, files, claim, reader):
        with units.open(Door.WORKER, by="system:test") as unit:
            found = dossier_bundle(
                unit,
                files,
                creditor_id=claim[0],
                claim_id=claim[1],
                on=unit.today,
                language="nl",
                reader=reader,
            )
        return without_live_links(found, cover_links)

    def said(self, bundle):
        cells = [cell for part in bundle.parts for table in part.tables for row in table.rows for cell in row]
        shown = [words for file in bundle.files for words in (file.shown, file.content.decode("latin-1"))]
        return "\n".join((*(part.title for part in bundle.parts), *cells, *shown))

    def test_the_court_reads_what_the_debtor_wrote_promised_and_agreed(self, units, files, told):
        said = self.said(self.bundle(units, files, told, DossierReader.COURT))
        for words in ("De levering was onvolledig.", "123,45", "niet nagekomen", "d@voorbeeld.example"):
            assert words in said

    def test_his_creditor_reads_none_of_his_words(self, units, files, told):
        said = self.said(self.bundle(units, files, told, DossierReader.CREDITOR))
        assert "onvolledig" not in said
        assert "Wat de debiteur schreef" not in said

    @pytest.mark.parametrize("reader", [DossierReader.COURT, DossierReader.CREDITOR])
    def test_what_the_creditor_pays_the_agency_stands_in_no_bundle_for_a_court(
        self, units, files, told, reader
    ):
        with units.open(Door.STAFF, by="system:test") as unit:
            unit.session.connection().execute(
                text("UPDATE quote SET state = 'accepted', accepted_at = app.now() WHERE creditor_id = :c"),
                {"c": told[0]},
            )
        bundle = self.bundle(units, files, told, reader)
        assert not [part for part in bundle.parts if "prijsafspraak" in part.title]
        heads = [head for part in bundle.parts for table in part.tables for head in table.heads]
        assert "Naar bureau" not in heads
        shown = self.bundle(units, files, told, DossierReader.INSPECTOR)
        assert [part for part in shown.parts if "prijsafspraak" in part.title and part.tables]

    def test_no_link_to_the_debtors_page_can_be_opened_from_a_bundle(self, units, files, told):
        bundle = self.bundle(units, files, told, DossierReader.COURT)
        [mail] = [file for file in bundle.files if "told" in file.path]
        assert TOKEN not in self.said(bundle)
        read = message_from_bytes(mail.content).get_payload(decode=True).decode()
        assert read.startswith("De levering was onvolledig.")
        assert TOKEN not in read
        assert "/pay/…" in read
        assert mail.sha256 == hashlib.sha256(mail.content).hexdigest()

    def test_a_mail_without_a_link_stays_byte_for_byte(self, units, files, told):
        assert MAIL in [file.content for file in self.bundle(units, files, told, DossierReader.COURT).files]

    def test_the_creditor_does_not_see_that_the_agency_made_one_for_the_court(
        self, units, ports, files, told
    ):
        with units.open(Door.STAFF, by="user:collector") as unit:
            dossier_id = ask_dossier(
                unit, creditor_id=told[0], claim_id=told[1], language="nl", reader=DossierReader.COURT
            )
        build_dossier(units, ports, creditor_id=told[0], dossier_id=dossier_id)
        with units.open(Door.CREDITOR, by="user:clerk", creditor_id=told[0]) as unit:
            assert dossiers_of(unit, creditor_id=told[0], claim_id=told[1]) == []
        with pytest.raises(NotFound):
            take(units, files, told, dossier_id, "pdf")
        with units.open(Door.STAFF, by="user:collector") as unit:
            _, pdf = fetch_bundle(
                unit, files, creditor_id=told[0], claim_id=told[1], dossier_id=dossier_id, form="pdf"
            )
        read = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
        assert "De levering was onvolledig." in read
        assert TOKEN not in read

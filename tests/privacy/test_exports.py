"""The export for an inspector: what is in it and what is not, and that nothing stops it half-way for good."""

import hashlib
import io
import json
import zipfile
from datetime import date, timedelta

import pypdf
import pytest
from sqlalchemy import text

from agency.claims.holds import lift_hold, place_hold
from agency.claims.states import HoldGround
from agency.desk.notes import add_note
from agency.kernel.errors import NotFound
from agency.kernel.files import store
from agency.kernel.ids import new_id
from agency.kernel.outbox import drain
from agency.kernel.ports import install_ports
from agency.kernel.unit import Door
from agency.parties.models import Role
from agency.parties.onboarding import open_tasks, sign
from agency.ports.bundles import NotBound
from agency.privacy import writing
from agency.privacy.archive import Archive, entries_of
from agency.privacy.asking import ExportNotReady, UnfitExport, cancel_export, take_export
from agency.privacy.erasing import erase_what_is_over
from agency.privacy.jobs import write_later
from agency.privacy.papers import install_papers
from agency.privacy.recording import Evidence, RecordFacts, add_record
from agency.privacy.telling import inspection_words
from agency.rules.kept_records import Authority, ExportLimits, RecordKind
from agency.rules.onboarding import TaskKind
from agency.rules.words import LANGUAGES
from integrations.rendering.binder import bind
from tests.communication.correspondence import DAY, TUESDAY, a_correspondent, queue
from tests.made import an_accepted_price
from tests.privacy.inspections import FIRST, LONG_NAME, contents, folders, rows_of
from tests.sorting.papers import a_pdf


class Killed(BaseException):
    """What a worker's end looks like from inside: nothing catches it."""


def words_of(archive: zipfile.ZipFile, name: str) -> str:
    [path] = [one for one in archive.namelist() if one.endswith(name)]
    pages = pypdf.PdfReader(io.BytesIO(archive.read(path))).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def everything(archive: zipfile.ZipFile) -> bytes:
    """All bytes of an export, PDFs as their words."""
    found = b""
    for name in archive.namelist():
        found += archive.read(name) if not name.endswith(".pdf") else words_of(archive, name).encode()
    return found


class TestContent:
    def test_holds_each_claim_with_its_dossier_and_why_each_message_was_allowed(self, inspections):
        claims = inspections.claims(2)
        archive = inspections.made()
        assert folders(archive) == [f"{n:04d}-{inspections.number(c)}" for n, c in enumerate(claims, start=1)]
        base = f"vorderingen/{folders(archive)[0]}"
        inside = sorted(name.removeprefix(f"{base}/") for name in archive.namelist() if name.startswith(base))
        assert inside == [
            "berichten.json", "berichten.pdf", "berichten/001-2026-12-01-email.eml", "dossier.pdf",
        ]  # fmt: skip
        said = words_of(archive, f"{folders(archive)[0]}/berichten.pdf")
        assert "Mocht weg" in said
        assert "send.gate" in said.replace("\u200b", "")
        [message] = json.loads(archive.read(f"{base}/berichten.json"))
        assert (message["verdict"], message["state"], message["channel"]) == ("send", "sent", "email")
        assert message["trace"], "the trace of the rules is there for a computer too"
        assert "seen" not in message["amounts"]

    def test_says_of_each_file_what_it_is_and_its_hash(self, inspections):
        inspections.claims(1)
        archive = inspections.made()
        sums = dict(
            reversed(line.split("  ", 1)) for line in archive.read("sha256sums.txt").decode().splitlines()
        )
        assert set(sums) == set(archive.namelist()) - {"sha256sums.txt"}
        assert {name: contents(archive)[name] for name in sums} == sums
        index = {row["Bestand"]: row for row in rows_of(archive, "index.csv")}
        assert set(index) == set(archive.namelist()) - {"index.csv", "index.pdf", "sha256sums.txt"}
        for name, row in index.items():
            assert (row["SHA-256"], int(row["Bytes"])) == (sums[name], archive.getinfo(name).file_size)
            assert row["Over"]
        # A long word may be broken anywhere, which depends on what stands in it.
        printed = words_of(archive, "index.pdf").replace(" ", "").replace("\u200b", "")
        assert hashlib.sha256(archive.read("index.csv")).hexdigest() in printed

    def test_holds_what_the_creditors_of_its_claims_signed(self, inspections):
        [claim] = inspections.claims(1)
        with inspections.office.unit() as unit:
            other, _ = a_correspondent(unit, name="Not asked for")
        with inspections.units.open(Door.STAFF, by="system:test") as unit:
            for creditor_id in (claim[0], other):
                open_tasks(unit, creditor_id=creditor_id, country="NL")
                signed = a_pdf(f"Signed {creditor_id}")
                whose = {"creditor_id": creditor_id}
                sha256 = store(unit, inspections.store, **whose, content=signed, media_type="application/pdf")
                kind = TaskKind.agreement
                sign(unit, **whose, kind=kind, sha256=sha256, text_version="1", address=None)
        archive = inspections.made(numbers=(inspections.number(claim),))
        [path] = [name for name in archive.namelist() if name.endswith("-agreement.pdf")]
        assert path.startswith("afspraken/")
        assert f"Signed {claim[0]}" in words_of(archive, path)

    def test_says_what_was_agreed_on_the_price_of_its_claims(self, inspections):
        by_card, of_its_own, third = inspections.claims(3)
        with inspections.office.unit() as unit:
            for claim in (by_card, of_its_own):
                an_accepted_price(unit, creditor_id=claim[0], claim_id=claim[1], fee_bps=1_250)
            unit.session.connection().execute(
                text("UPDATE quote_line SET facts = :facts WHERE claim_id = :i"),
                {"facts": '{"offer": {"at_most_minor": 12345}}', "i": of_its_own[1]},
            )
            # A price that is also about a claim that was not asked for has no document of its own there.
            unit.session.connection().execute(
                text(
                    "INSERT INTO quote_line (creditor_id, quote_id, claim_id, fee_bps, minimum_minor, facts,"
                    " factors) SELECT creditor_id, id, :i, 1, 0, '{}', '[]' FROM quote"
                ),
                {"i": third[1]},
            )
        archive = inspections.made(numbers=[inspections.number(one) for one in (by_card, of_its_own)])
        found = {row["Vordering"]: row for row in rows_of(archive, "afspraken.csv")}
        one, other = found[inspections.number(by_card)], found[inspections.number(of_its_own)]
        assert (one["Wat"], one["Bedrag"]) == ("Prijs", "")
        assert "12,50 %" in one["Tekst"]
        assert (other["Wat"], other["Bedrag"]) == ("Eigen prijs, ten hoogste", "€\N{NO-BREAK SPACE}123,45")
        dossiers = [name for name in archive.namelist() if name.endswith("dossier.pdf")]
        assert [("Ten hoogste" in words_of(archive, name)) for name in dossiers] == [False, True]

    def test_says_what_was_not_sent_and_why(self, inspections):
        [claim] = inspections.claims(1)
        with inspections.office.unit() as unit:
            place_hold(unit, creditor_id=claim[0], claim_id=claim[1], ground=HoldGround.COMPLAINT)
            queue(unit, *claim, template="reminder_2")
        inspections.office.send()
        archive = inspections.made()
        [row] = rows_of(archive, "niet-verzonden.csv")
        assert (row["Vordering"], row["Wat ervan werd"]) == (
            inspections.number(claim), "tegengehouden door een regel",
        )  # fmt: skip
        assert row["Waarom"] == "De vordering is geblokkeerd: klacht."
        [complaint] = rows_of(archive, "klachten-en-betwistingen.csv")
        assert (complaint["Wat"], complaint["Afgehandeld"], complaint["Uitkomst"]) == (
            "Klacht",
            "",
            "loopt nog",
        )

    def test_counts_contacts_over_all_creditors_and_says_whether_the_rule_was_kept(self, inspections):
        ours = inspections.claims(1)[0]
        with inspections.office.unit() as unit:
            theirs = a_correspondent(unit, brand="Waternet", name="Debiteur 0")
        inspections.one_person(ours, theirs)
        inspections.office.move_to(TUESDAY + DAY)
        with inspections.office.unit() as unit:
            queue(unit, *theirs)
        inspections.office.send()
        inspections.office.move_to(TUESDAY + 2 * DAY)
        with inspections.office.unit() as unit:
            queue(unit, *ours, template="reminder_2")
        inspections.office.send()
        archive = inspections.made(creditors=[ours[0]])
        found = rows_of(archive, "contacten.csv")
        assert [(row["Contacten in 7 dagen"], row["Hoogstens"], row["Binnen de regel"]) for row in found] == [
            ("1", "3", "ja"), ("3", "3", "ja"),
        ]  # fmt: skip
        assert found[1]["Uren na het vorige"] in ("23", "24"), "the clock of a test runs on"

    def test_shows_a_debtors_claims_with_three_creditors_but_opens_only_what_was_asked(self, inspections):
        ours = inspections.claims(1, name="Een Mens")[0]
        with inspections.office.unit() as unit:
            others = [
                a_correspondent(unit, brand=brand, name="Een Mens") for brand in ("Waternet", "Telecom")
            ]
            for claim in others:
                add_note(
                    unit,
                    creditor_id=claim[0],
                    claim_id=claim[1],
                    words="Geheim van een ander",
                    shareable=True,
                )
            stranger = a_correspondent(unit, name="Iemand Anders", brand="Vreemd")
        inspections.one_person(ours, *others)
        archive = inspections.made(numbers=[inspections.number(ours)])
        found = rows_of(archive, "debiteuren.csv")
        assert {(row["Schuldeiser"], row["In dit bestand"]) for row in found} == {
            ("Enercity B.V.", "ja"), ("Waternet B.V.", "nee"), ("Telecom B.V.", "nee"),
        }  # fmt: skip
        assert {row["Vorderingen in totaal"] for row in found} == {"3"}
        assert len(folders(archive)) == 1
        told = everything(archive)
        assert b"Geheim van een ander" not in told
        assert b"Iemand Anders" not in told
        assert str(stranger[1]).encode() not in told
        assert all(str(claim[1]).encode() not in told for claim in others)

    def test_holds_roles_trainings_processes_and_rules(self, inspections):
        anna = inspections.colleague("Anna Bos", Role.COLLECTOR)
        with inspections.units.open(Door.STAFF, by=f"user:{anna}") as unit:
            add_record(
                unit, inspections.store,
                facts=RecordFacts(
                    kind=RecordKind.TRAINING, held_on=FIRST, title="Wki", minutes_long=90, people=[anna]
                ),
                evidence=Evidence("../../certificaat.pdf", a_pdf("Certificaat")),
            )  # fmt: skip
        archive = inspections.made()
        rights = {row["Onderdeel"]: row for row in rows_of(archive, "rollen-en-rechten.csv")}
        assert rights["Gebruikers"]["Beheerder"] == "zien en doen"
        assert rights["Gebruikers"]["Incassomedewerker"] == "–"
        [person] = rows_of(archive, "wie-heeft-welke-rol.csv")
        assert (person["Naam"], person["Rollen"]) == ("Anna Bos", "Incassomedewerker")
        [record] = rows_of(archive, "opleidingen-en-ethisch-overleg.csv")
        assert (record["Duur (uren)"], record["Deelnemers"], record["Telt"]) == ("1:30", "Anna Bos", "ja")
        assert [name for name in archive.namelist() if name.startswith("bewijs")] == [
            "bewijs-van-opleidingen/0001-certificaat.pdf"
        ]
        standing = {row["Wie"]: row["Status"] for row in rows_of(archive, "stand-van-de-plichten.csv")}
        assert standing["Anna Bos"] == "in orde"
        assert "processen/nl-consumer-1.pdf" in archive.namelist()
        assert not [name for name in archive.namelist() if name.startswith("processen/be-")]
        contact = json.loads(archive.read("regels/contact.json"))
        assert contact["frequency"][0]["in_7_days_max"] == 3
        assert any(row["Tabel"] == "contact" for row in rows_of(archive, "regels.csv"))

    def test_the_audit_log_is_of_the_chosen_claims_alone(self, inspections):
        asked, other = inspections.claims(2)
        with inspections.units.open(Door.STAFF, by="user:anna") as unit:
            for claim in (asked, other):
                hold = place_hold(unit, creditor_id=claim[0], claim_id=claim[1], ground=HoldGround.COMPLAINT)
                lift_hold(unit, creditor_id=claim[0], hold_id=hold)
        archive = inspections.made(numbers=[inspections.number(asked)])
        found = rows_of(archive, "logboek.csv")
        assert {row["Vordering"] for row in found} == {inspections.number(asked)}
        assert {"hold.lifted", "HoldPlaced", "MessageSent"} <= {row["Handeling"] for row in found}
        assert [bool(row["Hash"]) for row in found if row["Handeling"] == "hold.lifted"] == [True]

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_is_whole_in_every_language(self, inspections, language):
        inspections.claims(1, name=LONG_NAME)
        archive = inspections.made(language=language)
        said = inspection_words()[language]
        assert said["asked_part"] in words_of(archive, "index.pdf")
        assert said["verdict_send"] in words_of(archive, f"/{said['file_messages']}.pdf")
        assert folders(archive, said["file_claims"])
        for name in archive.namelist():
            assert len(name) < 160
        assert LONG_NAME[:60] in rows_of(archive, f"{said['file_debtors']}.csv")[0][said["debtor"]]

    def test_the_same_question_twice_gives_the_same_content(self, inspections):
        inspections.claims(2)
        exports = [inspections.ask() for _ in range(2)]
        with inspections.office.unit() as unit:
            unit.session.connection().execute(
                text("UPDATE inspection_export SET as_of = (SELECT min(as_of) FROM inspection_export)")
            )
        for export_id in exports:
            inspections.write(export_id)
        one, two = (inspections.taken(export_id) for export_id in exports)
        assert contents(one) == contents(two)
        assert one.comment != two.comment, "each can be erased without the other"

    def test_an_empty_period_says_so(self, inspections):
        inspections.claims(1)
        archive = inspections.made(first_day=date(2020, 1, 1), last_day=date(2020, 1, 31))
        assert folders(archive) == []
        assert "Er is geen vordering die aan de vraag voldoet." in words_of(archive, "index.pdf")
        assert rows_of(archive, "contacten.csv") == []

    def test_a_dossier_that_is_too_large_for_one_pdf_stands_there_in_files(self, inspections):
        inspections.claims(1)

        def refuse(bundle, *, progress):
            if bundle.title.startswith("Dossier"):
                raise NotBound("more than 600 pages: take the files as a ZIP")
            return bind(bundle, progress=progress)

        export_id = inspections.ask()
        inspections.write(export_id, bind=refuse)
        names = inspections.taken(export_id).namelist()
        assert not [name for name in names if name.endswith("dossier.pdf")]
        assert [name for name in names if "/dossier/" in name and name.endswith("001-email.eml")]


class TestAsking:
    @pytest.mark.parametrize(
        ("wish", "field"),
        [
            ({"language": "xx"}, "language"),
            ({"last_day": date(2026, 10, 31)}, "last_day"),
            ({"first_day": date(2027, 1, 1), "last_day": date(2027, 1, 2)}, "first_day"),
            ({"reason": "kort"}, "reason"),
            ({"numbers": ["00000000"]}, "numbers"),
        ],
    )
    def test_refuses_what_cannot_be_and_asks_for_nothing(self, inspections, wish, field):
        with pytest.raises(UnfitExport) as refused:
            inspections.ask(**wish)
        assert refused.value.field == field
        with inspections.office.unit() as unit:
            count = unit.session.connection().execute(text("SELECT count(*) FROM inspection_export"))
            assert count.scalar_one() == 0

    def test_without_numbers_it_is_of_the_countrys_law_and_the_period(self, inspections):
        inspections.claims(1)
        assert inspections.row(inspections.ask()).claims == 1
        assert inspections.row(inspections.ask(authority=Authority.BE)).claims == 0

    def test_who_asked_and_why_is_audited(self, inspections):
        export_id = inspections.ask(by="user:bram")
        with inspections.office.unit() as unit:
            [(by, facts)] = unit.session.connection().execute(
                text("SELECT by, facts FROM audit_entry WHERE subject = :s"),
                {"s": f"inspection_export:{export_id}"},
            )
        assert (by, facts["reason"]) == ("user:bram", "Brief van de Inspectie, 28 november 2026")


class TestWriting:
    def test_a_killed_worker_costs_one_claim(self, inspections):
        inspections.claims(3)
        export_id = inspections.ask()
        bound = []

        def die(bundle, *, progress):
            bound.append(bundle.title)
            if len(bound) == 3:  # the dossier of the second claim: the first one has two documents
                raise Killed
            return bind(bundle, progress=progress)

        with pytest.raises(Killed):
            inspections.write(export_id, bind=die)
        assert (inspections.row(export_id).state, inspections.row(export_id).done) == ("running", 1)
        again = []

        def count(bundle, *, progress):
            again.append(bundle.title)
            return bind(bundle, progress=progress)

        assert inspections.write(export_id, bind=count) is False
        assert bound[0] not in again, "the first claim is not written a second time"
        export = inspections.row(export_id)
        assert (export.state, export.done) == ("ready", 3)
        assert len(folders(inspections.taken(export_id))) == 3

    def test_what_was_named_and_not_kept_leaves_nothing_behind(self, inspections):
        inspections.claims(2)
        before = inspections.kept_files()
        export_id = inspections.ask()
        store = inspections.store

        class Dying:
            def __getattr__(self, name):
                return getattr(store, name)

            def put_file(self, content):
                store.put_file(content)
                raise Killed

        for _ in range(2):
            with pytest.raises(Killed):
                inspections.write(export_id, files=Dying())
        inspections.write(export_id)
        erase_what_is_over(inspections.units, store)
        assert inspections.kept_files() - before == {inspections.row(export_id).sha256}

    def test_a_cancelled_one_stops_and_its_folders_are_erased(self, inspections):
        inspections.claims(2)
        before = inspections.kept_files()
        export_id = inspections.ask()

        def cancel(bundle, *, progress):
            if bundle.title.startswith("Dossier"):
                with inspections.units.open(Door.STAFF, by="user:admin") as unit:
                    cancel_export(unit, export_id=export_id)
            return bind(bundle, progress=progress)

        assert inspections.write(export_id, bind=cancel) is False
        assert inspections.row(export_id).state == "cancelled"
        erase_what_is_over(inspections.units, inspections.store)
        assert inspections.kept_files() == before
        assert inspections.write(export_id) is False
        with pytest.raises(ExportNotReady):
            inspections.taken(export_id)

    def test_many_claims_are_written_by_one_job_after_another(self, inspections, monkeypatch):
        monkeypatch.setattr(writing, "CLAIMS_A_JOB", 1)
        inspections.claims(2)
        export_id = inspections.ask()
        with inspections.units.open(Door.STAFF, by="user:admin") as unit:
            write_later(unit, export_id=export_id)
        install_papers(lambda: inspections.papers)

        install_ports(inspections.ports)
        drain(inspections.units)
        assert inspections.row(export_id).state == "ready"
        with inspections.office.unit() as unit:
            parts = unit.session.connection().execute(
                text(
                    "SELECT count(*) FROM outbox WHERE actor = 'privacy.write_export' AND done_at IS NOT NULL"
                )
            )
            assert parts.scalar_one() == 3

    def test_one_that_is_too_large_fails_with_the_reason(self, inspections, monkeypatch):
        monkeypatch.setattr(writing, "export_limits", lambda *, on: ExportLimits(2000, 100, 30))
        inspections.claims(1)
        export_id = inspections.ask()
        assert inspections.write(export_id) is False
        assert (inspections.row(export_id).state, inspections.row(export_id).error) == (
            "failed", "the export is too large; ask for fewer claims",
        )  # fmt: skip

    def test_a_file_that_is_gone_fails_it_with_the_reason(self, inspections):
        [claim] = inspections.claims(1)
        [message] = inspections.office.messages(claim[1])
        inspections.store.erase(message.content_sha256)
        export_id = inspections.ask()
        assert inspections.write(export_id) is False
        assert inspections.row(export_id).error == "a file that belongs to it is not in the file store"


class TestTaking:
    def test_is_counted_and_audited_each_time(self, inspections):
        export_id = inspections.ask()
        inspections.write(export_id)
        for _ in range(2):
            inspections.taken(export_id)
        with inspections.office.unit() as unit:
            actions = unit.session.connection().execute(
                text("SELECT action FROM audit_entry WHERE subject = :s ORDER BY seq"),
                {"s": f"inspection_export:{export_id}"},
            )
            assert actions.scalars().all() == [
                "inspection_export.asked", "inspection_export.made",
                "inspection_export.taken", "inspection_export.taken",
            ]  # fmt: skip
        assert inspections.row(export_id).downloads == 2

    def test_after_its_days_it_is_erased_and_cannot_be_taken(self, inspections):
        export_id = inspections.ask()
        inspections.write(export_id)
        export = inspections.row(export_id)
        assert export.sha256 in inspections.kept_files()
        inspections.office.move_to(export.expires_at - timedelta(minutes=1))
        erase_what_is_over(inspections.units, inspections.store)
        assert inspections.row(export_id).state == "ready"
        inspections.office.move_to(export.expires_at + timedelta(seconds=1))
        with pytest.raises(ExportNotReady):
            inspections.taken(export_id)
        erase_what_is_over(inspections.units, inspections.store)
        assert inspections.row(export_id).state == "erased"
        assert export.sha256 not in inspections.kept_files()

    def test_one_that_nobody_asked_for_is_not_found(self, inspections):
        with inspections.units.open(Door.STAFF, by="user:admin") as unit, pytest.raises(NotFound):
            take_export(unit, inspections.store, export_id=new_id())


@pytest.mark.pure
class TestArchive:
    def test_equal_files_are_equal_bytes_but_for_the_comment(self):
        made = []
        for comment in ("a", "a", "b"):
            file = io.BytesIO()
            with Archive(file, comment=comment) as archive:
                archive.add("one.txt", "Eén", b"1")
                archive.table("two.csv", "Two", ("head",), [("=1+1",), ("é",)])
            made.append(file.getvalue())
        assert made[0] == made[1]
        assert made[1] != made[2]

    def test_a_cell_is_never_calculated_and_each_file_says_what_it_is(self):
        file = io.BytesIO()
        with Archive(file, comment="") as archive:
            archive.table("two.csv", "Tabel", ("head",), [("=1+1",), ("-1",), ("é",)])
        [(path, about, content)] = [(p, a, c.read()) for p, a, c in entries_of(io.BytesIO(file.getvalue()))]
        assert (path, about) == ("two.csv", "Tabel")
        assert content.decode("utf-8-sig").split("\r\n") == ["head", "'=1+1", "'-1", "é", ""]
        [entry] = archive.entries
        assert (entry.size, entry.sha256) == (len(content), hashlib.sha256(content).hexdigest())


@pytest.mark.pure
def test_every_word_is_said_in_every_language():
    said = inspection_words()
    assert set(said) == set(LANGUAGES)
    for language in LANGUAGES:
        assert set(said[language]) == set(said["en"])
        assert all(words.strip() for words in said[language].values())

"""A person's own copy (GDPR art. 15): what is about him in plain words, and nothing about anybody else."""

import io
import zipfile
from datetime import timedelta

import pypdf
import pytest
from sqlalchemy import text

from agency.arrangements.promises import make_promise
from agency.desk.notes import add_note
from agency.kernel.unit import Door
from agency.money import Money
from agency.parties.models import Role
from agency.payments.models import PaymentSource
from agency.payments.settlement import settle
from agency.privacy.person_folder import without_names
from agency.privacy.persons_requests import answer_request, ask_access_export, register_request
from agency.privacy.telling import person_words
from agency.remittance.fees import charge_fees
from agency.rules.retention import RequestKind
from agency.rules.words import LANGUAGES
from tests.communication.correspondence import a_correspondent, queue
from tests.made import an_accepted_price
from tests.privacy.inspections import rows_of

COLLEAGUE = "Wilhelmina Zonderland"
NEIGHBOUR = "Everhardus Buurmans"
ME = "Petronella Vragers"


def words_of(archive: zipfile.ZipFile, path: str) -> str:
    content = archive.read(path)
    if not path.endswith(".pdf"):
        return content.decode("utf-8-sig", errors="replace")
    return " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


def everything(archive: zipfile.ZipFile) -> str:
    """All words of a copy, with its names of files and what is said of them, on one line."""
    said = [f"{one.filename} {one.comment.decode()}" for one in archive.infolist()]
    said += [words_of(archive, name) for name in archive.namelist()]
    return " ".join(" ".join(said).split())


def debtor_of(inspections, claim):
    with inspections.office.unit() as unit:
        found = unit.session.connection().execute(
            text("SELECT debtor_id FROM claim WHERE creditor_id = :c AND id = :i"),
            {"c": claim[0], "i": claim[1]},
        )
        return found.scalar_one()


def copy_for(inspections, claim, *, language: str = "nl") -> zipfile.ZipFile:
    """What the person of a claim gets, from asking to taking."""
    debtor_id = debtor_of(inspections, claim)
    with inspections.office.unit() as unit:
        unit.session.connection().execute(
            text("UPDATE debtor SET language = :l WHERE id = :d"), {"l": language, "d": debtor_id}
        )
    with inspections.units.open(Door.STAFF, by="user:admin") as unit:
        request_id = register_request(
            unit, creditor_id=claim[0], debtor_id=debtor_id, kind=RequestKind.ACCESS,
            received_on=unit.today, note="Brief met kopie van zijn paspoort",
        )  # fmt: skip
        answer_request(unit, creditor_id=claim[0], request_id=request_id)
        export_id = ask_access_export(unit, creditor_id=claim[0], request_id=request_id, language="en")
    assert inspections.write(export_id) is False
    return inspections.taken(export_id)


@pytest.fixture
def mine(inspections):
    """One person's claim with something of everything, and a neighbour at the same creditor."""
    user = inspections.colleague(COLLEAGUE, Role.COLLECTOR)
    claim, other = inspections.claims(2)
    with inspections.office.unit() as unit:
        connection = unit.session.connection()
        for one, name in ((claim, ME), (other, NEIGHBOUR)):
            connection.execute(
                text("UPDATE debtor d SET name = :n FROM claim c WHERE c.id = :i AND d.id = c.debtor_id"),
                {"n": name, "i": one[1]},
            )
        an_accepted_price(unit, creditor_id=claim[0], claim_id=claim[1], fee_bps=1_737)
    with inspections.units.open(Door.STAFF, by="system:test") as unit:
        settle(
            unit, creditor_id=claim[0], claim_id=claim[1], source=PaymentSource.PSP, source_key="one",
            amount=Money(20_019, "EUR"), value_on=unit.today, trust_account="trust.psp",
        )  # fmt: skip
    with inspections.units.open(Door.WORKER, by="system:test") as unit:
        assert charge_fees(unit, creditor_id=claim[0]) == 1
    with inspections.units.open(Door.STAFF, by=f"user:{user}") as unit:
        for shareable in (True, False):
            add_note(
                unit, creditor_id=claim[0], claim_id=claim[1], shareable=shareable,
                words=f"{COLLEAGUE} sprak af: maandag terugbellen"
                if shareable
                else "Alleen voor ons: kijkt op tegen de telefoon",
            )  # fmt: skip
        make_promise(
            unit, creditor_id=claim[0], claim_id=claim[1], amount=Money(5_125, "EUR"),
            due_on=unit.today + timedelta(days=3),
        )  # fmt: skip
    return claim, other


class TestTheCopy:
    def test_holds_what_is_about_the_person(self, inspections, mine):
        claim, _ = mine
        archive = copy_for(inspections, claim)
        said = everything(archive)
        number = inspections.number(claim)
        for words in (ME, number, "51,25", "200,19", "een medewerker sprak af: maandag terugbellen"):
            assert words in said, words
        [path] = [name for name in archive.namelist() if "/berichten/" in name]
        assert len(words_of(archive, path)) > 100, "the message as he read it"
        rows = rows_of(archive, f"{number}/uw-gegevens.csv")
        assert rows

    def test_says_why_for_whom_how_long_and_what_he_may_ask(self, inspections, mine):
        said = everything(copy_for(inspections, mine[0]))
        for words in (
            "artikel 6 lid 1 onder f", "Bedrijven die voor ons werken", "zolang de vordering loopt",
            "Verbeteren", "Wissen", "Beperken", "Bezwaar", "Klagen", "Autoriteit Persoonsgegevens",
        ):  # fmt: skip
            assert words in said, words

    def test_holds_nobody_else_and_no_price(self, inspections, mine):
        archive = copy_for(inspections, mine[0])
        said = everything(archive).lower()
        with inspections.office.unit() as unit:
            fee = unit.session.connection().execute(text("SELECT net_minor FROM success_fee")).scalar_one()
        assert fee > 1_000
        for words in (
            f"{fee // 100},{fee % 100:02d}",
            NEIGHBOUR, inspections.number(mine[1]), COLLEAGUE, "Zonderland", "17,37", "1737",
            "kijkt op tegen de telefoon", "paspoort", "SHA-256",
        ):  # fmt: skip
            assert words.lower() not in said, words

    def test_a_claim_of_the_same_number_with_another_creditor_stays_out(self, inspections, mine):
        claim, neighbour = mine
        with inspections.office.unit() as unit:
            second = a_correspondent(unit, brand="Waternet", name=ME)
            queue(unit, *second)
            unit.session.connection().execute(
                text("UPDATE claim SET number = :n WHERE id = :i"),
                {"n": inspections.number(neighbour), "i": second[1]},
            )
        inspections.one_person(claim, second)
        archive = copy_for(inspections, claim)
        folders = {name.split("/")[1] for name in archive.namelist() if name.startswith("vorderingen/")}
        assert len(folders) == 2
        assert NEIGHBOUR not in everything(archive)

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_is_in_the_persons_language(self, inspections, mine, language):
        said = everything(copy_for(inspections, mine[0], language=language))
        assert " ".join(person_words()[language]["right_2"].split()) in said
        assert "{" not in said

    def test_what_went_to_somebody_who_acts_for_him_is_not_shown(self, inspections, mine):
        claim, _ = mine
        with inspections.office.unit() as unit:
            unit.session.connection().execute(
                text("UPDATE message SET to_value = 'helper@elsewhere.example' WHERE claim_id = :i"),
                {"i": claim[1]},
            )
        archive = copy_for(inspections, claim)
        said = everything(archive)
        assert "helper@elsewhere.example" not in said
        assert "een ander, die voor u optreedt" in said
        assert not [name for name in archive.namelist() if "/berichten/" in name]


@pytest.mark.pure
def test_every_word_is_said_in_every_language():
    said = person_words()
    assert set(said) == set(LANGUAGES)
    for language in LANGUAGES:
        assert set(said[language]) == set(said["en"])
        assert all(words.strip() for words in said[language].values())


@pytest.mark.pure
def test_names_are_left_out_of_what_people_wrote():
    said = without_names("Met jan jansen (Jan) en Jan Jansens", ["Jan", "Jan Jansen"], "een medewerker")
    assert "an jansen" not in said.lower()

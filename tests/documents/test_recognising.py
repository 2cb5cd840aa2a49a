"""Papers are recognised by what they say and compared with the claim, value by value, with their places."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.documents import sandbox
from agency.money import Money
from agency.rules.evidence import InvoiceFacts, Outcome, Standing, check_evidence, judge
from agency.rules.finding import find_name, find_number, read_dates, read_minor
from agency.rules.reading import Page, Reading, ReadState, Word
from agency.rules.recognise import recognise
from agency.rules.tables import read_table
from tests.documents.papers import CLAIM, LANGUAGES, TEXTS, D, a_paper

pytestmark = [pytest.mark.pure, pytest.mark.thorough]
PAPERS = [(kind, language) for kind in TEXTS for language in LANGUAGES]


def read(content: bytes, media_type: str = "application/pdf") -> Reading:
    return sandbox.read(content, media_type=media_type)


def checked(kind, *, claim=CLAIM, said=True, content=None, language="nl", **changes):
    """A paper of a kind, judged against the claim."""
    reading = read(content or a_paper(kind, language, **changes))
    findings = check_evidence(reading, kind=kind, claim=claim)
    judged = judge(reading, kind=kind, said_by_person=said, recognised=recognise(reading), findings=findings)
    return {finding.field: finding for finding in findings}, judged


def some_text(text: str) -> Reading:
    words = tuple(Word(word, n) for n, line in enumerate(text.splitlines()) for word in line.split())
    return Reading(ReadState.read, (Page(1, 595, 842, words),), 1)


class TestKinds:
    @pytest.mark.parametrize(("kind", "language"), PAPERS)
    def test_every_kind_is_told_in_every_language(self, kind, language):
        found = recognise(read(a_paper(kind, language)))
        assert (found.kind, found.language) == (kind, language)
        assert found.confidence >= 60
        assert found.words
        assert found.trace[0].rule == "documents.recognise"

    def test_most_are_told_without_their_title_and_none_is_taken_for_another(self):
        told, wrong = 0, []
        for kind, language in PAPERS:
            lines = TEXTS[kind][language][1].format_map(dict.fromkeys("nduacbs", "X"))
            found = recognise(some_text("X\n" * 12 + lines))
            told += found.kind == kind
            if found.kind not in (kind, None):
                wrong.append((kind, language, found.kind))
        assert len(wrong) <= 2, wrong
        assert told >= 28

    def test_every_real_invoice_is_told(self, real_data):
        folders = ("facturx_pdf_ok", "facturx_pdf_fail", "facturx_akretion")
        paths = [path for folder in folders for path in (real_data / "02_einvoice" / folder).glob("*.pdf")]
        missed = [path.name for path in paths if recognise(read(path.read_bytes())).kind != D.invoice]
        assert len(paths) >= 13
        assert missed == []

    def test_a_mention_is_no_title(self):
        mention = "Op al onze leveringen zijn de algemene voorwaarden van toepassing, te vinden op onze site"
        assert recognise(some_text(f"Factuur\nFactuurnummer 12\n{mention}")).kind is D.invoice

    def test_nothing_is_told_of_what_says_nothing(self):
        assert recognise(some_text("lorem ipsum dolor sit amet")).kind is None
        assert recognise(Reading(ReadState.no_text)).confidence == 0

    @given(
        st.lists(
            st.sampled_from(["factuur", "herinnering", "contract", "de", "12", "schuldig", "afleverbon"]),
            max_size=40,
        )
    )
    def test_the_answer_is_the_same_every_time_and_within_its_bounds(self, words):
        reading = some_text("\n".join(words))
        first, again = recognise(reading), recognise(reading)
        assert first == again
        assert 0 <= first.confidence <= read_table("document_words")["limits"]["confidence_max"]


class TestComparing:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_an_invoice_that_says_what_the_claim_says_is_valid(self, language):
        findings, judged = checked(D.invoice, language=language)
        assert {field: finding.outcome for field, finding in findings.items()} == dict.fromkeys(
            ("number", "issued_on", "due_on", "amount", "currency", "debtor", "creditor"), Outcome.match
        )
        assert judged.standing is Standing.valid

    @pytest.mark.parametrize(
        ("field", "changes", "found"),
        [
            ("number", {"number": "2026-0018"}, "2026-0018"),
            ("issued_on", {"issued": "13-05-2026"}, "13-05-2026"),
            ("amount", {"amount": "€ 1.324,56"}, "€ 1.324,56"),
            ("currency", {"amount": "£ 1.234,56"}, "GBP"),
        ],
    )
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_what_is_different_is_found_with_its_place(self, field, changes, found, language):
        findings, judged = checked(D.invoice, language=language, **changes)
        assert findings[field].outcome is Outcome.mismatch
        assert findings[field].found == found
        assert findings[field].page == 1
        box = findings[field].box
        assert 0 <= box.left < box.right <= 10_000
        assert 0 <= box.top < box.bottom <= 10_000
        assert judged.standing is Standing.questioned
        assert f"mismatch:{field}" in judged.reasons

    @pytest.mark.parametrize(("kind", "language"), [one for one in PAPERS if one[0] not in (D.terms,)])
    def test_a_paper_of_somebody_else_is_put_in_question(self, kind, language):
        stranger = {"debtor": "Schildersbedrijf Oost", "number": "9-777", "creditor": "Ander Bedrijf N.V."}
        _, judged = checked(kind, language=language, **stranger)
        assert judged.standing is Standing.questioned

    @pytest.mark.parametrize("kind", [D.delivery_note, D.contract, D.acknowledgement, D.order])
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_handwriting_is_seen_beside_its_line_and_missed_where_there_is_none(self, kind, language):
        signed, _ = checked(kind, language=language, signed=True)
        unsigned, _ = checked(kind, language=language)
        assert signed["signature"].outcome is Outcome.match
        assert signed["signature"].box is not None
        assert unsigned["signature"].outcome is Outcome.absent
        assert signed["signature"].confidence < 90  # it may be a logo: never as sure as a number

    def test_an_electronic_signature_is_seen_not_verified(self, real_data):
        content = (real_data / "06_hostile/pdf_pdfjs/signed_verified.pdf").read_bytes()
        findings, _ = checked(D.contract, content=content)
        assert findings["signature"].outcome is Outcome.match
        assert "not verified" in findings["signature"].found

    def test_a_kind_that_a_person_said_is_put_in_question_when_the_words_say_another(self):
        reading = read(a_paper(D.invoice))
        findings = check_evidence(reading, kind=D.delivery_note, claim=CLAIM)
        told = recognise(reading)
        common = {"kind": D.delivery_note, "recognised": told, "findings": findings}
        assert judge(reading, said_by_person=True, **common).reasons == ("kind",)
        assert judge(reading, said_by_person=False, **common).standing is Standing.valid

    @pytest.mark.parametrize(
        "state", [ReadState.blank, ReadState.broken, ReadState.password, ReadState.too_heavy]
    )
    def test_what_cannot_be_read_by_anybody_proves_nothing(self, state):
        reading = Reading(state)
        judged = judge(
            reading, kind=D.invoice, said_by_person=True, recognised=recognise(reading),
            findings=check_evidence(reading, kind=D.invoice, claim=CLAIM),
        )  # fmt: skip
        assert judged == type(judged)(Standing.refuted, (f"state:{state}",))

    def test_a_claim_of_many_invoices_is_compared_by_the_one_that_the_paper_names(self):
        second = InvoiceFacts(
            "2026-0099", date(2026, 6, 1), date(2026, 7, 1), Money(5000, "EUR"), Money(5000, "EUR")
        )
        claim = replace(CLAIM, invoices=(*CLAIM.invoices, second))
        findings, judged = checked(
            D.invoice,
            claim=claim,
            number="2026-0099",
            issued="01-06-2026",
            due="01-07-2026",
            amount="€ 50,00",
        )
        assert findings["number"].expected == "2026-0099"
        assert judged.standing is Standing.valid

    def test_a_credit_note_that_names_its_invoice_is_compared_with_itself(self):
        day, credit = date(2026, 6, 1), Money(-5000, "EUR")
        note = InvoiceFacts("C-77", day, day, credit, credit)
        findings, judged = checked(
            D.invoice, claim=replace(CLAIM, invoices=(*CLAIM.invoices, note)), number="C-77",
            issued="01-06-2026", due="01-06-2026", amount="-50,00 €", extra="Bij factuur 2026-0017.",
        )  # fmt: skip
        assert findings["number"].expected == "C-77"
        assert judged.standing is Standing.valid

    @given(kinds=st.sampled_from(list(TEXTS)), said=st.booleans())
    def test_every_finding_says_what_it_looked_for_and_how_sure_it_is(self, kinds, said):
        findings, judged = checked(kinds, said=said)
        for finding in findings.values():
            assert 0 < finding.confidence <= 95
            assert finding.outcome is Outcome.absent or finding.found
        assert (judged.standing is Standing.valid) == (not judged.reasons)


class TestFinding:
    @pytest.mark.parametrize(
        ("text", "minor"),
        [("€ 1.234,56", 123456), ("1,234.56", 123456), ("1 234,56 €", 123456), ("1'234.56", 123456), 
         ("EUR 12,00", 1200),
         ("1234.56", 123456), ("-5,00", -500), ("12", None), ("1.234", None), 
         ("12-05-2026", None), ("€", None), ("99,50,", 9950)],
    )  # fmt: skip
    def test_amounts_are_read_however_they_are_written(self, text, minor):
        assert read_minor(text) == minor

    @pytest.mark.parametrize(
        ("text", "days"),
        [("12-05-2026", {date(2026, 5, 12), date(2026, 12, 5)}), ("2026-05-12", {date(2026, 5, 12)}),
         ("12.05.26", {date(2026, 5, 12), date(2026, 12, 5)}), ("31/01/2026", {date(2026, 1, 31)}),
         ("12 mei 2026", {date(2026, 5, 12)}), ("1er février 2026", {date(2026, 2, 1)}),
         ("12. März 2026", {date(2026, 3, 12)}), ("May 12, 2026", {date(2026, 5, 12)}),
         ("31-02-2026", set()), ("99-99-2026", set()), ("12 zakken 2026", set())],
    )  # fmt: skip
    def test_dates_are_read_in_four_languages(self, text, days):
        assert set(read_dates(text) or ()) == days

    def test_a_number_is_found_however_it_is_broken_up_and_never_inside_another(self):
        assert find_number(some_text("nr 2026 - 0017 van"), "2026-0017")
        assert find_number(some_text("nr F2026/0017."), "F2026-0017")
        assert find_number(some_text("nr 12026-00171"), "2026-0017") is None

    def test_a_name_is_found_without_its_legal_form_and_in_another_order(self):
        assert find_name(some_text("Aan: JANSEN BAKKERIJ"), "Bakkerij Jansen B.V.")[1] == 100
        assert find_name(some_text("Jänsen Bäckerei GmbH"), "Jansen Backerei")[1] == 100
        assert find_name(some_text("de bakkerij om de hoek"), "Bakkerij Jansen B.V.")[1] < 60

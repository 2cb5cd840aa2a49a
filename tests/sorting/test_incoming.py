"""Files that come without their claim find it by what they say, or become a question; never a wrong claim."""

import random
from uuid import UUID

import pytest
from sqlalchemy import text

from agency.documents.incoming import file_incoming, try_again
from agency.documents.signs import signs_of
from agency.documents.sorting import (
    AlreadySorted,
    choose_claim,
    last_decision,
    place_of,
    set_aside,
    undo,
    waiting_files,
)
from agency.documents.types import UnacceptableFile
from agency.documents.upload import documents_of
from agency.kernel.emitting import install_reactions
from agency.kernel.errors import Invalid, NotFound
from agency.kernel.unit import Door
from agency.rules.documents_match import Found, Sign, match_document
from tests.intake.factories import Store, a_creditor, a_file, a_row, place, rows_of
from tests.sorting.papers import a_delivery_note, a_pdf


@pytest.fixture
def files():
    return Store()


@pytest.fixture
def creditor_id(units):
    install_reactions({})
    return a_creditor(units)


def claims(units, creditor_id):
    rows = rows_of(units, creditor_id, "SELECT i.number, i.claim_id FROM invoice i ORDER BY i.number")
    return {row.number: row.claim_id for row in rows}


def door(units, creditor_id):
    return units.open(Door.CREDITOR, by="user:clerk", creditor_id=creditor_id)


def drop(units, files, creditor_id, name, content):
    with door(units, creditor_id) as unit:
        return file_incoming(unit, files, creditor_id=creditor_id, drop_id=None, name=name, content=content)


class TestMatching:
    def test_an_invoice_number_in_the_text_with_the_name_files_it(self, units, files, creditor_id):
        place(units, creditor_id, a_file(a_row("F2026-0117"), a_row("F2026-0118", customer="8", name="Jan")))
        paper = a_delivery_note(number="F2026-0117", debtor="Bakkerij Jansen BV")
        filed = drop(units, files, creditor_id, "scan.pdf", paper)
        assert filed.claim_id == claims(units, creditor_id)["F2026-0117"]
        assert filed.question is None
        assert ("invoice_number", "F2026-0117") in filed.reasons
        assert ("name", "bakkerij jansen") in filed.reasons
        with door(units, creditor_id) as unit:
            [document] = documents_of(unit, creditor_id=creditor_id, claim_id=filed.claim_id)
        assert (document.id, document.name) == (filed.document_id, "scan.pdf")

    @pytest.mark.parametrize("name", ["2024_117 pakbon.pdf", "pakbon 2024-117.pdf", "Pakbon_2024 117.pdf"])
    def test_a_slash_that_a_file_name_cannot_hold_is_understood(self, units, files, creditor_id, name):
        place(units, creditor_id, a_file(a_row("2024/117")))
        filed = drop(units, files, creditor_id, name, a_pdf("Voor ontvangst getekend"))
        assert filed.claim_id == claims(units, creditor_id)["2024/117"]

    def test_two_claims_of_one_debtor_are_asked(self, units, files, creditor_id):
        place(units, creditor_id, a_file(a_row("F2026-0117"), a_row("F2026-0118")))
        rows_of(units, creditor_id, "SELECT 1")
        paper = a_pdf("Algemene voorwaarden", "Getekend door Bakkerij Jansen BV", "1012 AB Amsterdam")
        filed = drop(units, files, creditor_id, "voorwaarden.pdf", paper)
        assert (filed.claim_id, filed.question) == (None, "which_claim")

    def test_a_year_or_a_short_number_decides_nothing(self, units, files, creditor_id):
        place(units, creditor_id, a_file(a_row("2026"), a_row("12", customer="8", name="Jan")))
        filed = drop(units, files, creditor_id, "brief.pdf", a_pdf("Amsterdam, 12 mei 2026"))
        assert filed.claim_id is None

    def test_nothing_that_fits_is_a_question_and_the_claim_that_comes_later_solves_it(
        self, units, files, creditor_id
    ):
        paper = a_delivery_note(number="F2026-0200", debtor="Bakkerij Jansen BV", amount="100,00")
        filed = drop(units, files, creditor_id, "bon.pdf", paper)
        assert (filed.claim_id, filed.question) == (None, "no_claim")
        place(units, creditor_id, a_file(a_row("F2026-0200")))
        with door(units, creditor_id) as unit:
            assert try_again(unit, files, creditor_id=creditor_id) == 1
            assert waiting_files(unit, creditor_id=creditor_id) == []
        found = rows_of(units, creditor_id, "SELECT claim_id FROM document")
        assert found == [(claims(units, creditor_id)["F2026-0200"],)]

    def test_the_same_file_twice_is_one(self, units, files, creditor_id):
        paper = a_pdf("iets")
        one = drop(units, files, creditor_id, "a.pdf", paper)
        two = drop(units, files, creditor_id, "b.pdf", paper)
        assert one.incoming_id == two.incoming_id

    def test_another_creditors_claim_is_never_a_candidate(self, units, files, creditor_id):
        other = a_creditor(units, "OTHER")
        place(units, other, a_file(a_row("F2026-0117")))
        paper = a_delivery_note(number="F2026-0117", debtor="Bakkerij Jansen BV")
        assert drop(units, files, creditor_id, "bon.pdf", paper).question == "no_claim"

    def test_a_file_that_is_no_evidence_is_refused_and_not_kept(self, units, files, creditor_id):
        with pytest.raises(UnacceptableFile):
            drop(units, files, creditor_id, "bon.pdf", b"MZ not a pdf")
        assert rows_of(units, creditor_id, "SELECT count(*) FROM incoming_document") == [(0,)]


class TestSorting:
    @pytest.fixture
    def waiting(self, units, files, creditor_id):
        place(units, creditor_id, a_file(a_row("F2026-0117"), a_row("F2026-0118", customer="8", name="Jan")))
        return [
            drop(units, files, creditor_id, f"{n}.pdf", a_pdf(f"los papier {n}x")).incoming_id
            for n in (1, 2, 3)
        ]

    def test_choosing_files_it_and_undoing_takes_it_out_again(self, units, files, creditor_id, waiting):
        claim_id = claims(units, creditor_id)["F2026-0117"]
        with door(units, creditor_id) as unit:
            choose_claim(unit, files, creditor_id=creditor_id, incoming_ids=waiting[:1], claim_id=claim_id)
        with door(units, creditor_id) as unit:
            assert len(documents_of(unit, creditor_id=creditor_id, claim_id=claim_id)) == 1
            decision = last_decision(unit, creditor_id=creditor_id, by="user:clerk")
            assert decision.incoming_id == waiting[0]
            undo(unit, creditor_id=creditor_id, incoming_id=waiting[0])
        with door(units, creditor_id) as unit:
            assert documents_of(unit, creditor_id=creditor_id, claim_id=claim_id) == []
            assert [one.id for one in waiting_files(unit, creditor_id=creditor_id)] == waiting
        history = rows_of(units, creditor_id, "SELECT action, claim_id FROM incoming_decision ORDER BY id")
        assert history == [("chosen", claim_id), ("undone", claim_id)]
        kinds = rows_of(units, creditor_id, "SELECT kind FROM event WHERE kind LIKE 'Document%' ORDER BY id")
        assert [kind for (kind,) in kinds][-2:] == ["DocumentAdded", "DocumentRemoved"]
        assert rows_of(
            units, creditor_id, "SELECT count(*) FROM audit_entry WHERE action LIKE 'incoming%'"
        ) == [(1,)]

    def test_after_undoing_it_can_be_chosen_again(self, units, files, creditor_id, waiting):
        claim_id = claims(units, creditor_id)["F2026-0117"]
        for _ in range(2):
            with door(units, creditor_id) as unit:
                choose_claim(
                    unit, files, creditor_id=creditor_id, incoming_ids=waiting[:1], claim_id=claim_id
                )
            with door(units, creditor_id) as unit:
                undo(unit, creditor_id=creditor_id, incoming_id=waiting[0])

    def test_many_at_once_are_all_or_none(self, units, files, creditor_id, waiting):
        claim_id = claims(units, creditor_id)["F2026-0118"]
        with door(units, creditor_id) as unit:
            set_aside(unit, creditor_id=creditor_id, incoming_ids=waiting[2:], reason="duplicate")
        with pytest.raises(AlreadySorted), door(units, creditor_id) as unit:
            choose_claim(unit, files, creditor_id=creditor_id, incoming_ids=waiting, claim_id=claim_id)
        assert rows_of(units, creditor_id, "SELECT count(*) FROM document") == [(0,)]

    def test_not_needed_wants_a_reason(self, units, creditor_id, waiting):
        for reason, words in (("because", ""), ("other", " ")):
            with pytest.raises(Invalid), door(units, creditor_id) as unit:
                set_aside(unit, creditor_id=creditor_id, incoming_ids=waiting, reason=reason, words=words)

    def test_the_place_in_the_pile_is_known(self, units, creditor_id, waiting):
        with door(units, creditor_id) as unit:
            middle = waiting_files(unit, creditor_id=creditor_id)[1]
            place = place_of(unit, middle)
        assert (place.number, place.total, place.previous, place.next) == (2, 3, waiting[0], waiting[2])

    def test_another_creditor_cannot_touch_it(self, units, files, creditor_id, waiting):
        other = a_creditor(units, "OTHER")
        for creditor in (other, creditor_id):
            with pytest.raises(NotFound), door(units, other) as unit:
                undo(unit, creditor_id=creditor, incoming_id=waiting[0])


@pytest.mark.pure
class TestWeighing:
    A, B = UUID(int=1), UUID(int=2)

    def test_a_clear_distance_decides(self):
        found = [Found(self.A, Sign.invoice_number, "F2026-1"), Found(self.B, Sign.name, "jansen")]
        assert match_document(found).claim_id == self.A

    def test_two_numbers_of_two_claims_decide_nothing(self):
        found = [
            Found(self.A, Sign.invoice_number, "F2026-1"),
            Found(self.B, Sign.invoice_number, "F2026-2"),
            Found(self.A, Sign.amount, "1,00"),
            Found(self.B, Sign.name, "jansen"),
        ]
        assert match_document(found).question == "which_claim"

    def test_a_sign_counts_once_however_often_it_stands_there(self):
        many = match_document([Found(self.A, Sign.name, "jansen")] * 9)
        assert (many.candidates[0].score, many.claim_id) == (30, None)

    def test_amounts_of_any_dialect_are_read(self):
        found = signs_of("1.234,56 en 1,234.56 en 12,00 en 1 234,56", "x.pdf")
        assert found.amounts == {123_456, 1_200}


def misspelt(words: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(words) - 1)
    return words[: at - 1] + words[at] + words[at - 1] + words[at + 1 :]


FIRST = ("Bakkerij", "Garage", "Slagerij", "Bouwbedrijf", "Kwekerij", "Drukkerij", "Hotel", "Taxi")
LAST = ("Jansen", "De Vries", "Bakker", "Visser", "Smit", "Mulder", "Bos", "Vos", "Peters", "Hendriks")


class TestPrecision:
    """On papers with typing mistakes, shared names and equal amounts: what is filed is right, most is."""

    def test_nothing_wrong_is_filed_and_most_is(self, units, files, creditor_id):
        chance = random.Random(4)
        rows, truth = [], []
        for n in range(300):
            name = f"{chance.choice(FIRST)} {chance.choice(LAST)} B.V."
            amount = chance.choice(("100,00", "250,00", "1.210,00", f"{chance.randrange(10, 900)},5{n % 10}"))
            rows.append(a_row(f"F2026-{n:05d}", customer=f"K{n:04d}", name=name, amount=amount,
                              postcode=f"10{n % 90 + 10} AB"))  # fmt: skip
            truth.append((f"F2026-{n:05d}", name, amount, f"10{n % 90 + 10} AB", f"K{n:04d}"))
        assert place(units, creditor_id, a_file(*rows)).created == 300
        found = claims(units, creditor_id)
        right = wrong = asked = 0
        for number, name, amount, postcode, customer in chance.sample(truth, 100):
            said = misspelt(number, chance) if chance.random() < 0.15 else number
            who = misspelt(name, chance) if chance.random() < 0.25 else name
            more = (postcode,) if chance.random() < 0.7 else ()
            more += (f"Klantnr. {customer}",) if chance.random() < 0.5 else ()
            paper = a_delivery_note(number=said, debtor=who, amount=amount, more=more)
            filed = drop(
                units, files, creditor_id, f"scan{number[-5:]}x.pdf"[:7] + f"{right}{asked}.pdf", paper
            )
            right += filed.claim_id == found[number]
            wrong += filed.claim_id not in (None, found[number])
            asked += filed.claim_id is None
        # A number that a mistake turned into another claim's is outweighed by name, postcode and amount.
        assert wrong <= 1
        assert right >= 85


def test_two_hundred_papers_meet_many_claims_in_few_statements(units, files, creditor_id):
    """Candidates come through indexes: the plans of the statements scan no whole table."""
    place(units, creditor_id, a_file(*(a_row(f"F{n:06d}", customer=f"K{n}") for n in range(200))))
    with units.open(Door.STAFF, by="system:test") as unit:
        unit.session.connection().execute(text("SET LOCAL enable_seqscan = off"))
        filed = [
            file_incoming(unit, files, creditor_id=creditor_id, drop_id=None, name=f"F{n:06d}.pdf",
                          content=f"%PDF-1.7\n{n}\n%%EOF".encode()) for n in range(20)
        ]  # fmt: skip
    assert all(one.claim_id for one in filed)

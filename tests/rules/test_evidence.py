"""Whether a document bears a claim out: every outcome of every check, and what follows from them."""

from dataclasses import replace
from datetime import date

import pytest

from agency.money import Money
from agency.rules.evidence import (
    ClaimedFacts,
    Finding,
    InvoiceFacts,
    Judged,
    Outcome,
    Standing,
    check_evidence,
    judge,
)
from agency.rules.facts import DocumentKind
from agency.rules.reading import Box, Page, Reading, ReadState, Word
from agency.rules.recognise import Recognised

pytestmark = pytest.mark.pure

D = DocumentKind
MATCH, MISMATCH, ABSENT = Outcome.match, Outcome.mismatch, Outcome.absent
INVOICE = InvoiceFacts(
    "2026-0017", date(2026, 5, 12), date(2026, 6, 30), Money(12_100, "EUR"), Money(10_000, "EUR")
)
CLAIM = ClaimedFacts((INVOICE,), "Bakkerij Jansen", ("De Kroon",), Money(22_200, "EUR"), ("ORDER-55",))


def doc(*texts: str, **more) -> Reading:
    words = tuple(Word(word, n) for n, text in enumerate(texts) for word in text.split())
    return Reading(ReadState.read, (Page(1, 595, 842, words),), 1, **more)


def told(field: str, *texts: str, claim: ClaimedFacts = CLAIM, kind: DocumentKind = D.invoice):
    findings = {one.field: one for one in check_evidence(doc(*texts), kind=kind, claim=claim)}
    one = findings[field]
    assert (one.page is None) == (one.outcome is ABSENT and not one.found)
    return one.outcome, one.expected, one.found, one.confidence


class TestChecks:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("nr 2026-0017", (MATCH, "2026-0017", "2026-0017", 95)),
            ("Factuurnummer 2026-0018", (MISMATCH, "2026-0017", "2026-0018", 80)),
            ("uw ORDER-55", (MATCH, "ORDER-55", "ORDER-55", 80)),
            ("niets", (ABSENT, "2026-0017", "", 80)),
        ],
    )
    def test_of_the_number(self, text, found):
        assert told("number", text) == found

    @pytest.mark.parametrize(
        ("number", "text", "found"),
        [
            ("17", "nr 17", (ABSENT, "17", "", 80)), ("17", "Factuurnummer 17", (MATCH, "17", "17", 95)),
            ("17", "Factuurnummer 18", (MISMATCH, "17", "18", 80)),
            ("1-7", "nr 1-7", (ABSENT, "1-7", "", 80)),
            ("117", "nr 117", (MATCH, "117", "117", 95)),
        ],
    )  # fmt: skip
    def test_a_number_of_two_digits_counts_only_behind_its_label(self, number, text, found):
        claim = replace(CLAIM, invoices=(replace(INVOICE, number=number),), references=("55",))
        assert told("number", f"{text} 55 x", claim=claim) == found

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("121,00", (MATCH, "EUR 121.00", "121,00", 95)),
            ("-121,00", (MATCH, "EUR 121.00", "-121,00", 95)),
            ("100,00", (MATCH, "EUR 121.00", "100,00", 95)), ("222,00", (MATCH, "EUR 121.00", "222,00", 95)),
            ("222,00 en 121,00 en 100,00", (MATCH, "EUR 121.00", "121,00", 95)),
            ("222,00 en 100,00", (MATCH, "EUR 121.00", "100,00", 95)),
            ("te betalen 5,00", (MISMATCH, "EUR 121.00", "5,00", 80)),
            ("te betalen € 1 005,00 x", (MISMATCH, "EUR 121.00", "€ 1 005,00", 80)),
            ("5,00", (ABSENT, "EUR 121.00", "", 60)),
            ("te betalen € 1 234 567 890,12", (MISMATCH, "EUR 121.00", "1 234 567 890,12", 80)),
        ],
    )  # fmt: skip
    def test_of_the_amount(self, text, found):
        assert told("amount", text) == found

    @pytest.mark.parametrize(
        ("field", "label", "expected"),
        [("issued_on", "Factuurdatum", "2026-05-12"), ("due_on", "Vervaldatum", "2026-06-30")],
    )
    def test_of_the_days(self, field, label, expected):
        year, month, day = expected.split("-")
        written = f"{day}-{month}-{year}"
        assert told(field, f"{label} {written}") == (MATCH, expected, written, 95)
        assert told(field, f"{label} {day} {'mei' if month == '05' else 'juni'} {year}")[0] is MATCH
        assert told(field, f"{label} 13-01-2026", written) == (MISMATCH, expected, "13-01-2026", 80)
        assert told(field, f"x {written} x") == (MATCH, expected, written, 80)
        assert told(field, f"{label} 12 -01 - 2026") == (ABSENT, expected, "", 60)
        assert told(field, "13-01-2026 x") == (ABSENT, expected, "", 60)
        assert told(field, f"13-01-2026 x {written}") == (MATCH, expected, written, 80)

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("Bakkerij Jansen", (MATCH, "Bakkerij Jansen", "Bakkerij Jansen", 95)),
            ("Jansen", (ABSENT, "Bakkerij Jansen", "", 60)), ("niets", (ABSENT, "Bakkerij Jansen", "", 60)),
        ],
    )  # fmt: skip
    def test_of_the_debtor(self, text, found):
        assert told("debtor", text) == found

    def test_a_name_counts_from_six_tenths_of_its_letters(self):
        three_fifths, less = replace(CLAIM, debtor="Abc De Fg"), replace(CLAIM, debtor="Abcd Efg")
        assert told("debtor", "abc", claim=three_fifths) == (MATCH, "Abc De Fg", "abc", 60)
        assert told("debtor", "abcd", claim=less) == (ABSENT, "Abcd Efg", "", 60)

    def test_the_creditor_has_several_names_and_the_best_counts(self):
        claim = replace(CLAIM, creditors=("Kroon Groothandel", "Merk Vier"))
        assert told("creditor", "merk vier", claim=claim) == (MATCH, "Merk Vier", "merk vier", 95)
        both = told("creditor", "groothandel x x x x merk vier", claim=claim)
        assert both == (MATCH, "Merk Vier", "merk vier", 95)
        assert told("creditor", "niets", claim=claim) == (ABSENT, "Kroon Groothandel", "", 60)
        assert told("creditor", "niets", claim=replace(CLAIM, creditors=())) == (ABSENT, "", "", 60)

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("€ 5,00", (MATCH, "EUR", "€", 95)), ("€5,00", (MATCH, "EUR", "€5,00", 95)),
            ("5,00€", (MATCH, "EUR", "5,00€", 95)), ("(EUR)", (MATCH, "EUR", "(EUR)", 95)),
            ("£5.00", (MISMATCH, "EUR", "GBP", 80)), ("£5.00 of € 6,00", (MATCH, "EUR", "€", 95)),
            ("USD", (MISMATCH, "EUR", "USD", 80)), ("usd gbp", (MISMATCH, "EUR", "USD", 80)),
            ("5,00", (ABSENT, "EUR", "", 40)), ("euroland", (ABSENT, "EUR", "", 40)),
            ("€uro", (ABSENT, "EUR", "", 40)),
            ("EURX", (ABSENT, "EUR", "", 40)), ("eur. EUR", (MATCH, "EUR", "eur.", 95)),
        ],
    )  # fmt: skip
    def test_of_the_currency(self, text, found):
        assert told("currency", text) == found

    def test_are_those_of_the_kind_in_the_order_in_which_people_look(self):
        def fields(kind: DocumentKind) -> list[str]:
            return [one.field for one in check_evidence(doc("x"), kind=kind, claim=CLAIM)]

        assert fields(D.invoice) == [
            "number",
            "issued_on",
            "due_on",
            "amount",
            "currency",
            "debtor",
            "creditor",
        ]
        assert fields(D.contract) == ["debtor", "creditor", "signature"]
        assert fields(D.terms) == ["creditor"]

    def test_a_finding_is_kept_as_plain_values(self):
        one = Finding("number", MATCH, "1", "2", 95, 3, Box(1, 2, 3, 4))
        plain = {"field": "number", "outcome": "match", "expected": "1", "found": "2", "confidence": 95}
        assert one.as_json() == {**plain, "page": 3, "box": [1, 2, 3, 4]}
        assert replace(one, page=None, box=None).as_json() == {**plain, "page": None, "box": None}


class TestInvoices:
    SECOND = InvoiceFacts(
        "2026-0099", date(2026, 7, 1), date(2026, 7, 31), Money(5_000, "EUR"), Money(5_000, "EUR")
    )

    def compared(self, *texts: str, invoices=None) -> str:
        claim = replace(CLAIM, invoices=invoices or (INVOICE, self.SECOND))
        return told("issued_on", *texts, claim=claim)[1]

    @pytest.mark.parametrize(
        ("text", "second"),
        [
            ("niets", False), ("2026-0099", True), ("2026-0017", False), ("2026-0017 2026-0099", False),
            ("2026-0017 2026-0099 50,00", True), ("2026-0017 2026-0099 -50,00", True),
            ("2026-0017 2026-0099 01-07-2026", True), ("2026-0017 2026-0099 121,00 01-07-2026", False),
            ("2026-0017 2026-0099 121,00 50,00 01-07-2026", True),
        ],
    )  # fmt: skip
    def test_the_one_that_a_document_agrees_with_most_is_compared(self, text, second):
        assert self.compared(text) == ("2026-07-01" if second else "2026-05-12")

    def test_a_number_of_two_digits_names_none(self):
        short = replace(self.SECOND, number="99")
        assert self.compared("99", invoices=(INVOICE, short)) == "2026-05-12"
        longer = replace(self.SECOND, number="999")
        assert self.compared("999", invoices=(INVOICE, longer)) == "2026-07-01"


class TestSignature:
    LABEL = Box(2_000, 5_000, 3_000, 5_100)
    NEAR = Box(3_100, 4_900, 4_000, 5_200)

    def signed(self, *marks: Box, text: str = "Handtekening", box: Box | None = LABEL, fields: int = 0):
        page = Page(1, 595, 842, (Word(text, 0, box),), marks)
        reading = Reading(ReadState.read, (page,), 1, fields)
        (one,) = (f for f in check_evidence(reading, kind=D.contract, claim=CLAIM) if f.field == "signature")
        return one

    def test_an_electronic_one_is_seen_not_verified(self):
        assert self.signed(fields=1) == Finding(
            "signature", MATCH, "", "electronic signature, not verified", 95
        )

    def test_handwriting_counts_beside_a_label_that_asks_for_it(self):
        around = Box(2_000, 4_900, 4_000, 5_200)
        assert self.signed(self.NEAR) == Finding("signature", MATCH, "", "Handtekening", 75, 1, around)
        assert self.signed() == Finding("signature", ABSENT, "", "Handtekening", 60, 1, self.LABEL)
        assert self.signed(self.NEAR, text="niets") == Finding("signature", ABSENT, "", "", 40)
        assert self.signed(self.NEAR, box=None) == Finding("signature", ABSENT, "", "Handtekening", 60, 1)

    @pytest.mark.parametrize(
        ("mark", "near"),
        [
            (Box(2_000, 4_000, 2_100, 4_100), True), (Box(2_000, 4_000, 2_100, 4_099), False),  # above
            (Box(2_000, 6_200, 2_100, 6_300), True), (Box(2_000, 6_201, 2_100, 6_300), False),  # below
            (Box(800, 5_000, 900, 5_100), True), (Box(800, 5_000, 899, 5_100), False),  # to the left
            (Box(7_500, 5_000, 7_600, 5_100), True), (Box(7_501, 5_000, 7_600, 5_100), False),  # to the right
            (Box(0, 5_000, 5_000, 5_100), True), (Box(0, 5_000, 5_001, 5_100), False),  # as wide as may be
            (Box(2_000, 4_000, 2_100, 5_800), True), (Box(2_000, 4_000, 2_100, 5_801), False),  # as high
        ],
    )  # fmt: skip
    def test_handwriting_has_a_size_and_stands_near(self, mark, near):
        assert (self.signed(mark).outcome is MATCH) is near
        assert self.signed(Box(0, 0, 9_999, 9_999), mark).outcome is (MATCH if near else ABSENT)

    def test_every_label_is_looked_at_and_the_first_is_told(self):
        far = Word("Getekend", 1, Box(2_000, 100, 3_000, 200))
        near = Word("Handtekening", 2, self.LABEL)
        reading = Reading(ReadState.read, (Page(4, 595, 842, (far, near), (self.NEAR,)),), 1)
        findings = {one.field: one for one in check_evidence(reading, kind=D.contract, claim=CLAIM)}
        assert (findings["signature"].outcome, findings["signature"].found) == (MATCH, "Handtekening")
        without = Reading(ReadState.read, (Page(4, 595, 842, (far, near)),), 1)
        findings = {one.field: one for one in check_evidence(without, kind=D.contract, claim=CLAIM)}
        assert (findings["signature"].found, findings["signature"].page) == ("Getekend", 4)


class TestJudging:
    FOUND = Finding("debtor", MATCH, "a", "a", 95, 1)

    def judged(self, *findings, kind=D.invoice, taken=D.invoice, sure=90, said=True, state=ReadState.read):
        recognised = Recognised(taken, sure, "nl", (), (), ())
        return judge(Reading(state), kind=kind, said_by_person=said, recognised=recognised, findings=findings)

    @pytest.mark.parametrize("state", ReadState)
    def test_what_cannot_be_read_is_refuted_or_unchecked(self, state):
        found = self.judged(self.FOUND, state=state)
        if state is ReadState.read:
            assert found == Judged(Standing.valid, ())
        elif state in (ReadState.no_text, ReadState.unsupported):
            assert found == Judged(Standing.unchecked, (f"state:{state.value}",))
        else:
            assert found == Judged(Standing.refuted, (f"state:{state.value}",))

    @pytest.mark.parametrize(
        ("more", "reasons"),
        [
            ({"taken": D.order, "sure": 60}, ("kind",)), ({"taken": D.order, "sure": 59}, ()),
            ({"taken": D.order, "said": False}, ()), ({"taken": D.invoice}, ()),
        ],
    )  # fmt: skip
    def test_a_kind_that_the_words_contradict_is_put_in_question(self, more, reasons):
        assert self.judged(self.FOUND, **more).reasons == reasons

    @pytest.mark.parametrize(
        ("finding", "reasons"),
        [
            (Finding("amount", MISMATCH, "", "x", 60), ("mismatch:amount",)),
            (Finding("amount", MISMATCH, "", "x", 59), ()), (Finding("amount", ABSENT, "", "", 95), ()),
            (Finding("due_on", MISMATCH, "", "x", 95), ()), (Finding("amount", MATCH, "", "x", 95), ()),
        ],
    )  # fmt: skip
    def test_a_contradiction_counts_where_it_is_asked_and_sure(self, finding, reasons):
        found = self.judged(self.FOUND, finding)
        assert found == Judged(Standing.questioned if reasons else Standing.valid, reasons)

    def test_something_must_point_to_the_claim_where_the_kind_asks_it(self):
        amount = Finding("amount", MATCH, "", "x", 95)
        assert self.judged(amount).reasons == ("unlinked",)
        assert self.judged(replace(self.FOUND, outcome=ABSENT)).reasons == ("unlinked",)
        assert self.judged(kind=D.terms, taken=D.terms).reasons == ()
        everything = self.judged(Finding("number", MISMATCH, "", "x", 95), taken=D.order)
        assert everything == Judged(Standing.questioned, ("kind", "mismatch:number", "unlinked"))

    def test_what_the_words_do_not_tell_counts_on_the_word_of_who_added_it(self):
        assert self.judged(self.FOUND, taken=None) == Judged(Standing.unchecked, ("not_told",))
        assert self.judged(kind=D.other, taken=None) == Judged(Standing.valid, ())


def test_outcomes_and_standings_are_kept_under_their_own_words():
    assert [one.value for one in Outcome] == ["match", "mismatch", "absent"]
    assert [one.value for one in Standing] == ["unchecked", "valid", "questioned", "refuted"]

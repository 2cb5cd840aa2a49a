"""Matching: only a checked reference books by itself; all else is a proposal or nothing."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.rules.match import Candidate, LineFacts, Match, match
from agency.rules.reference import claim_number, creditor_reference, structured_ogm

pytestmark = pytest.mark.pure

IBAN = "NL91 ABNA 0417 1643 00"
ON = date(2026, 11, 27)


def claim(number: int, owed: int = 10_000, **more) -> Candidate[str]:
    facts = {
        "references": (structured_ogm(number), creditor_reference(number), claim_number(number)),
        "open": Money(owed, "EUR"),
    }
    return Candidate(claim_id=f"claim {number}", **facts | more)


ONE, TWO = claim(1), claim(2, 25_000, debtor_ibans=(IBAN,), invoice_numbers=("2026-00123",))


def line(
    minor: int = 10_000, text: str = "", *references: str, currency: str = "EUR", iban=None
) -> LineFacts:
    return LineFacts(amount=Money(minor, currency), references=references, text=text, iban=iban)


def decide(facts: LineFacts, *candidates: Candidate[str]) -> Match[str]:
    return match(line=facts, candidates=candidates or (ONE, TWO), on=ON)


def outcome(found: Match[str]) -> tuple[str, str | None, tuple[str, ...]]:
    return found.kind, found.claim_id, found.reasons


class TestExact:
    @pytest.mark.parametrize(
        "text",
        [
            structured_ogm(1),
            creditor_reference(1),
            claim_number(1),
            "betaling " + structured_ogm(1).strip("+").replace("/", " "),
            f"{claim_number(1)} {structured_ogm(1)}",
        ],
    )
    def test_books_on_one_valid_reference(self, text):
        assert outcome(decide(line(10_000, text))) == ("exact", "claim 1", ("reference",))

    def test_reads_the_structured_field_too(self):
        assert outcome(decide(line(10_000, "", creditor_reference(2).replace(" ", "")))) == (
            "exact",
            "claim 2",
            ("reference",),
        )

    def test_books_a_part_payment(self):
        assert decide(line(1, structured_ogm(1))).kind == "exact"

    def test_books_a_double_payment_and_says_it_is_more_than_open(self):
        assert outcome(decide(line(20_000, structured_ogm(1)))) == (
            "exact",
            "claim 1",
            ("reference", "more_than_open"),
        )


class TestProposed:
    def test_never_books_on_two_references(self):
        """B6."""
        found = decide(line(35_000, f"{structured_ogm(1)} {structured_ogm(2)}"))
        assert outcome(found) == ("proposed", None, ("several_claims_named",))
        assert set(found.proposals) == {"claim 1", "claim 2"}

    @pytest.mark.parametrize(
        ("facts", "reason"),
        [
            (line(20_001, structured_ogm(1)), "amount_implausible"),
            (line(10_000, structured_ogm(1), currency="USD"), "other_currency"),
            (line(10_000, f"{structured_ogm(1)} {structured_ogm(77)}"), "unknown_reference_beside_it"),
        ],
    )
    def test_asks_a_person_when_something_is_odd(self, facts, reason):
        assert outcome(decide(facts)) == ("proposed", "claim 1", ("reference", reason))

    def test_asks_a_person_about_money_for_a_paid_claim(self):
        """A12."""
        assert outcome(decide(line(100, structured_ogm(3)), claim(3, 0))) == (
            "proposed",
            "claim 3",
            ("reference", "nothing_open"),
        )

    @pytest.mark.parametrize(
        ("facts", "reasons"),
        [
            (line(100, "factuur 2026-00123"), ("invoice_number",)),
            (line(100, "factuur 202600123 dank"), ("invoice_number",)),
            (line(100, iban="nl91abna0417164300"), ("debtor_account",)),
            (line(25_000, "CL-0000-0002-03"), ("mistyped_reference", "amount")),
        ],
    )
    def test_proposes_on_other_signs(self, facts, reasons):
        assert outcome(decide(facts)) == ("proposed", "claim 2", reasons)

    def test_names_no_claim_when_two_fit_equally(self):
        found = decide(line(100, iban=IBAN), claim(1, debtor_ibans=(IBAN,)), claim(2, debtor_ibans=(IBAN,)))
        assert outcome(found) == ("proposed", None, ("debtor_account", "several_claims_fit"))
        assert found.proposals == ("claim 1", "claim 2")


class TestNone:
    @pytest.mark.parametrize(
        ("facts", "reason"),
        [
            (line(10_000, "salaris november"), "nothing_points_to_a_claim"),
            (line(10_000), "nothing_points_to_a_claim"),  # the amount alone says nothing
            (line(10_000, "12026-001234"), "nothing_points_to_a_claim"),
            (line(25_000, "2026-00123", currency="USD"), "nothing_points_to_a_claim"),
            (line(-10_000, structured_ogm(1)), "not_incoming"),
            (line(0, structured_ogm(1)), "not_incoming"),
        ],
    )
    def test_leaves_the_rest_to_suspense(self, facts, reason):
        assert outcome(decide(facts)) == ("none", None, (reason,))

    def test_finds_nothing_among_no_candidates(self):
        assert match(line=line(1, structured_ogm(1)), candidates=(), on=ON).kind == "none"


class TestAlways:
    @given(st.integers(1, 99_999_999), st.data())
    def test_one_wrong_sign_is_never_booked(self, number, data):
        """B7: a reference with one wrong digit is at best a proposal."""
        digits = [*claim_number(number).replace("-", "")]
        place = data.draw(st.integers(2, len(digits) - 1))
        digits[place] = str((int(digits[place]) + data.draw(st.integers(1, 9))) % 10)
        found = decide(line(10_000, "".join(digits)), claim(number))
        assert found.kind == "proposed"
        assert found.reasons == ("mistyped_reference", "amount")

    @given(st.text(max_size=200), st.integers(1, 10**9))
    def test_a_text_without_a_reference_is_never_booked(self, text, minor):
        assert decide(line(minor, text, iban=IBAN)).kind != "exact"

    def test_a_line_against_thousands_of_claims_is_quick(self):
        many = [claim(number, invoice_numbers=(f"F{number:06d}",)) for number in range(1, 2_001)]
        assert outcome(decide(line(10_000, f"inv f000777 {'x y ' * 30}"), *many)) == (
            "proposed",
            "claim 777",
            ("invoice_number", "amount"),
        )


class TestSigns:
    """What points to a claim without proving it, at its borders."""

    OWN = claim(3, 5_000, invoice_numbers=("2026-00123",))

    def decide(self, text: str, minor: int = 777, **more) -> Match[str]:
        """Of a claim that is known by a number of the creditor's own and by nothing else."""
        facts = {"references": ("KL12345678",), "open": Money(5_000, "EUR")}
        return decide(line(minor, text), Candidate(claim_id="own", **facts | more))

    @pytest.mark.parametrize(
        "text",
        [
            "KL12345679", "XL12345678", "KL1234X678",  # one sign wrong: last, first, within
            "KL1234567", "L12345678", "KL1245678",  # one missing
            "KL123456789", "XKL12345678", "KL123X45678",  # one too many
            "KL12345687", "LK12345678", "KL12435678",  # two neighbours swapped
        ],
    )  # fmt: skip
    def test_one_slip_of_the_pen_is_seen_through(self, text):
        assert self.decide(text, 5_000).reasons == ("mistyped_reference", "amount")

    @pytest.mark.parametrize(
        "text",
        [
            "KL12345600", "XX12345678", "KL1X3Y5678",  # two signs wrong, side by side or apart
            "KL123456", "KL12345", "KL1234567890", "KL12X3Y45678",  # two missing or too many
            "KL14325678", "LK12345687", "KL12435679",  # two that are not neighbours, twice two, and one wrong
            "KL1345X78", "KL1243567",  # one missing and one wrong or swapped
        ],
    )  # fmt: skip
    def test_two_slips_are_another_number(self, text):
        assert self.decide(text, 5_000).kind == "none"

    @pytest.mark.parametrize(
        ("number", "text", "told"),
        [
            ("2026-00123", "2026 00123", True),
            ("A123", "A123", True),
            ("A12", "A12", False),
            ("FACTUUR", "FACTUUR", False),
            ("20-26-00-12", "20 26 00 12", True),
            ("20-26-00-12-3", "20 26 00 12 3", False),
        ],
    )
    def test_an_invoice_number_has_a_digit_and_some_length_and_few_pieces(self, number, text, told):
        found = self.decide(text, 777, invoice_numbers=(number,), references=())
        assert bool({"invoice_number", "short_invoice_number"} & {*found.reasons}) is told

    def test_every_field_of_references_is_read_by_itself(self):
        found = decide(line(777, "", "2026-00123", "thanks"), self.OWN)
        assert found.reasons == ("invoice_number",)

    @pytest.mark.parametrize(("owed", "kind"), [(0, "none"), (1, "proposed")])
    def test_nothing_is_proposed_for_what_is_paid(self, owed, kind):
        assert decide(line(777, "2026-00123"), claim(3, owed, invoice_numbers=("2026-00123",))).kind == kind

    def test_the_last_cent_is_booked(self):
        assert decide(line(1, structured_ogm(1)), claim(1, 1)).kind == "exact"

    def test_the_better_claim_comes_first_whatever_the_order(self):
        better = claim(4, 777, invoice_numbers=("2026-00123",))
        for candidates in ((self.OWN, better), (better, self.OWN)):
            found = decide(line(777, "2026-00123"), *candidates)
            assert (found.claim_id, found.proposals) == ("claim 4", ("claim 4", "claim 3"))

    def test_an_invoice_number_weighs_as_much_as_a_slip(self):
        one = Candidate("one", (), Money(777, "EUR"), invoice_numbers=("2026-00123",))
        other = Candidate("other", ("KL12345678",), Money(777, "EUR"))
        found = decide(line(777, "2026-00123 KL12345679"), one, other)
        assert (found.claim_id, found.reasons[-1]) == (None, "several_claims_fit")

    def test_four_thousand_signs_are_read(self):
        text = "2026-00123".rjust(4_000)
        assert decide(line(777, text), self.OWN).reasons == ("invoice_number",)
        assert decide(line(777, " " + text), self.OWN).reasons == ("mistyped_invoice_number",)

"""Weighing signs: what books a line by itself, what only proposes, and how names and amounts are read."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.rules.match import Candidate, LineFacts, Match, match
from agency.rules.match_score import AMOUNT_SIGNS, NAME_SIGNS, amount_sign, weights_of
from agency.rules.payer_name import compare_names, holders, search_words, similarity
from agency.rules.reference import claim_number, creditor_reference, references_in, structured_ogm
from agency.rules.reference_repair import repaired_references

pytestmark = pytest.mark.pure

ON = date(2026, 11, 27)
IBAN, OTHER_IBAN = "NL91ABNA0417164300", "NL20INGB0001234567"


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def claim(name: str, owed: int = 12_345, **more) -> Candidate[str]:
    facts = {"debtor": "jan", "debtor_name": "jan jansen", "invoice_amounts": (eur(owed - 4_000),)}
    return Candidate(claim_id=name, references=(claim_number(1),), open=eur(owed), **facts | more)


def decide(*candidates: Candidate[str], minor: int = 12_345, text: str = "", crowded: bool = False, **more):
    said = {"iban": IBAN, "payers": ("j jansen",)} | more
    line = LineFacts(amount=eur(minor), text=text, **said)
    found: Match[str] = match(line=line, candidates=candidates, on=ON, crowded=crowded)
    return found


KNOWN = {"debtor_ibans": (IBAN,)}
WRONG = claim_number(1)[:-1] + "9"


class TestBooksByItself:
    def test_a_known_account_that_pays_just_what_is_open(self):
        found = decide(claim("a", **KNOWN), payers=())
        assert (found.kind, found.claim_id) == ("scored", "a")
        assert found.reasons == ("debtor_account", "amount")

    def test_a_mistyped_reference_with_the_name_and_the_amount(self):
        found = decide(claim("a"), text=WRONG)
        assert (found.kind, found.reasons) == ("scored", ("mistyped_reference", "initials", "amount"))

    def test_an_invoice_number_with_the_name_and_the_amount(self):
        found = decide(claim("a", invoice_numbers=("2026-00123",)), text="factuur 2026-00123")
        assert (found.kind, found.reasons) == ("scored", ("invoice_number", "initials", "amount"))

    def test_the_trace_says_what_it_weighed_and_from_where_it_books(self):
        [trace] = decide(claim("a", **KNOWN)).trace
        assert trace.inputs["signs"] == "debtor_account, initials, amount"
        assert (trace.inputs["points"], trace.inputs["post_from"]) == ("95", "75")


class TestOnlyProposes:
    @pytest.mark.parametrize(
        ("why", "found"),
        [
            ("the name and the amount alone", decide(claim("a"))),
            ("a slip and the amount alone: B7", decide(claim("a"), text=WRONG, payers=())),
            ("the account with any other amount", decide(claim("a", **KNOWN), minor=5_000)),
            ("an account that pays for others too", decide(claim("a", shared_ibans=(IBAN,)))),
            ("what a person refused before", decide(claim("a", refused=True, **KNOWN), text=WRONG)),
            ("more than is open", decide(claim("a", **KNOWN), minor=12_346, text=WRONG)),
            ("a reference beside it that nobody knows", decide(claim("a", **KNOWN), text=claim_number(77))),
            ("one of many of that name", decide(claim("a", **KNOWN), minor=8_345, payers=(), crowded=True)),
        ],
    )  # fmt: skip
    def test_is_for_a_person(self, why, found):
        assert found.kind == "proposed", why
        assert found.proposals == ("a",)

    def test_two_claims_of_one_debtor_with_the_same_amount(self):
        found = decide(claim("a", **KNOWN), claim("b", **KNOWN))
        assert (found.kind, found.claim_id) == ("proposed", None)
        assert found.proposals == ("a", "b")

    def test_another_debtor_of_that_name_is_no_hindrance_to_a_known_account(self):
        namesake = claim("b", debtor="other")
        assert decide(claim("a", **KNOWN), namesake).claim_id == "a"

    @given(st.integers(1, 10**7), st.integers(1, 10**7), st.booleans())
    def test_a_name_and_any_amount_never_book(self, owed, paid, crowded):
        assert not decide(claim("a", owed + 4_000), minor=paid, crowded=crowded, iban=OTHER_IBAN).certain

    @given(st.integers(1, 10**7), st.sampled_from(("", WRONG, "2026-00123")))
    def test_what_was_refused_never_books(self, paid, text):
        one = claim("a", paid, refused=True, invoice_numbers=("2026-00123",), **KNOWN)
        assert not decide(one, minor=paid, text=text).certain


class TestSeveralClaims:
    PAIR = (claim("a", 10_000), claim("b", 5_500), claim("c", 7_777))

    def test_that_add_up_are_one_proposal_with_its_parts(self):
        first = decide(*self.PAIR, minor=15_500).ranked[0]
        assert first.parts == (("a", eur(10_000)), ("b", eur(5_500)))
        assert first.reasons == ("initials", "sum_of_claims")

    def test_are_never_booked_by_themselves(self):
        known = [claim(one.claim_id, one.open.minor, **KNOWN) for one in self.PAIR]
        assert decide(*known, minor=15_500).kind == "proposed"

    def test_of_two_debtors_are_not_added_up(self):
        found = decide(claim("a", 10_000), claim("b", 5_500, debtor="piet"), minor=15_500)
        assert all(len(one.parts) == 1 for one in found.ranked)

    def test_named_on_the_line_come_first_with_their_parts(self):
        """B6."""
        open_on = ((1, 6_000), (2, 4_000))
        named = [Candidate(str(n), (structured_ogm(n),), eur(owed), debtor=n) for n, owed in open_on]
        found = decide(*named, minor=10_000, text=f"{structured_ogm(1)} en {structured_ogm(2)}")
        assert (found.kind, found.claim_id) == ("proposed", None)
        assert found.ranked[0].parts == (("1", eur(6_000)), ("2", eur(4_000)))


class TestNames:
    @pytest.mark.parametrize(
        ("payer", "debtor", "sign"),
        [
            ("jan jansen", "jan jansen", "same_name"),
            ("jansen jan", "jan jansen", "same_name"),
            ("dhr jan van den jansen", "jan jansen", "same_name"),
            ("mueller hans", "hans muller", "same_name"),
            ("j jansen", "jan jansen", "initials"),
            ("jansen j", "jan jansen", "initials"),
            ("jp van der berg", "johan peter van der berg", "initials"),
            ("jan jansen", "jos jansen", "similar_name"),
            ("k jansen", "jan jansen", "other_name"),
            ("fam jansen", "jan jansen", "family_name"),
            ("jansen", "jan jansen", "family_name"),
            ("bakkerij de vries noord", "bakkerij de vries", "similar_name"),
            ("albert heijn", "jan jansen", "other_name"),
            ("", "jan jansen", None),
            ("jan jansen", "", None),
        ],
    )
    def test_agree_or_not(self, payer, debtor, sign):
        assert compare_names((payer,), debtor) == sign

    def test_of_joint_holders_are_each_read(self):
        assert holders("J. Jansen e/o P. de Boer")[1:] == ("J. Jansen", "P. de Boer")
        assert holders("J. en P. Jansen")[1:] == ("J. Jansen", "P. Jansen")
        assert holders("  ") == ()
        assert compare_names(("j jansen eop de boer", "j jansen", "p de boer"), "piet de boer") == "initials"

    def test_are_looked_up_by_what_tells(self):
        assert search_words(("dhr j van den mueller",)) == ("mueller", "muller")

    @given(st.text("abc ", max_size=12), st.text("abc ", max_size=12))
    def test_similarity_is_the_same_from_both_sides(self, one, other):
        assert 0 <= similarity(one, other) == similarity(other, one) <= 1_000


class TestAmounts:
    @pytest.mark.parametrize(
        ("paid", "sign"),
        [
            (10_000, "amount"),
            (3_000, "invoice_amount"),
            (8_000, "sum_of_invoices"),
            (5_000, "sum_of_invoices"),
            (9_000, "amount_between"),
            (1_234, None),
            (10_001, None),
            (20_000, None),
            (20_001, "amount_implausible"),
        ],
    )
    def test_agree_or_not(self, paid, sign):
        one = claim("a", 10_000, invoice_amounts=(eur(2_000), eur(3_000), eur(3_000)))
        assert amount_sign(eur(paid), one) == sign


class TestRepair:
    @pytest.mark.parametrize("form", [claim_number, creditor_reference, structured_ogm])
    @given(st.integers(1, 99_999_999), st.data())
    def test_finds_the_reference_behind_any_one_slip(self, form, number, data):
        """B7."""
        printed = form(number)
        [meant] = references_in(printed)
        digits = [place for place, sign in enumerate(printed) if sign.isdigit()]
        place = data.draw(st.sampled_from(digits))
        slip = data.draw(st.sampled_from(("other", "missing", "twice")))
        other = str((int(printed[place]) + data.draw(st.integers(1, 9))) % 10)
        sign = {"other": other, "missing": "", "twice": printed[place] * 2}[slip]
        assert meant in repaired_references(f"betaling {printed[:place]}{sign}{printed[place + 1 :]}")

    def test_finds_swapped_neighbours(self):
        assert "RF970000123456" in repaired_references("RF97 0000 1243 56")

    def test_finds_nothing_in_an_amount_or_a_phone_number(self):
        assert repaired_references("EUR 1.234,56 tel 0612345678 huur") == ()


def test_weights_have_a_day_and_a_source():
    row = weights_of(ON)
    assert row["source"]
    assert row["post_from"] > row["propose_from"]


def test_signs_of_amounts_and_names_are_those_that_have_points():
    """One under another word would count as a sign of who paid."""
    assert weights_of(ON).keys() >= AMOUNT_SIGNS | NAME_SIGNS

"""Where a bank line stops being booked by itself and becomes a proposal: each border from both sides."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money
from agency.rules.match import Candidate, LineFacts, Match, match
from agency.rules.match_score import ReadLine, amount_sign, points_to_payer, signs_of, weights_of
from agency.rules.match_search import is_number, lookups, words_written
from agency.rules.reference import claim_number, creditor_reference, references_in, structured_ogm
from agency.rules.reference_repair import repaired_references

pytestmark = pytest.mark.pure

ON = date(2026, 11, 27)
IBAN = "NL91ABNA0417164300"
WEIGHTS = weights_of(ON)
WRONG = claim_number(1)[:-1] + "9"


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def claim(name: str, owed: int = 12_345, **more) -> Candidate[str]:
    facts = {"debtor": "jan", "debtor_name": "jan jansen", "invoice_amounts": (eur(owed),)}
    return Candidate(claim_id=name, references=(claim_number(1),), open=eur(owed), **facts | more)


def decide(*candidates: Candidate[str], minor: int = 12_345, text: str = "", crowded: bool = False, **more):
    line = LineFacts(amount=eur(minor), text=text, **{"iban": IBAN, "payers": ("j jansen",)} | more)
    asked = {"crowded": True} if crowded else {}
    found: Match[str] = match(line=line, candidates=candidates, on=ON, **asked)
    return found


KNOWN = {"debtor_ibans": (IBAN,)}


class TestCertain:
    def test_is_what_a_reference_or_enough_signs_say(self):
        assert decide(claim("a"), text=claim_number(1)).certain is True
        assert decide(claim("a", **KNOWN)).certain is True
        assert decide(claim("a")).certain is False
        assert decide().certain is False

    def test_is_no_line_whose_lead_is_one_point_short(self):
        """A known account and the amount have 75 points, and must lead by 35."""
        payers = ("jan bakker",)
        other = claim("b", 100_000, debtor="b", debtor_name="jan bakker", invoice_amounts=(eur(12_345),))
        told = decide(claim("a", debtor_name="", **KNOWN), other, payers=payers)
        assert [one.points for one in told.ranked] == [75, 60]
        assert told.kind == "proposed"
        farther = claim("b", 100_000, debtor="b", debtor_name="jan bakker", invoice_amounts=())
        told = decide(claim("a", debtor_name="", **KNOWN), farther, payers=payers)
        assert [one.points for one in told.ranked] == [75, 30]
        assert told.kind == "scored"

    def test_is_a_lead_of_just_what_is_asked(self):
        """95 points beside 60 of another debtor: a lead of 35."""
        named = claim("a", **KNOWN)
        other = claim("b", 100_000, debtor="b", debtor_name="j jansen", invoice_amounts=(eur(12_345),))
        told = decide(named, other)
        assert [one.points for one in told.ranked] == [95, 60]
        assert told.kind == "scored"

    def test_counts_those_that_were_not_looked_up_as_far_as_the_name_may_be_theirs(self):
        """95 points, of which the name and the amount, 55, may be another's: a lead of 40 is left."""
        assert decide(claim("a", **KNOWN), crowded=True).kind == "scored"
        same = {"payers": ("jan jansen",), "debtor_name": "jan jansen"}
        told = decide(claim("a", **KNOWN), crowded=True, payers=same["payers"])
        assert (told.ranked[0].points, told.kind) == (105, "scored")
        told = decide(claim("a", debtor_name="jan jansen"), text=WRONG, crowded=True, payers=same["payers"])
        assert (told.ranked[0].points, told.kind) == (100, "scored")
        invoice = claim("a", 100_000, debtor_name="jan jansen", invoice_amounts=(eur(12_345),))
        told = decide(invoice, text=WRONG, crowded=True, payers=same["payers"])
        assert (told.ranked[0].points, told.kind) == (95, "proposed")
        alone = decide(invoice, text=WRONG, payers=same["payers"])
        assert (alone.ranked[0].points, alone.kind) == (95, "scored")

    def test_is_nothing_that_was_refused_however_much_says_so(self):
        sure = claim("a", refused=True, invoice_numbers=("2026-00123",), debtor_name="jan jansen", **KNOWN)
        told = decide(sure, text=f"2026-00123 {WRONG}", payers=("jan jansen",))
        assert told.ranked[0].points >= WEIGHTS["post_from"]
        assert told.kind == "proposed"

    def test_the_trace_says_what_was_weighed(self):
        [line] = decide(claim("a", **KNOWN), claim("b", debtor="other")).trace
        assert (line.rule, line.version) == ("match.bank_line", "2026-11-27")
        assert line.outcome == "scored: debtor_account, initials, amount"
        assert line.source.startswith("house rule: a reference with check digits books a line")
        assert line.inputs == {
            "amount": "EUR 123.45", "proposals": "2", "signs": "debtor_account, initials, amount",
            "points": "95", "next": "55", "post_from": "75",
        }  # fmt: skip

    def test_nothing_else_has_no_points(self):
        assert decide(claim("a", **KNOWN)).trace[0].inputs["next"] == "0"
        assert decide(claim("a"), text=claim_number(1)).ranked[0].points == 100

    def test_nine_proposals_are_shown(self):
        namesakes = [claim(str(number), debtor=number) for number in range(10)]
        assert len(decide(*namesakes).ranked) == 9


class TestProposed:
    def test_is_what_reaches_the_least_that_is_shown(self):
        exact = claim("a", 99_999, invoice_amounts=())
        assert decide(exact, minor=10).ranked[0].points == WEIGHTS["propose_from"]
        similar = claim("a", 99_999, invoice_amounts=(), debtor_name="jan jansen")
        told = decide(similar, minor=10, payers=("jos jansen",), iban=None)
        assert (told.kind, told.ranked) == ("none", ())

    def test_are_several_claims_named_that_take_the_whole_payment(self):
        one, two = claim("a", 6_000), Candidate("b", (structured_ogm(2),), eur(4_000))
        text = f"{claim_number(1)} {structured_ogm(2)}"
        told = decide(one, two, minor=10_000, text=text)
        assert told.reasons == ("several_claims_named",)
        assert [(each.parts, each.reasons) for each in told.ranked] == [
            ((("a", eur(6_000)), ("b", eur(4_000))), ("several_claims_named", "sum_of_claims")),
            ((("a", eur(10_000)),), ("several_claims_named",)),
            ((("b", eur(10_000)),), ("several_claims_named",)),
        ]
        less = decide(one, two, minor=9_000, text=text)
        assert (less.ranked[0].parts, less.ranked[0].reasons) == (
            (("a", eur(6_000)), ("b", eur(3_000))), ("several_claims_named",),
        )  # fmt: skip
        too_much = decide(one, two, minor=10_001, text=text)
        assert [each.parts for each in too_much.ranked] == [(("a", eur(10_001)),), (("b", eur(10_001)),)]
        only_one = decide(one, two, minor=4_000, text=text)
        assert [len(each.parts) for each in only_one.ranked] == [1, 1]

    def test_are_claims_together_only_where_something_says_who_pays(self):
        pair = (claim("a", 10_000), claim("b", 5_500))
        assert decide(*pair, minor=15_500).ranked[0].reasons == ("initials", "sum_of_claims")
        nobody = decide(*pair, minor=15_500, payers=(), iban=None)
        assert (nobody.kind, nobody.ranked) == ("none", ())
        not_just_that = decide(*pair, minor=15_499)
        assert all(len(one.parts) == 1 for one in not_just_that.ranked)

    def test_an_amount_of_one_claim_says_nothing_of_several_together(self):
        paid_in_part = claim("a", 10_000, invoice_amounts=(eur(8_000), eur(7_500)))
        told = decide(paid_in_part, claim("b", 5_500), minor=15_500)
        together = next(one for one in told.ranked if len(one.parts) == 2)
        assert together.reasons == ("initials", "sum_of_claims")

    def test_the_first_twelve_claims_of_a_debtor_are_added_up(self):
        many = [claim(str(number), 2**number * 100) for number in range(13)]
        assert any(len(one.parts) == 2 for one in decide(*many, minor=300).ranked)
        assert all(len(one.parts) == 1 for one in decide(*many, minor=4_096_00 + 100).ranked)

    def test_what_says_who_pays_must_be_said_of_the_claims_that_are_added_up(self):
        first = claim("a", 10_000, invoice_numbers=("2026-00123",), debtor_name="")
        others = (claim("b", 5_500, debtor_name=""), claim("c", 7_777, debtor_name=""))
        told = decide(first, *others, minor=13_277, text="2026-00123", payers=())
        assert all(len(one.parts) == 1 for one in told.ranked)
        told = decide(first, *others, minor=15_500, text="2026-00123", payers=())
        assert told.ranked[0].reasons == ("invoice_number", "sum_of_claims")


class TestSigns:
    def signs(self, one: Candidate[str], text: str = "", **more) -> list[str]:
        line = LineFacts(amount=eur(1), text=text, **{"iban": IBAN, "payers": ()} | more)
        read = ReadLine(line, one.invoice_numbers)
        return list(signs_of(read, one, WEIGHTS))

    @pytest.mark.parametrize(
        ("kind", "more"),
        [
            ("debtor_account", {"debtor_ibans": ("NL91 ABNA 0417 1643 00",)}),
            ("account_on_file", {"ibans_on_file": (IBAN,)}),
            ("account_of_several", {"shared_ibans": (IBAN,)}),
        ],
    )
    def test_an_account_says_whose_it_is(self, kind, more):
        assert self.signs(claim("a", debtor_name="", invoice_amounts=(), **more)) == [kind]

    def test_another_name_speaks_against_a_claim_unless_the_account_is_known(self):
        payers = {"payers": ("albert heijn",)}
        bare = {"invoice_amounts": ()}
        assert self.signs(claim("a", **bare), **payers) == ["other_name"]
        assert self.signs(claim("a", shared_ibans=(IBAN,), **bare), **payers) == [
            "account_of_several", "other_name",
        ]  # fmt: skip
        assert self.signs(claim("a", **KNOWN, **bare), **payers) == ["debtor_account"]
        assert self.signs(claim("a", ibans_on_file=(IBAN,), **bare), **payers) == ["account_on_file"]

    @pytest.mark.parametrize(
        ("number", "written", "sign"),
        [
            ("2026123", "factuur 2026123", "invoice_number"),
            ("202612", "factuur 202612", "short_invoice_number"),
            ("202612", "factuur 202613", "mistyped_invoice_number"),
            ("20261", "factuur 20262", None),
            ("2026-123", "2026 124", "mistyped_invoice_number"),
            ("abcdef", "abcdef", None),
        ],
    )
    def test_an_invoice_number_weighs_by_its_length(self, number, written, sign):
        found = self.signs(claim("a", debtor_name="", invoice_amounts=(), invoice_numbers=(number,)), written)
        assert found == ([sign] if sign else [])

    def test_a_number_that_another_invoice_has_is_no_slip(self):
        line = LineFacts(amount=eur(1), text="202613")
        one = claim("a", debtor_name="", invoice_amounts=(), invoice_numbers=("202612",))
        assert list(signs_of(ReadLine(line, ("202612",)), one, WEIGHTS)) == ["mistyped_invoice_number"]
        assert list(signs_of(ReadLine(line, ("202612", "202613")), one, WEIGHTS)) == []

    def test_a_valid_reference_is_no_slip_of_an_invoice_number(self):
        near = claim("a", debtor_name="", invoice_amounts=(), invoice_numbers=(WRONG,))
        assert self.signs(near, claim_number(1)) == []
        slip = claim_number(1)[:-1] + "8"
        assert "mistyped_invoice_number" in self.signs(replace(near, references=()), slip)

    @pytest.mark.parametrize(
        ("signs", "points"),
        [
            (("amount",), False),
            (("other_name", "amount"), False),
            (("refused", "amount"), False),
            (("initials",), True),
            (("amount", "debtor_account"), True),
            ((), False),
        ],
    )
    def test_an_amount_alone_is_anybodys(self, signs, points):
        assert points_to_payer(signs) is points

    def test_weights_before_the_table_are_refused(self):
        with pytest.raises(ValueError, match="1999-12-31"):
            weights_of(date(1999, 12, 31))


class TestAmounts:
    @pytest.mark.parametrize(
        ("paid", "owed", "invoices", "sign"),
        [
            (5_000, 9_000, (5_000,), "invoice_amount"),
            (5_001, 9_000, (5_000,), "amount_between"),
            (8_999, 9_000, (5_000,), "amount_between"),
            (9_000, 9_000, (5_000,), "amount"),
            (5_000, 9_000, (2_000, 3_000), "sum_of_invoices"),
            (5_000, 9_000, (5_000, -5_000), "invoice_amount"),
            (5_000, 9_000, (2_000, 3_000, -1_000), "sum_of_invoices"),
            (4_000, 9_000, (2_000, 3_000, -1_000), None),
            (1, 9_000, (1, 3_000), "invoice_amount"),
            (5_000, 4_000, (2_000, 3_000), "sum_of_invoices"),
            (4_500, 5_000, (), None),
            (5_000, 5_000, (), "amount"),
            (10_001, 5_000, (), "amount_implausible"),
            (10_000, 5_000, (), None),
            (0, 9_000, (0, 5_000), None),
        ],
    )
    def test_agree_with_what_is_open(self, paid, owed, invoices, sign):
        one = claim("a", owed, invoice_amounts=tuple(map(eur, invoices)))
        assert amount_sign(eur(paid), one) == sign

    def test_of_more_than_eight_invoices_no_few_are_added_up(self):
        eight = tuple(eur(2**place) for place in range(8))
        assert amount_sign(eur(5), claim("a", 9_999, invoice_amounts=eight)) == "sum_of_invoices"
        nine = (*eight, eur(2**8))
        assert amount_sign(eur(5), claim("a", 9_999, invoice_amounts=nine)) is None
        assert amount_sign(eur(511), claim("a", 9_999, invoice_amounts=nine)) == "sum_of_invoices"


class TestLookups:
    def test_are_every_form_of_what_stands_on_the_line(self):
        found = lookups(text=f"factuur 2026-00123 {WRONG}", references=(structured_ogm(7),))
        [plain] = references_in(structured_ogm(7))
        assert found.references == (plain, structured_ogm(7))
        assert references_in(claim_number(1))[0] in found.repaired
        assert claim_number(1) in found.repaired
        assert {"202600123", "2026", "00123"} <= set(found.numbers)
        assert "FACTUUR" not in found.numbers
        assert len(set(found.numbers)) == len(found.numbers)

    def test_a_field_is_never_read_together_with_the_text_behind_it(self):
        reference = claim_number(1)
        assert lookups(text=reference[7:], references=(reference[:7],)).references == ()
        assert (
            lookups(text="", references=("nothing", reference)).references[0] == references_in(reference)[0]
        )

    @pytest.mark.parametrize(
        ("written", "may_be"),
        [
            ("123", False),
            ("1234", True),
            ("ABCD", False),
            ("ABC1", True),
            ("1" * 30, True),
            ("1" * 31, False),
        ],
    )
    def test_a_number_has_some_length_and_a_digit(self, written, may_be):
        assert is_number(written) is may_be

    def test_neighbours_are_read_as_one_up_to_four(self):
        assert list(dict.fromkeys(words_written("c", ("a-b",)))) == ["A", "AB", "ABC", "B", "BC", "C"]
        assert "ABCD" in set(words_written("a b c d e", ()))
        assert "ABCDE" not in set(words_written("a b c d e", ()))


class TestRepair:
    def test_wrong_letters_before_right_digits_are_a_slip_too(self):
        rf, number = creditor_reference(5), claim_number(5)
        assert references_in(rf)[0] in repaired_references("RB" + rf[2:])
        assert references_in(number)[0] in repaired_references("CK" + number[2:])

    def test_the_letters_may_have_been_left_out(self):
        digits = references_in(creditor_reference(5))[0][2:]
        assert f"RF{digits}" in repaired_references(digits)
        wrong = digits[:-1] + str((int(digits[-1]) + 1) % 10)
        assert f"RF{digits}" in repaired_references(wrong)

    def test_a_claim_number_without_its_letters_and_with_a_digit_too_many_is_found(self):
        [plain] = references_in(claim_number(5))
        assert plain in repaired_references(plain[2:] + plain[-1])

    def test_a_number_without_remainder_has_check_digits_too(self):
        [plain] = references_in(claim_number(97))
        assert plain in repaired_references("CK" + plain[2:])

    def test_at_most_twelve_words_are_looked_at(self):
        phone = "06 1234 56789"
        assert references_in(claim_number(1))[0] in repaired_references(" ; ".join([phone] * 9 + [WRONG]))
        printed = [claim_number(number) for number in range(1, 15)]
        slips = [one[:-1] + str((int(one[-1]) + 1) % 10) for one in printed]
        found = repaired_references(" ; ".join(slips))
        assert references_in(claim_number(12))[0] in found
        assert references_in(claim_number(14))[0] not in found

    @given(st.integers(1, 99_999_999))
    def test_what_is_found_passes_its_own_check(self, number):
        for form in (claim_number, creditor_reference, structured_ogm):
            printed = form(number)
            for one in repaired_references(printed[:-2] + printed[-1] + printed[-2]):
                assert references_in(one) == (one,)

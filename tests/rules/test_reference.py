"""Payment references: made, checked, and found in what people write."""

import csv

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum.be import ogm_vcs
from stdnum.iso7064 import mod_97_10

from agency.rules.reference import (
    CLAIM_MAX,
    OGM_MAX,
    claim_number,
    creditor_reference,
    printed_forms,
    references_in,
    structured_ogm,
    valid_rf,
)

pytestmark = pytest.mark.pure

numbers = st.integers(1, OGM_MAX)
claims = st.integers(1, CLAIM_MAX)
words = st.text(alphabet="abcdefghijklmnopqrstuvwxyz éë,;:!?\n", max_size=20)


class TestMaking:
    def test_prints_them_as_people_know_them(self):
        assert structured_ogm(108_068_171) == "+++010/8068/17183+++"
        assert creditor_reference(1234) == "RF54 0000 0012 34"
        assert claim_number(1234) == "CL-0000-1234-70"

    def test_prints_the_largest_numbers_too(self):
        assert structured_ogm(OGM_MAX).startswith("+++999/9999/999")
        assert creditor_reference(OGM_MAX).endswith(" 9999 9999 99")
        assert claim_number(CLAIM_MAX).startswith("CL-9999-9999-")

    def test_writes_97_where_the_remainder_is_nothing(self):
        assert structured_ogm(97) == "+++000/0000/09797+++"

    @pytest.mark.parametrize("number", [0, -1, OGM_MAX + 1])
    def test_refuses_numbers_that_do_not_fit(self, number):
        with pytest.raises(ValueError, match="ten digits"):
            structured_ogm(number)
        with pytest.raises(ValueError, match="ten digits"):
            creditor_reference(number)
        with pytest.raises(ValueError, match="eight digits"):
            claim_number(number)

    @given(numbers)
    def test_what_is_made_is_valid(self, number):
        assert ogm_vcs.is_valid(structured_ogm(number))
        assert valid_rf(creditor_reference(number))


class TestChecking:
    def test_agrees_with_every_collected_identifier(self, real_data):
        """07_reference: python-stdnum's tests, php-iban and others; each with its known validity."""
        checks = {"iso11649_rf": valid_rf}
        seen = dict.fromkeys(checks, 0)
        with (real_data / "07_reference" / "identifiers.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                if check := checks.get(row["type"]):
                    assert check(row["value"]) is (row["valid"] == "True"), row
                    seen[row["type"]] += 1
        assert seen["iso11649_rf"] >= 100

    def test_finds_every_valid_collected_reference_in_a_sentence(self, real_data):
        with (real_data / "07_reference" / "identifiers.csv").open(newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["type"] in ("be_ogm_vcs", "iso11649_rf")]
        for row in rows:
            found = references_in(f"betaling {row['value']}, met dank")
            assert bool(found) is (row["valid"] == "True"), row

    def test_knows_the_much_copied_placeholders_for_wrong(self):
        """Real-data traps 1: 1234567890 mod 97 is 2, and RF123456 stands in a bank's own sample."""
        assert not ogm_vcs.is_valid("+++123/4567/89012+++")
        assert ogm_vcs.is_valid("+++123/4567/89002+++")
        assert not valid_rf("RF123456")
        assert references_in("+++123/4567/89012+++ RF123456") == ()


class TestFinding:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("+++010/8068/17183+++", ("010806817183",)),
            ("***010/8068/17183***", ("010806817183",)),
            ("mededeling 010 8068 17183 bedankt", ("010806817183",)),
            ("010806817183", ("010806817183",)),
            ("0108 0681 7183", ("010806817183",)),
            ("ref:010.8068.17183.", ("010806817183",)),
            ("+++ 010 / 8068 / 17183 +++", ("010806817183",)),
            ("fact 1234 0108\n06817183", ("010806817183",)),
            ("RF18539007547034", ("RF18539007547034",)),
            ("rf18 5390 0754 7034 with thanks", ("RF18539007547034",)),
            ("/REMI/USTD//RF18539007547034/", ("RF18539007547034",)),
            ("dossier cl-0000-1234-70", ("CL0000123470",)),
            ("CL0000123470, 2e termijn", ("CL0000123470",)),
            ("CL–0000–1234–70", ("CL0000123470",)),  # as telephones and word processors write a dash
            ("cl‑0000‑1234‑70", ("CL0000123470",)),
            ("ref 010‐8068−17183", ("010806817183",)),
            ("+++010/8068/17183+++ en +++090/9337/55493+++", ("010806817183", "090933755493")),
            ("+++010/8068/17183+++ 010806817183", ("010806817183",)),
            ("", ()),
            ("factuur 20260001 van 3-11-2026", ()),
            ("+++010/8068/17180+++", ()),
            ("1010806817183", ()),  # thirteen digits are another number
        ],
    )
    def test_reads_them_out_of_free_text(self, text, found):
        assert references_in(text) == found

    @pytest.mark.parametrize(
        "text", ["BE68 5390 0754 7034", "BE68539007547034", "van be68 5390 0754 7034 jan"]
    )
    def test_takes_no_belgian_account_for_a_reference(self, text):
        """The last twelve digits of BE68 5390 0754 7034 carry the check of a structured communication."""
        assert ogm_vcs.is_valid("539007547034")
        assert references_in(text) == ()

    @given(st.from_regex(r"[A-Z0-9]{1,21}", fullmatch=True), st.integers(0, 99), st.booleans())
    def test_takes_an_international_reference_just_when_the_standard_does(self, body, check, right):
        written = f"RF{mod_97_10.calc_check_digits(body + 'RF') if right else f'{check:02d}'}{body}"
        assert (written in references_in(written)) == valid_rf(written)

    @given(words, numbers, words, numbers, words, claims)
    def test_finds_all_three_kinds_among_words(self, before, ogm, between, rf, after, claim):
        text = (
            f"{before} {structured_ogm(ogm)} {between} {creditor_reference(rf)} {after} {claim_number(claim)}"
        )
        found = references_in(text)
        assert f"{ogm:010d}" in {reference[:10] for reference in found}
        assert creditor_reference(rf).replace(" ", "") in found
        assert claim_number(claim).replace("-", "") in found

    @given(numbers, st.integers(0, 11), st.integers(1, 9))
    def test_never_takes_one_wrong_digit_for_a_reference(self, number, place, shift):
        """B7: mod 97 notices every single wrong digit."""
        digits = [*"".join(filter(str.isdigit, structured_ogm(number)))]
        digits[place] = str((int(digits[place]) + shift) % 10)
        assume("".join(digits[10:]) != "00")
        assert references_in("".join(digits)) == ()

    @given(claims, st.integers(0, 8))
    def test_never_takes_two_swapped_digits_for_a_reference(self, number, place):
        digits = [*claim_number(number).replace("CL", "").replace("-", "")]
        assume(digits[place] != digits[place + 1])
        digits[place], digits[place + 1] = digits[place + 1], digits[place]
        assert references_in("CL" + "".join(digits)) == ()

    @given(st.text(max_size=300))
    def test_never_fails_on_any_text(self, text):
        assert isinstance(references_in(text), tuple)

    def test_stays_quick_on_a_text_made_to_be_slow(self):
        for hostile in ("1 " * 100_000, "RF18" + " A" * 100_000, "+" * 100_000, "RF00 " * 50_000):
            assert references_in(hostile) == ()


class TestFindingAtTheEdges:
    OGM = "010 8068 17183"

    def test_digits_behind_a_digit_begin_nothing(self):
        assert references_in("010 8068 1718 3") == ("010806817183",)
        assert references_in("9010 8068 1718 3") == ()

    def test_four_thousand_signs_are_read(self):
        text = claim_number(1234).rjust(4_000)
        assert references_in(text) == ("CL0000123470",)
        assert references_in(" " + text) == ()

    def test_a_mistyped_reference_hides_no_other_behind_it(self):
        assert references_in(f"RF99 0000 0123 45 INVOICE, {self.OGM}") == ("010806817183",)
        assert references_in("RF98 1 " + creditor_reference(1)) == (creditor_reference(1).replace(" ", ""),)

    def test_words_that_pass_for_more_of_it_are_no_part_of_an_own_reference(self):
        own = creditor_reference(1).replace(" ", "")
        more = next(f"{n:02d}" for n in range(100) if valid_rf(f"{own}{n:02d}"))
        assert references_in(f"{own} {more}") == (own,)

    def test_of_two_foreign_ones_the_longer_is_taken(self):
        short = next(f"RF{n:02d}77" for n in range(100) if valid_rf(f"RF{n:02d}77"))
        more = next(f"{n:02d}" for n in range(100) if valid_rf(f"{short}{n:02d}"))
        assert references_in(f"{short} {more}") == (short + more,)


class TestPrintedForms:
    @pytest.mark.parametrize(
        ("reference", "printed"),
        [
            ("RF540000001234", "RF54 0000 0012 34"),
            ("CL0000123470", "CL-0000-1234-70"),
            ("010806817183", "+++010/8068/17183+++"),
        ],
    )
    def test_are_the_plain_one_and_the_one_on_paper(self, reference, printed):
        assert printed_forms(reference) == (reference, printed)
        assert references_in(printed) == (reference,)
